//! VAEM: sources as shares of the mixture, which they then sum to exactly (Neri et al. 2021, equation 10).

/// The sources as their estimates share the mixture out: `š_k = ŝ_k ⊙ (x ⊘ x̂)` with `x̂ = Σ ŝ_k`.
///
/// Where x̂ is zero, or no number, every source has an equal share. Each š_k is a whole multiple of the last place of x,
/// rounded towards zero, and the source that has the most takes what is left: so the sum over k, in single precision and
/// in any order, is x to the last bit.
///
/// # Shapes
/// `x` (examples, features), finite; `sources` ŝ (examples, K, features), none below zero. The result is like `sources`.
///
/// # Panics
/// If `features` is 0.
///
/// # Examples
/// ```
/// let masked = bss_models::ratio_mask(&[0.6, 0.5], &[0.2, 0.0, 0.1, 0.0], 2);
/// assert!((masked[0] - 0.4).abs() < 1e-6 && masked[1] == 0.25);
/// assert_eq!(masked[0] + masked[2], 0.6);
/// ```
#[must_use]
pub fn ratio_mask(x: &[f32], sources: &[f32], features: usize) -> Vec<f32> {
    if x.is_empty() {
        return Vec::new();
    }
    let count = sources.len() / x.len();
    let mut masked = vec![0.0; sources.len()];
    let examples = sources.chunks_exact(count * features).zip(masked.chunks_exact_mut(count * features));
    let mut shares = vec![0.0; count];
    for (x, (sources, masked)) in x.chunks_exact(features).zip(examples) {
        for (i, &x) in x.iter().enumerate() {
            (0..count).for_each(|k| shares[k] = f64::from(sources[k * features + i]));
            share_out(x, &mut shares);
            (0..count).for_each(|k| masked[k * features + i] = shares[k] as f32);
        }
    }
    masked
}

/// Replaces weights by parts of x in proportion to them.
fn share_out(x: f32, weights: &mut [f64]) {
    let total: f64 = weights.iter().sum();
    let has_shares = total.is_finite() && total > 0.0;
    let (places, place) = places(x);
    let equal = 1.0 / weights.len() as f64;
    let mut left = places;
    let mut largest = 0;
    for k in 0..weights.len() {
        let share = if has_shares { weights[k] / total } else { equal };
        weights[k] = (places * share).floor();
        left -= weights[k];
        if weights[k] > weights[largest] {
            largest = k;
        }
    }
    weights[largest] += left;
    weights.iter_mut().for_each(|part| *part *= place);
}

/// The whole number of last places that a finite x consists of, at most 2²⁴, and the worth of one, with the sign of x.
fn places(x: f32) -> (f64, f64) {
    let bits = x.to_bits();
    // Exponents 0 and 1 have the same last place: below the smallest normal number it shrinks no more.
    let exponent = (bits >> 23 & 0xff).max(1) as i32;
    let place = 2f64.powi(exponent - 150).copysign(f64::from(x));
    (f64::from(x) / place, place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn estimate() -> impl Strategy<Value = f32> {
        prop_oneof![Just(0.0f32), Just(f32::MIN_POSITIVE), Just(1e-45), Just(f32::NAN), 0.0..=1.0f32, 0.0..1e30f32]
    }

    fn mixture() -> impl Strategy<Value = f32> {
        prop_oneof![Just(0.0f32), Just(-0.0), Just(1e-45), Just(f32::MAX), 0.0..=1.0f32, -1e30..1e30f32, 0.0..1e-38f32]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_sum_in_source_order_is_the_mixture_to_the_bit(x in mixture(), s in prop::collection::vec(estimate(), 1..9)) {
            let masked = ratio_mask(&[x], &s, 1);
            let sum = masked.iter().copied().reduce(|sum, part| sum + part).unwrap();
            prop_assert_eq!(sum.to_bits(), x.to_bits(), "{:?} of {}", masked, x);
            prop_assert!(masked.iter().all(|part| part.abs() <= x.abs() && (*part == 0.0 || part.signum() == x.signum())));
        }

        #[test]
        fn shares_are_those_of_the_estimates(x in 0.0..=1.0f32, s in prop::collection::vec(1e-3..=1.0f32, 1..9)) {
            let total: f32 = s.iter().sum();
            for (found, s) in ratio_mask(&[x], &s, 1).iter().zip(&s) {
                prop_assert!((found - x * s / total).abs() <= 1e-6 * x);
            }
        }
    }

    #[test]
    fn examples_and_features_keep_their_places() {
        let x = [0.5, 1.0, 0.25, 0.0];
        let sources = [1.0, 0.0, 3.0, 1.0, 0.0, 0.5, 0.0, 0.5];
        assert_eq!(ratio_mask(&x, &sources, 2), [0.125, 0.0, 0.375, 1.0, 0.125, 0.0, 0.125, 0.0]);
    }
}
