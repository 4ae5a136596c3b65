//! Normal numbers in bulk: the transform of Box and Muller (1958), many at a time.
//!
//! Logarithm, sine and cosine are polynomials in plain single precision without fused multiply-add, so that every
//! processor gives the same bits, in loops that the compiler turns into vectors.

use pulp::Arch;
use rand::Rng;

/// Pairs of numbers made at a time; a stream is defined in blocks of this size.
const PAIRS: usize = 128;

/// Fills `out` with independent draws of N(0, 1), each from 32 random bits; the largest possible is 6.7.
///
/// A shorter `out` gets the beginning of what a longer one gets.
pub(crate) fn fill_normal(generator: &mut impl Rng, out: &mut [f32]) {
    let arch = Arch::new();
    let mut bytes = [0; 8 * PAIRS];
    let mut normals = [0.0; 2 * PAIRS];
    for out in out.chunks_mut(2 * PAIRS) {
        generator.fill_bytes(&mut bytes);
        arch.dispatch(|| transform(&bytes, &mut normals));
        out.copy_from_slice(&normals[..out.len()]);
    }
}

/// `√(-2 ln u) (cos φ, sin φ)` of `u`, uniform on (0, 1], and `φ`, uniform on the circle.
#[inline(always)]
fn transform(bytes: &[u8; 8 * PAIRS], normals: &mut [f32; 2 * PAIRS]) {
    let (words, _) = bytes.as_chunks::<4>();
    let (radii, angles) = words.split_at(PAIRS);
    let (first, second) = normals.split_at_mut(PAIRS);
    for (((radius, angle), first), second) in radii.iter().zip(angles).zip(first).zip(second) {
        let radius = (-2.0 * ln_of_fraction(u32::from_le_bytes(*radius) | 1)).sqrt();
        let angle = u32::from_le_bytes(*angle);
        // Two bits choose one of four quarters of the circle, by a reflection each; the others an angle of ±π/4 in it.
        let (sin, cos) = sin_cos(((angle << 2) as i32) as f32 * (std::f32::consts::FRAC_PI_4 / 2_147_483_648.0));
        let cos = f32::from_bits(cos.to_bits() ^ (angle & 0x8000_0000));
        let swap = angle & 0x4000_0000 != 0;
        *first = radius * if swap { sin } else { cos };
        *second = radius * if swap { cos } else { sin };
    }
}

/// `ln (w / 2³²)`, never above 0; the polynomial is that of S. Moshier's Cephes library (logf).
#[inline(always)]
#[allow(clippy::excessive_precision)]
fn ln_of_fraction(w: u32) -> f32 {
    /// The bits of √½: mantissas are taken from [√½, √2).
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let bits = (w as f32).to_bits();
    let exponent = (bits.wrapping_sub(SQRT_HALF) as i32) >> 23;
    let x = f32::from_bits(bits.wrapping_sub((exponent << 23) as u32)) - 1.0;
    let exponent = (exponent - 32) as f32;
    let mut y = 7.037_683_629_2e-2;
    for c in [
        -1.151_461_031_0e-1,
        1.167_699_874_0e-1,
        -1.242_014_084_6e-1,
        1.424_932_278_7e-1,
        -1.666_805_766_5e-1,
        2.000_071_476_5e-1,
        -2.499_999_399_3e-1,
        3.333_333_117_4e-1,
    ] {
        y = y * x + c;
    }
    let square = x * x;
    let y = y * x * square - 2.121_944_40e-4 * exponent - 0.5 * square;
    (x + y + 0.693_359_375 * exponent).min(0.0)
}

/// Sine and cosine of `|x| ≤ π/4`; the polynomials are those of S. Moshier's Cephes library (sinf, cosf).
#[inline(always)]
#[allow(clippy::excessive_precision)]
fn sin_cos(x: f32) -> (f32, f32) {
    let z = x * x;
    let sin = ((-1.951_529_589_1e-4 * z + 8.332_160_873_6e-3) * z - 1.666_665_461_1e-1) * z * x + x;
    let cos = ((2.443_315_711_81e-5 * z - 1.388_731_625_49e-3) * z + 4.166_664_568_30e-2) * z * z - 0.5 * z + 1.0;
    (sin, cos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_polynomials_agree_with_the_standard_library() {
        for w in (1..32).map(|k| 1u32 << k).chain((1..2000).map(|k| k * 2_147_483)).chain([1, u32::MAX]) {
            let truth = (f64::from(w) / 4_294_967_296.0).ln();
            let error = (f64::from(ln_of_fraction(w)) - truth).abs();
            assert!(error <= 1.5e-7 * truth.abs().max(1.0), "ln {w}: off by {error}");
        }
        for x in (-1000..=1000).map(|i| f64::from(i) * std::f64::consts::FRAC_PI_4 / 1000.0) {
            let (sin, cos) = sin_cos(x as f32);
            let error = (f64::from(sin) - x.sin()).abs().max((f64::from(cos) - x.cos()).abs());
            assert!(error < 1.5e-7, "angle {x}: off by {error}");
        }
    }

    #[test]
    fn vectors_and_scalars_give_the_same_bits() {
        let mut bytes = [0; 8 * PAIRS];
        ChaCha8Rng::seed_from_u64(3).fill_bytes(&mut bytes);
        let (mut vectors, mut scalars) = ([0.0; 2 * PAIRS], [0.0; 2 * PAIRS]);
        Arch::new().dispatch(|| transform(&bytes, &mut vectors));
        transform(&bytes, &mut scalars);
        assert_eq!(vectors, scalars);
    }

    #[test]
    fn a_shorter_draw_is_the_beginning_of_a_longer_one() {
        let draw = |count| {
            let mut values = vec![0.0; count];
            fill_normal(&mut ChaCha8Rng::seed_from_u64(4), &mut values);
            values
        };
        let long = draw(1000);
        for count in [1, 255, 256, 257, 999] {
            assert_eq!(draw(count), long[..count]);
        }
    }

    /// Kolmogorov and Smirnov's distance from N(0, 1), of all draws and of each half of the pairs; products of pairs,
    /// of their squares and of neighbours; and the far tails, counted.
    #[test]
    fn draws_follow_the_normal_distribution() {
        const COUNT: usize = 1 << 21;
        let mut values = vec![0.0; COUNT];
        fill_normal(&mut ChaCha8Rng::seed_from_u64(5), &mut values);
        let distance = |mut values: Vec<f32>| {
            values.sort_by(f32::total_cmp);
            let n = values.len() as f64;
            let below = |x: f32| 0.5 * erfc(-f64::from(x) * std::f64::consts::FRAC_1_SQRT_2);
            values.iter().enumerate().map(|(i, &x)| ((i as f64 + 0.5) / n - below(x)).abs()).fold(0.0, f64::max)
                * n.sqrt()
        };
        let half = |which: usize| values.chunks(PAIRS).skip(which).step_by(2).flatten().copied().collect::<Vec<f32>>();
        for values in [values.clone(), half(0), half(1)] {
            assert!(distance(values) < 1.95); // once in a thousand seeds
        }
        let correlation = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
            let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), (x, y)| (sum + x * y, count + 1.0));
            sum / f64::sqrt(count)
        };
        let pairs = || half(0).into_iter().zip(half(1)).map(|(x, y)| (f64::from(x), f64::from(y)));
        assert!(correlation(&mut pairs()).abs() < 4.0);
        assert!((correlation(&mut pairs().map(|(x, y)| (x * x - 1.0, y * y - 1.0))) / 2.0).abs() < 4.0);
        assert!(correlation(&mut values.windows(2).map(|w| (f64::from(w[0]), f64::from(w[1])))).abs() < 4.0);
        let beyond = |limit: f32| values.iter().filter(|x| x.abs() > limit).count() as f64;
        for (limit, share) in [(3.0, 2.699_8e-3), (4.0, 6.334_2e-5)] {
            let expected = share * COUNT as f64;
            assert!((beyond(limit) - expected).abs() < 4.0 * expected.sqrt(), "{limit}: {}", beyond(limit));
        }
    }

    /// The complementary error function to seven digits, by the rational Chebyshev fit of Numerical Recipes (erfcc).
    fn erfc(x: f64) -> f64 {
        let t = 1.0 / (1.0 + 0.5 * x.abs());
        let polynomial = [
            0.170_872_77,
            -0.822_152_23,
            1.488_515_87,
            -1.135_203_98,
            0.278_868_07,
            -0.186_288_06,
            0.096_784_18,
            0.374_091_96,
            1.000_023_68,
            -1.265_512_23,
        ];
        let y = t * (-x * x + polynomial.iter().fold(0.0, |y, c| y * t + c)).exp();
        if x >= 0.0 { y } else { 2.0 - y }
    }
}
