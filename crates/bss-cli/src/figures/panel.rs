//! One pair of axes with its grid, and the marks drawn between them.

use std::ops::Range;

use anyhow::Result;
use plotters::chart::ChartContext;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, px, text};
use super::envelope::Point;
use super::palette;
use super::scale::Axis;

/// Room around a panel's plotting area, in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    /// For the ordinate's tick labels.
    pub(super) left: f64,
    /// Air on the right.
    pub(super) right: f64,
    /// For what is written above the panel.
    pub(super) top: f64,
    /// For the abscissa's tick labels and its description; 0 draws neither.
    pub(super) bottom: f64,
}

/// How a line is stroked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stroke {
    /// Without interruption.
    Solid,
    /// In dashes of the given length and gap, in CSS pixels.
    Dashed(f64, f64),
}

/// An axis brings its own range and its own ticks.
impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, position: &f64, (start, end): (i32, i32)) -> i32 {
        // Only values too large for a float's arithmetic lie outside the range.
        let share = ((position - self.range.0) / (self.range.1 - self.range.0)).clamp(0.0, 1.0);
        start + (share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light points would be a second, finer grid.
        if hint.weight().allow_light_points() { Vec::new() } else { self.positions() }
    }

    fn range(&self) -> Range<f64> {
        self.range.0..self.range.1
    }
}

/// A pair of axes on a canvas.
pub(super) struct Panel<'a, 'b> {
    chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
}

impl<'b> Panel<'_, 'b> {
    /// Draws axes, grid and tick labels on `area`; `x_label` stands below the abscissa.
    ///
    /// # Errors
    /// If the backend fails.
    pub(super) fn new(area: &Canvas<'b>, margins: Margins, (x, y): (&Axis, &Axis), x_label: &str) -> Result<Self> {
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(margins.top))
            .margin_right(px(margins.right))
            .set_label_area_size(LabelAreaPosition::Left, px(margins.left))
            .set_label_area_size(LabelAreaPosition::Bottom, px(margins.bottom))
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .axis_style(palette::FRAME.stroke_width(px(0.75) as u32))
            .bold_line_style(palette::GRID.stroke_width(px(0.75) as u32))
            .light_line_style(TRANSPARENT)
            .set_all_tick_mark_size(px(3.0))
            .x_label_formatter(&|at| x.label(*at))
            .y_label_formatter(&|at| y.label(*at))
            .x_label_style(text(10.0, palette::MUTED, HPos::Center))
            .y_label_style(text(10.0, palette::MUTED, HPos::Right))
            .axis_desc_style(text(11.0, palette::INK, HPos::Center))
            .x_desc(if margins.bottom > 0.0 { x_label } else { "" })
            .draw()?;
        Ok(Self { chart })
    }

    /// Draws connected points, `width` CSS pixels wide.
    ///
    /// # Errors
    /// If the backend fails.
    pub(super) fn line(
        &mut self,
        segments: Vec<Vec<Point>>,
        colour: RGBAColor,
        width: f64,
        stroke: Stroke,
    ) -> Result<()> {
        let style = colour.stroke_width((px(width) as u32).max(1));
        for segment in segments {
            match stroke {
                Stroke::Solid => {
                    self.chart.draw_series([PathElement::new(segment, style)])?;
                }
                Stroke::Dashed(dash, gap) => {
                    let dashes = DashedPathElement::new(segment, px(dash), px(gap), style);
                    self.chart.draw_series([dashes])?;
                }
            }
        }
        Ok(())
    }

    /// Fills outlines.
    ///
    /// # Errors
    /// If the backend fails.
    pub(super) fn fill(&mut self, outlines: Vec<Vec<Point>>, colour: RGBAColor) -> Result<()> {
        let polygons = outlines.into_iter().map(|outline| Polygon::new(outline, colour.filled()));
        self.chart.draw_series(polygons)?;
        Ok(())
    }
}
