//! Notes played from a soundfont.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use hound::{SampleFormat, WavSpec, WavWriter};
use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};

const RATE: u32 = 44_100;
/// Seconds of a note, of which it is held so many.
const SECONDS: f64 = 1.6;
const HELD: f64 = 1.4;
/// How hard notes are struck.
const VELOCITIES: [i32; 2] = [60, 100];

/// General MIDI programs, counted from 0, with their name and the range that the instrument has, as MIDI notes.
const INSTRUMENTS: [(i32, &str, i32, i32); 44] = [
    (0, "piano", 28, 100),
    (4, "electric-piano", 28, 100),
    (6, "harpsichord", 36, 89),
    (8, "celesta", 60, 100),
    (9, "glockenspiel", 72, 100),
    (11, "vibraphone", 53, 89),
    (12, "marimba", 45, 96),
    (13, "xylophone", 65, 100),
    (15, "dulcimer", 60, 84),
    (16, "organ", 36, 96),
    (19, "church-organ", 36, 96),
    (21, "accordion", 53, 89),
    (22, "harmonica", 60, 84),
    (24, "guitar", 40, 84),
    (25, "steel-guitar", 40, 84),
    (26, "jazz-guitar", 40, 86),
    (32, "bass", 28, 55),
    (33, "electric-bass", 28, 55),
    (40, "violin", 55, 96),
    (41, "viola", 48, 84),
    (42, "cello", 36, 72),
    (43, "double-bass", 28, 55),
    (45, "pizzicato", 36, 96),
    (46, "harp", 28, 100),
    (48, "strings", 28, 96),
    (52, "choir", 48, 79),
    (56, "trumpet", 58, 94),
    (57, "trombone", 34, 75),
    (58, "tuba", 29, 55),
    (59, "muted-trumpet", 58, 82),
    (60, "french-horn", 41, 77),
    (64, "soprano-saxophone", 54, 87),
    (65, "alto-saxophone", 49, 80),
    (66, "tenor-saxophone", 42, 75),
    (67, "baritone-saxophone", 37, 68),
    (68, "oboe", 58, 91),
    (69, "english-horn", 52, 81),
    (70, "bassoon", 34, 72),
    (71, "clarinet", 50, 91),
    (72, "piccolo", 74, 100),
    (73, "flute", 60, 96),
    (74, "recorder", 60, 96),
    (75, "pan-flute", 60, 96),
    (105, "banjo", 48, 84),
];

/// Plays every instrument over its range into one mono file of 16 bits a note, `INSTRUMENT/NOTE-VELOCITY.wav`; returns how
/// many there are.
///
/// # Errors
/// When the soundfont cannot be read or a file cannot be written.
pub(super) fn all(soundfont: &Path, folder: &Path) -> Result<usize> {
    let shown = soundfont.display();
    let file = File::open(soundfont).with_context(|| format!("{shown}: cannot be opened"))?;
    let font =
        SoundFont::new(&mut BufReader::new(file)).map_err(|error| anyhow!("{shown}: is no soundfont: {error}"))?;
    let font = Arc::new(font);
    let mut settings = SynthesizerSettings::new(RATE as i32);
    // Rooms are not part of the instruments.
    settings.enable_reverb_and_chorus = false;
    let mut count = 0;
    for (program, name, lowest, highest) in INSTRUMENTS {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        for note in lowest..=highest {
            for velocity in VELOCITIES {
                let mut synthesizer = Synthesizer::new(&font, &settings)
                    .map_err(|error| anyhow!("{shown}: cannot be played: {error}"))?;
                write(
                    &folder.join(format!("{note}-{velocity}.wav")),
                    &played(&mut synthesizer, program, note, velocity),
                )?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// The mean of both channels of one note.
fn played(synthesizer: &mut Synthesizer, program: i32, note: i32, velocity: i32) -> Vec<f32> {
    const PROGRAM_CHANGE: i32 = 0xC0;
    synthesizer.process_midi_message(0, PROGRAM_CHANGE, program, 0);
    synthesizer.note_on(0, note, velocity);
    let (samples, held) = ((SECONDS * f64::from(RATE)) as usize, (HELD * f64::from(RATE)) as usize);
    let (mut left, mut right) = (vec![0.0; samples], vec![0.0; samples]);
    synthesizer.render(&mut left[..held], &mut right[..held]);
    synthesizer.note_off(0, note);
    synthesizer.render(&mut left[held..], &mut right[held..]);
    left.iter().zip(&right).map(|(left, right)| 0.5 * (left + right)).collect()
}

/// Writes a note whose peak is half of what the file can hold.
fn write(path: &Path, values: &[f32]) -> Result<()> {
    let peak = values.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    let gain = if peak > 0.0 { 0.5 * f32::from(i16::MAX) / peak } else { 0.0 };
    let spec = WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let written = WavWriter::create(path, spec).and_then(|mut writer| {
        values.iter().try_for_each(|value| writer.write_sample((value * gain).round() as i16))?;
        writer.finalize()
    });
    written.with_context(|| format!("{}: cannot be written", path.display()))
}
