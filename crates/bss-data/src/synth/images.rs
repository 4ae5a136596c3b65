//! Synthetic images: three textures that differ in how a pixel goes with its neighbours.
//!
//! | image | is |
//! | --- | --- |
//! | clouds | white Gaussian noise, blurred by a Gaussian of 3 pixels |
//! | grain | white Gaussian noise, blurred by a Gaussian of 1 pixel |
//! | mosaic | tiles of one grey each, uniform: a pixel takes that of the nearest of points, one in every 8 × 8 pixels |
//!
//! Clouds and grain are both Gaussian: only their neighbourhoods tell them apart.

use ndarray::{Array2, Array3, Axis, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Streams, standardise, streams};

/// The images that [`images`] draws.
pub const IMAGES: usize = 3;

/// The standard deviation of the clouds' blur, in pixels.
const CLOUDS: usize = 3;

/// That of the grain's.
const GRAIN: usize = 1;

/// Pixels along a side of the squares that hold one point of the mosaic each.
const TILE: usize = 8;

/// Draws the three images, each centred and of unit variance over its pixels.
///
/// # Shapes
///
/// Result (height, width, 3).
///
/// # Examples
///
/// ```
/// use bss_data::synth::images;
///
/// let textures = images(48, 64, 7);
/// assert_eq!(textures.dim(), (48, 64, 3));
/// assert!(textures.sum().abs() < 1e-9);
/// assert_eq!(textures, images(48, 64, 7));
/// ```
#[must_use]
pub fn images(height: usize, width: usize, seed: u64) -> Array3<f64> {
    let [mut a, mut b, mut c]: Streams = streams(seed, 0);
    let (clouds, grain) = (blurred(CLOUDS, height, width, &mut a), blurred(GRAIN, height, width, &mut b));
    let drawn = [clouds, grain, mosaic(height, width, &mut c)];
    let mut images = Array3::zeros((height, width, IMAGES));
    for (mut image, pixels) in images.axis_iter_mut(Axis(2)).zip(drawn) {
        let pixels: Vec<f64> = pixels.into_iter().collect();
        for (value, standardised) in image.iter_mut().zip(standardise(&pixels)) {
            *value = standardised;
        }
    }
    images
}

fn blurred(blur: usize, height: usize, width: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    // The kernel ends at three standard deviations, and the noise has a margin of as many pixels.
    let reach = 3 * blur;
    let noise = (height + 2 * reach, width + 2 * reach);
    let noise = Array2::from_shape_simple_fn(noise, || StandardNormal.sample(rng));
    let weight = |at: usize| (-0.5 * ((at as f64 - reach as f64) / blur as f64).powi(2)).exp();
    let (mut across, mut both) = (Array2::zeros((height + 2 * reach, width)), Array2::zeros((height, width)));
    for at in 0..=2 * reach {
        across.scaled_add(weight(at), &noise.slice(s![.., at..at + width]));
    }
    for at in 0..=2 * reach {
        both.scaled_add(weight(at), &across.slice(s![at..at + height, ..]));
    }
    both
}

fn mosaic(height: usize, width: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    // A margin of two squares on every side; points farther off are never the nearest.
    let squares = |pixels: usize| pixels.div_ceil(TILE) + 4;
    let points = Array2::from_shape_fn((squares(height), squares(width)), |(row, column)| {
        let within = |square: usize, share: f64| (square as f64 - 2.0 + share) * TILE as f64;
        (within(row, rng.random()), within(column, rng.random()), rng.random::<f64>())
    });
    Array2::from_shape_fn((height, width), |(y, x)| {
        let (row, column) = (y / TILE, x / TILE);
        let near = points.slice(s![row..row + 5, column..column + 5]);
        let distance = |(down, across, _): &&(f64, f64, f64)| (down - y as f64).powi(2) + (across - x as f64).powi(2);
        near.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map_or(0.0, |(_, _, grey)| *grey)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_finite_centred_of_unit_variance_and_nearly_uncorrelated_with_the_others() {
        for seed in 0..5 {
            let images = images(96, 128, seed);
            let samples = images.into_shape_with_order((96 * 128, IMAGES)).unwrap();
            assert!(samples.sum_axis(Axis(0)).iter().all(|sum| sum.abs() < 1e-8));
            let covariance = samples.t().dot(&samples) / (96.0 * 128.0);
            for ((i, j), rho) in covariance.indexed_iter() {
                if i == j {
                    assert!((rho - 1.0).abs() < 1e-9, "seed {seed}: variance {rho} of {i}");
                } else {
                    assert!(rho.abs() < 0.2, "seed {seed}: {rho} between {i} and {j}");
                }
            }
        }
    }

    #[test]
    fn the_seed_decides_every_pixel_of_every_image() {
        let (one, again, other) = (images(20, 30, 5), images(20, 30, 5), images(20, 30, 6));
        assert_eq!(one, again);
        for (one, other) in one.axis_iter(Axis(2)).zip(other.axis_iter(Axis(2))) {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn clouds_and_grain_are_as_smooth_as_their_blur_and_gaussian() {
        let images = images(300, 300, 3);
        for (image, blur) in [(0, 3.0), (1, 1.0)] {
            let image = images.index_axis(Axis(2), image);
            for (down, across) in [(0, 1), (2, 0), (3, 2)] {
                let shifted = image.slice(s![down.., across..]);
                let found = (&shifted * &image.slice(s![..300 - down, ..300 - across])).mean().unwrap();
                // A blur of width b leaves the correlation exp(−d²/4b²) at the distance d.
                let expected = (-0.25 * f64::from(down * down + across * across) / (blur * blur)).exp();
                assert!((found - expected).abs() < 0.05, "{found} is not {expected} at {down}, {across}, blur {blur}");
            }
            let kurtosis = image.mapv(|value| value.powi(4)).mean().unwrap();
            assert!((kurtosis - 3.0).abs() < 0.3, "kurtosis {kurtosis}, blur {blur}");
        }
    }

    #[test]
    fn the_mosaic_has_tiles_of_one_grey() {
        let images = images(80, 80, 3);
        let mosaic = images.index_axis(Axis(2), 2);
        let pairs = || {
            mosaic.rows().into_iter().flat_map(|row| row.to_vec().windows(2).map(|p| p[0] == p[1]).collect::<Vec<_>>())
        };
        let equal = pairs().filter(|equal| *equal).count() as f64 / pairs().count() as f64;
        assert!((0.75..0.95).contains(&equal), "{equal} of neighbours are equal");
        let mut greys: Vec<u64> = mosaic.iter().map(|value| value.to_bits()).collect();
        greys.sort_unstable();
        greys.dedup();
        assert!((90..170).contains(&greys.len()), "{} tiles", greys.len());
    }

    #[test]
    fn very_small_images_are_finite() {
        for (height, width) in [(0, 3), (1, 1), (1, 5), (2, 2)] {
            let images = images(height, width, 1);
            assert_eq!(images.dim(), (height, width, IMAGES));
            assert!(images.iter().all(|value| value.is_finite()), "{height} × {width}");
        }
    }

    /// The first pixel of every image at 16 × 16, seed 1, as this crate gave it when they were fixed: results that name
    /// a seed stay comparable only while these hold. The tolerance is for other machines' sine and exponential.
    #[test]
    fn the_images_of_a_seed_stay_what_they_were() {
        let images = images(16, 16, 1);
        for (found, expected) in
            images.slice(s![0, 0, ..]).iter().zip([2.143_397_377_557, 0.210_482_906_111, 0.619_409_110_678])
        {
            assert!((found - expected).abs() < 1e-9, "{}", images.slice(s![0, 0, ..]));
        }
    }
}
