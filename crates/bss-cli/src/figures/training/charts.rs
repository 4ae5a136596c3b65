//! What each panel of the training figure shows, and on which scale.

use plotters::style::RGBColor;

use super::super::palette;
use super::super::panel::Stroke;
use super::super::scale::Scale;
use crate::report::Traces;

/// Sources beyond this number have no line: more colours could not be told apart.
pub(super) const MAX_SOURCES: usize = 24;
/// Lags beyond this number have no line.
const MAX_LAGS: usize = 3;

/// One line of a panel.
pub(super) struct Line<'a> {
    /// A value for each logged iteration.
    pub(super) values: &'a [f64],
    /// The line's colour.
    pub(super) colour: RGBColor,
    /// Solid for the first lag, and broken for the others.
    pub(super) stroke: Stroke,
}

/// One panel.
pub(super) struct Chart<'a> {
    /// What stands above it.
    pub(super) title: String,
    /// The ordinate's scale.
    pub(super) scale: Scale,
    /// What it shows.
    pub(super) lines: Vec<Line<'a>>,
    /// Names of lines that do not stand for sources.
    pub(super) key: Vec<(&'static str, RGBColor)>,
}

/// The panels that have something to show, in reading order.
pub(super) fn charts(traces: &Traces) -> Vec<Chart<'_>> {
    let lags = match traces.ar_coefficient.len() {
        0 | 1 => "AR coefficient",
        2 => "AR coefficients (lag 2 dashed)",
        3 => "AR coefficients (lag 2 dashed, 3 dotted)",
        _ => "AR coefficients of the first 3 lags (2 dashed, 3 dotted)",
    };
    let ar_coefficients = traces.ar_coefficient.iter().take(MAX_LAGS).zip((1..).map(stroke_of_lag));
    let terms = (palette::series(0), palette::series(1));
    let mut charts = vec![
        chart("loss", loss_scale(&[&traces.loss]), vec![line(&traces.loss, palette::INK)]),
        Chart {
            key: vec![("reconstruction", terms.0), ("KL", terms.1)],
            ..chart(
                "loss terms",
                loss_scale(&[&traces.reconstruction, &traces.kl]),
                vec![line(&traces.reconstruction, terms.0), line(&traces.kl, terms.1)],
            )
        },
        chart(&with_end("mean correlation with the truth", &traces.correlation), Scale::Linear, {
            vec![line(&traces.correlation, palette::INK)]
        }),
        chart("posterior variance", Scale::Log, per_source(&traces.posterior_variance, Stroke::Solid)),
        chart("innovation scale", spread_scale(&traces.innovation_scale), {
            per_source(&traces.innovation_scale, Stroke::Solid)
        }),
        chart(lags, Scale::Linear, ar_coefficients.flat_map(|(values, stroke)| per_source(values, stroke)).collect()),
        chart("best correlation with each true source", Scale::Linear, {
            per_source(&traces.best_correlation, Stroke::Solid)
        }),
        chart("weight β of the KL divergence", Scale::Linear, vec![line(&traces.beta, palette::INK)]),
        chart("learning rate", Scale::Linear, vec![line(&traces.learning_rate, palette::INK)]),
    ];
    charts.retain(Chart::is_visible);
    charts
}

impl Chart<'_> {
    fn is_visible(&self) -> bool {
        let mut values = self.lines.iter().flat_map(|line| line.values);
        values.any(|&value| self.scale.map(value).is_finite())
    }
}

fn chart<'a>(title: &str, scale: Scale, lines: Vec<Line<'a>>) -> Chart<'a> {
    Chart { title: title.to_owned(), scale, lines, key: Vec::new() }
}

/// A title with the value that a course ends on, which its axis is too coarse to tell.
fn with_end(title: &str, values: &[f64]) -> String {
    match values.last() {
        Some(end) if end.is_finite() => format!("{title}, {end:.4} at the end"),
        _ => title.to_owned(),
    }
}

fn line(values: &[f64], colour: RGBColor) -> Line<'_> {
    Line { values, colour, stroke: Stroke::Solid }
}

fn per_source(values: &[Vec<f64>], stroke: Stroke) -> Vec<Line<'_>> {
    let lines = values.iter().enumerate().take(MAX_SOURCES);
    lines.map(|(source, values)| Line { values, colour: palette::series(source), stroke }).collect()
}

fn stroke_of_lag(lag: usize) -> Stroke {
    match lag {
        1 => Stroke::Solid,
        2 => Stroke::Dashed(6.0, 3.0),
        _ => Stroke::Dashed(1.5, 2.5),
    }
}

/// A logarithmic scale for positive values that spread over more than a factor of 30.
fn spread_scale(values: &[Vec<f64>]) -> Scale {
    let (least, greatest) = extent(values.iter().flatten().copied());
    if least > 0.0 && greatest > 30.0 * least { Scale::Log } else { Scale::Linear }
}

/// The scale on which a loss's first transient does not flatten all that follows.
///
/// Losses fall steeply and may cross zero. Where the whole extent is more than 20 times that of the last
/// half, positive losses are drawn on a logarithmic scale and others on a symmetric logarithmic one.
fn loss_scale(losses: &[&[f64]]) -> Scale {
    let (least, greatest) = extent(losses.iter().flat_map(|loss| loss.iter().copied()));
    let late = losses.iter().map(|loss| {
        let (least, greatest) = extent(loss[loss.len() / 2..].iter().copied());
        greatest - least
    });
    let late = late.fold(0.0_f64, f64::max);
    let is_flat = greatest - least <= 20.0 * late || least >= greatest;
    if is_flat && !(least > 0.0 && greatest > 30.0 * least) {
        return Scale::Linear;
    }
    if least > 0.0 {
        return Scale::Log;
    }
    let mut sizes: Vec<f64> = losses.iter().flat_map(|loss| loss.iter().map(|value| value.abs())).collect();
    sizes.retain(|size| size.is_finite() && *size > 0.0);
    sizes.sort_by(f64::total_cmp);
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    Scale::SymLog(10_f64.powf(median.log10().floor()))
}

/// The least and the greatest finite value.
fn extent(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_of_a_loss_follows_its_course() {
        let steady: Vec<f64> = (0..100).map(|t| 10.0 - 0.05 * f64::from(t)).collect();
        assert_eq!(loss_scale(&[&steady]), Scale::Linear);
        let positive: Vec<f64> = (0..100).map(|t| 0.1 + 1e3 * (-f64::from(t) / 3.0).exp()).collect();
        assert_eq!(loss_scale(&[&positive]), Scale::Log);
        let crossing: Vec<f64> = positive.iter().map(|loss| loss - 50.0).collect();
        assert_eq!(loss_scale(&[&crossing]), Scale::SymLog(10.0));
        assert_eq!(loss_scale(&[&[]]), Scale::Linear);
        assert_eq!(loss_scale(&[&[f64::NAN; 4]]), Scale::Linear);
    }

    #[test]
    fn panels_without_values_are_left_out() {
        let traces = Traces { iteration: vec![0, 1], loss: vec![2.0, 1.0], ..Traces::default() };
        let titles: Vec<_> = charts(&traces).into_iter().map(|chart| chart.title).collect();
        assert_eq!(titles, ["loss"]);
    }

    #[test]
    fn correlations_have_two_panels_and_the_first_tells_where_it_ends() {
        let (correlation, best_correlation) = (vec![0.5, 0.998_76], vec![vec![0.6, 1.0], Vec::new()]);
        let traces = Traces { iteration: vec![0, 1], correlation, best_correlation, ..Traces::default() };
        let titles: Vec<_> = charts(&traces).into_iter().map(|chart| chart.title).collect();
        let mean = "mean correlation with the truth, 0.9988 at the end";
        assert_eq!(titles, [mean, "best correlation with each true source"]);
    }
}
