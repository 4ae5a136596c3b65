//! Images as recordings along a traversal.

use std::fs;

use bss_data::{Dtype, Named};
use ndarray::{Array2, Array3, Axis, s};

use crate::Bench;

/// Textures and their mixture, 24 by 24 pixels of three channels.
fn mixed() -> Bench {
    let bench = Bench::new();
    let said = bench.ok("synth images --samples 576 --out s.npy");
    assert_eq!(said, "wrote s.npy: 24 by 24 pixels of 3 sources, images (seed 0)\n");
    let said = bench.ok("mix s.npy --out m.npz");
    assert_eq!(said, "wrote m.npz: 24 by 24 pixels of 3 channels, linear mixing of 3 sources (seed 0)\n");
    bench
}

/// Writes an image of values from 0 to 1.
fn write_png(bench: &Bench, name: &str, image: &Array2<f64>) {
    let values = image.clone().into_dyn();
    bss_data::write(&bench.path(name), &[Named { name: "x", values: &values }], Dtype::F64, None).unwrap();
}

#[test]
fn the_default_model_separates_textures_along_every_traversal() {
    let bench = Bench::new();
    bench.ok("synth images --samples 1600 --out s.npy");
    bench.ok("mix s.npy --out m.npz");
    for traversal in ["raster", "serpentine", "hilbert"] {
        bench.ok(&format!("fit m.npz --traversal {traversal} --out {traversal} --iterations 500 --restarts 1"));
        let said = bench.ok(&format!("separate --run {traversal} --out e.npz --std"));
        assert_eq!(said, "wrote e.npz: 40 by 40 pixels of 3 sources\n");
        assert_eq!(bench.read("e.npz:sources").shape(), [40, 40, 3]);
        assert_eq!(bench.read("e.npz:std").shape(), [40, 40, 3]);
        let scores = bench.json("evaluate --estimate e.npz --reference m.npz --mixture m.npz");
        assert!(scores["correlation"]["min"].as_f64().unwrap() > 0.97, "{traversal}: {scores}");
        assert_eq!(scores["samples"], 1600);
    }
}

#[test]
fn sources_lie_where_the_mixtures_do() {
    let bench = mixed();
    bench.ok("fit m.npz --traversal hilbert --model sobi --out run");
    // Noise-free and square: the mixture is the sources times the mixing again, pixel by pixel.
    bench.ok("separate --run run --out e.npz");
    let flat = |array: &str| bench.read(array).into_shape_with_order((576, 3)).unwrap();
    let mixture = flat("m.npz:mixture");
    let mixing = bench.read("e.npz:mixing").into_dimensionality::<ndarray::Ix2>().unwrap();
    let again = flat("e.npz:sources").dot(&mixing.t()) + mixture.mean_axis(Axis(0)).unwrap();
    assert!((again - mixture).iter().all(|gap| gap.abs() < 1e-9));
    let record = bench.json("inspect run");
    assert_eq!((&record["record"]["height"], &record["record"]["samples"]), (&24.into(), &576.into()));
    assert_eq!(record["config"]["data"]["traversal"], "hilbert");
    // Another order than the run's may be asked for; a model without memory gives the same.
    bench.ok("separate --run run --out other.npz --traversal raster");
    assert_eq!(bench.read("e.npz:sources"), bench.read("other.npz:sources"));
    // Other images may have another size.
    bench.ok("synth images --samples 100 --out small.npy");
    let said = bench.ok("separate small.npy --run run --out small-e.npy --json");
    assert!(said.contains("\"shape\": [\n    10,\n    10\n  ]"), "{said}");
}

#[test]
fn channels_first_is_channels_then_rows_then_columns() {
    let bench = mixed();
    let turned =
        bench.read("m.npz:mixture").permuted_axes(ndarray::IxDyn(&[2, 0, 1])).as_standard_layout().into_owned();
    bench.write_array("first.npy", turned);
    bench.ok("fit m.npz --traversal hilbert --model sobi --out last");
    bench.ok("fit first.npy --traversal hilbert --model sobi --out first --channels-first");
    bench.ok("separate --run last --out last.npy");
    bench.ok("separate --run first --out first-e.npy");
    let first = bench.read("first-e.npy");
    assert_eq!(first.shape(), [3, 24, 24]);
    assert_eq!(first.permuted_axes(ndarray::IxDyn(&[1, 2, 0])), bench.read("last.npy"));
    let ended = bench.run(&[
        "fit",
        "first.npy",
        "--traversal",
        "raster",
        "--out",
        "turned",
        "--sources",
        "2",
        "--model",
        "sobi",
    ]);
    assert!(
        ended
            .stderr
            .contains("24 channels of only 3 by 24 pixels; if it is the other way round, give --channels-first")
    );
}

#[test]
fn pictures_are_channels_and_a_folder_gets_pictures() {
    let bench = mixed();
    let images = bench.read("s.npy").into_dimensionality::<ndarray::Ix3>().unwrap();
    let scaled = images.mapv(|value| (0.5 + 0.1 * value).clamp(0.0, 1.0));
    let mixed = |weights: [f64; 3]| {
        let parts = scaled.axis_iter(Axis(2)).zip(weights).map(|(image, weight)| &image * weight);
        parts.fold(Array2::zeros((24, 24)), |sum, part| sum + part)
    };
    for (name, weights) in [("a.png", [0.6, 0.3, 0.1]), ("b.png", [0.2, 0.5, 0.3]), ("c.png", [0.3, 0.1, 0.6])] {
        write_png(&bench, name, &mixed(weights));
    }
    let said = bench.ok("inspect a.png");
    assert!(
        said.contains("[24, 24, 1]  uint8") && said.contains("images of 24 by 24 pixels, with --traversal"),
        "{said}"
    );
    bench.ok("fit a.png b.png c.png --traversal serpentine --model sobi --out run");
    let said = bench.ok("separate --run run --out sources");
    insta::assert_snapshot!(said, @"wrote sources/source-1.png, sources/source-2.png, sources/source-3.png: 24 by 24 pixels of 3 sources");
    let picture = bench.read("sources/source-2.png");
    assert_eq!(picture.shape(), [24, 24, 1]);
    let extremes = picture.iter().fold((1.0_f64, 0.0_f64), |(least, most), v| (least.min(*v), most.max(*v)));
    assert_eq!(extremes, (0.0, 1.0), "from black to white");
    bench.ok("separate a.png b.png c.png --run run --out e.npy");
    let grey = |source: usize| {
        let all = bench.read("e.npy").into_dimensionality::<ndarray::Ix3>().unwrap();
        all.slice(s![.., .., source]).to_owned()
    };
    let (least, most) = grey(1).iter().fold((f64::MAX, f64::MIN), |(least, most), v| (least.min(*v), most.max(*v)));
    let expected = grey(1).mapv(|value| (value - least) / (most - least)).insert_axis(Axis(2)).into_dyn();
    assert!((expected - picture).iter().all(|gap| gap.abs() < 0.5 / 255.0 + 1e-9), "eight bits of its range");
    bench.fails("separate --run run --out sources", 1, &["sources: is a folder that is not empty"]);
    bench.fails("separate --run run --out e.png", 1, &["e.png: PNG files cannot hold an array of shape [24, 24, 3]"]);

    // A picture has its channels last in any case; the results are as asked for.
    bench.ok("separate a.png b.png c.png --run run --out first.npy --channels-first");
    assert_eq!(bench.read("first.npy").permuted_axes(ndarray::IxDyn(&[1, 2, 0])), bench.read("e.npy"));

    bench.ok("mix a.png b.png --out two.npz");
    assert_eq!(bench.read("two.npz:mixture").shape(), [24, 24, 2]);
    assert_eq!(bench.read("two.npz:sources").slice(s![.., .., 1]), bench.read("b.png").slice(s![.., .., 0]));
}

#[test]
fn a_report_shows_pictures() {
    let bench = mixed();
    for j in 0..3 {
        let image = bench.read("m.npz:mixture").slice(s![.., .., j]).mapv(|value| (0.5 + 0.05 * value).clamp(0.0, 1.0));
        write_png(&bench, &format!("{j}.png"), &image);
    }
    bench.ok("fit 0.png 1.png 2.png --traversal hilbert --out run --iterations 30 --restarts 2");
    let told = bench.json("report run --reference s.npy");
    assert!(told["sources"][0]["correlation"].as_f64().unwrap() > 0.5);
    let page = fs::read_to_string(bench.path("run/report/index.html")).unwrap();
    assert_eq!(page.matches("<image ").count(), 3 + 3 * 3, "mixtures, and sources with deviations and truth");
    for part in ["3 images of 24 by 24 pixels", "hilbert", "\n1.png\n", "stand beside them"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!bench.path("run/report/sources-detail.svg").exists());
    let png = fs::metadata(bench.path("run/report/sources.png")).unwrap();
    bench.fails("separate --run run --out folder --std", 1, &["folder: .png files hold no standard deviations"]);
    assert!(png.len() > 10_000, "the pixels are in the rasterised figure as well");
}

#[test]
fn what_does_not_fit_is_refused() {
    let bench = mixed();
    let cube = Array3::from_shape_fn((24, 20, 3), |(i, j, k)| (i * j + k * i) as f64);
    bench.write_array("narrow.npy", cube.clone());
    bench.write_array("flat.npy", cube.into_shape_with_order((480, 3)).unwrap());
    write_png(&bench, "a.png", &Array2::from_shape_fn((24, 24), |(i, j)| (i + j) as f64 / 46.0));
    write_png(&bench, "b.png", &Array2::from_shape_fn((20, 24), |(i, j)| (i + j) as f64 / 42.0));
    let mut holes = bench.read("m.npz:mixture");
    holes[[3, 5, 1]] = f64::NAN;
    bench.write_array("holes.npy", holes);
    for (arguments, parts) in [
        (
            "fit m.npz --out r",
            &["m.npz:mixture: has 3 dimensions, [24, 24, 3]", "--traversal raster, serpentine or hilbert"][..],
        ),
        ("fit a.png --out r", &["a.png: has 3 dimensions, [24, 24, 1]", "--traversal"]),
        (
            "fit a.png b.png --traversal raster --out r",
            &["b.png holds 20 by 24 pixels, but a.png holds 24 by 24 pixels"],
        ),
        ("fit holes.npy --traversal hilbert --out r", &["the first (NaN) at row 3 and column 5 of channel 2"]),
        ("fit holes.npy --traversal hilbert --on-nan drop --out r", &["give --on-nan interpolate"]),
        (
            "evaluate --estimate m.npz --reference narrow.npy",
            &["m.npz holds 24 by 24 pixels, but narrow.npy holds 24 by 20"],
        ),
        (
            "evaluate --estimate flat.npy --reference narrow.npy",
            &["flat.npy holds no images, but narrow.npy holds 24 by 20"],
        ),
        ("mix a.png b.png --out x.npz", &["b.png holds 20 by 24 pixels"]),
        ("mix flat.npy flat.npy --out x.npz", &["only images are taken from several files"]),
        (
            "synth images --samples 500 --out x.npy",
            &["--samples is 500, but images are square; expected a square such as 529"],
        ),
        ("synth images,iid --samples 576 --out x.npy", &["images are drawn alone"]),
        ("synth images --sources 4 --samples 576 --out x.npy", &["--sources is 4, but images has 3"]),
        ("fit m.npz --set data.traversal=hilbrt --out r", &["data.traversal is \"hilbrt\"", "did you mean hilbert?"]),
    ] {
        bench.fails(arguments, 1, parts);
    }
    bench.ok("fit holes.npy --traversal hilbert --on-nan interpolate --model sobi --out r --quiet");
}
