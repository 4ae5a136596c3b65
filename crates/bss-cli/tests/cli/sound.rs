//! Sound: notes gathered, learnt and mixed, and recordings of any length taken apart.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bss_data::{Dtype, SoundReader, SoundWriter};
use ndarray::{Array2, Axis, Ix2, Ix3};

use crate::Bench;

/// A front-end and a network that are fast.
const SMALL: &str =
    "--set front-end.points=64 --set front-end.hop=16 --set front-end.bins=24 --set front-end.frames=16";
/// MixIT of single notes is as good as supervised, and so learns to tell them apart for certain.
const LEARN: &str = "--model mixit --mix 1 --set front-end.kind=stft --set network.widths=[48,24] --set \
                     network.latent=4 --set learning.batch=12 --epochs 300 --quiet";

/// Values of one file of sound, (samples, channels).
fn write_sound(bench: &Bench, name: &str, values: &Array2<f64>, rate: f64, dtype: Dtype) {
    std::fs::create_dir_all(bench.path(name).parent().unwrap()).unwrap();
    let mut writer = SoundWriter::create(&bench.path(name), values.ncols(), rate, dtype).unwrap();
    values.iter().for_each(|&value| writer.push(value).unwrap());
    writer.finish().unwrap();
}

fn read_sound(bench: &Bench, name: &str) -> (Array2<f64>, f64, Dtype) {
    let mut reader = SoundReader::open(&bench.path(name)).unwrap();
    let mut values = Vec::new();
    while let Some(piece) = reader.next_piece().unwrap() {
        values.extend(piece);
    }
    let channels = reader.channels();
    let values = Array2::from_shape_vec((values.len() / channels, channels), values).unwrap();
    (values, reader.sample_rate(), reader.dtype())
}

/// A note of a low instrument, whose tones lie below bin 10, or of a high one.
fn tone(is_high: bool, note: usize, samples: usize) -> Vec<f64> {
    let bin = if is_high { 12.0 + 0.3 * note as f64 } else { 2.0 + 0.3 * note as f64 };
    let tone = |t: usize| 0.3 * (std::f64::consts::TAU * bin * t as f64 / 64.0 + note as f64).sin();
    (0..samples).map(tone).collect()
}

/// A bench with 2 instruments of 20 notes as `.wav` files of 8 kHz in `notes`.
fn notes() -> Bench {
    notes_of(8000.0)
}

/// The same at another rate.
fn notes_of(rate: f64) -> Bench {
    let bench = Bench::new();
    for note in 0..20 {
        for (folder, is_high) in [("low", false), ("high", true)] {
            let values = Array2::from_shape_vec((300, 1), tone(is_high, note, 300)).unwrap();
            write_sound(&bench, &format!("notes/{folder}/{note}.wav"), &values, rate, Dtype::I16);
        }
    }
    bench
}

/// The same with a run that was fitted to 32 of the notes, and mixtures of the others.
fn fitted() -> Bench {
    let bench = notes();
    bench.ok(&format!("gather notes --split 0.8 --seed 3 --out notes.h5 {SMALL}"));
    bench.ok(&format!("fit notes.h5:/train --out run {LEARN} {SMALL}"));
    bench
}

#[test]
fn notes_are_gathered_at_one_length_and_loudness() {
    let bench = notes();
    write_sound(&bench, "notes/silent.wav", &Array2::zeros((300, 1)), 8000.0, Dtype::I16);
    let told = bench.json(&format!("gather notes --split 0.75 --seed 3 --out notes.h5 {SMALL}"));
    assert_eq!(told["arrays"], serde_json::json!({ "train": 30, "test": 10 }));
    assert!(told["silent"][0].as_str().unwrap().ends_with("silent.wav") && told["sample_rate"] == 8000.0);
    let train = bench.read("notes.h5:/train").into_dimensionality::<Ix2>().unwrap();
    assert_eq!(train.dim(), (30, 240));
    for note in train.outer_iter() {
        let rms = note.mapv(|value| value * value).mean().unwrap().sqrt();
        // But for what little lies above the front-end's bins.
        assert!((rms - 0.05).abs() < 2e-3, "{rms}");
    }
    let files = std::fs::read_to_string(bench.path("notes.files.csv")).unwrap();
    assert_eq!(files.lines().count(), 41);
    let again = bench.json(&format!("gather notes --split 0.75 --seed 3 --out again.h5 {SMALL}"));
    assert_eq!(again["arrays"], told["arrays"]);
    assert_eq!(bench.read("again.h5:/train"), train.into_dyn());
    bench.fails("gather notes --out notes.npy", 1, &["expected .h5 or .npz"]);
    bench.fails("gather run.toml --out notes.h5", 1, &["run.toml"]);
    bench.fails("gather notes --split 1.5 --out notes.h5", 1, &["--split is 1.5"]);
    write_sound(&bench, "notes/other.wav", &Array2::ones((300, 1)).mapv(|v: f64| v * 0.1), 11_025.0, Dtype::I16);
    bench.fails("gather notes --out notes.h5", 1, &["11025 Hz", "--sample-rate"]);
    bench.ok(&format!("gather notes --sample-rate 8000 --out notes.h5 {SMALL}"));
}

#[test]
fn mixtures_of_notes_are_taken_apart() {
    let bench = fitted();
    bench.ok("mix notes.h5:/test --mix 2 --seed 1 --out test.h5");
    let si_sdr = |estimate: &str| {
        let of = bench.json(&format!("evaluate --estimate {estimate} --reference test.h5:sources --metrics si_sdr_db"));
        of["si_sdr_db"]["mean"].as_f64().unwrap()
    };
    bench.ok("separate test.h5:mixture --run run --out masked.h5 --mask");
    bench.ok("separate test.h5:mixture --run run --out plain.h5");
    let mixture = bench.read("test.h5:mixture").into_dimensionality::<Ix2>().unwrap();
    let masked = bench.read("masked.h5:sources").into_dimensionality::<Ix3>().unwrap();
    assert_eq!(masked.dim(), (4, 2, 240));
    // The mixture has hardly anything above the front-end's bins.
    let energy = |values: &Array2<f64>| values.iter().map(|value| value * value).sum::<f64>();
    let share = energy(&(&masked.sum_axis(Axis(1)) - &mixture)) / energy(&mixture);
    assert!(share < 1e-2, "{share} of the energy is lost");
    let (masked, plain) = (si_sdr("masked.h5:sources"), si_sdr("plain.h5:sources"));
    // The mixture itself has 0 dB.
    assert!(masked > 3.0 && plain > 0.0 && masked > plain, "masked {masked} dB, plain {plain} dB");
    bench.fails("separate test.h5:mixture --run run --out a.h5 --std", 1, &["--std"]);
}

#[test]
fn ideal_masks_surpass_what_is_learnt() {
    let bench = fitted();
    bench.ok("mix notes.h5:/test --mix 2 --seed 1 --out test.h5");
    bench.ok("separate test.h5:mixture --run run --out masked.h5 --mask");
    let si_sdr = |estimate: &str| {
        let of = bench.json(&format!("evaluate --estimate {estimate} --reference test.h5:sources --metrics si_sdr_db"));
        of["si_sdr_db"]["mean"].as_f64().unwrap()
    };
    let learnt = si_sdr("masked.h5:sources");
    for mask in ["binary", "ratio", "energy"] {
        bench.ok(&format!("ideal test.h5:sources --mask {mask} --set front-end.kind=stft {SMALL} --out ideal.h5"));
        let ideal = si_sdr("ideal.h5:sources");
        assert!(ideal > learnt && ideal > 10.0, "{mask} {ideal} dB, learnt {learnt} dB");
    }
    bench.fails("ideal test.h5 --mask binary --out ideal.h5", 1, &["is sound of 8000", "--set front-end.kind=stft"]);
    let mixture = format!("ideal test.h5:mixture --mask binary --set front-end.kind=stft {SMALL} --out ideal.h5");
    bench.fails(&mixture, 1, &["(examples, sources, features…)"]);
}

#[test]
fn ideal_ratio_masks_of_values_that_add_up_are_the_truth() {
    let bench = Bench::new();
    bench.write_array("s.npy", Array2::from_shape_fn((12, 5), |(i, j)| ((7 * i + 3 * j) % 11) as f64 / 11.0));
    bench.ok("mix s.npy --mix 2 --seed 1 --out m.npz");
    bench.ok("ideal m.npz --mask ratio --out irm.npz");
    let [truth, found] = ["m.npz:sources", "irm.npz:sources"].map(|file| bench.read(file));
    assert!(truth.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-6) && truth.shape() == found.shape());
}

/// Low notes, then both, then high ones.
fn song(samples: usize, channels: usize) -> Array2<f64> {
    let place = 0.5_f64.powi(15);
    let (low, high) = (tone(false, 5, samples), tone(true, 9, samples));
    Array2::from_shape_fn((samples, channels), |(t, c)| {
        let low = if t < 2 * samples / 3 { low[t] } else { 0.0 };
        let high = if t > samples / 3 { high[t] } else { 0.0 };
        let pan = if c == 0 { 0.8 } else { 0.3 };
        ((low * pan + high * (1.0 - pan)) / place).round() * place
    })
}

#[test]
fn the_report_shows_spectrograms_and_lets_them_be_heard() {
    let bench = fitted();
    bench.ok("mix notes.h5:/test --mix 2 --seed 1 --out test.h5");
    let said = bench.json("report run --reference test.h5");
    bench.ok("separate test.h5:mixture --run run --out masked.h5 --mask");
    let of = bench
        .json("evaluate --estimate masked.h5:sources --reference test.h5:sources --metrics si_sdr_db,sir_db,sar_db");
    for metric in ["si_sdr_db", "sir_db", "sar_db"] {
        let [shown, scored] = [&said["scores"]["masked"][metric], &of[metric]["median"]].map(|v| v.as_f64().unwrap());
        // The estimates that were scored went through single precision.
        assert!((shown - scored).abs() < 1e-3, "{metric}: {shown} and {scored}");
    }
    let read = |file: &str| std::fs::read_to_string(bench.path(file)).unwrap();
    let (page, figure) = (read("run/report/index.html"), read("run/report/examples.svg"));
    assert!(page.contains("median SI-SDR (dB)") && !page.contains("PSNR") && !page.contains("NaN"));
    assert!(figure.contains("0 to 3.0 kHz upwards, 0.03 s to the right"), "24 of 64 bins of 8 kHz, 240 samples");
    let clips: Vec<_> =
        page.split("data:audio/wav;base64,").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(clips.len(), 4 * 5, "of 4 mixtures, the mixture, 2 true sources and 2 that were found");
    // Of the first mixture, in files of 44 bytes and 16 bits a sample.
    let values = |clip: &str| -> Vec<i16> {
        let bytes = BASE64_STANDARD.decode(clip).unwrap();
        bytes[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    };
    let [mixture, first, second] = [0, 12, 16].map(|clip| values(clips[clip]));
    assert_eq!(mixture.len(), 240);
    assert!(first.iter().zip(&second).zip(&mixture).all(|((a, b), x)| (a + b - x).abs() <= 2), "the masked add up");
    assert_eq!(clips.iter().flat_map(|clip| values(clip)).map(i16::unsigned_abs).max(), Some(29491), "0.9 of 2^15");

    bench.fails("report run --reference test.h5 --refine 5", 1, &["--refine: mixit has no encoder"]);
    let said = bench.json("report run --out without");
    assert!(!bench.path("without/si-sdr.svg").exists() && said["scores"] == serde_json::json!({}));
    assert_eq!(read("without/index.html").matches("<audio").count(), 4 * 3);
    bench.fails("report run --reference test.h5:mixture", 1, &["test.h5:mixture: holds 4 examples", "bss mix --mix"]);
    let slow = notes();
    slow.ok(&format!("gather notes --sample-rate 4000 --out slow.h5 {SMALL}"));
    slow.ok("mix slow.h5 --mix 2 --seed 1 --out slow-test.h5");
    let reference = slow.path("slow-test.h5").display().to_string();
    bench.fails(&format!("report run --reference {reference}"), 1, &["4000 samples per second", "the model's 8000"]);
}

#[test]
fn refined_sources_are_heard_and_scored_where_that_is_asked_for() {
    let bench = notes();
    bench.ok(&format!("gather notes --split 0.8 --seed 3 --out notes.h5 {SMALL}"));
    bench.ok("mix notes.h5:/test --mix 2 --seed 1 --out test.h5");
    let short = LEARN.replace("--epochs 300", "--epochs 20").replace("--model mixit --mix 1", "--model neri --mix 2");
    bench.ok(&format!("fit notes.h5:/train --out run {short} {SMALL}"));
    let said = bench.json("report run --reference test.h5 --refine 20 --rounds 1");
    bench.ok("separate test.h5:mixture --run run --out refined.h5 --mask --refine 20 --rounds 1");
    let of = bench.json("evaluate --estimate refined.h5:sources --reference test.h5:sources --metrics si_sdr_db");
    let [shown, scored] =
        [&said["scores"]["refined"]["si_sdr_db"], &of["si_sdr_db"]["median"]].map(|v| v.as_f64().unwrap());
    assert!((shown - scored).abs() < 1e-3, "{shown} and {scored}");
    let page = std::fs::read_to_string(bench.path("run/report/index.html")).unwrap();
    assert!(
        page.contains("refined 2") && page.contains("--refine 20 --rounds 1") && !page.contains("it has no scores")
    );
    // As the run does by itself.
    let said = bench.json("report run --reference test.h5");
    assert_eq!(said["scores"]["refined"]["si_sdr_db"], shown);
    let said = bench.json("report run --reference test.h5 --refine 0");
    assert!(said["scores"]["refined"].is_null() && said["scores"]["masked"].is_object());
    bench.fails("report run --refine 5", 2, &["--reference"]);
    let said = bench.json("report run --reference test.h5 --refine 0");
    assert!(said["scores"]["refined"].is_null());
    // A recording of more than one piece of the file, refined as well.
    let song = song(70_000, 1);
    write_sound(&bench, "song.wav", &song, 8000.0, Dtype::I16);
    let said = bench.json("separate song.wav --run run --out stems --mask --refine 2 --rounds 1");
    assert_eq!((&said["refine"], &said["adds_up"], &said["samples"]), (&2.into(), &true.into(), &70_000.into()));
    bench.ok("separate song.wav --run run --out plain --mask");
    let stems = ["stems/source-1.wav", "plain/source-1.wav"].map(|name| read_sound(&bench, name).0);
    assert!(stems[0] != stems[1]);
}

#[test]
fn stems_of_a_recording_add_up_to_it_to_the_last_bit() {
    let bench = fitted();
    for (samples, channels, bits, dtype) in
        [(5000, 1, 32, Dtype::F32), (1, 1, 16, Dtype::I16), (2345, 2, 24, Dtype::I24)]
    {
        let song = song(samples, channels);
        write_sound(&bench, "song.wav", &song, 8000.0, Dtype::I16);
        let said = bench.ok(&format!("separate song.wav --run run --out stems --mask --bits {bits} --force"));
        assert!(said.contains("add up to song.wav to the last bit"), "{said}");
        let stems = ["stems/source-1.wav", "stems/source-2.wav"].map(|name| read_sound(&bench, name));
        for (values, rate, found) in &stems {
            assert_eq!((values.dim(), *rate, *found), (song.dim(), 8000.0, dtype));
        }
        let [(a, ..), (b, ..)] = &stems;
        for ((a, b), x) in a.iter().zip(b).zip(&song) {
            assert_eq!(*a as f32 + *b as f32, *x as f32);
        }
    }
}

#[test]
fn a_recording_that_breaks_off_leaves_no_sources() {
    let bench = fitted();
    // Beyond the first piece of the file.
    let mut song = song(70_000, 1);
    song[[69_000, 0]] = f64::NAN;
    write_sound(&bench, "song.wav", &song, 8000.0, Dtype::F32);
    bench.fails("separate song.wav --run run --out stems --mask", 1, &["song.wav: holds values that are NaN"]);
    song[[69_000, 0]] = 5.0;
    write_sound(&bench, "song.wav", &song, 8000.0, Dtype::F32);
    bench.fails("separate song.wav --run run --out stems --mask --bits 16", 1, &["16"]);
    assert_eq!(std::fs::read_dir(bench.path("stems")).unwrap().count(), 0);
    bench.ok("separate song.wav --run run --out stems --mask");
}

#[test]
fn a_folder_of_stems_is_scored_in_the_order_of_their_numbers() {
    let bench = Bench::new();
    let [low, high] = [false, true].map(|is_high| Array2::from_shape_vec((2000, 1), tone(is_high, 3, 2000)).unwrap());
    write_sound(&bench, "stems/source-2.wav", &low, 8000.0, Dtype::F32);
    write_sound(&bench, "stems/source-10.wav", &high, 8000.0, Dtype::F32);
    let both = ndarray::concatenate![Axis(1), low, high];
    write_sound(&bench, "truth.wav", &both, 8000.0, Dtype::F32);
    let scores = bench.json("evaluate --estimate stems --reference truth.wav --metrics correlation");
    assert_eq!(scores["permutation"], serde_json::json!([0, 1]));
    assert!(scores["correlation"]["min"].as_f64().unwrap() > 0.999_999);
    let evaluate = "evaluate --estimate stems --reference truth.wav";
    write_sound(&bench, "stems/source-11.wav", &both, 8000.0, Dtype::F32);
    bench.fails(evaluate, 1, &["source-11.wav: has 2 channels, expected one"]);
    let short = low.slice_move(ndarray::s![..1000, ..]);
    write_sound(&bench, "stems/source-11.wav", &short, 8000.0, Dtype::F32);
    bench.fails(evaluate, 1, &["source-11.wav: has 1000 samples at 8000 Hz", "source-2.wav has 2000"]);
    std::fs::create_dir(bench.path("empty")).unwrap();
    bench.fails("evaluate --estimate empty --reference truth.wav", 1, &["empty: is a folder without sound"]);
    // Sound is no image.
    assert!(!bench.ok("inspect truth.wav").contains("images"));
}

#[test]
fn sources_stay_in_their_files_along_a_recording() {
    let bench = fitted();
    let song = song(24_000, 1);
    write_sound(&bench, "song.wav", &song, 8000.0, Dtype::I16);
    bench.ok("separate song.wav --run run --out stems --mask");
    let energy = |name: &str, from: usize| -> f64 {
        let (values, ..) = read_sound(&bench, name);
        values.iter().skip(from).take(4000).map(|value| value * value).sum()
    };
    // Alone at the beginning and at the end; in between the order must not change.
    let [first, second] =
        ["stems/source-1.wav", "stems/source-2.wav"].map(|name| [energy(name, 2000), energy(name, 19_000)]);
    assert!((first[0] > second[0]) != (first[1] > second[1]), "{first:?} {second:?}");
}

#[test]
fn recordings_of_another_rate_are_resampled_and_stereo_needs_a_mask() {
    let bench = fitted();
    write_sound(&bench, "song.wav", &song(3000, 2), 16_000.0, Dtype::I16);
    bench.fails("separate song.wav --run run --out stems", 1, &["2 channels", "--mask"]);
    let told = bench.json("separate song.wav --run run --out stems --mask");
    assert_eq!((&told["samples"], &told["resampled_from"]), (&1500.into(), &16_000.0.into()));
    assert_eq!(read_sound(&bench, "stems/source-2.wav").0.dim(), (1500, 2));
    bench.fails("separate song.wav --run run --out stems --mask", 1, &["not empty", "--force"]);
    bench.fails("separate song.wav --run run --out song-2.wav --mask", 1, &["song-2.wav", "name a folder"]);
    // Of a separation into three, which is replaced.
    std::fs::copy(bench.path("stems/source-1.wav"), bench.path("stems/source-3.wav")).unwrap();
    bench.ok("separate song.wav --run run --out stems --mask --force");
    assert!(!bench.path("stems/source-3.wav").exists());
    // A dataset of another rate has as many samples less; at two rates there is nothing to compare.
    let fast = notes_of(16_000.0);
    fast.ok(&format!("gather notes --out fast.h5 {SMALL}"));
    fast.ok("mix fast.h5 --mix 2 --seed 1 --out test.h5");
    let run = bench.path("run").display().to_string();
    fast.ok(&format!("separate test.h5:mixture --run {run} --out slow.h5 --mask"));
    assert_eq!(fast.read("slow.h5:sources").shape(), [20, 2, 120]);
    fast.fails("evaluate --estimate slow.h5 --reference test.h5", 1, &["8000 samples per second", "has 16000"]);
}

#[test]
fn a_folder_of_notes_is_learnt_from_as_it_is() {
    let bench = notes();
    let short = LEARN.replace("--epochs 300", "--epochs 2").replace("--model mixit --mix 1", "--model neri");
    write_sound(&bench, "notes/silent.wav", &Array2::zeros((300, 1)), 8000.0, Dtype::I16);
    let told = bench.json(&format!("fit notes --mix 2 --out run {short} {SMALL}"));
    let warning = told["warnings"][0].as_str().unwrap();
    assert!(warning.contains("notes/silent.wav is silent and was left out"), "{warning}");
    let config = std::fs::read_to_string(bench.path("run/config.toml")).unwrap();
    assert!(config.contains("[front-end]") && config.contains("kind = \"stft\""), "{config}");
    for model in ["mixit --mix 1", "ae --mix 2"] {
        let short = short.replace("--model neri", &format!("--model {model}"));
        bench.ok(&format!("fit notes --out run --force {short} {SMALL}"));
    }
    let without = short.replace("--set front-end.kind=stft", "");
    bench.fails(&format!("fit notes/low/1.wav --mix 2 --out no {without}"), 1, &["front-end.kind=stft"]);
    bench.fails(&format!("fit notes --mix 2 --out no {without}"), 1, &["notes: is a folder", "--preset audio"]);
    bench.fails(&format!("fit notes --mix 2 --out no {short} --set front-end.hop=2000"), 1, &["2000"]);
    bench.fails(&format!("fit notes --mix 2 --out no {short} --set front-end.pool=3"), 1, &["front-end.pool is 3"]);
}
