//! The figures of images: `mixtures` and `sources` as grey pictures, side by side.
//!
//! The pixels are embedded as PNG, so that a picture stays small and a viewer shows its pixels as they are.

use std::fmt::Write as _;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bss_data::Grid;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{UNITS, draw, fitted, px, text, text_width};
use super::palette;
use super::stack::MAX_PANELS;
use crate::layout::Size;
use crate::picture;
use crate::report::ReportData;

/// Pixels in one figure, over all pictures: it keeps the SVG below a megabyte.
const PIXELS: usize = 500_000;

/// Pictures beside one another, at most.
const COLUMNS: usize = 4;

/// Room for all pictures of a row, in CSS pixels.
const WIDTH: f64 = 900.0;
/// The largest side of a picture, and the air around it.
const LARGEST: f64 = 280.0;
const GAP: f64 = 14.0;
const HEADER: f64 = 20.0;
const LEGEND: f64 = 26.0;

/// One picture.
struct Picture {
    /// What stands above it on the left, and on the right.
    header: (String, String),
    /// Values in the order of the traversal.
    values: Vec<f64>,
}

/// Draws the channels, if the samples are pixels.
///
/// # Errors
/// If the backend fails.
pub(super) fn mixtures(data: &ReportData, grid: Grid) -> Result<Option<Figure>> {
    let channels = data.mixture.ncols();
    let of_channel = |(channel, values): (usize, ArrayView1<f64>)| Picture {
        header: (data.channel_name(channel), String::new()),
        values: values.to_vec(),
    };
    let pictures = data.mixture.columns().into_iter().enumerate().take(MAX_PANELS).map(of_channel).collect();
    let title = format!("The mixture: {channels} images of {}.", Size(grid));
    sheet("mixtures", title, (pictures, 1, channels), grid)
}

/// Draws the recovered sources, each beside its standard deviations and the truth, as far as there are such.
///
/// # Errors
/// If the backend fails.
pub(super) fn sources(data: &ReportData, grid: Grid) -> Result<Option<Figure>> {
    let sources = data.sources.ncols();
    let mut pictures = Vec::new();
    for source in 0..sources.min(MAX_PANELS) {
        let mut add = |left: String, right: String, of: &Array2<f64>| {
            pictures.push(Picture { header: (left, right), values: of.column(source).to_vec() });
        };
        let share = data.explained.get(source).filter(|share| share.is_finite());
        let share = share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share));
        add(format!("source {}", source + 1), share, &data.sources);
        if let Some(std) = &data.std {
            let (least, most) = range(std.column(source));
            add("standard deviation".to_owned(), format!("{least:.2} to {most:.2}"), std);
        }
        if let Some(reference) = &data.reference {
            let correlation = data.scores.iter().find(|(metric, _)| metric == "correlation");
            let value = correlation.and_then(|(_, values)| values.get(source)).filter(|value| value.is_finite());
            let said = value.map_or_else(String::new, |value| format!("correlation {value:.3}"));
            add("truth".to_owned(), said, reference);
        }
    }
    let layers = 1 + usize::from(data.std.is_some()) + usize::from(data.reference.is_some());
    let title = format!("{sources} sources recovered from the mixture, as images of {}.", Size(grid));
    sheet("sources", title, (pictures, layers, sources), grid)
}

fn range(values: ArrayView1<f64>) -> (f64, f64) {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max))
}

/// Draws pictures in rows; those of one kind, `layers` of them, stay beside one another. Of `of` kinds there are, the
/// first are drawn.
fn sheet(
    name: &'static str,
    title: String,
    (pictures, layers, of): (Vec<Picture>, usize, usize),
    grid: Grid,
) -> Result<Option<Figure>> {
    if pictures.is_empty() {
        return Ok(None);
    }
    let columns = (COLUMNS / layers * layers).min(pictures.len());
    let scale = (WIDTH / columns as f64 - GAP).min(LARGEST) / grid.height.max(grid.width) as f64;
    let (width, height) = (scale * grid.width as f64, scale * grid.height as f64);
    // Narrow images still need room for what is written above them.
    let step = (width.max(150.0) + GAP, height + HEADER + GAP);
    let shown = pictures.len() / layers;
    let note = if of > shown { format!("the first {shown} of {of}; ") } else { String::new() };
    let note = note + "every picture goes from black for its smallest value to white for its largest";
    let total = (columns as f64 * step.0 + GAP).max(text_width(&note, 10.0) + 2.0 * GAP);
    let size = (total, LEGEND + pictures.len().div_ceil(columns) as f64 * step.1);
    let corner = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        (GAP + column as f64 * step.0, LEGEND + row as f64 * step.1 + HEADER)
    };
    let mut figure = draw(name, title, (size.0.ceil() as u32, size.1.ceil() as u32), |root| {
        root.draw(&Text::new(note, (px(GAP), px(LEGEND / 2.0)), text(10.0, palette::MUTED, HPos::Left)))?;
        for (index, Picture { header: (left, right), .. }) in pictures.iter().enumerate() {
            let ((x, y), room) = (corner(index), step.0 - GAP);
            let left = fitted(left, 11.0, room - text_width(right, 10.0) - 8.0);
            root.draw(&Text::new(left, (px(x), px(y - HEADER / 2.0)), text(11.0, palette::INK, HPos::Left)))?;
            let style = text(10.0, palette::MUTED, HPos::Right);
            root.draw(&Text::new(right.as_str(), (px(x + room), px(y - HEADER / 2.0)), style))?;
        }
        Ok(())
    })?;
    let every = coarseness(grid, pictures.len());
    for (index, picture) in pictures.into_iter().enumerate() {
        let column = Array2::from_shape_vec((picture.values.len(), 1), picture.values)?;
        let image = grid.to_images(column.view()).index_axis_move(Axis(2), 0);
        let grey = coarse(picture::from_black_to_white(image.view()).view(), every);
        let encoded = BASE64_STANDARD.encode(bss_data::png_bytes(grey.view())?);
        let (x, y) = corner(index);
        let unit = |pixels: f64| pixels * f64::from(UNITS);
        let _ = write!(
            figure.body,
            "\n<image x=\"{}\" y=\"{}\" width=\"{:.1}\" height=\"{:.1}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{encoded}\"/>",
            px(x),
            px(y),
            unit(width),
            unit(height)
        );
    }
    Ok(Some(figure))
}

/// How many pixels a side are drawn as one, so that all pictures together stay within [`PIXELS`].
fn coarseness(grid: Grid, pictures: usize) -> usize {
    let budget = (PIXELS / pictures).max(1);
    let fits = |every: &usize| grid.height.div_ceil(*every) * grid.width.div_ceil(*every) <= budget;
    let longest = grid.height.max(grid.width);
    (1..longest).find(fits).unwrap_or(longest)
}

/// Means over squares of so many pixels a side.
fn coarse(image: ArrayView2<f64>, every: usize) -> Array2<f64> {
    let (height, width) = image.dim();
    Array2::from_shape_fn((height.div_ceil(every), width.div_ceil(every)), |(row, column)| {
        let end = |start: usize, size: usize| (start + every).min(size);
        let (top, left) = (row * every, column * every);
        image.slice(s![top..end(top, height), left..end(left, width)]).mean().unwrap_or(0.0)
    })
}

#[cfg(test)]
mod tests {
    use bss_data::Traversal;
    use ndarray::array;

    use super::*;

    #[test]
    fn large_images_are_averaged_to_stay_within_the_budget() {
        let grid = |height, width| Grid { height, width, traversal: Traversal::Raster };
        assert_eq!(coarseness(grid(128, 128), 24), 1);
        assert_eq!(coarseness(grid(1000, 2000), 4), 4);
        let image = array![[0.0, 1.0, 5.0], [1.0, 2.0, 7.0], [4.0, 4.0, 9.0]];
        assert_eq!(coarse(image.view(), 2), array![[1.0, 6.0], [4.0, 9.0]]);
    }
}
