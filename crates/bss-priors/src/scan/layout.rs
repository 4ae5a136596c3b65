//! Where each parameter of a source's prior stands in its packed row, and how sources are dealt to vector lanes.

use std::ops::Range;

use bss_nn::Real;

/// The sizes of one AR-flow prior and the places of its parameters in a row `θ` of [`Layout::len`] values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layout {
    /// p, the order of the autoregression.
    pub(crate) order: usize,
    /// H, the width of the hidden state; 0 switches the flow off.
    pub(crate) hidden: usize,
    /// Components of the base density; 0 is the standard Gaussian.
    pub(crate) components: usize,
    /// κ of equation 17.
    pub(crate) kappa: f64,
}

impl Layout {
    /// a₁ … a_p of equation 14.
    pub(crate) fn a(self) -> Range<usize> {
        0..self.order
    }
    /// log σ of equation 14.
    pub(crate) fn log_sigma(self) -> usize {
        self.order
    }
    /// log σ₀ of equation 12.
    pub(crate) fn log_sigma0(self) -> usize {
        self.order + 1
    }
    fn flow(self) -> usize {
        self.order + 2
    }
    /// c⁽ᵇ⁾ of equation 16.
    pub(crate) fn c_b(self) -> usize {
        self.flow()
    }
    /// c⁽ᵅ⁾ of equation 17.
    pub(crate) fn c_alpha(self) -> usize {
        self.flow() + 1
    }
    /// w⁽ᵇ⁾ of equation 16.
    pub(crate) fn w_b(self) -> usize {
        self.flow() + 2
    }
    /// w⁽ᵅ⁾ of equation 17.
    pub(crate) fn w_alpha(self) -> usize {
        self.w_b() + self.hidden
    }
    /// W⁽ʰ⁾ of equation 18, row by row.
    pub(crate) fn w_h(self) -> usize {
        self.w_alpha() + self.hidden
    }
    /// W⁽ᵋ⁾ of equation 18.
    pub(crate) fn w_eps(self) -> usize {
        self.w_h() + self.hidden * self.hidden
    }
    /// c⁽ᵋ⁾ of equation 18.
    pub(crate) fn c_h(self) -> usize {
        self.w_eps() + self.hidden
    }
    fn base(self) -> usize {
        self.flow() + if self.hidden == 0 { 0 } else { 2 + self.hidden * (self.hidden + 4) }
    }
    /// Logits of the components' weights.
    pub(crate) fn logits(self) -> Range<usize> {
        self.base()..self.base() + self.components
    }
    /// Means of the components.
    pub(crate) fn means(self) -> usize {
        self.logits().end
    }
    /// Logarithms of the components' standard deviations.
    pub(crate) fn log_scales(self) -> usize {
        self.means() + self.components
    }
    /// The number of parameters of one source.
    pub(crate) fn len(self) -> usize {
        self.log_scales() + self.components
    }
}

/// The shape of a call: restarts, steps and sources of `s`; a chain is one source of one restart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chains {
    pub(crate) restarts: usize,
    pub(crate) steps: usize,
    pub(crate) sources: usize,
}

impl Chains {
    pub(crate) fn count(self) -> usize {
        self.restarts * self.sources
    }

    /// Gathers the trajectories of chains `first..first + lanes` of `s` (restarts, steps, sources) as (steps, lanes);
    /// lanes beyond the last chain hold zeros.
    pub(crate) fn gather<T: Real>(self, s: &[T], first: usize, lanes: usize) -> Vec<T> {
        let mut rows = vec![T::zero(); self.steps * lanes];
        for lane in 0..lanes.min(self.count() - first) {
            let column = self.column(s, first + lane);
            rows.iter_mut().skip(lane).step_by(lanes).zip(column).for_each(|(row, &x)| *row = x);
        }
        rows
    }

    /// The reverse of [`gather`](Self::gather).
    pub(crate) fn scatter<T: Real>(self, rows: &[T], s: &mut [T], first: usize, lanes: usize) {
        for lane in 0..lanes.min(self.count() - first) {
            let (k, j) = ((first + lane) / self.sources, (first + lane) % self.sources);
            let column = s.iter_mut().skip(k * self.steps * self.sources + j).step_by(self.sources);
            column.zip(rows.iter().skip(lane).step_by(lanes)).for_each(|(x, &row)| *x = row);
        }
    }

    /// The trajectory of one chain in `s` (restarts, steps, sources).
    pub(crate) fn column<T>(self, s: &[T], chain: usize) -> impl Iterator<Item = &T> {
        let (k, j) = (chain / self.sources, chain % self.sources);
        s[k * self.steps * self.sources..].iter().skip(j).step_by(self.sources).take(self.steps)
    }
}
