//! Increasing functions of one number, with a learned slope at each knot, and their gradient.
//!
//! ```text
//! h(v) = ∫₀ᵛ h',   log h' = w_k at knot k, linear in between, constant beyond the last knots
//! ```
//!
//! So h is smooth, increasing and without bounds whatever the parameters w, and all w = 0 make it the identity.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, WithDType};

use crate::{Real, contiguous, dispatch_real, with_values};

/// So many knots lie evenly from -3 to 3, where a signal of unit variance has its values.
pub const KNOTS: usize = 9;

/// The knot at 0.
const MIDDLE: usize = KNOTS / 2;

/// The distance of two knots.
const SPACING: f64 = 6.0 / (KNOTS - 1) as f64;

/// The position of a knot.
#[must_use]
pub fn knot(k: usize) -> f64 {
    (k as f64 - MIDDLE as f64) * SPACING
}

/// h(v) and log h'(v), each column with a function of its own.
///
/// On the host, in double precision: sums over the knots of steep functions would lose digits otherwise.
///
/// # Shapes
/// v (restarts, samples, width), w (restarts, width, [`KNOTS`]) -> twice (restarts, samples, width).
///
/// # Errors
/// If the shapes do not fit.
pub fn monotone(v: &Tensor, w: &Tensor) -> Result<(Tensor, Tensor)> {
    let (k, _, width) = v.dims3()?;
    if w.dims() != [k, width, KNOTS] {
        candle_core::bail!(
            "log-slopes of shape {:?} do not fit {:?}, expected {KNOTS} for each column",
            w.dims(),
            v.dims()
        );
    }
    let host = |t: &Tensor| t.to_device(&Device::Cpu)?.contiguous();
    let both = host(v)?.apply_op2(&host(w)?, Monotone)?.to_device(v.device())?;
    Ok((both.narrow(2, 0, width)?, both.narrow(2, width, width)?))
}

struct Monotone;

/// One function: w, and h at the knots.
struct Curve {
    log_slopes: [f64; KNOTS],
    values: [f64; KNOTS],
}

/// Where a number lies: between which knots, at which share of the way, and how far beyond the outermost ones.
struct Place {
    left: usize,
    share: f64,
    beyond: f64,
}

/// h' and what h has grown by since the knot on the left, with the derivatives of that growth by w there and on the right.
struct Growth {
    slope: f64,
    of_value: f64,
    by_left: f64,
    by_right: f64,
}

impl Place {
    fn of(v: f64) -> Self {
        let last = (KNOTS - 1) as f64;
        let position = v / SPACING + 0.5 * last;
        let inside = position.clamp(0.0, last); // what is no number stays none
        let left = (inside as usize).min(KNOTS - 2);
        Self { left, share: inside - left as f64, beyond: (position - inside) * SPACING }
    }

    /// The right end of an interval.
    fn end(left: usize) -> Self {
        Self { left, share: 1.0, beyond: 0.0 }
    }
}

impl Curve {
    fn new<T: Real>(w: &[T]) -> Self {
        let mut curve = Self { log_slopes: std::array::from_fn(|k| w[k].to_f64()), values: [0.0; KNOTS] };
        for k in 1..KNOTS {
            curve.values[k] = curve.values[k - 1] + curve.growth(&Place::end(k - 1)).of_value;
        }
        let origin = curve.values[MIDDLE];
        curve.values.iter_mut().for_each(|value| *value -= origin);
        curve
    }

    fn rise(&self, place: &Place) -> f64 {
        self.log_slopes[place.left + 1] - self.log_slopes[place.left]
    }

    fn log_slope(&self, place: &Place) -> f64 {
        self.log_slopes[place.left] + self.rise(place) * place.share
    }

    /// With `d = w_right - w_left` the growth is `∫₀ᵗ exp(w_left + d τ) dτ`, and its derivative by d has τ as a factor.
    fn growth(&self, place: &Place) -> Growth {
        let Place { share: t, beyond, .. } = *place;
        let start = self.log_slopes[place.left].exp();
        let x = self.rise(place) * t;
        let grown = x.exp_m1();
        let (mean, first_moment) = if x.abs() < 0.05 {
            let series = |terms: [f64; 6]| terms.iter().rev().fold(0.0, |sum, term| sum * x + 1.0 / term);
            (series([1.0, 2.0, 6.0, 24.0, 120.0, 720.0]), series([2.0, 3.0, 8.0, 30.0, 144.0, 840.0]))
        } else {
            (grown / x, (x + grown * (x - 1.0)) / (x * x))
        };
        let slope = start * (1.0 + grown);
        let (area, moment) = (SPACING * start * t * mean, SPACING * start * t * t * first_moment);
        let tail = slope * beyond;
        Growth { slope, of_value: area + tail, by_left: area - moment + tail * (1.0 - t), by_right: moment + tail * t }
    }
}

/// The gradient of one function's w, gathered over samples.
#[derive(Default)]
struct Gathered {
    /// Of w, with the values at the knots held fixed.
    log_slopes: [f64; KNOTS],
    /// Of those values.
    values: [f64; KNOTS],
}

impl Gathered {
    /// Takes in a sample with the cotangents of its value and its log-slope, and returns the sample's own gradient.
    fn add(&mut self, curve: &Curve, v: f64, of_value: f64, of_log_slope: f64) -> f64 {
        let place = Place::of(v);
        let growth = curve.growth(&place);
        self.values[place.left] += of_value;
        self.log_slopes[place.left] += of_value * growth.by_left + of_log_slope * (1.0 - place.share);
        self.log_slopes[place.left + 1] += of_value * growth.by_right + of_log_slope * place.share;
        let bend = if place.beyond == 0.0 { curve.rise(&place) / SPACING } else { 0.0 };
        of_value * growth.slope + of_log_slope * bend
    }

    /// The gradient of w. The value at a knot is what h grows by from the middle to there.
    fn finish(mut self, curve: &Curve) -> [f64; KNOTS] {
        let mut add = |k: usize, sum: f64| {
            let growth = curve.growth(&Place::end(k));
            self.log_slopes[k] += sum * growth.by_left;
            self.log_slopes[k + 1] += sum * growth.by_right;
        };
        let mut sum = 0.0;
        for k in (MIDDLE..KNOTS - 1).rev() {
            sum += self.values[k + 1];
            add(k, sum);
        }
        sum = 0.0;
        for k in 0..MIDDLE {
            sum -= self.values[k];
            add(k, sum);
        }
        self.log_slopes
    }
}

fn forward<T: Real>(v: &[T], w: &[T], restarts: usize) -> Vec<T> {
    let (block, width) = (v.len() / restarts, w.len() / restarts / KNOTS);
    let mut both = Vec::with_capacity(2 * v.len());
    for (v, w) in v.chunks_exact(block).zip(w.chunks_exact(width * KNOTS)) {
        let curves: Vec<Curve> = w.chunks_exact(KNOTS).map(Curve::new).collect();
        for row in v.chunks_exact(width) {
            let places: Vec<Place> = row.iter().map(|v| Place::of(v.to_f64())).collect();
            let pairs = || curves.iter().zip(&places);
            let value = |curve: &Curve, place: &Place| curve.values[place.left] + curve.growth(place).of_value;
            both.extend(pairs().map(|(curve, place)| T::from_f64(value(curve, place))));
            both.extend(pairs().map(|(curve, place)| T::from_f64(curve.log_slope(place))));
        }
    }
    both
}

/// The gradients of v and w for the cotangents of both results.
fn backward<T: Real>(v: &[T], w: &[T], grad: &[T], restarts: usize) -> (Vec<T>, Vec<T>) {
    let (block, width) = (v.len() / restarts, w.len() / restarts / KNOTS);
    let (mut of_v, mut of_w) = (Vec::with_capacity(v.len()), Vec::with_capacity(w.len()));
    let restarts = v.chunks_exact(block).zip(w.chunks_exact(width * KNOTS)).zip(grad.chunks_exact(2 * block));
    for ((v, w), grad) in restarts {
        let curves: Vec<Curve> = w.chunks_exact(KNOTS).map(Curve::new).collect();
        let mut gathered: Vec<Gathered> = curves.iter().map(|_| Gathered::default()).collect();
        for (row, grad) in v.chunks_exact(width).zip(grad.chunks_exact(2 * width)) {
            for (c, (curve, gathered)) in curves.iter().zip(&mut gathered).enumerate() {
                let own = gathered.add(curve, row[c].to_f64(), grad[c].to_f64(), grad[width + c].to_f64());
                of_v.push(T::from_f64(own));
            }
        }
        let of_curves = gathered.into_iter().zip(&curves).flat_map(|(gathered, curve)| gathered.finish(curve));
        of_w.extend(of_curves.map(T::from_f64));
    }
    (of_v, of_w)
}

impl CustomOp2 for Monotone {
    fn name(&self) -> &'static str {
        "monotone"
    }

    fn cpu_fwd(&self, v: &CpuStorage, lv: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        let (k, samples, width) = lv.shape().dims3()?;
        let both = dispatch_real!(v.dtype(), T => {
            T::to_cpu_storage_owned(forward(contiguous::<T>(v, lv)?, contiguous::<T>(w, lw)?, k))
        });
        Ok((both, Shape::from((k, samples, 2 * width))))
    }

    fn bwd(&self, v: &Tensor, w: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let k = v.dim(0)?;
        dispatch_real!(grad.dtype(), T => with_values::<T, _>(v, |vs| with_values::<T, _>(w, |ws| {
            with_values::<T, _>(&grad, |g| {
                let (of_v, of_w) = backward(vs, ws, g, k);
                let tensor = |values, like: &Tensor| Tensor::from_vec(values, like.dims(), &Device::Cpu);
                Ok((Some(tensor(of_v, v)?), Some(tensor(of_w, w)?)))
            })
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Noise, Purpose};
    use candle_core::{DType, Var};

    fn random(stream: u64, dims: &[usize], scale: f64) -> Result<Var> {
        let values = Noise::new(9).normal::<f64>(Purpose::Sample, 0, stream, dims.iter().product());
        Var::from_tensor(&(Tensor::from_vec(values, dims, &Device::Cpu)? * scale)?)
    }

    fn values(t: &Tensor) -> Vec<f64> {
        t.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn no_log_slopes_make_the_identity() -> Result<()> {
        let v = random(0, &[2, 50, 3], 3.0)?;
        let (h, log_slope) = monotone(&v, &Tensor::zeros((2, 3, KNOTS), DType::F64, &Device::Cpu)?)?;
        assert!(values(&h).iter().zip(values(&v)).all(|(h, v)| (h - v).abs() < 1e-12));
        assert!(values(&log_slope).iter().all(|l| *l == 0.0));
        Ok(())
    }

    /// On a fine grid that reaches beyond the knots: h grows by the mean slope, and passes through zero.
    #[test]
    fn the_slope_is_the_functions_own() -> Result<()> {
        const STEP: f64 = 1e-3;
        let grid: Vec<f64> = (-5000..=5000).map(|i| f64::from(i) * STEP).collect();
        let steps = grid.len();
        let v = Tensor::from_vec(grid, (1, steps, 1), &Device::Cpu)?;
        let (h, log_slope) = monotone(&v, random(1, &[1, 1, KNOTS], 1.5)?.as_tensor())?;
        let (h, log_slope) = (values(&h), values(&log_slope));
        assert_eq!(h[steps / 2], 0.0);
        for (h, l) in h.windows(2).zip(log_slope.windows(2)) {
            let slope = 0.5 * (l[0].exp() + l[1].exp());
            assert!(h[1] > h[0] && ((h[1] - h[0]) / STEP / slope - 1.0).abs() < 1e-4, "{h:?} {l:?}");
        }
        Ok(())
    }

    /// With slopes far apart and nearly the same, for which the derivatives have two forms.
    #[test]
    fn gradients_agree_with_finite_differences() -> Result<()> {
        for scale in [1e-4, 0.06, 1.0] {
            let vars = [random(0, &[2, 40, 3], 2.0)?, random(1, &[2, 3, KNOTS], scale)?];
            let cotangents = [random(2, &[2, 40, 3], 1.0)?, random(3, &[2, 40, 3], 1.0)?];
            let loss = || -> Result<Tensor> {
                let (h, log_slope) = monotone(&vars[0], &vars[1])?;
                ((h * cotangents[0].as_tensor())? + (log_slope * cotangents[1].as_tensor())?)?.sum_all()
            };
            let grads = loss()?.backward()?;
            for var in &vars {
                let grad = values(grads.get(var).unwrap());
                let start = values(var);
                for i in 0..start.len() {
                    let at = |step: f64| -> Result<f64> {
                        let mut moved = start.clone();
                        moved[i] += step;
                        var.set(&Tensor::from_vec(moved, var.dims(), &Device::Cpu)?)?;
                        loss()?.to_scalar()
                    };
                    let numeric = (at(1e-6)? - at(-1e-6)?) / 2e-6;
                    assert!((grad[i] - numeric).abs() < 1e-6 * numeric.abs().max(1.0), "{i}: {} {numeric}", grad[i]);
                }
                var.set(&Tensor::from_vec(start, var.dims(), &Device::Cpu)?)?;
            }
        }
        Ok(())
    }

    #[test]
    fn a_value_that_is_no_number_stays_in_its_column() -> Result<()> {
        let v = Tensor::new(&[[[f32::NAN, 1.0], [f32::INFINITY, 2.0]]], &Device::Cpu)?;
        let (h, _) = monotone(&v, &Tensor::zeros((1, 2, KNOTS), DType::F32, &Device::Cpu)?)?;
        let h = h.squeeze(0)?.to_vec2::<f32>()?;
        assert!(h[0][0].is_nan() && !h[1][0].is_finite());
        assert!((h[0][1] - 1.0).abs() < 1e-6 && (h[1][1] - 2.0).abs() < 1e-6);
        Ok(())
    }

    #[test]
    fn misfitting_shapes_are_errors() -> Result<()> {
        let (v, w) = (random(0, &[1, 5, 3], 1.0)?, random(1, &[1, 2, KNOTS], 1.0)?);
        assert!(monotone(&v, &w).is_err());
        Ok(())
    }
}
