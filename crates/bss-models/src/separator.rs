//! What every method gives: sources in a fixed order and sign, how sure it is, and how they mix.

use bss_posteriors::Posterior;
use candle_core::{DType, Device, Tensor};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::{ArFlowVae, Result, Uncertainty, Whitening};

/// Separated sources.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// Posterior means, (samples, sources).
    pub sources: Array2<f64>,
    /// Standard deviations, (samples, sources): see [`Uncertainty`].
    pub std: Array2<f64>,
    /// The mixing, (channels, sources), where the decoder is linear: `x ≈ mixing · s + mean`.
    pub mixing: Option<Array2<f64>>,
}

impl Estimate {
    /// The scale of each source's contribution to the recording: the root mean square, over channels, of its column of
    /// the mixing; 1 where there is no mixing.
    #[must_use]
    pub fn contribution(&self) -> Vec<f64> {
        match &self.mixing {
            Some(mixing) => mixing.columns().into_iter().map(|a| (a.dot(&a) / a.len() as f64).sqrt()).collect(),
            None => vec![1.0; self.sources.ncols()],
        }
    }
}

/// Anything that takes a recording apart: variational and classical methods alike.
pub trait Separator {
    /// Sources of a recording (samples, channels).
    ///
    /// # Errors
    /// If the recording does not fit the method.
    fn separate(&self, x: ArrayView2<f64>) -> Result<Estimate>;
}

/// The fixed order, sign and scale of sources, decided on the recording that the model was fitted to.
///
/// Sources stand in descending order of the variance they explain, summed over all channels. Each has mean zero and unit
/// variance on that recording, and the sign that makes the largest entry (by magnitude) of its column of the mixing positive.
#[derive(Clone, Debug, PartialEq)]
pub struct Convention {
    /// The model's output that becomes each source.
    pub order: Vec<usize>,
    /// What is subtracted from it.
    pub offset: Vec<f64>,
    /// The factor, sign included, that the difference is multiplied with.
    pub factor: Vec<f64>,
    /// The share of the recording's variance, over all channels, that it explains on its own.
    pub explained: Vec<f64>,
}

impl Convention {
    /// From the recording (samples, channels), the model's outputs (samples, sources) and mixing (channels, sources).
    #[must_use]
    pub fn new(x: ArrayView2<f64>, sources: ArrayView2<f64>, mixing: ArrayView2<f64>) -> Self {
        let total = x.var_axis(Axis(0), 0.0).sum();
        let deviation = sources.std_axis(Axis(0), 0.0).mapv(|v| if v > 0.0 { v } else { 1.0 });
        let explained: Vec<f64> =
            mixing.columns().into_iter().zip(&deviation).map(|(a, d)| a.dot(&a) * d * d).collect();
        let mut order: Vec<usize> = (0..sources.ncols()).collect();
        order.sort_by(|&i, &j| explained[j].total_cmp(&explained[i]));
        let sign = |j: usize| {
            let largest = mixing.column(j).iter().copied().fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
            if largest < 0.0 { -1.0 } else { 1.0 }
        };
        let mean = sources.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(sources.ncols()));
        let offset = order.iter().map(|&j| mean[j]).collect();
        let factor = order.iter().map(|&j| sign(j) / deviation[j]).collect();
        let share = |j: usize| if total > 0.0 { explained[j] / total } else { 0.0 };
        let explained = order.iter().map(|&j| share(j)).collect();
        Self { order, offset, factor, explained }
    }

    /// The model's outputs in their place, centred and scaled.
    fn centred(&self, mut sources: Array2<f64>) -> Array2<f64> {
        for (&j, &offset) in self.order.iter().zip(&self.offset) {
            sources.column_mut(j).mapv_inplace(|v| v - offset);
        }
        self.columns(&sources, |f| f)
    }

    fn columns(&self, values: &Array2<f64>, factor: impl Fn(f64) -> f64) -> Array2<f64> {
        let factors: Array1<f64> = self.factor.iter().map(|&f| factor(f)).collect();
        values.select(Axis(1), &self.order) * &factors
    }
}

/// The least-squares mixing of `x` (samples, channels) on `s` (samples, sources): (channels, sources).
///
/// By Cholesky's factors of the normal equations, which end on any input; zero where `s` is not finite or is constant.
#[must_use]
pub fn least_squares_mixing(x: ArrayView2<f64>, s: ArrayView2<f64>) -> Array2<f64> {
    let centre = |v: ArrayView2<f64>| {
        let mean = v.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(v.ncols()));
        let centred = &v - &mean;
        nalgebra::DMatrix::from_fn(v.nrows(), v.ncols(), |r, c| centred[(r, c)])
    };
    let (x, s) = (centre(x), centre(s));
    let gram = s.tr_mul(&s);
    let scale: Vec<f64> = gram.diagonal().iter().map(|v| if *v > 0.0 { v.sqrt() } else { 1.0 }).collect();
    // Sources of any size count alike, and those that are sums of others share their weight instead of having none.
    let unit = |i: usize, j: usize| gram[(i, j)] / scale[i] / scale[j] + if i == j { 1e-10 } else { 0.0 };
    let factors = nalgebra::DMatrix::from_fn(s.ncols(), s.ncols(), unit).cholesky();
    let products = s.tr_mul(&x);
    let right = nalgebra::DMatrix::from_fn(s.ncols(), x.ncols(), |j, c| products[(j, c)] / scale[j]);
    let solved = factors.map(|factors| factors.solve(&right));
    let entry = |c: usize, j: usize| solved.as_ref().map_or(0.0, |solved| solved[(j, c)] / scale[j]);
    Array2::from_shape_fn((x.ncols(), s.ncols()), |(c, j)| entry(c, j))
}

/// A fitted [`ArFlowVae`] of one restart, with all that stands around it.
#[derive(Debug)]
pub struct ArFlowSeparator {
    /// The model.
    pub model: ArFlowVae,
    /// What comes before the encoder.
    pub whitening: Whitening,
    /// What comes after it.
    pub convention: Convention,
    /// How sure it all is.
    pub uncertainty: Uncertainty,
}

impl ArFlowSeparator {
    /// Decides order, sign and scale on the recording that the model was fitted to.
    ///
    /// # Errors
    /// If the recording does not fit.
    pub fn new(model: ArFlowVae, whitening: Whitening, x: ArrayView2<f64>) -> Result<Self> {
        let (sources, std) = model.sources(&whitening, x)?;
        let mixing = match model.channel_mixing(&whitening)? {
            Some(mixing) => mixing,
            None => least_squares_mixing(x, sources.view()),
        };
        let convention = Convention::new(x, sources.view(), mixing.view());
        let uncertainty = Uncertainty::new(&model, &whitening, x, (&sources, &std))?;
        Ok(Self { model, whitening, convention, uncertainty })
    }
}

impl ArFlowVae {
    /// Posterior means and standard deviations of the first restart, in the model's own order and scale.
    fn sources(&self, whitening: &Whitening, x: ArrayView2<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
        let z = whitening.apply(x)?;
        let shape = (1, z.nrows(), z.ncols());
        let z = Tensor::from_vec(z.into_iter().collect::<Vec<f64>>(), shape, &Device::Cpu)?;
        let parameters = self.parameters();
        let posterior = self.encode(&z.to_dtype(parameters.dtype())?.to_device(parameters.device())?)?;
        let mean = posterior.mean();
        let std = posterior.std()?.broadcast_as(mean.shape())?;
        Ok((to_array(mean)?, to_array(&std)?))
    }

    /// B of `s = (x - mean) B + b` of the first restart where the encoder is linear, (channels, sources).
    pub(crate) fn demixing(&self, whitening: &Whitening) -> Result<Option<Array2<f64>>> {
        let Some(weight) = self.encoder_weight() else { return Ok(None) };
        Ok(Some(whitening.matrix.dot(&to_array(weight)?)))
    }

    /// The mixing of all channels of the first restart where the decoder is linear, (channels, sources).
    fn channel_mixing(&self, whitening: &Whitening) -> Result<Option<Array2<f64>>> {
        let Some(matrix) = self.mixing()? else { return Ok(None) };
        Ok(Some(to_array(&matrix)?.dot(&whitening.inverse).reversed_axes()))
    }
}

impl Separator for ArFlowSeparator {
    fn separate(&self, x: ArrayView2<f64>) -> Result<Estimate> {
        let sources = self.convention.centred(self.model.sources(&self.whitening, x)?.0);
        let mixing = self.model.channel_mixing(&self.whitening)?;
        Ok(Estimate {
            std: self.uncertainty.std(&self.convention, &sources),
            sources,
            mixing: mixing.map(|mixing| self.convention.columns(&mixing, f64::recip)),
        })
    }
}

/// The first restart of (restarts, rows, columns) as an array.
fn to_array(t: &Tensor) -> Result<Array2<f64>> {
    let t = t.narrow(0, 0, 1)?.squeeze(0)?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    let (rows, columns) = t.dims2()?;
    let values = t.flatten_all()?.to_vec1::<f64>()?;
    Ok(Array2::from_shape_fn((rows, columns), |(r, c)| values[r * columns + c]))
}
