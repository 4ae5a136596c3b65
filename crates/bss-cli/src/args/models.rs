//! `bss models` and `bss completions`.

use clap::Args;
use clap_complete::Shell;

/// List models, priors and baselines, each with its paper.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_long_help = "Example:
  bss models")]
pub(crate) struct ModelsArgs {
    /// Print the list as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print a completion script for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_long_help = "Example:
  bss completions bash > ~/.local/share/bash-completion/completions/bss")]
pub(crate) struct CompletionsArgs {
    /// Shell to complete in
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}
