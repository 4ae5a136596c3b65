//! The likelihood of a mixture: logistic function, sum over the sources, Laplace density, and their gradient in one pass.

use bss_nn::Real;
use bss_nn::dense::{sigmoid, vectorise};
use rayon::prelude::*;

/// Examples that one thread takes at a time.
const ROWS: usize = 8;

/// `-log p(x|Z)` of equations 3 and 4, the mean over the examples, from the decoder's output (examples, K, features), which
/// is replaced by the gradient.
///
/// With `ŝ = 1 / (1 + e⁻ˡ)` and `r = x - Σ ŝ`: `Σ |r| / b + D ln 2b`, and `∂/∂l = -sign(r) ŝ (1 - ŝ) / b`.
pub(crate) fn laplace<T: Real>(x: &[T], logits: &mut [T], features: usize, b: f64) -> f64 {
    let sources = logits.len() / x.len();
    let examples = x.len() / features;
    let slope = T::from_f64(1.0 / (b * examples as f64));
    let rows = x.par_chunks(ROWS * features).zip(logits.par_chunks_mut(ROWS * sources * features));
    let mut sums = Vec::new();
    let distances = rows.map(|(x, logits)| {
        sigmoid(logits);
        let mut distance = vec![T::zero(); features];
        let mut residual = vec![T::zero(); features];
        vectorise(
            #[inline(always)]
            || {
                for (x, sources) in x.chunks_exact(features).zip(logits.chunks_exact_mut(sources * features)) {
                    residual.copy_from_slice(x);
                    for source in sources.chunks_exact(features) {
                        residual.iter_mut().zip(source).for_each(|(r, &s)| *r -= s);
                    }
                    for (r, distance) in residual.iter_mut().zip(&mut distance) {
                        let is_above = *r > T::zero();
                        *distance += if is_above { *r } else { -*r };
                        let sign = if is_above { -slope } else { slope };
                        *r = if *r == T::zero() { T::zero() } else { sign };
                    }
                    for source in sources.chunks_exact_mut(features) {
                        source.iter_mut().zip(&residual).for_each(|(s, &d)| *s = d * (*s * (T::one() - *s)));
                    }
                }
            },
        );
        distance.into_iter().map(T::to_f64).sum::<f64>()
    });
    distances.collect_into_vec(&mut sums);
    sums.iter().sum::<f64>() / (b * examples as f64) + features as f64 * (2.0 * b).ln()
}
