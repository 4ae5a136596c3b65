//! The way of a group through the recurrence, forwards and back, in memory that does not grow with the length.
//!
//! A forward sweep leaves a tape - s, ε, exp(-α), tanh and h of each step - for the way back. Where the tape of the
//! whole trajectory would take more than [`TAPE_BYTES`], the trajectory is cut into segments: the first sweep keeps
//! the hidden state at each segment's start only, and the segments are then taken from the last to the first, swept
//! again and retraced. Beyond the gradient itself, that is one tape and one hidden state a segment at any length.

use std::ops::Range;

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::base::{Base, add_lanes};
use super::flow::{Flow, Sweep};
use super::fold::Fold;
use super::group::{Group, Scored, Task};
use super::layout::Layout;
use super::registers::{Registers, registers};
use super::residual::Residual;
use super::retrace::{BLOCK, Retrace, Trace, cotangent_rows};
use super::tape::Tape;

/// The tape of one segment takes at most about this many bytes.
const TAPE_BYTES: usize = 1 << 23;

/// So many steps are scored and retraced at a time, and summed in working precision before double takes over.
const CHUNK: usize = 256;

const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8; // log √(2π)

/// A group on its way; steps are those of the flow, which starts at the p-th step of the trajectory.
pub(super) struct Pass<'a, S: Simd, T: Real, const H: usize, const FOLDED: bool> {
    fold: Fold<S, FOLDED>,
    group: &'a Group<'a, T>,
    layout: Layout,
    residual: Residual<'a, S, T, FOLDED>,
    flow: Flow<'a, T, H, FOLDED>,
    base: Base<S, T, FOLDED>,
    /// The cotangent of the log-determinant: 1 for a density.
    weight: Registers<T>,
    tape: Tape<T>,
    /// The steps that the tape holds.
    length: usize,
    out: Scored<T>,
}

/// What the way back carries from chunk to chunk.
struct Back<T> {
    /// The cotangents of ε, then of u.
    adjoint: Registers<T>,
    h_bar: Registers<T>,
    cotangents: Registers<T>,
    /// The gradient of s from p steps before the chunk on; its first p rows are for the chunk before.
    s_bar: Registers<T>,
    theta: Registers<T>,
}

impl<'a, S: Simd, T: Real, const H: usize, const FOLDED: bool> Pass<'a, S, T, H, FOLDED> {
    #[inline(always)]
    pub(super) fn new(fold: Fold<S, FOLDED>, group: &'a Group<'a, T>, theta: &'a [T]) -> Self {
        let (chains, used, steps, layout) = (fold.chains::<T>(), group.which.len(), group.chains.steps, group.layout);
        let gradient = group.wants_gradient();
        let affordable = TAPE_BYTES / ((layout.hidden + 4) * chains * size_of::<T>()) / CHUNK * CHUNK;
        let length = if gradient { affordable.max(CHUNK) } else { CHUNK }.min(steps - layout.order);
        let mut weight = registers(chains);
        weight.fill(T::one());
        if let Task::NoiseGradient(cotangent) = group.task {
            group.packed().gather(cotangent, group.which.clone(), steps..steps + 1, chains, &mut weight);
        }
        // The state before the first step is zero (19).
        let h = (length + 1) * layout.hidden * chains;
        let flow_rows = if layout.hidden > 0 { length * chains } else { 0 };
        let mut tape = Tape::new([(length + layout.order) * chains, length * chains, flow_rows, flow_rows, h]);
        tape.rows_mut().h[..layout.hidden * chains].fill(T::zero());
        Self {
            fold,
            group,
            layout,
            residual: Residual::new(fold, layout, theta),
            flow: Flow::new(chains, layout, theta),
            base: Base::new(fold, layout, theta),
            weight,
            tape,
            length,
            out: Scored {
                which: group.which.clone(),
                value: vec![0.0; used],
                noise: vec![T::zero(); if matches!(group.task, Task::Noise) { steps * used } else { 0 }],
                s: vec![T::zero(); if gradient { steps * used } else { 0 }],
                theta: vec![0.0; if gradient { layout.len() * used } else { 0 }],
            },
        }
    }

    /// The steps cut to what the tape holds.
    pub(super) fn segments(&self) -> Vec<Range<usize>> {
        cut(self.group.chains.steps - self.layout.order, self.length).collect()
    }

    /// Sweeps all segments, and scores each while it is there.
    #[inline(always)]
    pub(super) fn value(&mut self, segments: &[Range<usize>]) {
        for segment in segments {
            self.sweep(segment);
            if segment.start == 0 {
                self.initial();
            }
            if self.group.scores_density() {
                let noise = &self.tape.rows().noise[..segment.len() * self.fold.chains::<T>()];
                self.base.value(noise, &mut self.out.value);
            } else {
                let used = self.group.which.len();
                let to = &mut self.out.noise[(self.layout.order + segment.start) * used..][..segment.len() * used];
                unload(self.tape.rows().noise, self.fold.chains::<T>(), to, used);
            }
            self.add_gates(0..segment.len());
            self.keep_state(segment.len());
        }
    }

    /// Sweeps all segments, keeping the state each starts from, and retraces them from the last to the first.
    #[inline(always)]
    pub(super) fn gradient(&mut self, segments: &[Range<usize>]) {
        let (chains, order, state) = (self.fold.chains::<T>(), self.layout.order, self.state());
        let mut states = vec![T::zero(); segments.len() * state];
        for (i, segment) in segments.iter().enumerate() {
            states[i * state..][..state].copy_from_slice(&self.tape.rows().h[..state]);
            self.sweep(segment);
            if i == 0 && self.group.scores_density() {
                self.initial();
            }
            if i + 1 < segments.len() {
                self.keep_state(segment.len());
            }
        }
        let mut back = Back {
            adjoint: registers(CHUNK * chains),
            h_bar: registers(state),
            cotangents: registers(BLOCK * cotangent_rows(self.layout) * chains),
            s_bar: registers((CHUNK + order) * chains),
            theta: registers(self.layout.len() * chains),
        };
        for (i, segment) in segments.iter().enumerate().rev() {
            if i + 1 < segments.len() {
                self.tape.rows_mut().h[..state].copy_from_slice(&states[i * state..][..state]);
                self.sweep(segment);
            }
            for chunk in cut(segment.len(), CHUNK).rev() {
                self.retrace(segment.start, chunk, &mut back);
            }
        }
        self.initial_gradient(&back);
    }

    /// The hidden state's scalars.
    fn state(&self) -> usize {
        self.layout.hidden * self.fold.chains::<T>()
    }

    /// Makes the state after the tape's last step that before its first.
    fn keep_state(&mut self, steps: usize) {
        let (last, state) = (steps * self.state(), self.state());
        self.tape.rows_mut().h.copy_within(last..last + state, 0);
    }

    /// Runs a segment forwards from the state in the tape's first row.
    #[inline(always)]
    fn sweep(&mut self, segment: &Range<usize>) {
        let (chains, hidden, tape) = (self.fold.chains::<T>(), self.layout.hidden, self.tape.rows_mut());
        let Group { chains: all, which, s, .. } = self.group;
        all.gather(s, which.clone(), segment.start..segment.end + self.layout.order, chains, tape.s);
        let length = segment.len() * chains;
        let noise = &mut tape.noise[..length];
        self.residual.sweep(tape.s, noise);
        if hidden > 0 {
            self.fold.0.vectorize(Sweep {
                flow: &self.flow,
                noise,
                h: &mut tape.h[..(length + chains) * hidden],
                scales: &mut tape.scale[..length],
                gates: &mut tape.gate[..length],
            });
        }
    }

    /// Adds `-Σ α_r` over steps of the tape.
    #[inline(always)]
    fn add_gates(&mut self, steps: Range<usize>) {
        if self.layout.hidden > 0 {
            let (mut sum, gate) = (Lane::zero(self.fold.0), self.tape.rows().gate);
            for i in steps {
                sum += self.fold.row(gate, i);
            }
            add_lanes(Lane::splat(self.fold.0, T::from_f64(-self.layout.kappa)) * sum, &mut self.out.value);
        }
    }

    /// Runs a chunk of the tape backwards; the tape's segment starts at step `start`.
    #[inline(always)]
    fn retrace(&mut self, start: usize, chunk: Range<usize>, back: &mut Back<T>) {
        let (chains, layout, tape) = (self.fold.chains::<T>(), self.layout, self.tape.rows());
        let (order, hidden, used) = (layout.order, layout.hidden, self.group.which.len());
        let at = scaled(&chunk, chains);
        let noise = &tape.noise[at.clone()];
        let given = if let Task::NoiseGradient(cotangent) = self.group.task {
            let steps = order + start + chunk.start..order + start + chunk.end;
            self.group.packed().gather(cotangent, self.group.which.clone(), steps, chains, &mut back.adjoint);
            true
        } else {
            false
        };
        let adjoint = &mut back.adjoint[..at.len()];
        let grads = &mut back.theta;
        if !given {
            self.base.value_and_gradient(noise, &mut self.out.value, adjoint, grads);
        }
        if hidden > 0 {
            self.fold.0.vectorize(Retrace {
                flow: &self.flow,
                trace: Trace {
                    h: &tape.h[at.start * hidden..(at.end + chains) * hidden],
                    noise,
                    scale: &tape.scale[at.clone()],
                    gate: &tape.gate[at.clone()],
                },
                weight: &self.weight,
                adjoint,
                h_bar: &mut back.h_bar,
                cotangents: &mut back.cotangents,
                grads,
            });
        }
        // The first p rows are what the chunk after this one found for the last p steps of this one.
        back.s_bar.copy_within(..order * chains, chunk.len() * chains);
        back.s_bar[..chunk.len() * chains].fill(T::zero());
        let s = &tape.s[at.start..at.end + order * chains];
        let s_bar = &mut back.s_bar[..at.len() + order * chains];
        self.residual.retrace(layout, s, adjoint, self.fold.row(&self.weight, 0), s_bar, grads);
        let to = &mut self.out.s[(order + start + chunk.start) * used..][..chunk.len() * used];
        unload(&back.s_bar[order * chains..], chains, to, used);
        for (total, sum) in self.out.theta.chunks_exact_mut(used).zip(back.theta.chunks_exact(chains)) {
            total.iter_mut().zip(sum).for_each(|(total, x)| *total += x.to_f64());
        }
        back.theta.fill(T::zero());
        self.add_gates(chunk);
    }

    /// The first p entries, which are Gaussian on their own (12, 13): their noise, or what they add to the density.
    #[inline(always)]
    fn initial(&mut self) {
        let (chains, used) = (self.fold.chains::<T>(), self.group.which.len());
        let mut noise = registers(chains);
        for r in 0..self.layout.order {
            let s = self.fold.row(self.tape.rows().s, r);
            self.fold.set_row(&mut noise, 0, self.residual.initial(s));
            for (lane, &eps) in noise.iter().enumerate().take(used) {
                let log_sigma0 = self.parameter(lane, self.layout.log_sigma0());
                if self.group.scores_density() {
                    self.out.value[lane] -= 0.5 * eps.to_f64().powi(2) + log_sigma0;
                } else {
                    self.out.noise[r * used + lane] = eps;
                    self.out.value[lane] -= log_sigma0;
                }
            }
        }
    }

    /// The gradients of the first p entries; the tape holds the first segment.
    #[inline(always)]
    fn initial_gradient(&mut self, back: &Back<T>) {
        let (chains, used, layout) = (self.fold.chains::<T>(), self.group.which.len(), self.layout);
        let mut rows = registers(3 * chains);
        for r in 0..layout.order {
            let eps = self.residual.initial(self.fold.row(self.tape.rows().s, r));
            self.fold.set_row(&mut rows, 0, eps);
            self.fold.set_row(&mut rows, 1, -eps);
            if let Task::NoiseGradient(cotangent) = self.group.task {
                let which = self.group.which.clone();
                self.group.packed().gather(cotangent, which, r..r + 1, chains, &mut rows[chains..]);
            }
            let bar = self.residual.initial(self.fold.row(&rows, 1));
            self.fold.set_row(&mut rows, 2, bar);
            for lane in 0..used {
                self.out.s[r * used + lane] = back.s_bar[r * chains + lane] + rows[2 * chains + lane];
                let change = -(rows[chains + lane] * rows[lane]).to_f64() - self.weight[lane].to_f64();
                self.out.theta[layout.log_sigma0() * used + lane] += change;
            }
        }
    }

    /// A parameter of the chain in a lane.
    fn parameter(&self, lane: usize, i: usize) -> f64 {
        self.group.theta[(self.group.which.start + lane) * self.layout.len() + i].to_f64()
    }

    /// Adds what every step shares: `-log σ` (22) and the constant of the density.
    pub(super) fn finish(mut self) -> Scored<T> {
        let steps = self.group.chains.steps;
        for lane in 0..self.out.value.len() {
            let log_sigma = self.parameter(lane, self.layout.log_sigma());
            self.out.value[lane] -= (steps - self.layout.order) as f64 * log_sigma;
            if self.group.scores_density() {
                self.out.value[lane] -= steps as f64 * HALF_LOG_TAU;
            }
        }
        self.out
    }
}

/// `0 .. steps` cut to ranges of `length`; the last may be shorter.
fn cut(steps: usize, length: usize) -> impl DoubleEndedIterator<Item = Range<usize>> {
    (0..steps.div_ceil(length)).map(move |i| i * length..((i + 1) * length).min(steps))
}

/// Where the rows of so many scalars lie.
fn scaled(rows: &Range<usize>, scalars: usize) -> Range<usize> {
    rows.start * scalars..rows.end * scalars
}

/// Copies the chains in use of each row to the rows (steps, used) of a result.
fn unload<T: Copy>(from: &[T], chains: usize, to: &mut [T], used: usize) {
    if used == chains {
        return to.copy_from_slice(&from[..to.len()]);
    }
    for lane in 0..used {
        let column = from.iter().skip(lane).step_by(chains);
        to.iter_mut().skip(lane).step_by(used).zip(column).for_each(|(to, &from)| *to = from);
    }
}
