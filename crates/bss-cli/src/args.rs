//! The command line as it is typed: every command with its arguments, exactly as given.
//!
//! Nothing is decided here. Options that have a counterpart in the settings are `None` unless they were given, and
//! [`crate::config`] resolves them.

mod count;
mod data;
mod evaluate;
mod fit;
mod gather;
mod ideal;
mod inspect;
mod mix;
mod models;
mod report;
mod separate;
mod synth;

use clap::{Parser, Subcommand};

pub(crate) use count::CountArgs;
pub(crate) use data::{DataArgs, OnNan, Traversal};
pub(crate) use evaluate::EvaluateArgs;
pub(crate) use fit::FitArgs;
pub(crate) use gather::GatherArgs;
pub(crate) use ideal::{IdealArgs, IdealMask};
pub(crate) use inspect::InspectArgs;
pub(crate) use mix::MixArgs;
pub(crate) use models::{CompletionsArgs, ModelsArgs};
pub(crate) use report::ReportArgs;
pub(crate) use separate::{Scale, SeparateArgs};
pub(crate) use synth::{IMAGES, SynthArgs};

/// Blind source separation with variational auto-encoders.
#[derive(Debug, Parser)]
#[command(
    name = "bss",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "A first run, on synthetic sources:
  bss synth sine+square+ar --samples 1000 --out sources.npy
  bss mix sources.npy --out mixture.npz
  bss fit mixture.npz --out runs/first
  bss separate --run runs/first --out estimate.npz
  bss evaluate --estimate estimate.npz --reference mixture.npz

Exit codes: 0 done, 1 wrong input or setting, 2 usage, 3 the run failed, 130 interrupted."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands; what each is for is said with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Fit(Box<FitArgs>),
    Count(Box<CountArgs>),
    Separate(SeparateArgs),
    Evaluate(EvaluateArgs),
    Inspect(InspectArgs),
    Report(ReportArgs),
    Mix(MixArgs),
    Gather(GatherArgs),
    Ideal(IdealArgs),
    Synth(SynthArgs),
    Models(ModelsArgs),
    Completions(CompletionsArgs),
}

impl Command {
    /// Whether no more than results and errors are to be printed.
    pub(crate) fn is_quiet(&self) -> bool {
        match self {
            Self::Fit(args) => args.quiet,
            Self::Count(args) => args.quiet,
            Self::Separate(args) => args.quiet,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_ends_its_help_on_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("bss {}", command.get_name());
            assert!(help.contains("Example") && help.contains(&example), "{}: {help}", command.get_name());
        }
    }
}
