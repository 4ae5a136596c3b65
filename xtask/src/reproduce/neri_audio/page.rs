//! The page: Table III with the paper's values beside ours, and how to read it.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::reproduce::machine;

/// The paper's rows: SI-SDR, SIR and SAR in dB.
const PAPER: [(&str, [f64; 3]); 7] = [
    ("NMF", [5.40, 16.93, 7.96]),
    ("MixIT", [6.64, 17.59, 8.26]),
    ("VAE", [14.33, 29.92, 14.87]),
    ("VAEM, encoder alone", [17.10, 29.55, 18.20]),
    ("VAEM", [17.10, 29.55, 18.20]),
    ("IBM", [23.97, 48.89, 24.06]),
    ("IRM", [22.66, 34.39, 23.23]),
];

const HEAD: &str = "# Notes of instruments: Table III of Neri et al.\n\n\
    Mixtures of two notes, x = (s₁ + s₂)/2, each note 1.5 s of 44.1 kHz, as loud as every other, and with nothing above the 256 bins that the \
    model sees\n(`bss gather`). Medians over the mixtures of the test notes, each note in one mixture. The paper's notes, the McGill University \
    Master Samples, are\nnot public: its figures stand beside ours for orientation.\n\n\
    `cargo xtask dataset instruments` and `cargo xtask reproduce neri-audio --preset quick` make this page and `results.json`; runs are kept, and gone on \
    with. ";

/// The figures of the VAE's report that are shown.
pub(super) const FIGURES: [&str; 2] = ["examples.png", "si-sdr.png"];

/// The page in markdown, for a folder that has the pictures of some presets.
pub(super) fn page(results: &[Value], folder: &Path) -> String {
    let mut text = format!("{HEAD}Machine: {}.\n", machine());
    for preset in ["quick", "paper"] {
        let rows: Vec<_> = results.iter().filter(|result| result["preset"] == preset).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n## Preset {preset}\n\nSI-SDR / SIR / SAR in dB, over {} mixtures of notes from `{}`.\n\n\
             | method | paper | ours | fit | separation |\n| --- | --- | --- | --- | --- |\n",
            rows[0]["examples"],
            rows[0]["notes"].as_str().unwrap_or("unknown")
        );
        for row in rows {
            let method = row["method"].as_str().unwrap_or_default();
            let paper = PAPER.iter().find(|(name, _)| *name == method);
            let paper = paper.map_or_else(|| "-".to_owned(), |(_, [a, b, c])| format!("{a:.2} / {b:.2} / {c:.2}"));
            let seconds =
                |key: &str| row[key].as_f64().map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0} s"));
            let (fit, separation) = (seconds("fit_seconds"), seconds("separate_seconds"));
            let cut = if row["fit_is_done"] == false { ", cut" } else { "" };
            let _ = writeln!(text, "| {method} | {paper} | {} | {fit}{cut} | {separation} |", scores(row));
        }
        if let Some(vaem) = results.iter().find(|row| row["preset"] == preset && row["method"] == "VAEM") {
            text += &training(vaem);
        }
    }
    text += READING;
    for preset in ["quick", "paper"] {
        if FIGURES.iter().all(|figure| folder.join(format!("{preset}-{figure}")).is_file()) {
            let _ = write!(
                text,
                "\n## Pictures, preset {preset}\n\nThe first four test mixtures, as in the paper's Figure 3, and how the scores of all are \
                 distributed; in the report of the run they can\nbe listened to (the command names its folder).\n\n\
                 ![Spectrograms of mixtures, true sources and estimates]({preset}-{})\n\n![Histograms of SI-SDR]({preset}-{})\n",
                FIGURES[0], FIGURES[1]
            );
        }
    }
    text
}

/// What is known of the VAE's training: its memory, and how good its masks were on the way.
fn training(vaem: &Value) -> String {
    let mut text = String::new();
    if let Some(bytes) = vaem["most_memory"].as_f64() {
        let _ = write!(text, "\nThe training of the VAE held at most {:.2} GiB.\n", bytes / f64::from(1 << 30));
    }
    let points = vaem["course"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !points.is_empty() {
        text += "\nVAEM on the way:\n\n| seconds | iteration | SI-SDR / SIR / SAR |\n| --- | --- | --- |\n";
    }
    for point in points {
        let _ = writeln!(text, "| {} | {} | {} |", point["seconds"], point["iteration"], scores(&point["score"]));
    }
    text
}

/// A line about a row.
pub(super) fn line(row: &Value) -> String {
    format!("{:<20} {} dB", row["method"].as_str().unwrap_or_default(), scores(row))
}

fn scores(row: &Value) -> String {
    let number = |key: &str| row[key].as_f64().map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    ["si_sdr_db", "sir_db", "sar_db"].map(number).join(" / ")
}

/// How to read the numbers; true of any run.
const READING: &str = "\n## Reading it\n\n\
    NMF factorises each mixture by itself, with 8 templates a source as in the paper, which are variants of the one template that a first \
    factorisation finds\nfor each; *one template* stops there. MixIT is trained on sums of two single notes, which is as good as supervised; its batches hold \
    half as many\nmixtures as the VAE's and are fewer. All but *VAE* are masks of the mixture, and but for \
    the ideal ones that\nthe paper names and those of preset paper they are shares of energies (`front-end.mask`), which served NMF and the refined VAEM better than shares of magnitudes (equation 10 of the paper).\n\n\
    *VAEM* of preset quick goes beyond the paper, as the preset `audio` does by itself (`bss separate --mask`). The encoder answers for all mixtures at once, and often \
    leaves some of one note in the other's\noutput: *encoder alone* (`--refine 0`) is the paper's VAEM, with this network and this training, and stays below NMF, which fits each mixture by itself. \
    So\nlatent sources go on by gradient for each mixture by itself; and in rounds, each source in turn is encoded anew from what the others leave of \
    the\nmixture, those of its sources that are heard go on, and what costs least is kept (15 steps a descent, 3 rounds; *longer*: `--refine 50 --rounds 4`). It knows no truth.\n\n\
    The ideal masks are those of every frame; the preset `audio` sees 8 frames as one, and its masks are constant over them. With \
    `--minutes` a\ntraining is cut, and the next call goes on with it.\n";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ours_stand_beside_the_papers() {
        let folder = tempfile::tempdir().unwrap();
        let row = json!({
            "method": "VAEM", "preset": "quick", "si_sdr_db": 9.126, "sir_db": 20.0, "sar_db": 11.0, "examples": 256,
            "fit_seconds": 600.2, "separate_seconds": 1.2, "notes": "orchestra",
        });
        let cut = json!({
            "method": "VAEM", "preset": "paper", "si_sdr_db": 1.0, "sir_db": 2.0, "sar_db": 3.0, "examples": 256,
            "fit_seconds": 1800.0, "separate_seconds": 1.2, "notes": "orchestra", "fit_is_done": false,
            "most_memory": 5_905_580_032_u64,
            "course": [{ "seconds": 300.0, "iteration": 70, "score": { "si_sdr_db": 0.5, "sir_db": 1.0, "sar_db": 9.0 } }],
        });
        let paper = super::page(&[cut], folder.path());
        assert!(!paper.contains("Pictures"), "{paper}");
        assert!(paper.contains("1.00 / 2.00 / 3.00 | 1800 s, cut | 1 s |"), "{paper}");
        assert!(
            paper.contains("held at most 5.50 GiB") && paper.contains("| 300.0 | 70 | 0.50 / 1.00 / 9.00 |"),
            "{paper}"
        );
        for figure in FIGURES {
            std::fs::write(folder.path().join(format!("quick-{figure}")), "").unwrap();
        }
        let page = page(std::slice::from_ref(&row), folder.path());
        assert!(page.contains("(quick-examples.png)"), "{page}");
        assert!(page.contains("| VAEM | 17.10 / 29.55 / 18.20 | 9.13 / 20.00 / 11.00 | 600 s | 1 s |"), "{page}");
        assert!(
            page.contains("over 256 mixtures of notes from `orchestra`") && !page.contains("Preset paper"),
            "{page}"
        );
        assert!(line(&row).contains("9.13 / 20.00 / 11.00 dB"));
    }
}
