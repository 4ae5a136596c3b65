//! Colours that survive colour blindness and a grey printer.

use plotters::style::RGBColor;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(38, 38, 38);
/// Text of second rank: tick labels, notes.
pub(super) const MUTED: RGBColor = RGBColor(95, 95, 95);
/// Frames of panels.
pub(super) const FRAME: RGBColor = RGBColor(150, 150, 150);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(229, 229, 229);

/// Okabe and Ito's palette with wine red for its black, which is the truth's; yellow is left out, because it
/// vanishes as a thin line on white.
const SERIES: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(136, 34, 85),
];

/// Anchors of a diverging map from blue over near-white to red, evenly spaced over `[-1, 1]`.
const DIVERGING: [RGBColor; 9] = [
    RGBColor(33, 102, 172),
    RGBColor(67, 147, 195),
    RGBColor(146, 197, 222),
    RGBColor(209, 229, 240),
    RGBColor(247, 247, 247),
    RGBColor(253, 219, 199),
    RGBColor(244, 165, 130),
    RGBColor(214, 96, 77),
    RGBColor(178, 24, 43),
];

/// The colour of source `index`, the same in every figure. Each further round of the palette is darker.
pub(super) fn series(index: usize) -> RGBColor {
    let RGBColor(red, green, blue) = SERIES[index % SERIES.len()];
    let darken = 0.6_f64.powi((index / SERIES.len()) as i32);
    let dark = |channel: u8| (f64::from(channel) * darken).round() as u8;
    RGBColor(dark(red), dark(green), dark(blue))
}

/// The diverging map at `value` in `[-1, 1]`; what lies outside, or is not finite, takes the nearest end or the middle.
pub(super) fn diverging(value: f64) -> RGBColor {
    let value = if value.is_nan() { 0.0 } else { value.clamp(-1.0, 1.0) };
    let at = (0.5 + 0.5 * value) * (DIVERGING.len() - 1) as f64;
    let below = (at.floor() as usize).min(DIVERGING.len() - 2);
    let share = at - below as f64;
    let mix = |from: u8, to: u8| (f64::from(from) * (1.0 - share) + f64::from(to) * share).round() as u8;
    let (from, to) = (DIVERGING[below], DIVERGING[below + 1]);
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Whether white text reads better than dark text on `background`.
pub(super) fn is_dark(background: RGBColor) -> bool {
    let RGBColor(red, green, blue) = background;
    0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue) < 140.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diverging_map_hits_its_anchors_and_swallows_bad_values() {
        assert_eq!(diverging(-1.0), DIVERGING[0]);
        assert_eq!(diverging(0.0), DIVERGING[4]);
        assert_eq!(diverging(7.0), DIVERGING[8]);
        assert_eq!(diverging(f64::NAN), DIVERGING[4]);
        assert!(is_dark(diverging(1.0)) && !is_dark(diverging(0.0)));
    }

    #[test]
    fn the_second_round_of_series_differs_from_the_first() {
        let colours: Vec<_> = (0..14).map(series).collect();
        for (index, colour) in colours.iter().enumerate() {
            assert!(!colours[..index].contains(colour), "series {index} repeats a colour");
        }
    }
}
