//! What baselines and ideal masks score on pairs of images: `digits TRAIN TEST [MIXTURES [SEED]]`.
//!
//! TRAIN and TEST are arrays (images, height, width) from 0 to 1 or 255. A pair is one image of the first half of a
//! permutation and one of the second, x = (s₁ + s₂)/2, and the sources are s/2 (peak 1). NMF is fitted to the first
//! MIXTURES pairs of TRAIN (3000 unless said); everything is scored on all pairs of TEST, by medians.

#![allow(clippy::print_stdout)] // its purpose

use std::error::Error;
use std::time::Instant;

use bss_baselines::{Divergence, Nmf, binary_masks, masked, ratio_masks};
use bss_data::{Location, ReadOptions};
use bss_metrics::{Metric, evaluate_examples};
use bss_nn::{Noise, Purpose};
use ndarray::{Array3, Array4, ArrayView3, Axis, Ix3, s, stack};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, numbers @ ..] = arguments.as_slice() else { return Err("give TRAIN and TEST".into()) };
    let mixtures = numbers.first().map_or(Ok(3000), |number| number.parse())?;
    let seed = numbers.get(1).map_or(Ok(0), |number| number.parse())?;
    let (train, test) = (Pairs::read(train, seed)?, Pairs::read(test, seed)?);
    let fitting = train.sources.slice(s![..mixtures.min(train.sources.len_of(Axis(0))), .., ..]).sum_axis(Axis(1));
    let x = test.sources.sum_axis(Axis(1));
    let truth = test.sources.view();

    println!("{:<34}PSNR   SSIM", format!("{} pairs", x.nrows()));
    let half = &x / 2.0;
    test.show("every source x/2", &stack![Axis(1), half, half])?;
    test.show("ideal binary mask", &masked(binary_masks(truth)?.view(), x.view())?)?;
    for exponent in [1.0, 2.0] {
        let estimate = masked(ratio_masks(truth, exponent)?.view(), x.view())?;
        test.show(&format!("ideal ratio mask, exponent {exponent}"), &estimate)?;
    }
    for divergence in [Divergence::Frobenius, Divergence::KullbackLeibler] {
        let settings = Nmf { divergence, seed, ..Nmf::default() };
        let start = Instant::now();
        let (mut fitted, course) = settings.fit(fitting.view(), 2)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{divergence:?}: {} iterations in {seconds:.1} s", course.changes.len());
        for mask in [false, true] {
            fitted.mask = mask;
            test.show(if mask { "  NMF, masked" } else { "  NMF" }, &fitted.separate(x.view())?)?;
        }
    }
    Ok(())
}

/// Sources of pairs of images, and the images' size.
struct Pairs {
    /// (pairs, 2, pixels), in the scale in which they add up to the mixture.
    sources: Array3<f32>,
    size: [usize; 2],
}

impl Pairs {
    fn read(file: &str, seed: u64) -> Result<Self, Box<dyn Error>> {
        let location: Location = file.parse()?;
        let images = bss_data::read(&location, &ReadOptions::default())?.values.into_dimensionality::<Ix3>()?;
        let (count, height, width) = images.dim();
        let peak = if images.iter().any(|value| *value > 1.0) { 255.0 } else { 1.0 };
        let keys: Vec<f64> = Noise::new(seed).normal(Purpose::Sample, 0, 0, count);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
        let pairs = count / 2;
        let sources = Array3::from_shape_fn((pairs, 2, height * width), |(i, j, pixel)| {
            (images[[order[i + j * pairs], pixel / width, pixel % width]] / peak / 2.0) as f32
        });
        Ok(Self { sources, size: [height, width] })
    }

    /// Prints the medians.
    fn show(&self, name: &str, estimate: &Array3<f32>) -> Result<(), Box<dyn Error>> {
        let images = |sources: ArrayView3<f32>| {
            let (pairs, count, _) = sources.dim();
            let [height, width] = self.size;
            let values = sources.iter().copied().map(f64::from).collect();
            Array4::from_shape_vec((pairs, count, height, width), values)
        };
        let (estimate, truth) = (images(estimate.view())?.into_dyn(), images(self.sources.view())?.into_dyn());
        let scores = evaluate_examples(estimate.view(), truth.view(), &[Metric::Psnr, Metric::Ssim])?;
        let [psnr, ssim] = [0, 1].map(|metric| scores.values[metric].1.median);
        println!("{name:<32}{psnr:6.2}  {ssim:.3}");
        Ok(())
    }
}
