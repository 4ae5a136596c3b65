//! Order, sign and scale of a recording's sources as tensors of a checkpoint, and back.

use anyhow::{Context as _, Result, ensure};
use bss_models::Convention;

use super::Tensors;
use super::tensors::{put_vector, take_vector};
use crate::config::Config;

/// Puts a convention in.
pub(super) fn put_convention(tensors: &mut Tensors, convention: &Convention) -> Result<()> {
    let order: Vec<f64> = convention.order.iter().map(|&j| j as f64).collect();
    put_vector(tensors, "convention.order", &order)?;
    put_vector(tensors, "convention.offset", &convention.offset)?;
    put_vector(tensors, "convention.factor", &convention.factor)?;
    put_vector(tensors, "convention.explained", &convention.explained)
}

/// Takes a convention of as many sources as the settings say out.
pub(super) fn take_convention(config: &Config, tensors: &mut Tensors) -> Result<Convention> {
    let sources = config.sources.context("the number of sources is missing")?;
    let order: Vec<usize> = take_vector(tensors, "convention.order")?.into_iter().map(|j| j as usize).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    ensure!(sorted.iter().copied().eq(0..sources), "tensor convention.order is no order of {sources} sources");
    let convention = Convention {
        order,
        offset: take_vector(tensors, "convention.offset")?,
        factor: take_vector(tensors, "convention.factor")?,
        explained: take_vector(tensors, "convention.explained")?,
    };
    ensure!(
        [&convention.offset, &convention.factor, &convention.explained].iter().all(|values| values.len() == sources),
        "the tensors of convention are not of {sources} sources"
    );
    Ok(convention)
}
