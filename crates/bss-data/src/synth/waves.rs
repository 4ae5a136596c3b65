//! Families of periodic waves and modulated sines.
//!
//! The ranges of the periods are apart, and the low harmonics of the square wave and of the
//! sawtooth miss the sine, so that no two sources of a family share a strong line.

use std::f64::consts::TAU;
use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::autoregressive::process;
use super::innovation::Innovation;
use super::{Signals, Streams};

const SINE_PERIODS: Range<f64> = 20.5..23.5;
const SQUARE_PERIODS: Range<f64> = 31.0..41.0;
const SAWTOOTH_PERIODS: Range<f64> = 48.0..60.0;

pub(super) fn sine_square_ar(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    [
        sine(samples, SINE_PERIODS, a),
        square(samples, SQUARE_PERIODS, b),
        process(samples, &[0.6], || Innovation::Laplace.draw(c)),
    ]
}

pub(super) fn sine_sawtooth_square(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    [sine(samples, SINE_PERIODS, a), sawtooth(samples, SAWTOOTH_PERIODS, b), square(samples, SQUARE_PERIODS, c)]
}

pub(super) fn modulated(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    let am = {
        let (carrier, modulator) = (Turns::draw(12.0..13.5, a), Turns::draw(150.0..190.0, a));
        signal(samples, |t| (1.0 + 0.8 * (TAU * modulator.at(t)).cos()) * (TAU * carrier.at(t)).sin())
    };
    let fm = {
        let (carrier, modulator) = (Turns::draw(21.0..24.0, b), Turns::draw(230.0..270.0, b));
        signal(samples, |t| (TAU * carrier.at(t) + 4.0 * (TAU * modulator.at(t)).sin()).sin())
    };
    let chirp = {
        let start = Turns::draw(55.0..60.0, c);
        let last_frequency = c.random_range(9.0_f64..10.0).recip();
        let rise = (last_frequency - start.frequency) / samples as f64;
        signal(samples, |t| (TAU * (start.at(t) + 0.5 * rise * t * t)).sin())
    };
    [am, fm, chirp]
}

/// A phase in turns that grows evenly: t/P + φ/2π.
pub(super) struct Turns {
    frequency: f64,
    phase: f64,
}

impl Turns {
    /// Draws the period from a range and the phase from a whole turn.
    pub(super) fn draw(periods: Range<f64>, rng: &mut ChaCha8Rng) -> Self {
        Self { frequency: rng.random_range(periods).recip(), phase: rng.random::<f64>() }
    }

    /// The phase at sample `t`, in turns.
    pub(super) fn at(&self, t: f64) -> f64 {
        self.frequency * t + self.phase
    }
}

/// The values of a function at samples 0, 1, …
pub(super) fn signal(samples: usize, value: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..samples).map(|t| value(t as f64)).collect()
}

pub(super) fn sine(samples: usize, periods: Range<f64>, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let turns = Turns::draw(periods, rng);
    signal(samples, |t| (TAU * turns.at(t)).sin())
}

fn square(samples: usize, periods: Range<f64>, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let turns = Turns::draw(periods, rng);
    signal(samples, |t| if turns.at(t).fract() < 0.5 { 1.0 } else { -1.0 })
}

fn sawtooth(samples: usize, periods: Range<f64>, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let turns = Turns::draw(periods, rng);
    signal(samples, |t| 2.0 * turns.at(t).fract() - 1.0)
}
