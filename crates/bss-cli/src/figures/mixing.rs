//! The figure `mixing`: how strongly, and with which sign, every source reaches every channel.

use anyhow::Result;
use ndarray::Array2;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{Canvas, draw as draw_figure, fitted, px, text, text_width};
use super::palette;
use super::scale::{Axis, label};
use crate::report::ReportData;

/// The largest matrix drawn, channels by sources: beyond it cells would be too thin to tell apart.
const MAX_CELLS: (usize, usize) = (96, 64);
const TOP: f64 = 30.0;
const BAR: f64 = 14.0;

/// Places and sizes, in CSS pixels.
struct Layout {
    left: f64,
    cell: (f64, f64),
    cells: (usize, usize),
}

impl Layout {
    fn right(&self) -> f64 {
        self.left + self.cell.0 * self.cells.1 as f64
    }

    fn bottom(&self) -> f64 {
        TOP + self.cell.1 * self.cells.0 as f64
    }
}

/// Draws the mixing matrix; nothing where the decoder has none.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(data: &ReportData) -> Result<Option<Figure>> {
    let Some(mixing) = data.mixing.as_ref().filter(|mixing| !mixing.is_empty()) else {
        return Ok(None);
    };
    let (channels, sources) = mixing.dim();
    let cells = (channels.min(MAX_CELLS.0), sources.min(MAX_CELLS.1));
    let names: Vec<String> = (0..cells.0).map(|channel| fitted(&data.channel_name(channel), 10.5, 150.0)).collect();
    let left = names.iter().map(|name| text_width(name, 10.5)).fold(40.0, f64::max) + 18.0;
    let cell = ((640.0 / cells.1 as f64).clamp(3.0, 68.0), (560.0 / cells.0 as f64).clamp(3.0, 32.0));
    let layout = Layout { left, cell, cells };

    let size = (layout.right() + 110.0, layout.bottom().max(TOP + 120.0) + 18.0);
    let cut = if cells == (channels, sources) {
        String::new()
    } else {
        format!(" The first {} channels and {} sources are shown.", cells.0, cells.1)
    };
    let title = format!("The mixing matrix: weight of each of {sources} sources in each of {channels} channels.{cut}");
    let figure = draw_figure("mixing", title, (size.0.ceil() as u32, size.1.ceil() as u32), |root| {
        let limit = mixing.iter().filter(|value| value.is_finite()).fold(0.0_f64, |most, value| most.max(value.abs()));
        let limit = if limit > 0.0 { limit } else { 1.0 };
        draw_cells(root, mixing, &layout, limit)?;
        draw_names(root, &names, &layout)?;
        draw_bar(root, &layout, limit)
    })?;
    Ok(Some(figure))
}

fn draw_cells(root: &Canvas<'_>, mixing: &Array2<f64>, layout: &Layout, limit: f64) -> Result<()> {
    let (width, height) = layout.cell;
    // Three or four digits for the largest entry, and the same decimals for all.
    let step = 10_f64.powf((limit / 2.0).log10().floor() - 2.0);
    for ((channel, source), &value) in mixing.indexed_iter() {
        if channel >= layout.cells.0 || source >= layout.cells.1 {
            continue;
        }
        let (x, y) = (layout.left + source as f64 * width, TOP + channel as f64 * height);
        let colour = palette::diverging(value / limit);
        let corners = [(px(x), px(y)), (px(x + width), px(y + height))];
        root.draw(&Rectangle::new(corners, colour.filled()))?;
        if width >= 34.0 && height >= 15.0 && value.is_finite() {
            let ink = if palette::is_dark(colour) { WHITE } else { palette::INK };
            let middle = (px(x + width / 2.0), px(y + height / 2.0));
            root.draw(&Text::new(label((value / step).round() * step, step), middle, text(10.0, ink, HPos::Center)))?;
        }
    }
    // White lines between the cells, drawn last so that neighbours do not bleed into one another.
    if width >= 10.0 && height >= 10.0 {
        let rule = WHITE.stroke_width(px(1.0) as u32);
        for row in 0..=layout.cells.0 {
            let y = px(TOP + row as f64 * height);
            root.draw(&PathElement::new([(px(layout.left), y), (px(layout.right()), y)], rule))?;
        }
        for column in 0..=layout.cells.1 {
            let x = px(layout.left + column as f64 * width);
            root.draw(&PathElement::new([(x, px(TOP)), (x, px(layout.bottom()))], rule))?;
        }
    }
    Ok(())
}

fn draw_names(root: &Canvas<'_>, names: &[String], layout: &Layout) -> Result<()> {
    let (width, height) = layout.cell;
    let every = |size: f64, room: f64| (room / size).ceil().max(1.0) as usize;
    for (channel, name) in names.iter().enumerate().step_by(every(height, 13.0)) {
        let at = (px(layout.left - 7.0), px(TOP + (channel as f64 + 0.5) * height));
        root.draw(&Text::new(name.as_str(), at, text(10.5, palette::INK, HPos::Right)))?;
    }
    let long = width >= 56.0;
    let room = if long { 56.0 } else { 24.0 };
    for source in (0..layout.cells.1).step_by(every(width, room)) {
        let name = if long { format!("source {}", source + 1) } else { format!("s{}", source + 1) };
        let at = (px(layout.left + (source as f64 + 0.5) * width), px(TOP - 11.0));
        root.draw(&Text::new(name, at, text(10.5, palette::INK, HPos::Center)))?;
    }
    Ok(())
}

fn draw_bar(root: &Canvas<'_>, layout: &Layout, limit: f64) -> Result<()> {
    const STEPS: usize = 64;
    let left = layout.right() + 24.0;
    let height = (layout.bottom() - TOP).clamp(120.0, 260.0);
    let edge = |step: usize| px(TOP + height * step as f64 / STEPS as f64);
    for step in 0..STEPS {
        let colour = palette::diverging(1.0 - 2.0 * (step as f64 + 0.5) / STEPS as f64);
        // Each step reaches down to the end and the next one covers it: no seams between them.
        let corners = [(px(left), edge(step)), (px(left + BAR), edge(STEPS))];
        root.draw(&Rectangle::new(corners, colour.filled()))?;
    }
    let axis = Axis::exact(-limit, limit, 7);
    for (value, name) in &axis.ticks {
        let y = px(TOP + height * (0.5 - 0.5 * value / limit));
        let mark = [(px(left + BAR), y), (px(left + BAR + 4.0), y)];
        root.draw(&PathElement::new(mark, palette::FRAME.stroke_width(px(0.75) as u32)))?;
        let at = (px(left + BAR + 8.0), y);
        root.draw(&Text::new(name.as_str(), at, text(10.0, palette::MUTED, HPos::Left)))?;
    }
    let at = (px(left + BAR / 2.0), px(TOP - 11.0));
    root.draw(&Text::new("weight", at, text(10.5, palette::INK, HPos::Center)))?;
    Ok(())
}
