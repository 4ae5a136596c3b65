//! Where each parameter of a source's prior stands in its packed row.

use std::ops::Range;

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
    /// The hidden state's matrix, row by row: W⁽ʰ⁾ (18), then w⁽ᵇ⁾ (16) and w⁽ᵅ⁾ (17) as rows H and H + 1.
    ///
    /// It stands first, so that the kernel finds it at the start of a cache line.
    pub(crate) fn weights(self) -> Range<usize> {
        0..self.hidden * self.rows()
    }
    /// W⁽ᵋ⁾ of equation 18.
    pub(crate) fn w_eps(self) -> Range<usize> {
        self.weights().end..self.weights().end + self.hidden
    }
    /// c⁽ᵋ⁾ (18), then c⁽ᵇ⁾ (16) and c⁽ᵅ⁾ (17): one for each row of the matrix.
    pub(crate) fn biases(self) -> Range<usize> {
        self.w_eps().end..self.w_eps().end + self.rows()
    }
    /// The rows of the matrix: H for the state, one for b, one for α; none without a flow.
    pub(crate) fn rows(self) -> usize {
        if self.hidden == 0 { 0 } else { self.hidden + 2 }
    }
    /// Whether the hidden units fill folded registers without a rest.
    pub(crate) fn folds(self) -> bool {
        self.hidden > 0 && self.hidden.is_multiple_of(super::fold::PARTS)
    }
    /// Logits of the components' weights.
    pub(crate) fn logits(self) -> Range<usize> {
        self.biases().end..self.biases().end + self.components
    }
    /// Means of the components.
    pub(crate) fn means(self) -> usize {
        self.logits().end
    }
    /// Logarithms of the components' standard deviations.
    pub(crate) fn log_scales(self) -> usize {
        self.means() + self.components
    }
    /// a₁ … a_p of equation 14.
    pub(crate) fn a(self) -> Range<usize> {
        self.log_scales() + self.components..self.log_scales() + self.components + self.order
    }
    /// log σ of equation 14.
    pub(crate) fn log_sigma(self) -> usize {
        self.a().end
    }
    /// log σ₀ of equation 12.
    pub(crate) fn log_sigma0(self) -> usize {
        self.a().end + 1
    }
    /// The length of a row.
    pub(crate) fn len(self) -> usize {
        self.log_sigma0() + 1
    }
}
