//! Scores of images: scikit-image's numbers, and what every score must obey.
//!
//! ```python
//! import numpy as np
//! from skimage.metrics import peak_signal_noise_ratio, structural_similarity  # scikit-image 0.26.0
//! i, j = np.mgrid[:17, :12]
//! s = (np.sin(0.7*i + 0.2*j*j) + 1) / 2
//! for e in [0.8*s + 0.1*np.cos(1.3*i*j) + 0.05, np.maximum(1 - s, 0.3), np.full_like(s, 0.5)]:
//!     print(peak_signal_noise_ratio(s, e, data_range=1), structural_similarity(s, e, data_range=1))
//! ```

#![expect(clippy::unreadable_literal, reason = "numbers as NumPy prints them")]

use bss_metrics::{Error, PSNR_CAP_DB, Role, psnr_db, ssim};
use ndarray::{Array2, s};

const SCIKIT_IMAGE: [[f64; 2]; 3] = [
    [19.319655267673873, 0.950379751042793],
    [4.033782294505486, -0.9198816147598515],
    [8.957999579818033, 0.006971830270933865],
];

fn image() -> Array2<f64> {
    Array2::from_shape_fn((17, 12), |(i, j)| f64::midpoint((0.7 * i as f64 + 0.2 * (j * j) as f64).sin(), 1.0))
}

fn estimates() -> [Array2<f64>; 3] {
    let ripples = Array2::from_shape_fn((17, 12), |(i, j)| (1.3 * (i * j) as f64).cos());
    let image = image();
    [0.8 * &image + 0.1 * ripples + 0.05, image.mapv(|value| (1.0 - value).max(0.3)), Array2::from_elem((17, 12), 0.5)]
}

#[test]
fn scores_of_images_are_scikit_images() {
    for (estimate, [psnr, similarity]) in estimates().iter().zip(SCIKIT_IMAGE) {
        let found =
            [psnr_db(estimate.view(), image().view()), ssim(estimate.view(), image().view())].map(Result::unwrap);
        assert!((found[0] - psnr).abs() < 1e-9 && (found[1] - similarity).abs() < 1e-9, "{found:?}");
    }
}

#[test]
fn scores_of_images_are_symmetric_and_greatest_for_the_image_itself() {
    let image = image();
    for estimate in &estimates() {
        // Turning both images leaves the windows as they are, so layout in memory must not matter either.
        for (a, b) in [(image.view(), estimate.view()), (estimate.t(), image.t())] {
            assert!((psnr_db(a, b).unwrap() - psnr_db(estimate.view(), image.view()).unwrap()).abs() < 1e-12);
            assert!((ssim(a, b).unwrap() - ssim(estimate.view(), image.view()).unwrap()).abs() < 1e-12);
        }
        assert_eq!(psnr_db(estimate.view(), estimate.view()), Ok(PSNR_CAP_DB));
        assert!((ssim(estimate.view(), estimate.view()).unwrap() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn psnr_falls_by_20_db_as_the_error_grows_tenfold_and_takes_any_shape() {
    let volume = image().into_shape_with_order((17, 3, 4)).unwrap();
    let at = |error: f64| psnr_db((&volume + error).view(), volume.view()).unwrap();
    assert!((at(1e-2) - 40.0).abs() < 1e-9 && (at(1e-3) - 60.0).abs() < 1e-9);
}

#[test]
fn images_without_a_score_are_refused() {
    let image = image();
    let part = image.slice(s![..6, ..]);
    assert_eq!(ssim(part, part), Err(Error::ImageTooSmall { height: 6, width: 12 }));
    let shapes = Error::ImageShape { estimate: vec![6, 12], reference: vec![17, 12] };
    assert_eq!(ssim(part, image.view()), Err(shapes.clone()));
    assert_eq!(psnr_db(part, image.view()), Err(shapes));
    let mut holes = image.clone();
    holes[[3, 2]] = f64::NAN;
    holes[[4, 0]] = f64::INFINITY;
    assert_eq!(
        psnr_db(image.view(), holes.view()),
        Err(Error::NonFiniteAt { role: Role::Reference, count: 2, at: vec![3, 2] })
    );
    let loud = Array2::from_elem(image.dim(), 1e200);
    assert_eq!(ssim(loud.view(), image.view()), Err(Error::Magnitude { role: Role::Estimate, largest: 1e200 }));
    let nothing = Array2::<f64>::zeros((0, 4));
    assert!(matches!(psnr_db(nothing.view(), nothing.view()), Err(Error::ImageShape { .. })));
}

#[test]
fn constant_images_are_compared_without_a_breach_of_the_bounds() {
    for value in [0.0, 0.1, 1.0, 1e5] {
        let flat = Array2::from_elem((8, 8), value);
        let similarity = ssim(flat.view(), flat.view()).unwrap();
        assert!((similarity - 1.0).abs() < 1e-12, "{value}: {similarity}");
        assert!((-1.0..=1.0).contains(&ssim((-&flat).view(), (&flat + 0.5).view()).unwrap()));
    }
}
