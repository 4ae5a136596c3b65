//! Scores of datasets: the matching of each example, what is summed up, and what is refused.

use bss_metrics::{Error, Metric, Role, SI_SDR_CAP_DB, evaluate_examples, psnr_db, si_sdr_db, ssim};
use ndarray::{Array3, Array4, ArrayD, Axis, s};

/// Values from 0 to 1 that look random.
fn hash(seed: usize) -> f64 {
    let mixed = (seed as u64 ^ 0x5DEE_CE66).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) as f64 / u64::MAX as f64
}

/// Images (examples, sources, 8, 9).
fn images(examples: usize, sources: usize, seed: usize) -> Array4<f64> {
    Array4::from_shape_fn((examples, sources, 8, 9), |(i, j, a, b)| {
        hash(((seed * 100 + i) * 10 + j) * 1000 + 10 * a + b)
    })
}

/// Three outputs for two references: in every odd example they are swapped, and the first output is spare.
fn separated() -> (Array4<f64>, Array4<f64>) {
    let references = images(6, 2, 1);
    let noise = images(6, 3, 2);
    let outputs = Array4::from_shape_fn((6, 3, 8, 9), |(i, k, a, b)| {
        let level = 0.1 + 0.02 * i as f64;
        let clean = if k == 0 { 0.0 } else { references[[i, (k + 1 + i) % 2, a, b]] };
        clean + if k == 0 && i > 3 { 0.01 } else { level } * (noise[[i, k, a, b]] - 0.5)
    });
    (outputs, references)
}

#[test]
fn every_example_is_matched_by_itself_and_scored_as_its_images_are() {
    let (outputs, references) = separated();
    let metrics = [Metric::Psnr, Metric::Ssim, Metric::Correlation, Metric::SiSdr, Metric::Psnr];
    let scores = evaluate_examples(outputs.view().into_dyn(), references.view().into_dyn(), &metrics).unwrap();
    assert_eq!(scores.values.len(), 4, "what is named twice is given once");
    for (i, permutation) in scores.permutation.rows().into_iter().enumerate() {
        assert_eq!(permutation.to_vec(), if i % 2 == 0 { [1, 2] } else { [2, 1] }, "example {i}");
        for (j, &k) in permutation.iter().enumerate() {
            let (output, reference) = (outputs.slice(s![i, k, .., ..]), references.slice(s![i, j, .., ..]));
            let each = |metric| scores.get(metric).unwrap().each[[i, j]];
            assert_eq!(Ok(each(Metric::Psnr)), psnr_db(output, reference));
            assert_eq!(Ok(each(Metric::Ssim)), ssim(output, reference));
            let flat = |image: ndarray::ArrayView2<f64>| image.flatten().into_owned();
            let (output, reference) = (flat(output), flat(reference));
            assert_eq!(Ok(each(Metric::SiSdr)), si_sdr_db(output.view(), reference.view()));
            assert!((0.9..1.0).contains(&each(Metric::Correlation)));
        }
        let energy = |k: usize| outputs.slice(s![i, k, .., ..]).fold(0.0, |sum, value| sum + value * value);
        let spare = energy(0) / (energy(0) + energy(1) + energy(2));
        assert!((scores.superfluous_energy[i] - spare).abs() < 1e-12);
    }
}

#[test]
fn medians_and_means_are_over_all_values_and_superfluous_counts_examples() {
    let references = Array3::<f64>::zeros((4, 2, 3));
    let error = |i: usize, j: usize| 10.0_f64.powi(-(1 + i as i32 + 4 * j as i32)); // 20, 40, 60 and 80 dB; 100 to 160
    let outputs = Array3::from_shape_fn((4, 3, 3), |(i, k, _)| match k {
        2 => {
            if i == 0 {
                1.0
            } else {
                2.0 * error(i, 0)
            }
        }
        j => error(i, j),
    });
    let scores = evaluate_examples(outputs.view().into_dyn(), references.view().into_dyn(), &[Metric::Psnr]).unwrap();
    // Zeros may be matched either way; the sum of errors leaves only the order among two open.
    let psnr = scores.get(Metric::Psnr).unwrap();
    assert!((psnr.median - 90.0).abs() < 1e-9 && (psnr.mean - 90.0).abs() < 1e-9, "{psnr:?}");
    assert!((psnr.per_source.iter().sum::<f64>() - 180.0).abs() < 1e-9);
    assert_eq!(scores.superfluous(), 0.0);
    let even = evaluate_examples(references.view().into_dyn(), references.view().into_dyn(), &[]).unwrap();
    assert_eq!((even.superfluous(), even.superfluous_energy.sum()), (1.0, 0.0));
}

#[test]
fn no_other_matching_has_a_smaller_error() {
    let (outputs, references) = (images(20, 4, 3), images(20, 3, 4));
    let scores = evaluate_examples(outputs.view().into_dyn(), references.view().into_dyn(), &[]).unwrap();
    for i in 0..20 {
        let error = |j: usize, k: usize| {
            let gap = &outputs.slice(s![i, k, .., ..]) - &references.slice(s![i, j, .., ..]);
            gap.fold(0.0, |sum, value| sum + value * value)
        };
        let total = |k: [usize; 3]| (0..3).map(|j| error(j, k[j])).sum::<f64>();
        let all = (0..64).map(|n| [n / 16, n / 4 % 4, n % 4]);
        let least = all.filter(|k| k[0] != k[1] && k[1] != k[2] && k[0] != k[2]).map(total).fold(f64::MAX, f64::min);
        let row = scores.permutation.row(i);
        assert!((total([row[0], row[1], row[2]]) - least).abs() < 1e-9, "example {i}");
    }
}

#[test]
fn scores_do_not_depend_on_the_number_of_threads_or_the_order_in_memory() {
    let (outputs, references) = separated();
    let scores = |outputs: &ArrayD<f64>, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| evaluate_examples(outputs.view(), references.view().into_dyn(), Metric::OF_EXAMPLES).unwrap())
    };
    let outputs = outputs.into_dyn();
    let alone = scores(&outputs, 1);
    assert_eq!(alone, scores(&outputs, 3));
    let turned = outputs.t().as_standard_layout().into_owned().reversed_axes(); // Fortran's order
    assert_eq!(alone, scores(&turned, 2));
}

#[test]
fn constant_outputs_are_scored_and_constant_references_refused() {
    let (mut outputs, mut references) = separated();
    outputs.slice_mut(s![2, 1.., .., ..]).fill(0.0);
    let score = |outputs: &Array4<f64>, references: &Array4<f64>, metric| {
        evaluate_examples(outputs.view().into_dyn(), references.view().into_dyn(), &[metric])
    };
    let each = |metric| score(&outputs, &references, metric).unwrap().values.remove(0).1.each;
    assert!(each(Metric::Correlation).row(2).iter().any(|value| *value == 0.0));
    assert!(each(Metric::SiSdr).row(2).iter().any(|value| *value == -SI_SDR_CAP_DB));
    references.slice_mut(s![4, 1, .., ..]).fill(0.5);
    outputs.slice_mut(s![4, 1, .., ..]).fill(0.5); // where both are constant, too
    for metric in [Metric::Correlation, Metric::SiSdr] {
        let error = Error::SilentExample { metric, example: 4, source_idx: 1 };
        assert_eq!(score(&outputs, &references, metric), Err(error));
    }
    assert!(score(&outputs, &references, Metric::Psnr).is_ok());
}

#[test]
fn bad_datasets_and_metrics_of_recordings_are_refused() {
    let (outputs, references) = separated();
    let references = references.into_dyn();
    let check = |outputs: &ArrayD<f64>, references: &ArrayD<f64>, metric, part: &str| {
        let message = evaluate_examples(outputs.view(), references.view(), &[metric]).unwrap_err().to_string();
        assert!(message.contains(part), "`{part}` is not in: {message}");
    };
    let outputs = outputs.into_dyn();
    let first = |array: &ArrayD<f64>, axis, n: usize| array.slice_axis(Axis(axis), (..n).into()).to_owned();
    check(&first(&outputs, 0, 5), &references, Metric::Psnr, "[5, 3, 8, 9] but reference has shape [6, 2, 8, 9]");
    check(&first(&outputs, 3, 5), &references, Metric::Psnr, "with the same examples and features");
    check(&first(&outputs, 0, 0), &first(&references, 0, 0), Metric::Psnr, "at least one of each");
    check(&first(&outputs, 1, 1), &references, Metric::Psnr, "separate with at least 2 sources");
    check(&first(&outputs, 2, 6), &first(&references, 2, 6), Metric::Ssim, "6 by 9 pixels are too small for `ssim`");
    let row = |array: &ArrayD<f64>| array.index_axis(Axis(2), 0).to_owned();
    check(&row(&outputs), &row(&references), Metric::Ssim, "expected images (examples, sources, height, width)");
    check(&outputs, &references, Metric::Amari, "`amari` is not defined for a dataset");
    check(
        &row(&row(&outputs)),
        &row(&row(&references)),
        Metric::Psnr,
        "datasets must be (examples, sources, features…)",
    );
    let mut holes = outputs.clone();
    holes[[1, 2, 3, 4]] = f64::NAN;
    check(&holes, &references, Metric::Psnr, "1 values that are NaN or infinite, the first at index [1, 2, 3, 4]");
    holes[[1, 2, 3, 4]] = 1e7;
    let error = Error::Magnitude { role: Role::Estimate, largest: 1e7 };
    check(&holes, &references, Metric::SiSdr, &error.to_string());
}
