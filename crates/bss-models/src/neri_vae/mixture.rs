//! The likelihood of a mixture: logistic function, sum over the sources, Laplace density, and their gradient in one pass.

use bss_nn::Real;
use bss_nn::dense::{sigmoid, vectorise};
use rayon::prelude::*;

use super::Norm;

/// Examples that one thread takes at a time.
const ROWS: usize = 8;

/// Sources below this count as this much: their powers could vanish, and nothing would be left to divide by.
const LEAST: f64 = 1e-8;

/// `-log p(x|Z)` of equations 3 and 4, the mean over the examples, from the decoder's output (examples, K, features), which
/// is replaced by the gradient.
///
/// With `ŝ = 1 / (1 + e⁻ˡ)`, `x̂` their [`Norm`] and `r = x - x̂`: `Σ |r| / b + D ln 2b`, and
/// `∂/∂l = -sign(r) (ŝ / x̂)^(q-1) ŝ (1 - ŝ) / b`.
pub(crate) fn laplace<T: Real>(x: &[T], logits: &mut [T], features: usize, b: f64, norm: Norm) -> f64 {
    let sources = logits.len() / x.len();
    let examples = x.len() / features;
    let slope = 1.0 / (b * examples as f64);
    let rows = x.par_chunks(ROWS * features).zip(logits.par_chunks_mut(ROWS * sources * features));
    let mut sums = Vec::new();
    rows.map(|(x, logits)| distances(x, logits, features, slope, norm)).collect_into_vec(&mut sums);
    sums.iter().sum::<f64>() / (b * examples as f64) + features as f64 * (2.0 * b).ln()
}

/// `Σ |r|` of some examples on the calling thread alone; their logits are replaced by the gradient of `slope Σ |r|`.
pub(crate) fn distances<T: Real>(x: &[T], logits: &mut [T], features: usize, slope: f64, norm: Norm) -> f64 {
    let slope = T::from_f64(slope);
    sigmoid(logits);
    match norm {
        Norm::One => plain(x, logits, features, slope),
        norm => normed(x, logits, features, slope, norm),
    }
}

/// `Σ |r|` of some examples, whose sources (examples, K, features) are replaced by the gradient, `slope` for `1 / b`.
fn plain<T: Real>(x: &[T], sources: &mut [T], features: usize, slope: T) -> f64 {
    let count = sources.len() / x.len();
    let mut distance = vec![T::zero(); features];
    let mut residual = vec![T::zero(); features];
    vectorise(
        #[inline(always)]
        || {
            for (x, sources) in x.chunks_exact(features).zip(sources.chunks_exact_mut(count * features)) {
                residual.copy_from_slice(x);
                for source in sources.chunks_exact(features) {
                    residual.iter_mut().zip(source).for_each(|(r, &s)| *r -= s);
                }
                take_sign(&mut residual, &mut distance, slope);
                for source in sources.chunks_exact_mut(features) {
                    source.iter_mut().zip(&residual).for_each(|(s, &d)| *s = d * (*s * (T::one() - *s)));
                }
            }
        },
    );
    distance.into_iter().map(T::to_f64).sum()
}

/// The same where mixtures are another norm of their sources than the sum.
fn normed<T: Real>(x: &[T], sources: &mut [T], features: usize, slope: T, norm: Norm) -> f64 {
    let count = sources.len() / x.len();
    let least = T::from_f64(LEAST);
    let mut distance = vec![T::zero(); features];
    let (mut mixed, mut residual) = (vec![T::zero(); features], vec![T::zero(); features]);
    vectorise(
        #[inline(always)]
        || {
            for (x, sources) in x.chunks_exact(features).zip(sources.chunks_exact_mut(count * features)) {
                mixed.fill(T::zero());
                for source in sources.chunks_exact(features) {
                    let add = |(sum, &s): (&mut T, &T)| *sum += norm.power(if s > least { s } else { least });
                    mixed.iter_mut().zip(source).for_each(add);
                }
                for ((mixed, residual), &x) in mixed.iter_mut().zip(&mut residual).zip(x) {
                    *mixed = norm.root(*mixed);
                    *residual = x - *mixed;
                }
                take_sign(&mut residual, &mut distance, slope);
                for source in sources.chunks_exact_mut(features) {
                    for ((s, &d), &mixed) in source.iter_mut().zip(&residual).zip(&mixed) {
                        *s = d * norm.slope(*s / mixed) * (*s * (T::one() - *s));
                    }
                }
            }
        },
    );
    distance.into_iter().map(T::to_f64).sum()
}

/// Adds residuals' sizes to a sum, and replaces them by the gradient with respect to x̂.
#[inline(always)]
fn take_sign<T: Real>(residual: &mut [T], distance: &mut [T], slope: T) {
    for (r, distance) in residual.iter_mut().zip(distance) {
        let is_above = *r > T::zero();
        *distance += if is_above { *r } else { -*r };
        let sign = if is_above { -slope } else { slope };
        *r = if *r == T::zero() { T::zero() } else { sign };
    }
}
