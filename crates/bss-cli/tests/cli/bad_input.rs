//! Recordings that `fit` refuses, and those it takes with a warning.

use std::fs;

use ndarray::{Array1, Array2, Array3, concatenate, s};

use crate::{Bench, fixture};

/// Two hundred samples of three channels, all different.
fn recording() -> Array2<f64> {
    Array2::from_shape_fn((200, 3), |(t, c)| ((t * (c + 2)) as f64 * 0.37).sin() + 0.01 * (t * c) as f64)
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write_array("good.npy", recording());
    let mut nan = recording();
    nan[[5, 1]] = f64::NAN;
    nan[[9, 2]] = f64::INFINITY;
    bench.write_array("nan.npy", nan);
    let mut gone = recording();
    gone.column_mut(2).fill(f64::NAN);
    bench.write_array("gone.npy", gone);
    let mut huge = recording();
    huge[[0, 2]] = 1e300;
    bench.write_array("huge.npy", huge);
    bench.write_array("short.npy", recording().slice(s![..20, ..]).to_owned());
    bench.write_array("wide.npy", recording().reversed_axes().as_standard_layout().into_owned());
    bench.write_array("flat.npy", Array2::from_elem((200, 2), 7.0));
    bench.write_array("cube.npy", Array3::zeros((50, 3, 2)));
    bench.write_array("line.npy", Array1::range(0.0, 20.0, 1.0));
    bench.write_array("two.npy", recording().slice(s![.., ..2]).to_owned());
    bench.write("several.npz", &[("left", recording().into_dyn()), ("right", recording().into_dyn())]);
    bench.write_text("empty.csv", "");
    bench.write_text("header.csv", "left,right\n");
    bench.write_text("ragged.csv", "1,2\n3,4\n5\n");
    bench.write_text("words.csv", "1,2\n3,four\n5,6\n");
    bench.write_text("a.mp4", "not a recording");
    fs::create_dir(bench.path("folder.npy")).unwrap();
    fs::copy(fixture("formats/text.npy"), bench.path("text.npy")).unwrap();
    bench
}

#[test]
fn each_fault_is_named_with_its_mend() {
    let bench = bench();
    for (arguments, parts) in [
        ("none.npy", &["none.npy: no such file or folder; check the path"][..]),
        ("folder.npy", &["folder.npy: is a folder; expected a file"]),
        ("a.mp4", &["a.mp4: unknown extension; expected one of .npy"]),
        ("empty.csv", &["empty.csv: holds no values"]),
        ("header.csv", &["header.csv: "]),
        ("ragged.csv", &["ragged.csv: line 3 has 1 cells, expected 2"]),
        ("words.csv", &["words.csv: line 2, column 1: `four` is no number"]),
        ("text.npy", &["text.npy: cannot take values of type"]),
        ("several.npz", &["several.npz: holds several datasets; name one as", "`left`, `right`"]),
        ("several.npz:lef", &["several.npz: no dataset `lef` (did you mean `left`?)"]),
        ("good.npy:x", &["good.npy:x: npy files hold one array without a name"]),
        ("cube.npy", &["cube.npy: has 3 dimensions, [50, 3, 2]; expected a matrix (samples, channels)"]),
        ("short.npy", &["short.npy: 20 samples of 3 channels are too few, expected at least 32"]),
        ("line.npy", &["line.npy: 20 samples of 1 channels are too few"]),
        ("wide.npy", &["wide.npy: 3 samples of 200 channels are too few", "give --channels-first"]),
        ("flat.npy", &["flat.npy: every channel is constant"]),
        ("huge.npy", &["huge.npy: the value 1e300 at sample 0 of channel 3", "rescale the data"]),
        (
            "nan.npy",
            &[
                "nan.npy: 2 of 600 values are NaN or infinite, the first (NaN) at sample 5 of channel 2",
                "--on-nan drop or --on-nan interpolate",
            ],
        ),
        ("gone.npy --on-nan drop", &["gone.npy: 200 of 200 samples hold NaN", "--columns"]),
        ("gone.npy --on-nan interpolate", &["gone.npy: channel 3 holds no finite value", "--columns"]),
        ("good.npy --columns 0-7", &["good.npy: column 7 was selected, but the table has 3 columns"]),
        ("good.npy two.npy", &["two.npy has 2 channels, but good.npy has 3"]),
        ("good.npy --sample-rate 0", &["data.sample_rate is 0", "expected a number above 0"]),
    ] {
        bench.fails(&format!("fit {arguments} --out run"), 1, parts);
        assert!(!bench.path("run").exists(), "{arguments}: a run was written for input that was refused");
    }
}

/// Whatever becomes of the fit, these are said on the way.
#[test]
fn what_is_suspicious_is_warned_of() {
    let bench = bench();
    let good = recording();
    let both = concatenate![ndarray::Axis(1), good, good.slice(s![.., 1..2]), Array2::ones((200, 1))];
    bench.write_array("both.npy", both);
    let wide = Array2::from_shape_fn((40, 50), |(t, c)| ((t * (c + 2)) as f64 * 0.37).sin());
    bench.write_array("fifty.npy", wide);
    for (arguments, parts) in [
        ("both.npy", &["warning: channel 5 is constant", "duplicate channels add nothing: channel 2 = channel 4"][..]),
        ("fifty.npy", &["warning: fifty.npy: 50 channels of only 40 samples", "give --channels-first"]),
        ("nan.npy --on-nan drop", &["warning: 2 of 200 samples held NaN or infinity and were left out"]),
        ("nan.npy --on-nan interpolate", &["warning: 2 of 600 values were NaN or infinite and were interpolated"]),
    ] {
        let mut words: Vec<&str> = vec!["fit"];
        words.extend(arguments.split_whitespace());
        words.extend(["--out", "run", "--force", "--iterations", "2", "--restarts", "1"]);
        let stderr = bench.run(&words).stderr;
        for part in parts {
            assert!(stderr.contains(part), "{arguments}: `{part}` is not in\n{stderr}");
        }
        words.push("--quiet");
        let stderr = bench.run(&words).stderr;
        assert!(!stderr.contains("warning: "), "{arguments} --quiet: {stderr}");
    }
}
