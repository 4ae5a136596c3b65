//! Masks: which share of a mixture each source has, feature by feature.
//!
//! Made from the true sources they are called ideal, and show what a mask can reach (Stöter, Liutkus and Ito 2018, The
//! 2018 signal separation evaluation campaign, arXiv:1804.06267).

use ndarray::{Array3, ArrayView2, ArrayView3, Axis, Zip};

use crate::{Error, Result};

/// Each source's share of the magnitudes; the ideal ratio mask where these are the truth:
///
/// ```text
/// mask_j = |s_j|^α / Σ_i |s_i|^α
/// ```
///
/// Both exponents are in use, α = 1 for magnitudes and α = 2 for energies. Of sources that are not negative and add up
/// to the mixture, as images do, the mask with α = 1 gives back the truth itself. Masks add up to 1: where all sources
/// are 0, each has the same share.
///
/// # Shapes
/// Sources and result (examples, sources, features).
///
/// # Errors
/// Values that are not finite; an exponent that is not above 0.
///
/// # Examples
/// ```
/// use ndarray::array;
///
/// let sources = array![[[0.3, 0.0], [0.1, 0.0]]];
/// let masks = bss_baselines::ratio_masks(sources.view(), 2.0)?;
/// assert!((masks[[0, 0, 0]] - 0.9).abs() < 1e-6);
/// assert_eq!(masks[[0, 1, 1]], 0.5);
/// # Ok::<(), bss_baselines::Error>(())
/// ```
pub fn ratio_masks(sources: ArrayView3<f32>, exponent: f64) -> Result<Array3<f32>> {
    if !(exponent > 0.0 && exponent.is_finite()) {
        return Err(Error::Exponent { exponent });
    }
    check(sources)?;
    Ok(shares(sources, exponent))
}

/// The same of sources and an exponent that are known to be sound.
pub(crate) fn shares(sources: ArrayView3<f32>, exponent: f64) -> Array3<f32> {
    let even = 1.0 / sources.len_of(Axis(1)) as f32;
    // Relative to the largest, so that no power overflows and at least one does not vanish.
    let largest = sources.map_axis(Axis(1), |sources| sources.fold(0.0_f32, |largest, value| largest.max(value.abs())));
    let mut masks = sources.to_owned();
    for mut mask in masks.axis_iter_mut(Axis(1)) {
        let power = |value: &mut f32, &largest: &f32| {
            *value = if largest > 0.0 { f64::from(value.abs() / largest).powf(exponent) as f32 } else { even };
        };
        Zip::from(&mut mask).and(&largest).for_each(power);
    }
    let sums = masks.sum_axis(Axis(1));
    masks.axis_iter_mut(Axis(1)).for_each(|mut mask| mask /= &sums);
    masks
}

/// 1 where a source has more than half of the magnitudes, else 0; the ideal binary mask where these are the truth:
///
/// ```text
/// mask_j = 1 if |s_j| / Σ_i |s_i| > ½, else 0
/// ```
///
/// Where no source has more than half, no mask is 1.
///
/// # Shapes
/// Sources and result (examples, sources, features).
///
/// # Errors
/// Values that are not finite.
///
/// # Examples
/// ```
/// use ndarray::array;
///
/// let sources = array![[[0.3, 0.2], [0.1, 0.2]]];
/// assert_eq!(bss_baselines::binary_masks(sources.view())?, array![[[1.0, 0.0], [0.0, 0.0]]]);
/// # Ok::<(), bss_baselines::Error>(())
/// ```
pub fn binary_masks(sources: ArrayView3<f32>) -> Result<Array3<f32>> {
    check(sources)?;
    let magnitudes = sources.mapv(|value| f64::from(value).abs());
    let halves = magnitudes.sum_axis(Axis(1)) / 2.0;
    let mut masks = Array3::zeros(sources.dim());
    for (mut mask, magnitudes) in masks.axis_iter_mut(Axis(1)).zip(magnitudes.axis_iter(Axis(1))) {
        let threshold = |mask: &mut f32, magnitude: &f64, half: &f64| *mask = f32::from(magnitude > half);
        Zip::from(&mut mask).and(&magnitudes).and(&halves).for_each(threshold);
    }
    Ok(masks)
}

/// The mixtures seen through masks: `mask_j ∘ x`.
///
/// # Shapes
/// Masks and result (examples, sources, features), x (examples, features).
///
/// # Errors
/// Mixtures of another shape.
pub fn masked(masks: ArrayView3<f32>, x: ArrayView2<f32>) -> Result<Array3<f32>> {
    let (examples, _, features) = masks.dim();
    if x.dim() != (examples, features) {
        return Err(Error::Mixtures { found: x.dim().into(), expected: [examples, features] });
    }
    Ok(&masks * &x.insert_axis(Axis(1)))
}

/// Refuses values that have no share.
fn check(sources: ArrayView3<f32>) -> Result<()> {
    match sources.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((example, source_idx, feature), _)) => Err(Error::Masked { example, source_idx, feature }),
        None => Ok(()),
    }
}
