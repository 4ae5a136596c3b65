//! `bss fit`.

mod direct;
mod examples;
mod record;
mod session;
mod settings;
mod start;
mod summary;

use anyhow::{Context as _, Result};

use crate::args::FitArgs;
use crate::config::Config;
use crate::model::{self, Fitting};
use crate::outcome::Fault;
use crate::{interrupt, shell};
use session::{End, Session};

/// Fits a model to a recording or a dataset and writes the run.
///
/// # Errors
/// Wrong settings or input; a run that failed or was interrupted.
pub(crate) fn run(args: &FitArgs) -> Result<()> {
    super::use_threads(args.threads)?;
    let args = settings::with_inputs(args)?;
    let args = args.as_ref();
    let config = if args.resume { settings::resumed(args)? } else { Config::for_fit(args)? };
    match model::kind(config.model).fitting {
        Fitting::Trained => train(args, config),
        Fitting::Direct(fit) => direct::run(args, config, fit),
        Fitting::Examples(network) => examples::run(args, config, network),
        Fitting::DirectExamples(fit) => examples::run_direct(args, config, fit),
    }
}

/// Fits a model step by step.
fn train(args: &FitArgs, config: Config) -> Result<()> {
    let mut session = start::start(args, config)?;
    interrupt::catch()?;
    let go_on = go_on(args);
    let end = session.train(args.quiet);
    let saved = end.and_then(|end| session.checkpoint().map(|()| end));
    let end = saved.with_context(|| session::stopped(&session.folder, session.trainer.iteration(), &go_on))?;
    match end {
        End::Done => finish(&mut session, args),
        End::Interrupted => {
            let at = format!("{} of {} iterations", session.trainer.iteration(), session.trainer.schedule().iterations);
            Err(Fault::Interrupted(format!("interrupted after {at}; all is saved, go on with {go_on}")).into())
        }
    }
}

/// The command that goes on with the run.
fn go_on(args: &FitArgs) -> String {
    format!("`bss fit --out {} --resume`", shell::word(&args.out.display().to_string()))
}

fn finish(session: &mut Session, args: &FitArgs) -> Result<()> {
    let result = session.result()?;
    session.write_record(&result)?;
    if !result.loss.is_finite() {
        session::withdraw_model(&session.folder)?;
        return Err(Fault::Run(format!(
            "every restart diverged; {} keeps the log, but no model; try again with --force and \
             --set training.learning_rate={}, or check the input for outliers",
            args.out.display(),
            0.25 * session.config.training.learning_rate
        ))
        .into());
    }
    summary::print(&result, args)
}
