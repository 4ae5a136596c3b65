//! Perceptrons trained without a graph: products, fused passes and gradients by hand, all in place on the host.
//!
//! A step of a wide perceptron is bound by its matrix products and by memory. What a graph adds - a tensor for every
//! intermediate result and gradient, some of them copied or added to zeros - costs as much again. Here
//!
//! - all parameters of a network are one vector, [`FlatParameters`], and so are the moments of [`FlatAdam`];
//! - a [`Perceptron`] keeps what its way back needs on a [`Tape`], whose memory is taken once;
//! - the way back hands the gradient of a layer on as soon as it is known, to an optimiser that updates the layer there
//!   and then, while it is in the cache: there is one gradient in memory, that of one layer.
//!
//! Every sum is taken in an order that depends on the shapes alone, so the number of threads changes no bit.

mod adam;
mod batch_norm;
mod parameters;
mod perceptron;
mod product;
mod sigmoid;
mod vectorise;

pub use adam::{AdamStep, FlatAdam, FlatAdamConfig};
pub use parameters::{FlatParameters, Slot};
pub use perceptron::{Perceptron, Tape, Trace};
pub use sigmoid::{exponential, sigmoid};
pub use vectorise::vectorise;

/// What takes the gradient of a layer's parameters, which lie at the range, as soon as it is known.
pub trait Sink<T> {
    /// The parameters may be changed: the way back has no more use for them.
    fn take(&mut self, at: std::ops::Range<usize>, parameters: &mut [T], gradient: &[T]);
}

/// Rows of a batch that one thread takes at a time; sums are taken within these and then over them, so their order is fixed.
const ROWS: usize = 32;
