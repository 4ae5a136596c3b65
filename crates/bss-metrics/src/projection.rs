//! Projections of a signal on the delays of others, by Fourier transforms and one factorisation of their Gram matrix.

use std::sync::Arc;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::{Mat, Par, Spec};
use realfft::num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// The signals on whose delays others are projected.
pub(crate) struct References {
    /// Their samples.
    samples: usize,
    /// Delays of each, 0 to taps − 1.
    taps: usize,
    transform: Transform,
    spectra: Vec<Vec<Complex64>>,
    /// Cholesky factors of the Gram matrices of all delays of each, and of all.
    each: Vec<Mat<f64>>,
    all: Mat<f64>,
}

impl References {
    /// Prepares signals of the same length, none of them silent.
    pub(crate) fn new(signals: &[Vec<f64>], taps: usize) -> Self {
        let samples = signals[0].len();
        let transform = Transform::new(samples + taps - 1);
        let spectra: Vec<_> = signals.iter().map(|signal| transform.spectrum(signal)).collect();
        let n = signals.len();
        let mut gram = Mat::zeros(n * taps, n * taps);
        for i in 0..n {
            for j in 0..=i {
                // Of delays k and l the product is Σ sᵢ(t − k) sⱼ(t − l), which depends on k − l alone.
                let lags = transform.correlation(&spectra[i], &spectra[j]);
                for k in 0..taps {
                    for l in 0..taps {
                        gram[(i * taps + k, j * taps + l)] = lags[(k + lags.len() - l) % lags.len()];
                    }
                }
            }
        }
        let block = |j: usize| gram.as_ref().submatrix(j * taps, j * taps, taps, taps).to_owned();
        let each = (0..n).map(|j| factor(block(j))).collect();
        Self { samples, taps, each, all: factor(gram), transform, spectra }
    }

    /// The products of a signal with the delays of each reference, from which its projections follow.
    pub(crate) fn products(&self, signal: &[f64]) -> Vec<f64> {
        let spectrum = self.transform.spectrum(signal);
        let product = |reference: &Vec<Complex64>| {
            let lags = self.transform.correlation(&spectrum, reference);
            (0..self.taps).map(move |k| lags[(lags.len() - k) % lags.len()])
        };
        self.spectra.iter().flat_map(product).collect()
    }

    /// The projection of a signal with these products on the delays of all references, (samples + taps − 1).
    pub(crate) fn project(&self, products: &[f64]) -> Vec<f64> {
        self.filtered(&self.spectra, &solve(&self.all, products))
    }

    /// The same on the delays of reference `j` alone.
    pub(crate) fn project_on(&self, j: usize, products: &[f64]) -> Vec<f64> {
        let products = &products[j * self.taps..][..self.taps];
        self.filtered(&self.spectra[j..=j], &solve(&self.each[j], products))
    }

    /// The sum of signals, each filtered by its own taps.
    fn filtered(&self, spectra: &[Vec<Complex64>], taps: &[f64]) -> Vec<f64> {
        let mut sum = vec![Complex64::default(); spectra[0].len()];
        for (spectrum, taps) in spectra.iter().zip(taps.chunks(self.taps)) {
            let response = self.transform.spectrum(taps);
            sum.iter_mut().zip(spectrum).zip(response).for_each(|((sum, s), h)| *sum += s * h);
        }
        let mut signal = self.transform.signal(sum);
        signal.truncate(self.samples + self.taps - 1);
        signal
    }
}

/// `‖signal‖²`.
pub(crate) fn energy(signal: &[f64]) -> f64 {
    signal.iter().map(|value| value * value).sum()
}

/// A real Fourier transform of one length, long enough that nothing wraps around.
struct Transform {
    length: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl Transform {
    fn new(at_least: usize) -> Self {
        // Correlations have lags on both sides of zero.
        let length = (2 * at_least).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        Self { length, forward: planner.plan_fft_forward(length), inverse: planner.plan_fft_inverse(length) }
    }

    fn spectrum(&self, signal: &[f64]) -> Vec<Complex64> {
        let mut padded = signal.to_vec();
        padded.resize(self.length, 0.0);
        let mut spectrum = self.forward.make_output_vec();
        self.forward.process(&mut padded, &mut spectrum).expect("both are of the transform's length");
        spectrum
    }

    fn signal(&self, mut spectrum: Vec<Complex64>) -> Vec<f64> {
        let mut signal = self.inverse.make_output_vec();
        // Their imaginary parts are rounding alone.
        spectrum[0].im = 0.0;
        if let Some(last) = spectrum.last_mut() {
            last.im = 0.0;
        }
        self.inverse.process(&mut spectrum, &mut signal).expect("both are of the transform's length");
        let length = self.length as f64;
        signal.iter_mut().for_each(|value| *value /= length);
        signal
    }

    /// `Σ_t a(t) b(t + lag)` for each lag, negative ones from the end.
    fn correlation(&self, a: &[Complex64], b: &[Complex64]) -> Vec<f64> {
        self.signal(a.iter().zip(b).map(|(a, b)| a.conj() * b).collect())
    }
}

/// What is added to the diagonal of a Gram matrix first, relative to its largest entry; below it float64 knows nothing.
const LOAD: f64 = 1e-14;

/// The lower Cholesky factor of a Gram matrix (its lower half is read), under the least load of its diagonal that leaves
/// no pivot negative: delays that depend on others then share their coefficient with them.
fn factor(gram: Mat<f64>) -> Mat<f64> {
    let n = gram.nrows();
    let largest = (0..n).map(|i| gram[(i, i)]).fold(0.0, f64::max);
    let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Spec::default());
    let mut memory = MemBuffer::new(scratch);
    let mut load = LOAD;
    loop {
        let mut factor = gram.clone();
        (0..n).for_each(|i| factor[(i, i)] += load * largest);
        let (plain, stack) = (llt::factor::LltRegularization::default(), MemStack::new(&mut memory));
        if llt::factor::cholesky_in_place(factor.as_mut(), plain, Par::Seq, stack, Spec::default()).is_ok() {
            return factor;
        }
        // A load as large as the trace ends this at the latest: no matrix of products has an eigenvalue below minus that.
        load *= 10.0;
    }
}

fn solve(factor: &Mat<f64>, products: &[f64]) -> Vec<f64> {
    let mut taps = Mat::from_fn(products.len(), 1, |i, _| products[i]);
    let scratch = llt::solve::solve_in_place_scratch::<f64>(products.len(), 1, Par::Seq);
    let mut memory = MemBuffer::new(scratch);
    llt::solve::solve_in_place(factor.as_ref(), taps.as_mut(), Par::Seq, MemStack::new(&mut memory));
    taps.col(0).iter().copied().collect()
}
