//! Time and memory of one log-density with all gradients at a given length: `length STEPS...`.
//!
//! Three sources, eight hidden units. Memory is the process's peak as Linux tells it, which only grows: give lengths in
//! ascending order.

#![allow(clippy::print_stdout)] // its purpose

use std::time::Instant;

use bss_nn::{Initialiser, Noise, Parameters, Purpose};
use bss_priors::{ArFlow, ArFlowConfig, Prior};
use candle_core::{DType, Device, Result, Var};

fn main() -> Result<()> {
    for argument in std::env::args().skip(1) {
        let steps: usize = argument.parse().map_err(candle_core::Error::wrap)?;
        let noise = Noise::new(0);
        let mut parameters = Parameters::new(1, DType::F32, &Device::Cpu);
        let prior = ArFlow::new(ArFlowConfig::default(), 3, &mut Initialiser::new(&mut parameters, noise))?;
        let s = Var::from_vec(noise.bulk_normal(Purpose::Sample, 1, 0, steps * 3), (1, steps, 3), &Device::Cpu)?;
        let start = Instant::now();
        let gradients = prior.log_prob(&s)?.sum_all()?.backward()?;
        let seconds = start.elapsed().as_secs_f64();
        let norm = gradients.get(&s).map(|grad| grad.sqr()?.mean_all()?.to_scalar::<f32>()).transpose()?;
        println!(
            "{steps} steps: {:.1} ms, {:.0} ns a step, peak memory {} MiB, mean square of the gradient {:.3}",
            seconds * 1e3,
            seconds * 1e9 / steps as f64,
            peak_mib().map_or_else(|| "unknown".to_owned(), |mib| mib.to_string()),
            norm.unwrap_or(f32::NAN),
        );
    }
    Ok(())
}

/// The peak of this process's resident memory, where the system tells it.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}
