//! Traces stacked above a common time axis, one panel each.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{Canvas, draw, fitted, px, text, text_width};
use super::envelope;
use super::palette;
use super::panel::{Margins, Panel, Stroke};
use super::scale::{Axis, Scale};

/// Panels beyond this number are left out, and the figure says so.
pub(super) const MAX_PANELS: usize = 24;

/// Points in one figure, over all panels and layers: it keeps the SVG well below a megabyte.
const POINTS: usize = 60_000;
/// Points of one trace up to which it is drawn as it is.
const POINTS_PER_TRACE: usize = 4_000;
/// Points of an envelope: a minimum and a maximum for each of about 800 columns of pixels.
const POINTS_PER_ENVELOPE: usize = 1_700;

/// The truth lies below a slightly wider estimate: black shows only where the two differ.
const TRUTH_WIDTH: f64 = 0.75;
const ESTIMATE_WIDTH: f64 = 1.0;

const WIDTH: u32 = 900;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 18.0;
const LEGEND: f64 = 30.0;
const HEADER: f64 = 17.0;
const BOTTOM: f64 = 36.0;

/// One panel of the stack.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// What stands above the panel on the left, and on the right.
    pub(super) header: (String, String),
    /// The trace itself.
    pub(super) values: Vec<f64>,
    /// Lower and upper edge of its band.
    pub(super) band: Option<(Vec<f64>, Vec<f64>)>,
    /// The truth to compare with.
    pub(super) truth: Option<Vec<f64>>,
    /// The trace's colour.
    pub(super) colour: RGBColor,
}

/// A stack of traces and its common axis.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    /// The figure's file name without extension.
    pub(super) name: &'static str,
    /// The figure's caption.
    pub(super) title: String,
    /// The panels, from top to bottom.
    pub(super) traces: Vec<Trace>,
    /// How many panels there would be without [`MAX_PANELS`].
    pub(super) of: usize,
    /// Index of the first sample shown.
    pub(super) start: usize,
    /// Samples per second, if known.
    pub(super) sample_rate: Option<f64>,
    /// What the ordinates measure.
    pub(super) y_label: &'static str,
}

impl Stack {
    /// Draws the stack.
    ///
    /// # Errors
    /// If the backend fails.
    pub(super) fn draw(self) -> Result<Figure> {
        let count = self.traces.len();
        let panel = match count {
            0..=3 => 112.0,
            4..=6 => 84.0,
            7..=12 => 62.0,
            _ => 46.0,
        };
        let top = if self.has_legend() { LEGEND } else { 4.0 };
        let height = top + count as f64 * (HEADER + panel) + BOTTOM + 6.0;
        draw(self.name, self.title.clone(), (WIDTH, height.ceil() as u32), |root| {
            self.legend(root)?;
            let middle = top + count as f64 * (HEADER + panel) / 2.0;
            let upright = text(11.0, palette::INK, HPos::Center).transform(FontTransform::Rotate270);
            root.draw(&Text::new(self.y_label, (px(12.0), px(middle)), upright))?;
            for (index, trace) in self.traces.iter().enumerate() {
                let top = top + index as f64 * (HEADER + panel);
                let bottom = if index + 1 == count { BOTTOM } else { 0.0 };
                let size = (px(f64::from(WIDTH)), px(HEADER + panel + bottom));
                self.panel(&root.clone().shrink((0, px(top)), size), trace, bottom)?;
            }
            Ok(())
        })
    }

    fn panel(&self, area: &Canvas<'_>, trace: &Trace, bottom: f64) -> Result<()> {
        let samples = trace.values.len();
        let at = |index: usize| (self.start + index) as f64 / self.sample_rate.unwrap_or(1.0);
        let x = Axis::exact(at(0), at(samples), 11);
        let edges = trace.band.iter().flat_map(|(lower, upper)| lower.iter().chain(upper));
        let values = trace.values.iter().chain(edges).chain(trace.truth.iter().flatten());
        let y = Axis::around(values.copied(), Scale::Linear, 3);
        let margins = Margins { left: LEFT, right: RIGHT, top: HEADER, bottom };
        let x_label = if self.sample_rate.is_some() { "time (s)" } else { "sample" };

        let mut panel = Panel::new(area, margins, (&x, &y), x_label)?;
        let budget = self.points_per_trace(samples);
        if let Some((lower, upper)) = &trace.band {
            panel.fill(envelope::band(lower, upper, at, budget), trace.colour.mix(0.28))?;
        }
        if let Some(truth) = &trace.truth {
            panel.line(envelope::line(truth, at, budget), palette::INK.into(), TRUTH_WIDTH, Stroke::Solid)?;
        }
        let line = envelope::line(&trace.values, at, budget);
        panel.line(line, trace.colour.into(), ESTIMATE_WIDTH, Stroke::Solid)?;

        let (left, right) = &trace.header;
        let width = f64::from(WIDTH);
        let right_width = text_width(right, 10.0);
        let left = fitted(left, 11.0, width - LEFT - RIGHT - right_width - 20.0);
        let style = text(11.0, palette::INK, HPos::Left);
        area.draw(&Text::new(left, (px(LEFT), px(HEADER / 2.0)), style))?;
        let style = text(10.0, palette::MUTED, HPos::Right);
        area.draw(&Text::new(right.as_str(), (px(width - RIGHT), px(HEADER / 2.0)), style))?;
        Ok(())
    }

    /// Names the layers at the top right, and the panels that were left out at the top left.
    fn legend(&self, root: &Canvas<'_>) -> Result<()> {
        let middle = px(LEGEND / 2.0 - 3.0);
        if self.of > self.traces.len() {
            let note = format!("the first {} of {}", self.traces.len(), self.of);
            let style = text(10.0, palette::MUTED, HPos::Left);
            root.draw(&Text::new(note, (px(LEFT), middle), style))?;
        }
        let Some(first) = self.traces.first() else { return Ok(()) };
        let has_truth = self.traces.iter().any(|trace| trace.truth.is_some());
        if first.band.is_none() && !has_truth {
            return Ok(()); // a single kind of line needs no name
        }
        let mut right = f64::from(WIDTH) - RIGHT;
        let mut entry = |label: &'static str, style: ShapeStyle, half: i32| -> Result<()> {
            let start = right - text_width(label, 10.0) - 24.0;
            let (from, to) = (px(start), px(start + 18.0));
            let swatch = Rectangle::new([(from, middle - half), (to, middle + half)], style.filled());
            root.draw(&swatch)?;
            let ink = text(10.0, palette::MUTED, HPos::Left);
            root.draw(&Text::new(label, (px(start + 23.0), middle), ink))?;
            right = start - 18.0;
            Ok(())
        };
        if has_truth {
            entry("truth", palette::INK.into(), px(TRUTH_WIDTH / 2.0))?;
        }
        if first.band.is_some() {
            entry("95 % credible interval", first.colour.mix(0.28).into(), px(4.5))?;
        }
        let estimate = if first.band.is_some() { "posterior mean" } else { "estimate" };
        entry(estimate, first.colour.into(), px(ESTIMATE_WIDTH / 2.0))
    }

    fn has_legend(&self) -> bool {
        let is_layered = |trace: &Trace| trace.band.is_some() || trace.truth.is_some();
        self.of > self.traces.len() || self.traces.iter().any(is_layered)
    }

    /// The points that each layer of each panel may spend.
    fn points_per_trace(&self, samples: usize) -> usize {
        let layers: usize = self
            .traces
            .iter()
            .map(|trace| 1 + usize::from(trace.band.is_some()) * 2 + usize::from(trace.truth.is_some()))
            .sum();
        let share = (POINTS / layers.max(1)).min(POINTS_PER_TRACE);
        if samples <= share { share } else { share.min(POINTS_PER_ENVELOPE) }
    }
}
