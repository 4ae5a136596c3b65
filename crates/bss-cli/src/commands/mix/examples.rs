//! Clean examples, mixed as models of datasets mix them.

use anyhow::{Result, ensure};
use bss_data::{Dtype, Format, Named};
use bss_nn::{Noise, Purpose};
use ndarray::{ArrayD, IxDyn};

use crate::args::MixArgs;
use crate::input::{Take, read_examples};
use crate::output;

/// Writes mixtures of `mix` examples each, `x = (s₁ + … + s_M) / M`, and the `s / M` that they are the sums of, to the bit
/// in single precision.
///
/// # Errors
/// Examples that cannot be read or are too few, or a file that cannot be written.
pub(super) fn run(args: &MixArgs, mix: usize) -> Result<()> {
    let examples = read_examples(&args.sources, None, Take::Any)?;
    let (count, features) = (examples.count() / mix, examples.features());
    ensure!(
        count > 0,
        "{}: {} examples are too few for one mixture of {mix}; lower --mix, or give more examples",
        examples.label,
        examples.count()
    );
    let order = Noise::new(args.seed).permutation(Purpose::Mix, 0, examples.count());
    let share = 1.0 / mix as f32;
    let mut sources = Vec::with_capacity(count * mix * features);
    for &example in &order[..count * mix] {
        let start = example as usize * features;
        sources.extend(examples.values[start..start + features].iter().map(|value| value * share));
    }
    let mut mixture = Vec::with_capacity(count * features);
    for mixed in sources.chunks_exact(mix * features) {
        mixture.extend((0..features).map(|i| mixed[i..].iter().step_by(features).sum::<f32>()));
    }
    let array = |head: &[usize], values: &[f32]| {
        let shape = [head, &examples.shape].concat();
        ArrayD::from_shape_vec(IxDyn(&shape), values.iter().copied().map(f64::from).collect())
    };
    let (mixture, sources) = (array(&[count], &mixture)?, array(&[count, mix], &sources)?);
    let mut arrays = vec![Named { name: "mixture", values: &mixture }];
    if Format::of(&args.out)?.has_keys() {
        arrays.push(Named { name: "sources", values: &sources });
    }
    bss_data::write(&args.out, &arrays, Dtype::F32, examples.sample_rate)?;
    let left = match examples.count() % mix {
        0 => String::new(),
        left => format!(", {left} of them left over"),
    };
    let bytes = if examples.were_bytes { "; uint8 values were divided by 255" } else { "" };
    output::print(&format!(
        "wrote {}: {count} mixtures of {mix} out of {}{left} (seed {}{bytes})\n",
        args.out.display(),
        examples.extent(),
        args.seed
    ))
}
