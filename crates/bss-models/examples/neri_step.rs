//! Times one training step.
use bss_models::{NeriConfig, NeriTape, NeriVae};
use bss_nn::dense::{FlatAdam, FlatAdamConfig};
use bss_nn::{Noise, Purpose};
use std::time::Instant;
fn main() {
    for sources in [2usize, 3] {
        let mut model = NeriVae::<f32>::new(NeriConfig::mnist(sources), Noise::new(0));
        let mut adam = FlatAdam::new(FlatAdamConfig::default(), model.parameters.values.len());
        let x: Vec<f32> = Noise::new(1).bulk_normal(Purpose::Sample, 1, 0, 128 * 784).iter().map(|v| v.abs().min(1.0)).collect();
        let mut tape = NeriTape::default();
        let mut times = vec![];
        for i in 0..60 {
            let t = Instant::now();
            let noise = Noise::new(0).bulk_normal(Purpose::Reparameterise, 1, i, model.draws(128));
            let mut step = adam.step(1e-4);
            let terms = model.step(&x, &noise, 0.5, &mut tape, &mut step);
            if i > 10 { times.push(t.elapsed().as_secs_f64()); }
            if i == 59 { eprintln!("{terms:?}"); }
        }
        times.sort_by(f64::total_cmp);
        println!("{sources}: {:.2} ms (min {:.2})", times[times.len() / 2] * 1e3, times[0] * 1e3);
    }
}
