//! Families of events: impulses that ring, bursts and a trend.

use std::f64::consts::{PI, TAU};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::autoregressive::{process, resonance};
use super::innovation::Innovation;
use super::waves::{signal, sine};
use super::{Signals, Streams};

pub(super) fn impulsive(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    let fast = resonance(0.9, b.random_range(11.0..14.0));
    let slow = resonance(0.97, c.random_range(29.0..37.0));
    [
        process(samples, &[0.85], || impulse(0.03, a)),
        process(samples, &fast, || impulse(0.02, b)),
        process(samples, &slow, || impulse(0.01, c)),
    ]
}

/// A Laplace impulse with the given probability, else zero.
fn impulse(probability: f64, rng: &mut ChaCha8Rng) -> f64 {
    if rng.random_bool(probability) { Innovation::Laplace.draw(rng) } else { 0.0 }
}

pub(super) fn bursts_trend(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    let noise = switched(samples, a).into_iter().map(|on| on * Innovation::Gaussian.draw(a)).collect();
    let tone = sine(samples, 9.0..12.0, b);
    let tone = switched(samples, b).into_iter().zip(tone).map(|(on, value)| on * value).collect();
    let phases: [f64; 3] = std::array::from_fn(|_| TAU * c.random::<f64>());
    let trend = signal(samples, |t| {
        let component = |(k, phase): (f64, &f64)| (PI * k * t / samples as f64 + phase).cos() / k;
        [1.0, 2.0, 3.0].into_iter().zip(&phases).map(component).sum()
    });
    [noise, tone, trend]
}

/// A switch that is on (1) at first and flips at random: 40 samples on and 80 off (0) in the mean.
fn switched(samples: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut on = true;
    let flips = |on: bool, rng: &mut ChaCha8Rng| rng.random_bool(if on { 1.0 / 40.0 } else { 1.0 / 80.0 });
    let states = (0..samples).map(|_| {
        let state = f64::from(u8::from(on));
        on ^= flips(on, rng);
        state
    });
    states.collect()
}
