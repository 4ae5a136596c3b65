//! The AR-flow recurrence as fused operations on tensors: one graph node for all steps.
//!
//! [`log_density`] and [`noise`] are differentiable in the trajectories and in every parameter; [`trajectory`] runs
//! the other way and is not. On another device than the CPU the operands are copied to the host and back.

mod base;
mod chains;
mod deal;
mod flow;
mod fold;
mod group;
mod layout;
mod op;
mod pass;
mod products;
mod registers;
mod residual;
mod retrace;
mod sample;
mod tape;

pub(crate) use base::MAX_COMPONENTS;
pub(crate) use layout::Layout;
pub(crate) use op::{log_density, noise};
pub(crate) use sample::trajectory;
