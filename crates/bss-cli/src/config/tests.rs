//! Settings from every side: defaults, files, `--set`, options.

use clap::Parser as _;
use proptest::prelude::*;

use super::*;
use crate::args::{Cli, Command};

fn set(sets: &[&str]) -> Result<Config, String> {
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    Config::load(None, &sets).map_err(|error| format!("{error:#}"))
}

fn file(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fit.toml");
    std::fs::write(&path, text).unwrap();
    let prefix = format!("{}: ", path.display());
    Config::load(Some(&path), &[]).map_err(|error| {
        let message = format!("{error:#}");
        message.strip_prefix(&prefix).expect("the message names the file").to_owned()
    })
}

fn fit(arguments: &str) -> Result<Config, String> {
    let arguments = format!("bss fit a.npy --out run {arguments}");
    let Command::Fit(args) = Cli::try_parse_from(arguments.split_whitespace()).unwrap().command else {
        unreachable!("the arguments are those of fit")
    };
    Config::for_fit(&args).map_err(|error| format!("{error:#}"))
}

#[test]
fn the_papers_model_is_one_file_away() {
    let paper = Config::from_toml(include_str!("../../../../docs/settings/paper.toml")).unwrap();
    let PriorConfig { base, order, kind, .. } = paper.prior;
    assert_eq!((base, order, kind, paper.decoder.kind), (Base::Gaussian, 1, Prior::ArFlow, Decoder::Linear));
    assert_eq!(paper.training.restarts, 1);
}

#[test]
fn the_defaults_are_valid_and_read_back() {
    let defaults = Config::default();
    defaults.validate().unwrap();
    assert_eq!(file(&defaults.to_toml()), Ok(defaults));
}

#[test]
fn later_sources_overrule_earlier_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fit.toml");
    std::fs::write(&path, "seed = 1\nsources = 2\n[training]\nrestarts = 2\niterations = 2\n").unwrap();
    let config = fit(&format!("--config {} --set training.restarts=3 --set seed=3 --seed 4", path.display())).unwrap();
    let training = &config.training;
    assert_eq!((config.seed, config.sources, training.restarts, training.iterations), (4, Some(2), 3, 2));
    assert_eq!(config.data.inputs, ["a.npy"]);
}

#[test]
fn values_are_toml_or_bare_strings() {
    let config = set(&[
        "prior.kind=ar",
        "prior.base = \"gaussian\"",
        "encoder.widths=[8, 4]",
        "decoder.widths=16",
        "training.iterations=2e3",
        "training.beta=1",
        "data.columns=1-8",
        "data.on_nan=interpolate",
    ])
    .unwrap();
    assert_eq!(config.prior.kind, Prior::Ar);
    assert_eq!(config.prior.base, Base::Gaussian);
    assert_eq!((config.encoder.widths, config.decoder.widths), (vec![8, 4], vec![16]));
    assert_eq!((config.training.iterations, config.training.beta), (2000, 1.0));
    assert_eq!(config.data.columns.map(|columns| columns.to_string()), Some("1-8".to_owned()));
    assert_eq!(config.data.on_nan, Some(OnNan::Interpolate));
}

#[test]
fn wrong_settings_are_answered_with_what_was_expected() {
    let cases = [
        ("training.restart=3", "unknown key training.restart; did you mean training.restarts?"),
        ("restarts=3", "unknown key restarts; did you mean training.restarts?"),
        ("training.restarts=six", "training.restarts is \"six\", expected a whole number from 1 to 65535"),
        ("training.restarts=0", "training.restarts is 0, expected a whole number from 1 to 65535"),
        ("training.restarts=1.5", "training.restarts is 1.5, expected a whole number from 1 to 65535"),
        ("training.restarts=1e12", "training.restarts is 1000000000000.0, expected a whole number from 1 to 65535"),
        ("prior.hidden=1e10", "prior.hidden is 10000000000.0, expected a whole number from 0 to 1024"),
        ("seed=-1", "seed is -1, expected a whole number of at least 0"),
        ("prior.kind=ar-flo", "prior.kind is \"ar-flo\", expected one of gaussian, ar, ar-flow; did you mean ar-flow?"),
        ("prior.kappa=1", "prior.kappa is 1, expected a number above 0 and below 1"),
        ("training.beta=nan", "training.beta is nan, expected a number above 0"),
        ("training.anneal_to=1.5", "training.anneal_to is 1.5, expected a number from 0 to 1"),
        ("encoder.widths=[8, 0]", "encoder.widths is [8, 0], expected a list of whole numbers from 1 to 65536"),
        ("encoder.widths=[]", "encoder.widths is [], expected a list of whole numbers from 1 to 65536"),
        ("data.channels_first=yes", "data.channels_first is \"yes\", expected true or false"),
        ("data.columns=8-1", "data.columns is \"8-1\", expected columns from 0 on, such as \"1-8,10\""),
        (
            "prior=ar",
            "prior is a section; set one of prior.kind, prior.base, prior.components, prior.order, \
                      prior.hidden, prior.kappa",
        ),
        ("prior.kind", "--set prior.kind: expected KEY=VALUE, as in prior.kind=ar"),
        ("decoder.kind=tied", ""),
    ];
    for (setting, message) in cases {
        match set(&[setting]) {
            Ok(_) => assert_eq!(message, "", "{setting}"),
            Err(found) => assert_eq!(found, message, "{setting}"),
        }
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let message = set(&["training.anneal_from=0.9", "training.anneal_to=0.1"]).unwrap_err();
    assert!(message.contains("training.anneal_from is 0.9, expected at most training.anneal_to"), "{message}");
    let message = set(&["decoder.kind=tied", "encoder.kind=mlp"]).unwrap_err();
    assert!(message.contains("decoder.kind is tied, which needs an encoder that can be undone"), "{message}");
}

#[test]
fn files_are_held_to_the_same_schema() {
    assert_eq!(file("sources = 3\n[prior]\nkind = \"ar\"").map(|config| config.sources), Ok(Some(3)));
    for (text, part) in [
        ("[training]\nrestart = 3", "unknown key training.restart; did you mean training.restarts?"),
        ("[trainin]\nrestarts = 3", "unknown key trainin; did you mean"),
        ("seed = true", "seed is true, expected a whole number"),
        ("seed = ", "no valid TOML"),
        ("prior = 3", "prior is a section"),
    ] {
        let message = file(text).unwrap_err();
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn options_of_other_models_are_refused() {
    assert!(fit("--epochs 3").unwrap_err().contains("--iterations instead"));
    assert!(fit("--mix 2").unwrap_err().contains("bss mix"));
    assert!(fit("--model arflow").unwrap_err().contains("did you mean ar-flow?"));
    assert!(fit("--sources 0").unwrap_err().contains("sources is 0, expected a whole number from 1 to 65536"));
    assert_eq!(fit("--sample-rate 250").unwrap().data.sample_rate, Some(250.0));
}

#[test]
fn changes_are_told_from_defaults() {
    let config = set(&["prior.kind=ar", "training.restarts=5"]).unwrap();
    let changes: Vec<String> = config.changes().iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(changes, ["prior.kind=\"ar\""]);
}

prop_compose! {
    fn configs()(
        seed in 0..=i64::MAX as u64,
        sources in proptest::option::of(1_usize..100),
        inputs in prop::collection::vec("\\PC{1,12}", 0..3),
        rate in proptest::option::of(1e-3..1e6),
        columns in proptest::option::of((0_usize..5, 5_usize..9)),
        widths in prop::collection::vec(1_usize..300, 1..4),
        kappa in 0.001..0.999,
        anneal in (0.0..0.5, 0.5..1.0),
        beta in 1e-300..1e3,
        choices in (0..3_usize, 0..2_usize, any::<bool>()),
    ) -> Config {
        let mut config = Config { seed, sources, ..Config::default() };
        config.data.inputs = inputs;
        config.data.sample_rate = rate;
        config.data.columns = columns.map(|(first, last)| format!("{first}-{last}").parse().unwrap());
        config.data.channels_first = choices.2;
        config.data.on_nan = [None, Some(OnNan::Drop), Some(OnNan::Interpolate)][choices.0];
        config.data.traversal = [None, Some(Traversal::Raster), Some(Traversal::Hilbert)][choices.0];
        config.encoder.widths = widths;
        config.prior.kind = [Prior::Gaussian, Prior::Ar, Prior::ArFlow][choices.0];
        config.prior.base = [Base::Gaussian, Base::Mixture][choices.1];
        config.prior.kappa = kappa;
        (config.training.anneal_from, config.training.anneal_to) = anneal;
        config.training.beta = beta;
        config
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(config in configs()) {
        prop_assert_eq!(file(&config.to_toml()), Ok(config));
    }
}
