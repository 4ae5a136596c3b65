//! The figures `psnr` and `si-sdr`: how the score of each estimate is distributed over all examples and sources of a
//! dataset.

use anyhow::Result;
use bss_metrics::{ExampleValues, Metric};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{draw as draw_figure, draw_key, px, text, text_width};
use super::envelope::Point;
use super::palette;
use super::panel::{Margins, Panel, Stroke};
use super::scale::Axis;
use crate::report::ExamplesReport;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 290.0;
const MARGINS: Margins = Margins { left: 66.0, right: 18.0, top: 26.0, bottom: 36.0 };
/// Values at either end that the outermost bins take in, so that a few extreme ones do not crowd out the others.
const TAIL: f64 = 0.005;
/// Bins, of which few values get fewer.
const BINS: (usize, usize) = (6, 60);

/// Draws a histogram for each estimate that has scores, with its median; nothing where the truth is not known.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(data: &ExamplesReport) -> Result<Option<Figure>> {
    // Sound has no PSNR, unless nothing else is defined.
    let has = |metric: &Metric| data.scores.iter().any(|(_, scores)| scores.get(*metric).is_some());
    let Some(metric) = [Metric::SiSdr, Metric::Psnr].into_iter().find(has) else { return Ok(None) };
    let (name, shown) = if metric == Metric::SiSdr { ("si-sdr", "SI-SDR") } else { ("psnr", "PSNR") };
    let estimates = data.scores.iter().filter_map(|(name, scores)| Some((*name, scores.get(metric)?)));
    let estimates: Vec<(&str, &ExampleValues)> = estimates.collect();
    let Some((_, first)) = estimates.first() else { return Ok(None) };
    let (examples, sources) = first.each.dim();
    let x = abscissa(&estimates);
    let bins = (first.each.len().isqrt()).clamp(BINS.0, BINS.1);
    let densities: Vec<_> = estimates.iter().map(|(_, values)| density(&values.each, x.range, bins)).collect();
    let y = Axis::exact(0.0, 1.06 * densities.iter().flatten().copied().fold(0.0, f64::max), 6);
    let title = format!("{shown} of each estimate over all examples and sources; dashed, the medians.");
    let figure = draw_figure(name, title, (WIDTH as u32, HEIGHT as u32), |root| {
        let label = format!("{shown} (dB); what lies beyond is counted in the outermost bins");
        let mut panel = Panel::new(root, MARGINS, (&x, &y), &label)?;
        let colours = (0..).map(palette::series);
        for ((density, (_, values)), colour) in densities.iter().zip(&estimates).zip(colours) {
            let steps = outline(density, x.range);
            panel.fill(vec![steps.clone()], colour.mix(0.2))?;
            panel.line(vec![steps], colour.into(), 1.25, Stroke::Solid)?;
            let median = vec![(values.median, 0.0), (values.median, y.range.1)];
            panel.line(vec![median], colour.into(), 1.25, Stroke::Dashed(5.0, 3.0))?;
        }
        let middle = MARGINS.top / 2.0;
        let header = format!("% of {} sources per dB", examples * sources);
        root.draw(&Text::new(header, (px(MARGINS.left), px(middle)), text(11.0, palette::INK, HPos::Left)))?;
        let mut right = WIDTH - MARGINS.right;
        for (index, (name, values)) in estimates.iter().enumerate().rev() {
            let key = format!("{name}, median {:.2} dB", values.median);
            right -= text_width(&key, 10.0) + 22.0;
            draw_key(root, &key, palette::series(index), (right, middle))?;
            right -= 12.0;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

/// An axis for all values but the tails.
fn abscissa(estimates: &[(&str, &ExampleValues)]) -> Axis {
    let mut all: Vec<f64> = estimates.iter().flat_map(|(_, values)| values.each.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    let tail = (TAIL * all.len() as f64) as usize;
    Axis::exact(all[tail], all[all.len() - 1 - tail], 10)
}

/// The share of the values in each of so many equal parts of a range, in % per unit; the outermost take in all beyond.
fn density<'a>(values: impl IntoIterator<Item = &'a f64>, (low, high): (f64, f64), bins: usize) -> Vec<f64> {
    let mut counts = vec![0_usize; bins];
    for value in values {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        counts[((share * bins as f64) as usize).min(bins - 1)] += 1;
    }
    let all = counts.iter().sum::<usize>() as f64;
    let width = (high - low) / bins as f64;
    counts.into_iter().map(|count| 100.0 * count as f64 / (all * width)).collect()
}

/// Steps of these heights over a range, from the abscissa to the abscissa.
fn outline(heights: &[f64], (low, high): (f64, f64)) -> Vec<Point> {
    let edge = |bin: usize| low + (high - low) * bin as f64 / heights.len() as f64;
    let steps = heights.iter().enumerate().flat_map(|(bin, &height)| [(edge(bin), height), (edge(bin + 1), height)]);
    std::iter::once((low, 0.0)).chain(steps).chain([(high, 0.0)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_counts_every_value_once() {
        let found = density(&[-9.0, 0.0, 0.9, 1.0, 3.9, 4.0, 70.0, 4.0], (0.0, 4.0), 2);
        assert_eq!(found, [100.0 * 4.0 / 16.0, 100.0 * 4.0 / 16.0]);
        let found = density(&[1.0, 2.9, 2.1, 2.0], (0.0, 4.0), 4);
        assert_eq!(found, [0.0, 25.0, 75.0, 0.0]);
    }

    #[test]
    fn an_outline_begins_and_ends_on_the_abscissa() {
        let expected = [(1.0, 0.0), (1.0, 5.0), (2.0, 5.0), (2.0, 7.0), (3.0, 7.0), (3.0, 0.0)];
        assert_eq!(outline(&[5.0, 7.0], (1.0, 3.0)), expected);
    }
}
