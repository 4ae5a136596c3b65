//! The recurrence (AR-Flow VAE, equations 14-20) and its adjoint, one chain in each vector lane.
//!
//! The trajectory is cut into segments short enough for the tape of one to stay in the cache. A first sweep
//! keeps the hidden state at each segment's start only; then the segments are taken from the last to the
//! first: swept again to fill the tape, scored, and retraced. Memory beyond `s` and its gradient is therefore the
//! tape and one hidden state a segment, whatever the length.
//! Lanes never mix: the result of a chain depends neither on its neighbours nor on the number of threads.

use bss_nn::{Lane, Real};
use pulp::{Simd, WithSimd};

use super::head::Head;
use super::layout::Layout;

/// The tape of one segment takes at most about this many bytes: a part of the second-level cache.
const TAPE_BYTES: usize = 1 << 20;

/// One group of chains, as many as there are lanes, to be scored.
pub(crate) struct Group<'a, T: Real> {
    pub(crate) layout: Layout,
    /// Packed parameters, (layout.len(), lanes).
    pub(crate) theta: &'a [T],
    /// Trajectories, (steps, lanes).
    pub(crate) s: &'a [T],
    /// What is asked of the noise ε.
    pub(crate) task: Task<'a, T>,
}

/// What to compute.
#[derive(Clone, Copy)]
pub(crate) enum Task<'a, T: Real> {
    /// The log-density only.
    Density,
    /// The log-density and its gradients.
    DensityGradient,
    /// The noise ε and the log-determinant of its Jacobian.
    Noise,
    /// The gradients of `Σ_r noise_r ε_r + log_det · log|det ∂ε/∂s|` for the given cotangents.
    NoiseGradient {
        /// (steps, lanes).
        noise: &'a [T],
        /// (lanes).
        log_det: &'a [T],
    },
}

/// What a group gives; what was not asked for stays empty.
pub(crate) struct Scored<T> {
    /// The log-density, or the log-determinant for [`Task::Noise`], (lanes).
    pub(crate) value: Vec<f64>,
    /// ε, (steps, lanes).
    pub(crate) noise: Vec<T>,
    /// The gradient with respect to `s`, (steps, lanes).
    pub(crate) s: Vec<T>,
    /// The gradient with respect to `theta`, (layout.len(), lanes).
    pub(crate) theta: Vec<f64>,
}

impl<T: Real> WithSimd for Group<'_, T> {
    type Output = Scored<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Scored<T> {
        // The usual widths are spelt out so that the compiler unrolls the loops over hidden units.
        match self.layout.hidden {
            0 => self.score(simd, 0),
            8 => self.score(simd, 8),
            16 => self.score(simd, 16),
            hidden => self.score(simd, hidden),
        }
    }
}

/// What a segment's sweep leaves for its retracing.
struct Tape<T> {
    /// h before each step and after the last, (steps + 1, H, lanes).
    h: Vec<T>,
    /// ε, (steps, lanes); turned into the adjoint of ε by the head where gradients are asked for.
    noise: Vec<T>,
    adjoint: Vec<T>,
    /// exp(-α), (steps, lanes).
    scale: Vec<T>,
    /// tanh of equation 17, (steps, lanes).
    gate: Vec<T>,
}

/// The parameters of a group as registers in memory, with what is derived from them once.
struct Weights<'a, S: Simd, T: Real> {
    theta: &'a [T::Vector<S>],
    /// 1/σ.
    precision: Lane<S, T>,
    /// 1/σ₀.
    precision0: Lane<S, T>,
    kappa: Lane<S, T>,
}

impl<T: Real> Group<'_, T> {
    #[inline(always)]
    fn score<S: Simd>(&self, simd: S, hidden: usize) -> Scored<T> {
        let lanes = T::lanes::<S>();
        let layout = Layout { hidden, ..self.layout };
        let steps = self.s.len() / lanes;
        let order = layout.order.min(steps);
        let per_step = (hidden + 4) * lanes * size_of::<T>();
        let length = (TAPE_BYTES / per_step).max(64).min(steps - order);
        let segments = (steps - order).div_ceil(length);
        let mut tape = Tape {
            h: vec![T::zero(); (length + 1) * hidden * lanes],
            noise: vec![T::zero(); length * lanes],
            adjoint: vec![T::zero(); length * lanes],
            scale: vec![T::zero(); length * lanes],
            gate: vec![T::zero(); length * lanes],
        };
        let w = Weights::new(simd, layout, self.theta);
        let head = Head::new(simd, layout, self.theta, self.task);
        let gradient = matches!(self.task, Task::DensityGradient | Task::NoiseGradient { .. });
        let mut out = Scored {
            value: vec![0.0; lanes],
            noise: vec![T::zero(); if matches!(self.task, Task::Noise) { self.s.len() } else { 0 }],
            s: vec![T::zero(); if gradient { self.s.len() } else { 0 }],
            theta: vec![0.0; if gradient { layout.len() * lanes } else { 0 }],
        };
        let segment = |i: usize| order + i * length..(order + (i + 1) * length).min(steps);

        self.initial(&w, layout, order, &head, &mut out);
        let mut states = vec![T::zero(); if gradient { segments * hidden * lanes } else { 0 }];
        for i in 0..segments {
            if gradient {
                states[i * hidden * lanes..][..hidden * lanes].copy_from_slice(&tape.h[..hidden * lanes]);
            }
            sweep(simd, &w, layout, self.s, segment(i), &mut tape);
            if !gradient {
                head.value(segment(i).len(), &tape.noise, &tape.gate, &mut out.value);
                if !out.noise.is_empty() {
                    let rows = segment(i).start * lanes..segment(i).end * lanes;
                    out.noise[rows.clone()].copy_from_slice(&tape.noise[..rows.len()]);
                }
            }
            let last = segment(i).len() * hidden * lanes;
            if !gradient || i + 1 < segments {
                tape.h.copy_within(last..last + hidden * lanes, 0);
            }
        }
        if gradient {
            let mut adjoint_h = vec![T::zero(); 2 * hidden * lanes];
            for i in (0..segments).rev() {
                if i + 1 < segments {
                    tape.h[..hidden * lanes].copy_from_slice(&states[i * hidden * lanes..][..hidden * lanes]);
                    sweep(simd, &w, layout, self.s, segment(i), &mut tape);
                }
                let rows = segment(i);
                head.value(rows.len(), &tape.noise, &tape.gate, &mut out.value);
                let mut grads = vec![T::zero(); layout.len() * lanes];
                head.adjoint(simd, rows.clone(), &tape.noise, &mut tape.adjoint, &mut grads);
                retrace(simd, &w, layout, self.s, rows, &tape, head.weight(), &mut adjoint_h, &mut out.s, &mut grads);
                out.theta.iter_mut().zip(&grads).for_each(|(total, g)| *total += g.to_f64());
            }
        }
        head.finish(simd, steps - order, self.theta, &mut out);
        out
    }

    /// The first `order` entries, which are Gaussian on their own (equations 12, 13).
    #[inline(always)]
    fn initial<S: Simd>(
        &self,
        w: &Weights<S, T>,
        layout: Layout,
        order: usize,
        head: &Head<S, T>,
        out: &mut Scored<T>,
    ) {
        let lanes = T::lanes::<S>();
        let s = T::vectors::<S>(self.s);
        for r in 0..order {
            let eps = Lane::<S, T>::new(head.simd, s[r]) * w.precision0;
            head.initial_value(eps, self.theta, &mut out.value);
            if let Some(row) = T::vectors_mut::<S>(&mut out.noise).get_mut(r) {
                *row = eps.vector;
            }
            if let Some(row) = T::vectors_mut::<S>(&mut out.s).get_mut(r) {
                let adjoint = head.initial_adjoint(r, eps);
                *row = (adjoint * w.precision0).vector;
                let mut change = vec![T::zero(); lanes];
                T::vectors_mut::<S>(&mut change)[0] = (-(adjoint * eps) - head.weight()).vector;
                let total = &mut out.theta[layout.log_sigma0() * lanes..][..lanes];
                total.iter_mut().zip(&change).for_each(|(total, g)| *total += g.to_f64());
            }
        }
    }
}

impl<'a, S: Simd, T: Real> Weights<'a, S, T> {
    #[inline(always)]
    fn new(simd: S, layout: Layout, theta: &'a [T]) -> Self {
        let theta = T::vectors::<S>(theta);
        let at = |i: usize| Lane::<S, T>::new(simd, theta[i]);
        Self {
            theta,
            precision: (-at(layout.log_sigma())).exp(),
            precision0: (-at(layout.log_sigma0())).exp(),
            kappa: Lane::splat(simd, T::from_f64(layout.kappa)),
        }
    }
}

/// Runs steps `rows` forwards from the hidden state in the tape's first row.
#[inline(always)]
fn sweep<S: Simd, T: Real>(
    simd: S,
    w: &Weights<S, T>,
    layout: Layout,
    s: &[T],
    rows: std::ops::Range<usize>,
    tape: &mut Tape<T>,
) {
    let hidden = layout.hidden;
    let s = T::vectors::<S>(s);
    let h = T::vectors_mut::<S>(&mut tape.h);
    let noise = T::vectors_mut::<S>(&mut tape.noise);
    let scales = T::vectors_mut::<S>(&mut tape.scale);
    let gates = T::vectors_mut::<S>(&mut tape.gate);
    let at = |i: usize| Lane::<S, T>::new(simd, w.theta[i]);
    for (i, r) in rows.enumerate() {
        let mut u = Lane::new(simd, s[r]);
        for lag in 1..=layout.order {
            u = u - at(lag - 1) * Lane::new(simd, s[r - lag]);
        }
        let u = u * w.precision; // (14)
        if hidden == 0 {
            noise[i] = u.vector;
            scales[i] = T::splat(simd, T::one());
            gates[i] = T::splat(simd, T::zero());
            continue;
        }
        let (before, after) = h[i * hidden..(i + 2) * hidden].split_at_mut(hidden);
        let mut b = at(layout.c_b());
        let mut alpha = at(layout.c_alpha());
        for k in 0..hidden {
            let h = Lane::new(simd, before[k]);
            b = at(layout.w_b() + k).mul_add(h, b); // (16)
            alpha = at(layout.w_alpha() + k).mul_add(h, alpha);
        }
        let gate = alpha.tanh(); // α = κ · gate (17)
        let scale = (-(w.kappa * gate)).exp();
        let eps = (u - b) * scale; // (20)
        for j in 0..hidden {
            let mut z = at(layout.c_h() + j);
            for k in 0..hidden {
                z = at(layout.w_h() + j * hidden + k).mul_add(Lane::new(simd, before[k]), z);
            }
            after[j] = at(layout.w_eps() + j).mul_add(eps, z).tanh().vector; // (18)
        }
        noise[i] = eps.vector;
        scales[i] = scale.vector;
        gates[i] = gate.vector;
    }
}

/// Runs steps `rows` backwards: adds to the gradients of `s` and `theta`, and hands the adjoint of the hidden state
/// to the segment before.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // the state of one recurrence, passed rather than wrapped once
fn retrace<S: Simd, T: Real>(
    simd: S,
    w: &Weights<S, T>,
    layout: Layout,
    s: &[T],
    rows: std::ops::Range<usize>,
    tape: &Tape<T>,
    weight: Lane<S, T>,
    adjoint_h: &mut [T],
    grad_s: &mut [T],
    grads: &mut [T],
) {
    let hidden = layout.hidden;
    let s = T::vectors::<S>(s);
    let h = T::vectors::<S>(&tape.h);
    let noise = T::vectors::<S>(&tape.noise);
    let adjoints = T::vectors::<S>(&tape.adjoint);
    let scales = T::vectors::<S>(&tape.scale);
    let gates = T::vectors::<S>(&tape.gate);
    let (h_bar, z_bar) = T::vectors_mut::<S>(adjoint_h).split_at_mut(hidden);
    let grad_s = T::vectors_mut::<S>(grad_s);
    let grads = T::vectors_mut::<S>(grads);
    let at = |i: usize| Lane::<S, T>::new(simd, w.theta[i]);
    let one = Lane::splat(simd, T::one());
    for (i, r) in rows.enumerate().rev() {
        let (eps, scale, gate) =
            (Lane::new(simd, noise[i]), Lane::new(simd, scales[i]), Lane::<S, T>::new(simd, gates[i]));
        let mut eps_bar = Lane::new(simd, adjoints[i]);
        let add = |grads: &mut [T::Vector<S>], i: usize, x: Lane<S, T>| {
            grads[i] = (Lane::new(simd, grads[i]) + x).vector;
        };
        let add_product = |grads: &mut [T::Vector<S>], i: usize, x: Lane<S, T>, y: Lane<S, T>| {
            grads[i] = x.mul_add(y, Lane::new(simd, grads[i])).vector;
        };
        if hidden > 0 {
            let (before, after) = h[i * hidden..(i + 2) * hidden].split_at(hidden);
            for j in 0..hidden {
                let h = Lane::<S, T>::new(simd, after[j]);
                let z = Lane::new(simd, h_bar[j]) * (one - h * h);
                z_bar[j] = z.vector;
                eps_bar = at(layout.w_eps() + j).mul_add(z, eps_bar);
                add_product(grads, layout.w_eps() + j, z, eps);
                add(grads, layout.c_h() + j, z);
                for k in 0..hidden {
                    add_product(grads, layout.w_h() + j * hidden + k, z, Lane::new(simd, before[k]));
                }
            }
            let b_bar = -(eps_bar * scale);
            let alpha_bar = -(weight + eps_bar * eps);
            let gate_bar = w.kappa * alpha_bar * (one - gate * gate);
            add(grads, layout.c_b(), b_bar);
            add(grads, layout.c_alpha(), gate_bar);
            for k in 0..hidden {
                let h = Lane::<S, T>::new(simd, before[k]);
                add_product(grads, layout.w_b() + k, b_bar, h);
                add_product(grads, layout.w_alpha() + k, gate_bar, h);
                let mut sum = at(layout.w_b() + k) * b_bar;
                sum = at(layout.w_alpha() + k).mul_add(gate_bar, sum);
                for j in 0..hidden {
                    sum = at(layout.w_h() + j * hidden + k).mul_add(Lane::new(simd, z_bar[j]), sum);
                }
                h_bar[k] = sum.vector;
            }
        }
        // ∂u/∂s_r = 1/σ, ∂u/∂s_{r-k} = -a_k/σ, ∂u/∂log σ = -u.
        let residual_bar = eps_bar * scale * w.precision;
        let mut residual = Lane::<S, T>::new(simd, s[r]);
        grad_s[r] = (Lane::new(simd, grad_s[r]) + residual_bar).vector;
        for lag in 1..=layout.order {
            let past = Lane::<S, T>::new(simd, s[r - lag]);
            residual = residual - at(lag - 1) * past;
            grad_s[r - lag] = (Lane::new(simd, grad_s[r - lag]) - at(lag - 1) * residual_bar).vector;
            add(grads, lag - 1, -(residual_bar * past));
        }
        add(grads, layout.log_sigma(), -(residual_bar * residual) - weight);
    }
}
