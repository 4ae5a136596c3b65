//! The figure `count`: how models of different numbers of sources score on held-out samples, and the scree below.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{Canvas, draw as draw_figure, px, text};
use super::envelope::Point;
use super::palette;
use super::panel::{Margins, Panel, Stroke};
use super::scale::{Axis, Scale};

const WIDTH: f64 = 640.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 18.0;
const HEADER: f64 = 26.0;
const BOTTOM: f64 = 36.0;
const PANELS: [f64; 2] = [230.0, 150.0];
/// Radius of a dot, in CSS pixels.
const DOT: f64 = 3.5;
/// Components beyond this number are left out of the scree.
const MOST: usize = 32;

/// What the figure shows.
#[derive(Clone, Debug)]
pub(crate) struct CountData {
    /// The numbers of sources compared.
    pub(crate) sources: Vec<usize>,
    /// By how much each falls short of the best, with the standard error; NaN where it has no score.
    pub(crate) behind: Vec<(f64, f64)>,
    /// The number chosen.
    pub(crate) chosen: usize,
    /// The share of the variance of each principal component.
    pub(crate) scree: Vec<f64>,
}

/// Draws the comparison.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(data: &CountData) -> Result<Figure> {
    let height = PANELS.iter().map(|panel| panel + HEADER + BOTTOM).sum::<f64>();
    let title = format!(
        "Held-out ELBO of models of {} to {} sources below the best, with one standard error of the difference; {} chosen. \
         Below, the share of the variance in each principal component.",
        data.sources.first().copied().unwrap_or(0),
        data.sources.last().copied().unwrap_or(0),
        data.chosen
    );
    draw_figure("count", title, (WIDTH as u32, height as u32), |root| {
        let share = PANELS[0] + HEADER + BOTTOM;
        let area = |top: f64, height: f64| root.clone().shrink((0, px(top)), (px(WIDTH), px(height)));
        draw_scores(&area(0.0, share), data)?;
        draw_scree(&area(share, height - share), data)
    })
}

fn draw_scores(area: &Canvas<'_>, data: &CountData) -> Result<()> {
    let known = || data.sources.iter().zip(&data.behind).filter(|(_, (behind, _))| behind.is_finite());
    let scale = scale(known().map(|(_, &(behind, error))| (behind, error)));
    let mark = |(&sources, &(behind, error)): (&usize, &(f64, f64))| Mark {
        at: (sources as f64, scale.map(-behind)),
        ends: (scale.map(-behind - error), scale.map(-behind + error)),
        is_filled: sources == data.chosen,
    };
    let marks: Vec<Mark> = known().map(mark).collect();
    let ends = known().flat_map(|(_, (behind, error))| [-behind - error, -behind + error, 0.0]);
    let y = Axis::around(ends, scale, 8);
    let header = "held-out ELBO below the best (nats a sample, ± one standard error)";
    let note = if scale == Scale::Linear { "" } else { ", symlog scale" };
    let note = format!("{} chosen{note}", data.chosen);
    draw_panel(area, PANELS[0], (&counts(&data.sources), &y), ("sources", header, &note), &marks)
}

/// The scale on which differences as small as their standard errors can be seen beside the largest.
fn scale(scores: impl Iterator<Item = (f64, f64)>) -> Scale {
    let scores = scores.filter(|(_, error)| *error > 0.0);
    let (most, least) =
        scores.fold((0.0_f64, f64::INFINITY), |(most, least), (behind, error)| (most.max(behind), least.min(error)));
    if most > 30.0 * least { Scale::SymLog(10_f64.powf(least.log10().floor())) } else { Scale::Linear }
}

fn draw_scree(area: &Canvas<'_>, data: &CountData) -> Result<()> {
    let shares: Vec<f64> = data.scree.iter().take(MOST).copied().collect();
    let components: Vec<usize> = (1..=shares.len()).collect();
    let y = Axis::around(shares.iter().copied(), Scale::Log, 5);
    let mark = |(&component, &share): (&usize, &f64)| {
        let height = Scale::Log.map(share);
        Mark { at: (component as f64, height), ends: (height, height), is_filled: component <= data.chosen }
    };
    let marks: Vec<Mark> = components.iter().zip(&shares).map(mark).collect();
    let header = "share of the variance in each principal component";
    draw_panel(area, PANELS[1], (&counts(&components), &y), ("component", header, "log scale"), &marks)
}

/// A dot with its error bar, in data coordinates.
struct Mark {
    at: Point,
    ends: (f64, f64),
    is_filled: bool,
}

fn draw_panel(
    area: &Canvas<'_>,
    height: f64,
    (x, y): (&Axis, &Axis),
    (label, header, note): (&str, &str, &str),
    marks: &[Mark],
) -> Result<()> {
    let margins = Margins { left: LEFT, right: RIGHT, top: HEADER, bottom: BOTTOM };
    let mut panel = Panel::new(area, margins, (x, y), label)?;
    let colour = palette::series(0);
    let line = marks.iter().map(|mark| mark.at).collect();
    panel.line(vec![line], colour.mix(0.5), 1.25, Stroke::Solid)?;
    let bars = marks
        .iter()
        .filter(|mark| mark.ends.0 < mark.ends.1)
        .map(|mark| vec![(mark.at.0, mark.ends.0), (mark.at.0, mark.ends.1)]);
    panel.line(bars.collect(), palette::INK.into(), 1.25, Stroke::Solid)?;
    // Circles of data coordinates, as wide as they are high on the page.
    let radius = |range: (f64, f64), length: f64| DOT * (range.1 - range.0) / length;
    let (across, up) = (radius(x.range, WIDTH - LEFT - RIGHT), radius(y.range, height));
    let circle = |mark: &Mark, share: f64| -> Vec<Point> {
        let angle = |i: i32| std::f64::consts::TAU * f64::from(i) / 24.0;
        let rim = |i| (mark.at.0 + share * across * angle(i).cos(), mark.at.1 + share * up * angle(i).sin());
        (0..24).map(rim).collect()
    };
    panel.fill(marks.iter().map(|mark| circle(mark, 1.0)).collect(), colour.into())?;
    let hollow = marks.iter().filter(|mark| !mark.is_filled).map(|mark| circle(mark, 0.6));
    panel.fill(hollow.collect(), WHITE.into())?;
    let middle = px(HEADER / 2.0);
    area.draw(&Text::new(header, (px(LEFT), middle), text(11.0, palette::INK, HPos::Left)))?;
    area.draw(&Text::new(note, (px(WIDTH - RIGHT), middle), text(9.5, palette::MUTED, HPos::Right)))?;
    Ok(())
}

/// An axis of whole numbers, a tick each, or fewer where there are many.
fn counts(numbers: &[usize]) -> Axis {
    let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(1));
    let stride = numbers.len().div_ceil(16).max(1);
    let ticks = numbers.iter().step_by(stride).map(|&number| (number as f64, number.to_string()));
    Axis { range: (first as f64 - 0.5, last as f64 + 0.5), ticks: ticks.collect() }
}
