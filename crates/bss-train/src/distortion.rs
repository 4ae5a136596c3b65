//! Smooth random distortions of images, so that no example is seen twice as it is.

use std::f64::consts::PI;

/// Cosines along each axis of which a displacement is made: the slowest.
const MODES: usize = 4;

/// Takes the pixels of an image from a little beside, neighbours alike: first along its rows, then along its columns, by
/// displacements
///
/// ```text
/// u(i, j) = size / c · Σ_kl a_kl cos(πk (i + ½) / height) cos(πl (j + ½) / width) / max(1, √(k² + l²)),   0 ≤ k, l < 4
/// ```
///
/// with a_kl from N(0, 1), and c such that the root of their mean square is `size` pixels along each axis of at least four.
/// The slowest cosines shift, stretch, turn and shear, the others bend.
///
/// ```
/// use bss_train::Distortion;
/// let image = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
/// let distortion = Distortion::new(0.5, [2, 3]);
/// assert_eq!(distortion.of(&image, &[0.0; Distortion::DRAWS]), image);
/// ```
#[derive(Clone, Debug)]
pub struct Distortion {
    /// The cosines at each row.
    rows: Vec<[f32; MODES]>,
    /// The cosines at each column.
    columns: Vec<[f32; MODES]>,
    /// What draws are multiplied by: of each cosine along the columns, those along the rows.
    weights: [[f32; MODES]; MODES],
}

impl Distortion {
    /// The numbers from N(0, 1) that a distortion takes.
    pub const DRAWS: usize = 2 * MODES * MODES;

    /// Of images (height, width), by so many pixels.
    #[must_use]
    pub fn new(size: f64, [height, width]: [usize; 2]) -> Self {
        let cosines = |n: usize| {
            let at = |i: usize, k: usize| (PI * k as f64 * (i as f64 + 0.5) / n as f64).cos() as f32;
            (0..n).map(|i| std::array::from_fn(|k| at(i, k))).collect()
        };
        let weight = |k: usize, l: usize| 1.0 / ((k * k + l * l).max(1) as f64).sqrt();
        // The mean square of a cosine is ½, that of a constant 1.
        let mean_square = |k: usize| if k == 0 { 1.0 } else { 0.5 };
        let modes = (0..MODES).flat_map(|k| (0..MODES).map(move |l| (k, l)));
        let power: f64 = modes.map(|(k, l)| weight(k, l).powi(2) * mean_square(k) * mean_square(l)).sum();
        let scaled = |k: usize, l: usize| (size * weight(k, l) / power.sqrt()) as f32;
        let weights = std::array::from_fn(|k| std::array::from_fn(|l| scaled(k, l)));
        Self { rows: cosines(height), columns: cosines(width), weights }
    }

    /// An image (height · width) of values from 0 to 1, distorted by [`DRAWS`](Self::DRAWS) numbers.
    ///
    /// # Panics
    /// If there are fewer numbers, or the image has another size.
    #[must_use]
    pub fn of(&self, image: &[f32], draws: &[f32]) -> Vec<f32> {
        let (height, width) = (self.rows.len(), self.columns.len());
        assert_eq!(image.len(), height * width, "values of an image");
        let (along, across) = draws[..Self::DRAWS].split_at(MODES * MODES);
        let mut moved = Vec::with_capacity(image.len());
        for (row, displacement) in image.chunks_exact(width).zip(self.displacements(along)) {
            moved.extend((0..width).map(|j| between(|j| row[j], width, j as f32 + displacement(j))));
        }
        let mut distorted = Vec::with_capacity(image.len());
        for (i, displacement) in self.displacements(across).enumerate() {
            let value = |j: usize| between(|i| moved[i * width + j], height, i as f32 + displacement(j));
            distorted.extend((0..width).map(|j| value(j).clamp(0.0, 1.0)));
        }
        distorted
    }

    /// For each row, the displacement at a column.
    fn displacements(&self, draws: &[f32]) -> impl Iterator<Item = impl Fn(usize) -> f32> {
        self.rows.iter().map(move |row| {
            let mut sums = [0.0; MODES];
            for ((draws, weights), cosine) in draws.chunks_exact(MODES).zip(&self.weights).zip(row) {
                sums.iter_mut()
                    .zip(draws)
                    .zip(weights)
                    .for_each(|((sum, draw), weight)| *sum += cosine * draw * weight);
            }
            move |j: usize| sums.iter().zip(&self.columns[j]).map(|(sum, cosine)| sum * cosine).sum()
        })
    }
}

/// A line of `n` values at a place between them, by the cubic of Catmull and Rom; beyond its ends, the value there.
fn between(line: impl Fn(usize) -> f32, n: usize, at: f32) -> f32 {
    let at = at.clamp(0.0, (n - 1) as f32);
    let i = at as usize;
    let t = at - i as f32;
    let last = n - 1;
    let [a, b, c, d] = [line(i.saturating_sub(1)), line(i), line((i + 1).min(last)), line((i + 2).min(last))];
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}

#[cfg(test)]
mod tests {
    use bss_nn::{Noise, Purpose};

    use super::*;

    #[test]
    fn displacements_have_the_size_asked_for() {
        let (size, [height, width], noise) = (0.8, [12, 20], Noise::new(1));
        let distortion = Distortion::new(size, [height, width]);
        let mut squares = 0.0;
        for step in 0..2000 {
            let draws = noise.bulk_normal(Purpose::Distort, 1, step, Distortion::DRAWS / 2);
            let rows = distortion.displacements(&draws);
            squares += rows.flat_map(|u| (0..width).map(move |j| f64::from(u(j)).powi(2))).sum::<f64>();
        }
        let root = (squares / (2000 * height * width) as f64).sqrt();
        assert!((root / size - 1.0).abs() < 0.03, "{root} pixels of {size}");
    }

    #[test]
    fn a_shift_by_whole_pixels_is_one() {
        let distortion = Distortion::new(1.0, [4, 5]);
        let image: Vec<f32> = (0..20).map(|p| (p * 7 % 20) as f32 / 19.0).collect();
        let mut draws = [0.0; Distortion::DRAWS];
        // The constants alone: a column on, and two rows back.
        draws[0] = 1.0 / distortion.weights[0][0];
        draws[MODES * MODES] = -2.0 / distortion.weights[0][0];
        for (p, value) in distortion.of(&image, &draws).iter().enumerate() {
            let (i, j) = ((p / 5).saturating_sub(2), (p % 5 + 1).min(4));
            assert!((value - image[i * 5 + j]).abs() < 1e-5, "{value} at {p}");
        }
    }

    /// Beside an edge the cubic leaves the values' range.
    #[test]
    fn values_stay_within_their_range() {
        let distortion = Distortion::new(1.0, [6, 6]);
        let image: Vec<f32> = (0..36).map(|p| f32::from(p / 6 < 3)).collect();
        let mut draws = [0.0; Distortion::DRAWS];
        draws[MODES * MODES] = 0.5 / distortion.weights[0][0];
        let distorted = distortion.of(&image, &draws);
        assert_eq!([1, 2, 3].map(|i| distorted[6 * i]), [1.0, 0.5, 0.0]);
    }
}
