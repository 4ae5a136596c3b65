//! True sources of a dataset for the report: scores, and what is drawn beside the estimates.

use anyhow::Result;
use bss_metrics::{Error, ExampleScores, Metric, evaluate_examples};
use ndarray::{Array3, ArrayD, ArrayViewD, Axis, s};

/// The scores of images; of those that are too small, and of what is no image, the first alone.
pub(super) const OF_VALUES: &[Metric] = &[Metric::Psnr, Metric::Ssim];
/// Those of sound; where a source is silent, its PSNR.
pub(super) const OF_SOUND: &[Metric] = &[Metric::SiSdr, Metric::Sir, Metric::Sar];

/// Scores an estimate (examples, K, features…) against the truth (examples, M, features…), each example matched by
/// itself: by these metrics, or by the PSNR where one of them is not defined.
///
/// # Errors
/// Fewer estimates than true sources, estimates that are not finite.
pub(super) fn scores(estimate: ArrayViewD<f64>, truth: ArrayViewD<f64>, metrics: &[Metric]) -> Result<ExampleScores> {
    let scores = match evaluate_examples(estimate.view(), truth.view(), metrics) {
        Err(Error::ImageTooSmall { .. } | Error::NotDefined { .. } | Error::SilentExample { .. }) => {
            evaluate_examples(estimate, truth, &[Metric::Psnr])
        }
        other => other,
    };
    Ok(scores?)
}

/// The truth of the first examples, each source in the place of the output that was matched with it, (examples, outputs,
/// features); NaN for an output without one.
pub(super) fn in_place(
    truth: &ArrayD<f64>,
    scores: &ExampleScores,
    (examples, outputs): (usize, usize),
) -> Array3<f64> {
    let features = truth.shape()[2..].iter().product();
    let mut placed = Array3::from_elem((examples, outputs, features), f64::NAN);
    for (i, of_example) in scores.permutation.outer_iter().take(examples).enumerate() {
        for (j, &output) in of_example.iter().enumerate() {
            let source = truth.index_axis(Axis(0), i).index_axis_move(Axis(0), j);
            placed.slice_mut(s![i, output, ..]).iter_mut().zip(source).for_each(|(place, &value)| *place = value);
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_true_source_stands_where_its_estimate_does() {
        let truth =
            ArrayD::from_shape_fn(vec![2, 2, 12, 12], |at| ((at[0] + 2 * at[1] + 1) * at[2] * at[3]) as f64 / 1e3);
        let mut estimate = ArrayD::from_elem(vec![2, 3, 12, 12], 0.25);
        for (i, outputs) in [[2, 0], [0, 1]].into_iter().enumerate() {
            for (j, output) in outputs.into_iter().enumerate() {
                let source = &truth.slice(s![i, j, .., ..]) + 0.01;
                estimate.slice_mut(s![i, output, .., ..]).assign(&source);
            }
        }
        let found = scores(estimate.view(), truth.view(), OF_VALUES).unwrap();
        assert!((found.get(Metric::Psnr).unwrap().median - 40.0).abs() < 1e-9);
        assert!(found.get(Metric::Ssim).unwrap().median > 0.5);
        let placed = in_place(&truth, &found, (2, 3));
        assert_eq!(placed[[0, 2, 143]], truth[[0, 0, 11, 11]]);
        assert_eq!(placed[[1, 1, 143]], truth[[1, 1, 11, 11]]);
        assert!(placed[[0, 1, 0]].is_nan() && placed[[1, 2, 9]].is_nan());
        assert_eq!(in_place(&truth, &found, (1, 3)).dim(), (1, 3, 144));
    }

    #[test]
    fn what_has_no_ssim_has_a_psnr() {
        for shape in [vec![3, 2, 20], vec![3, 2, 4, 5]] {
            let truth = ArrayD::from_shape_fn(shape, |at| at[2] as f64 / 20.0);
            let found = scores(truth.view(), truth.view(), OF_VALUES).unwrap();
            assert!(found.get(Metric::Psnr).is_some() && found.get(Metric::Ssim).is_none());
        }
    }
}
