//! The course of the best restart, from the run's log.

use serde_json::Value;

use crate::report::Traces;

/// The traces of one restart, its sources in the given order; none where there was no loss to log.
pub(super) fn of(log: &[Value], restart: usize, order: &[usize]) -> Traces {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let plain = |key: &str| log.iter().map(|line| number(&line[key])).collect::<Vec<_>>();
    let of_restart = |key: &str| log.iter().map(|line| number(&line[key][restart])).collect::<Vec<_>>();
    let has = |key: &str| log.first().is_some_and(|line| !line[key].is_null());
    if !has("loss") {
        return Traces::default();
    }
    let of_source = |key: &str| {
        let trace = |&j: &usize| log.iter().map(|line| number(&line[key][restart][j])).collect();
        if has(key) { order.iter().map(trace).collect() } else { Vec::new() }
    };
    let lags = log.first().and_then(|line| line["ar_coefficient"][restart][0].as_array()).map_or(0, Vec::len);
    let of_lag = |lag: usize| {
        let trace = |&j: &usize| log.iter().map(|line| number(&line["ar_coefficient"][restart][j][lag])).collect();
        order.iter().map(trace).collect()
    };
    Traces {
        iteration: log.iter().map(|line| line["iteration"].as_u64().unwrap_or(0)).collect(),
        loss: of_restart("loss"),
        reconstruction: of_restart("reconstruction"),
        kl: of_restart("divergence"),
        posterior_variance: of_source("posterior_variance"),
        ar_coefficient: (0..lags).map(of_lag).collect(),
        innovation_scale: of_source("innovation_scale"),
        correlation: Vec::new(),
        best_correlation: Vec::new(),
        beta: plain("beta"),
        learning_rate: plain("learning_rate"),
    }
}
