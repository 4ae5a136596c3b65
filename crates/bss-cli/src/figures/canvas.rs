//! The drawing surface: SVG on a grid of quarter pixels, and text in a font that travels with the binary.

use std::sync::Once;

use anyhow::{Context as _, Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Figure, palette};

/// Drawing units per CSS pixel. The backend rounds to whole units; quarters of a pixel keep traces smooth.
pub(super) const UNITS: u32 = 4;

/// DejaVu Sans: Latin, Greek and Cyrillic, and the signs of mathematics (licence beside the file).
pub(super) const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// The families a viewer tries in turn; Verdana shares DejaVu's proportions.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The surface that all figures are drawn on.
pub(super) type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// CSS pixels in drawing units.
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * f64::from(UNITS)).round() as i32
}

/// Text of `size` CSS pixels, in `colour`, hung up by its left, centre or right edge and its vertical middle.
pub(super) fn text(size: f64, colour: RGBColor, h_pos: HPos) -> TextStyle<'static> {
    register();
    // The backend divides sizes by 1.24 on the way out.
    let font = (FAMILY, size * f64::from(UNITS) * 1.24).into_font();
    TextStyle { font, color: colour.to_backend_color(), pos: Pos::new(h_pos, VPos::Center) }
}

/// The width of `label` in CSS pixels, when set in `size`.
pub(super) fn text_width(label: &str, size: f64) -> f64 {
    register();
    let font = (FAMILY, size * f64::from(UNITS) * 1.24).into_font();
    // Lengths in em times the size are a fair guess for a font that cannot be measured.
    font.box_size(label)
        .map_or(0.6 * size * label.chars().count() as f64, |(width, _)| f64::from(width) / f64::from(UNITS))
}

/// `label` without control characters (XML knows none), cut with an ellipsis to fit `width` CSS pixels.
pub(super) fn fitted(label: &str, size: f64, width: f64) -> String {
    let clean: String = label.chars().filter(|c| !c.is_control()).collect();
    if text_width(&clean, size) <= width {
        return clean;
    }
    let mut kept: Vec<char> = clean.chars().collect();
    while kept.pop().is_some() {
        let cut = format!("{}…", kept.iter().collect::<String>().trim_end());
        if text_width(&cut, size) <= width {
            return cut;
        }
    }
    String::new()
}

/// A short stroke of `colour` and its name, from `(left, middle)` in CSS pixels.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw_key(area: &Canvas<'_>, name: &str, colour: RGBColor, (left, middle): (f64, f64)) -> Result<()> {
    let stroke = [(px(left), px(middle)), (px(left + 15.0), px(middle))];
    area.draw(&PathElement::new(stroke, colour.stroke_width(px(2.0) as u32)))?;
    let at = (px(left + 19.0), px(middle));
    area.draw(&Text::new(name, at, text(10.0, palette::MUTED, HPos::Left)))?;
    Ok(())
}

/// Draws on a white canvas of `size` CSS pixels and keeps the result as a [`Figure`].
///
/// # Errors
/// What `paint` returns, or a failure of the backend.
pub(super) fn draw(
    name: &'static str,
    title: String,
    size: (u32, u32),
    paint: impl FnOnce(&Canvas<'_>) -> Result<()>,
) -> Result<Figure> {
    register();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (size.0 * UNITS, size.1 * UNITS)).into_drawing_area();
        root.fill(&WHITE).context("cannot draw the background")?;
        paint(&root).with_context(|| format!("cannot draw the figure {name}"))?;
        root.present().context("cannot finish the drawing")?;
    }
    let start = svg.find("<svg").and_then(|at| svg[at..].find('>').map(|end| at + end + 1));
    let end = svg.rfind("</svg>");
    let (Some(start), Some(end)) = (start, end) else {
        return Err(anyhow!("the drawing of {name} has no root element"));
    };
    Ok(Figure { name, title, size, body: svg[start..end].trim_start().to_owned() })
}

/// Makes the font known to the drawing library, once per process.
fn register() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // A font that fails to load only makes text widths less exact, see `text_width`.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_labels_are_cut_to_the_width_and_lose_control_characters() {
        let label = fitted("a\u{0}\nvery long channel name indeed", 10.0, 60.0);
        assert!(label.ends_with('…') && label.starts_with("avery"), "{label}");
        assert!(text_width(&label, 10.0) <= 60.0);
        assert_eq!(fitted("short", 10.0, 60.0), "short");
    }
}
