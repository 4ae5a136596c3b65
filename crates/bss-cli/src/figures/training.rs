//! The figure `training`: what the optimiser saw and what the prior learned, over the iterations.

mod charts;

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use self::charts::{Chart, MAX_SOURCES, charts};
use super::Figure;
use super::canvas::{Canvas, draw as draw_figure, draw_key, px, text, text_width};
use super::envelope;
use super::palette;
use super::panel::{Margins, Panel};
use super::scale::{Axis, Scale};
use crate::report::Traces;

const WIDTH: f64 = 900.0;
const PANEL: f64 = 190.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 18.0;
const HEADER: f64 = 26.0;
const BOTTOM: f64 = 36.0;
const GAP: f64 = 10.0;
const PITCH: f64 = PANEL + BOTTOM + GAP;
const LEGEND_ROW: f64 = 18.0;
/// Points in the figure, over all panels.
const POINTS: usize = 40_000;

/// Draws the training traces; nothing if none were logged.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(traces: &Traces) -> Result<Option<Figure>> {
    let charts = charts(traces);
    if traces.iteration.len() < 2 || charts.is_empty() {
        return Ok(None);
    }
    let legend = legend(sources(traces));
    let top = 8.0 + legend.last().map_or(0.0, |(_, _, y)| y + LEGEND_ROW);
    let rows = charts.len().div_ceil(2);
    let size = (WIDTH as u32, (top + rows as f64 * PITCH) as u32);
    let correlations = if traces.correlation.is_empty() { "" } else { "correlations with the truth, " };
    let of_sources = if sources(traces) == 0 { "" } else { "posterior variances, prior parameters and " };
    let title = format!("Training of the model that is shown: losses, {correlations}{of_sources}schedules.");
    let lines: usize = charts.iter().map(|chart| chart.lines.len()).sum();
    let budget = (POINTS / lines.max(1)).clamp(100, 1_200);
    let figure = draw_figure("training", title, size, |root| {
        for (source, x, y) in &legend {
            draw_key(root, &source_name(*source), palette::series(*source), (*x, y + LEGEND_ROW / 2.0))?;
        }
        // With an odd number of panels the first, the loss, takes the whole of its row.
        let is_odd = charts.len() % 2;
        for (index, chart) in charts.iter().enumerate() {
            let width = if is_odd == 1 && index == 0 { WIDTH } else { WIDTH / 2.0 };
            let cell = if index == 0 { 0 } else { index + is_odd };
            let corner = ((cell % 2) as f64 * WIDTH / 2.0, top + (cell / 2) as f64 * PITCH);
            let area = root.clone().shrink((px(corner.0), px(corner.1)), (px(width), px(PANEL + BOTTOM)));
            draw_chart(&area, chart, &traces.iteration, (budget, width))?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

fn draw_chart(area: &Canvas<'_>, chart: &Chart<'_>, iteration: &[u64], (budget, width): (usize, f64)) -> Result<()> {
    let at = |index: usize| iteration.get(index).or(iteration.last()).map_or(0.0, |&value| value as f64);
    let x = Axis::exact(at(0), at(iteration.len()), 6);
    let values = chart.lines.iter().flat_map(|line| line.values.iter().copied());
    let y = Axis::around(values, chart.scale, 6);
    let margins = Margins { left: LEFT, right: RIGHT, top: HEADER, bottom: BOTTOM };
    let mut panel = Panel::new(area, margins, (&x, &y), "iteration")?;
    for line in &chart.lines {
        let logged = line.values.len().min(iteration.len());
        let mapped: Vec<f64> = line.values[..logged].iter().map(|&value| chart.scale.map(value)).collect();
        panel.line(envelope::line(&mapped, at, budget), line.colour.into(), 1.25, line.stroke)?;
    }
    let middle = HEADER / 2.0;
    let note = match chart.scale {
        Scale::Linear => "",
        Scale::Log => "log scale",
        Scale::SymLog(_) => "symlog scale",
    };
    let title = text(11.0, palette::INK, HPos::Left);
    area.draw(&Text::new(chart.title.as_str(), (px(LEFT), px(middle)), title))?;
    let start = LEFT + text_width(&chart.title, 11.0) + 7.0;
    area.draw(&Text::new(note, (px(start), px(middle)), text(9.5, palette::MUTED, HPos::Left)))?;
    let mut right = width - RIGHT;
    let named = chart.key.iter().zip(&chart.lines).filter(|(_, line)| !line.values.is_empty());
    for ((name, colour), _) in named.rev() {
        right -= text_width(name, 10.0) + 22.0;
        draw_key(area, name, *colour, (right, middle))?;
        right -= 12.0;
    }
    Ok(())
}

/// The sources with their places in the legend, which is broken into as many rows as it needs.
fn legend(sources: usize) -> Vec<(usize, f64, f64)> {
    let (mut x, mut y) = (LEFT, 4.0);
    let place = |source| {
        let width = text_width(&source_name(source), 10.0) + 37.0;
        if x + width > WIDTH - RIGHT {
            (x, y) = (LEFT, y + LEGEND_ROW);
        }
        let corner = (source, x, y);
        x += width;
        corner
    };
    (0..sources).map(place).collect()
}

fn source_name(source: usize) -> String {
    format!("source {}", source + 1)
}

/// The number of sources that have a trace of their own.
fn sources(traces: &Traces) -> usize {
    let lags = traces.ar_coefficient.iter().map(Vec::len).max().unwrap_or(0);
    traces.posterior_variance.len().max(traces.innovation_scale.len()).max(lags).min(MAX_SOURCES)
}
