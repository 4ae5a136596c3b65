//! Sources that add up to the recording to the last bit.

use bss_data::Dtype;

/// The numbers that a file holds: integers, which are multiples of a place, or singles, of which sources take multiples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grain {
    place: f64,
    is_integer: bool,
}

impl Grain {
    pub(super) fn of(dtype: Dtype) -> Self {
        let place = 0.5_f64.powi(if dtype == Dtype::I16 { 15 } else { 23 });
        Self { place, is_integer: dtype != Dtype::F32 }
    }

    /// The nearest multiple of the place, of two the even one.
    ///
    /// By adding a number so large that nothing smaller than a place is left beside it: the plain function is a call on
    /// processors that a binary for all has to run on.
    fn rounded(self, value: f64) -> f64 {
        let large = 1.5 / f64::EPSILON * self.place;
        (value + large) - large
    }

    /// A value as the file has it.
    fn written(self, value: f64) -> f64 {
        if self.is_integer { (value / self.place).round() * self.place } else { f64::from(value as f32) }
    }
}

/// What has been found out about sums.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    /// Samples whose sources do not add up to the bit.
    pub(super) inexact: u64,
    /// The largest difference.
    pub(super) largest: f64,
}

impl Sums {
    /// Rounds sources to whole multiples of the grain's place, and gives the largest what is left of x, so that they add up to it.
    ///
    /// To the bit, in single precision and in any order, they do where x is a multiple of the place and no source is beyond
    /// 2²⁴ of them: recordings of 16 and 24 bits are multiples of 2⁻²³. Others have bits that no sum of numbers of single
    /// precision has that are so much larger: they add up to within half a last place of the largest.
    pub(super) fn share_out(&mut self, x: f64, sources: &mut [f64], grain: Grain) {
        let mut largest = 0;
        let mut left = x;
        for k in 0..sources.len() {
            sources[k] = grain.rounded(sources[k]);
            left -= sources[k];
            if sources[k].abs() > sources[largest].abs() {
                largest = k;
            }
        }
        sources[largest] += left;
        let sum: f64 = sources.iter().map(|&source| grain.written(source)).sum();
        if sum != x {
            self.inexact += 1;
            self.largest = self.largest.max((sum - x).abs());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn recordings_of_24_bits_are_the_sum_of_their_sources_in_single_precision(
            x in -(1_i32 << 23)..(1 << 23),
            sources in prop::collection::vec(-0.99..0.99_f64, 1..6),
        ) {
            let place = 0.5_f64.powi(23);
            let x = f64::from(x) * place;
            let mut sources = sources;
            // As masked sources do, they nearly add up already.
            let excess = (sources.iter().sum::<f64>() - x) / sources.len() as f64;
            sources.iter_mut().for_each(|source| *source -= excess + 3e-9);
            prop_assume!(sources.iter().all(|source| source.abs() < 1.9));
            let partial = |sources: &[f64]| sources.iter().scan(0.0_f64, |sum, s| { *sum += s; Some(sum.abs()) }).fold(0.0, f64::max);
            prop_assume!(partial(&sources) < 1.9);
            let before = sources.clone();
            let mut sums = Sums::default();
            sums.share_out(x, &mut sources, Grain::of(Dtype::F32));
            prop_assert_eq!(sums, Sums::default());
            let sum = sources.iter().map(|&source| source as f32).fold(0.0_f32, |sum, source| sum + source);
            prop_assert_eq!(f64::from(sum), x);
            prop_assert!(before.iter().zip(&sources).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }

    #[test]
    fn what_cannot_be_exact_is_counted() {
        let mut sums = Sums::default();
        sums.share_out(1e-9, &mut [0.5, -0.5], Grain::of(Dtype::F32));
        assert_eq!(sums.inexact, 1);
        assert!(sums.largest <= 1e-9 && sums.largest > 0.0);
        sums.share_out(0.25, &mut [0.25, 0.0], Grain::of(Dtype::F32));
        assert_eq!(sums.inexact, 1);
        // What integers cannot hold is lost in the file.
        let third = 0.5_f64.powi(23) / 3.0;
        sums.share_out(0.25 + third, &mut [0.25, 0.0], Grain::of(Dtype::I24));
        assert!(sums.inexact == 2 && (sums.largest - third).abs() < 1e-15, "{sums:?}");
    }
}
