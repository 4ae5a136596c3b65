//! The page: Table III with the paper's values beside ours, and how to read it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::reproduce::machine;

/// The paper's rows: SI-SDR, SIR and SAR in dB.
const PAPER: [(&str, [f64; 3]); 6] = [
    ("NMF", [5.40, 16.93, 7.96]),
    ("MixIT", [6.64, 17.59, 8.26]),
    ("VAE", [14.33, 29.92, 14.87]),
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

/// The page in markdown.
pub(super) fn page(results: &[Value]) -> String {
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
            let _ = writeln!(text, "| {method} | {paper} | {} | {fit} | {separation} |", scores(row));
        }
    }
    text + READING
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
    factorisation finds\nfor each; *one template* stops there. MixIT is trained on sums of two single notes, which is as good as supervised. \
    All but *VAE* are masks of the\nmixture. The ideal masks are those of every frame; the preset `audio` sees several frames as one, and an ideal ratio mask that is \
    constant over\n32 of them has 18.96 dB, over 8 19.82, where that of every frame has 20.58; masks of energies have 20.39 over 32 and 21.77 (48 mixtures of the Philharmonia Orchestra's notes).\n\n\
    The table is of an earlier preset `audio`, without weight decay and with 32 frames seen as one. There one output tends to take both notes, all the\n\
    more the longer it is trained and the wider and shallower the network is (hidden layers of 1500 and 1000: 2.8 dB after 3000 iterations, 0.1 after\n\
    9000, while the loss falls all the time). The preset as it is now has the default weight decay of 0.2, and VAEM a median SI-SDR of 7.07 dB after four\n\
    minutes of training (the first 128 of 256 mixtures that `bss mix --seed 1` makes of the same notes; seed 0): still below NMF. The table was not made anew.\n";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ours_stand_beside_the_papers() {
        let row = json!({
            "method": "VAEM", "preset": "quick", "si_sdr_db": 9.126, "sir_db": 20.0, "sar_db": 11.0, "examples": 256,
            "fit_seconds": 600.2, "separate_seconds": 1.2, "notes": "orchestra",
        });
        let page = page(std::slice::from_ref(&row));
        assert!(page.contains("| VAEM | 17.10 / 29.55 / 18.20 | 9.13 / 20.00 / 11.00 | 600 s | 1 s |"), "{page}");
        assert!(
            page.contains("over 256 mixtures of notes from `orchestra`") && !page.contains("Preset paper"),
            "{page}"
        );
        assert!(line(&row).contains("9.13 / 20.00 / 11.00 dB"));
    }
}
