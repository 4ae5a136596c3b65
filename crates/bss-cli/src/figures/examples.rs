//! The figure `examples`: a column for each mixture of a dataset of images or of sound, with its sources below it.

use std::fmt::Write as _;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ndarray::{Array2, Array3, ArrayView1, s};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{UNITS, draw as draw_figure, px, text};
use super::palette;
use crate::report::ExamplesReport;

/// The larger side of a picture in CSS pixels, and both sides of a spectrogram.
const SIDE: f64 = 72.0;
const SPECTROGRAM: f64 = 190.0;
/// What lies further below the loudest of all is black, in dB.
const RANGE: f64 = 60.0;
/// Room for the names of rows on the left, and for the note above.
const LEFT: f64 = 84.0;
const TOP: f64 = 26.0;
/// Air between groups of rows.
const GAP: f64 = 10.0;
/// A picture has this many of its pixels between it and the next.
const AIR: usize = 1;

/// Draws mixtures, true sources where they are known, and each estimate of them; nothing for examples that are no images.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(data: &ExamplesReport) -> Result<Option<Figure>> {
    let &[height, width] = data.shape.as_slice() else { return Ok(None) };
    let groups = [
        ("mixture", Some(&data.mixture)),
        ("truth", data.reference.as_ref()),
        ("source", Some(&data.sources)),
        ("masked", Some(&data.masked)),
        ("refined", data.refined.as_ref()),
    ];
    let groups: Vec<_> = groups.into_iter().filter_map(|(name, values)| Some((name, values?))).collect();
    let most = groups.iter().flat_map(|(_, values)| values.iter()).copied().fold(f64::MIN_POSITIVE, f64::max);
    let unit = match data.sound {
        None => [SIDE / height.max(width) as f64; 2],
        Some(_) => [SPECTROGRAM / height as f64, SPECTROGRAM / width as f64],
    };
    let row = unit[0] * (height + AIR) as f64;
    let examples = data.mixture.dim().0;
    let tops: Vec<f64> = (groups.iter())
        .scan(TOP, |top, (_, values)| {
            let here = *top;
            *top += row * values.dim().1 as f64 + GAP;
            Some(here)
        })
        .collect();
    let bottom = tops.iter().zip(&groups).map(|(top, (_, values))| top + row * values.dim().1 as f64);
    let breadth = (LEFT + unit[1] * ((width + AIR) * examples) as f64 + GAP).max(4.0 * LEFT);
    let size = (breadth.ceil() as u32, (bottom.fold(0.0, f64::max) + GAP).ceil() as u32);
    let truth = if data.reference.is_some() { "the true sources, " } else { "" };
    let refined = if data.refined.is_some() { ", and as masks once refined" } else { "" };
    let title = format!(
        "{examples} mixtures, a column each, with {truth}the sources as decoded, as masks of the mixture{refined}."
    );
    let mut figure = draw_figure("examples", title, size, |root| {
        let note = match &data.sound {
            None => format!("black is 0 and white {most:.2}, in all pictures"),
            Some(sound) => sound.axes() + &format!("; white is the loudest of all, black {RANGE} dB below"),
        };
        root.draw(&Text::new(note, (px(LEFT), px(TOP / 2.0)), text(10.0, palette::MUTED, HPos::Left)))?;
        for ((name, values), top) in groups.iter().zip(&tops) {
            let rows = values.dim().1;
            for k in 0..rows {
                let label = if *name == "mixture" { (*name).to_owned() } else { format!("{name} {}", k + 1) };
                let middle = top + row * (k as f64 + 0.5);
                root.draw(&Text::new(label, (px(LEFT - 8.0), px(middle)), text(11.0, palette::INK, HPos::Right)))?;
            }
        }
        Ok(())
    })?;
    for ((_, values), top) in groups.iter().zip(&tops) {
        let sheet = match data.sound {
            None => sheet(values, (height, width), |value| value / most),
            Some(_) => sheet(&upwards(values, width), (height, width), |value| decibels(value / most)),
        };
        let encoded = BASE64_STANDARD.encode(bss_data::png_bytes(sheet.view())?);
        let length = |pixels: f64| pixels * f64::from(UNITS);
        let _ = write!(
            figure.body,
            "\n<image x=\"{}\" y=\"{}\" width=\"{:.1}\" height=\"{:.1}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{encoded}\"/>",
            px(LEFT),
            px(*top),
            length(unit[1] * sheet.ncols() as f64),
            length(unit[0] * sheet.nrows() as f64)
        );
    }
    Ok(Some(figure))
}

/// A value relative to the largest, from 0 for what lies [`RANGE`] below it to 1.
fn decibels(value: f64) -> f64 {
    1.0 + 20.0 * value.max(f64::MIN_POSITIVE).log10() / RANGE
}

/// Pictures whose first row of pixels is the lowest.
fn upwards(values: &Array3<f64>, width: usize) -> Array3<f64> {
    let mut turned = values.clone();
    for mut picture in turned.rows_mut() {
        let rows: Vec<f64> = picture.to_vec().chunks_exact(width).rev().flatten().copied().collect();
        picture.iter_mut().zip(rows).for_each(|(pixel, value)| *pixel = value);
    }
    turned
}

/// Pictures (examples, rows, pixels) side by side and below one another, from 0 for black to 1 for white, with air between;
/// what is NaN is white like the air.
fn sheet(values: &Array3<f64>, (height, width): (usize, usize), brightness: impl Fn(f64) -> f64) -> Array2<f64> {
    let (examples, rows, _) = values.dim();
    let mut sheet = Array2::ones((rows * (height + AIR), examples * (width + AIR)));
    for (example, of_example) in values.outer_iter().enumerate() {
        for (k, picture) in of_example.outer_iter().enumerate() {
            let (top, left) = (k * (height + AIR), example * (width + AIR));
            let grey = |picture: ArrayView1<f64>, at: (usize, usize)| {
                let value = picture[at.0 * width + at.1];
                if value.is_nan() { 1.0 } else { brightness(value).clamp(0.0, 1.0) }
            };
            let mut place = sheet.slice_mut(s![top..top + height, left..left + width]);
            place.indexed_iter_mut().for_each(|(at, pixel)| *pixel = grey(picture, at));
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_in_their_columns_and_rows() {
        let mut values =
            Array3::from_shape_fn((2, 3, 4), |(example, k, pixel)| (100 * example + 10 * k + pixel) as f64);
        values[[0, 2, 3]] = f64::NAN;
        let sheet = sheet(&values, (2, 2), |value| value / 200.0);
        assert_eq!(sheet.dim(), (9, 6));
        assert_eq!(sheet[[3, 3]], 110.0 / 200.0, "the second example's second row begins there");
        assert_eq!((sheet[[4, 4]], sheet[[2, 0]], sheet[[7, 1]]), (113.0 / 200.0, 1.0, 1.0));
    }

    #[test]
    fn spectrograms_rise_and_are_seen_in_decibels() {
        let values = Array3::from_shape_fn((1, 2, 6), |(_, k, pixel)| (10 * k + pixel) as f64);
        assert_eq!(
            upwards(&values, 2).iter().copied().collect::<Vec<_>>(),
            [4., 5., 2., 3., 0., 1., 14., 15., 12., 13., 10., 11.]
        );
        for (value, expected) in [(1.0, 1.0), (0.1, 2.0 / 3.0), (0.001, 0.0)] {
            assert!((decibels(value) - expected).abs() < 1e-12, "{value}");
        }
        assert!(decibels(0.0) < 0.0);
    }
}
