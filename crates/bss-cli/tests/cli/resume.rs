//! Runs that are killed, interrupted and resumed: the end is bit for bit that of a run left alone.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Bench;
use crate::fit::{EXACT, SHORT, fitted, mixed};

/// A fit long enough to be caught in the middle, with its states saved at every iteration.
const OFTEN: &str =
    "m.npz --iterations 300 --restarts 2 --set training.log_every=1 --set training.checkpoint_seconds=0";

/// The same with no state saved before the end.
const SELDOM: &str =
    "m.npz --iterations 300 --restarts 2 --set training.log_every=1 --set training.checkpoint_seconds=3600";

/// How often a fit is started anew because it was done before it could be caught.
const ATTEMPTS: usize = 20;

fn spawn(bench: &Bench, arguments: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bss"));
    command.current_dir(bench.path(".")).args(arguments.split_whitespace());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until a file has so many lines.
fn wait_for_lines(child: &mut Child, path: &Path, lines: usize) {
    let started = Instant::now();
    while fs::read_to_string(path).map_or(0, |text| text.lines().count()) < lines {
        let is_running = child.try_wait().unwrap().is_none();
        if !is_running {
            return;
        }
        assert!(started.elapsed() < Duration::from_mins(2), "nothing is logged");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts `fit ARGUMENTS --out run --force`, or goes on with it, and kills it in the middle.
pub(crate) fn killed(bench: &Bench, arguments: &str, lines: usize, resume: bool) {
    for _ in 0..ATTEMPTS {
        let option = if resume { "--resume" } else { "--force" };
        let mut child = spawn(bench, &format!("fit {arguments} --out run {option}"));
        if resume {
            std::thread::sleep(Duration::from_millis(30));
        } else {
            // What an earlier attempt left is cleared before the log is begun.
            wait_for_lines(&mut child, &bench.path("run/metrics.jsonl"), lines);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // A second death is welcome, but the first one is what counts.
        if resume || !bench.path("run/run.json").exists() {
            return;
        }
        fs::remove_dir_all(bench.path("run")).unwrap();
    }
    panic!("{arguments}: was always done before it could be killed");
}

#[test]
fn a_killed_run_goes_on_to_the_same_end() {
    let bench = mixed();
    bench.ok(&format!("fit {OFTEN} --out whole"));
    killed(&bench, OFTEN, 20, false);
    assert!(bench.path("run/state.safetensors").exists(), "a state is saved at every iteration");
    let at = bench.log("run").len();
    assert!((20..300).contains(&at), "killed after {at} iterations");
    // What was saved can be used already.
    assert!(bench.ok("separate --run run --out e.npy").contains("200 samples of 3 sources"));
    killed(&bench, "m.npz", 0, true);
    let said = bench.ok("fit --out run --resume");
    assert!(said.contains("has the lowest loss"), "{said}");
    bench.same("whole", "run", &EXACT);
    bench.same("whole", "run", &["config.toml"]);
    assert_eq!(bench.log("run").len(), 300, "no line is lost, none is twice");
}

#[test]
fn a_run_killed_before_its_first_state_begins_again() {
    let bench = mixed();
    bench.ok(&format!("fit {SELDOM} --out whole"));
    killed(&bench, SELDOM, 5, false);
    assert!(!bench.path("run/state.safetensors").exists());
    bench.fails("separate --run run --out e.npy", 1, &["run: has saved no model yet", "--out run --resume"]);
    bench.fails("report run", 1, &["run: has saved no model yet"]);
    bench.ok("fit m.npz --out run --resume");
    bench.same("whole", "run", &EXACT);
    bench.same("whole", "run", &["config.toml"]);
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_is_saved_and_says_how_to_go_on() {
    let bench = mixed();
    bench.ok(&format!("fit {SELDOM} --out whole"));
    for signal in ["-INT", "-TERM"] {
        let stderr = interrupted(&bench, SELDOM, signal);
        assert!(stderr.starts_with("error: interrupted after "), "{stderr}");
        assert!(stderr.contains(" of 300 iterations; all is saved, go on with `bss fit --out run --resume`"));
        assert!(bench.path("run/state.safetensors").exists() && !bench.path("run/run.json").exists());
        bench.ok("separate --run run --out e.npy");
        let go_on = stderr.split('`').nth(1).unwrap().strip_prefix("bss ").unwrap();
        bench.ok(go_on);
        bench.same("whole", "run", &EXACT);
    }
}

/// Starts `fit ARGUMENTS --out run`, sends it a signal in the middle, and gives what it has to say.
#[cfg(unix)]
pub(crate) fn interrupted(bench: &Bench, arguments: &str, signal: &str) -> String {
    for _ in 0..ATTEMPTS {
        let _ = fs::remove_dir_all(bench.path("run"));
        let mut child = spawn(bench, &format!("fit {arguments} --out run"));
        wait_for_lines(&mut child, &bench.path("run/metrics.jsonl"), 5);
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "the child waits to be reaped, so that its id is its own");
        let code = child.wait().unwrap().code();
        if code == Some(0) {
            continue;
        }
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(code, Some(130), "{stderr}");
        return stderr;
    }
    panic!("was always done before it could be interrupted");
}

#[test]
fn a_finished_run_is_left_as_it_is() {
    let bench = fitted();
    let before = bench.bytes("run", &EXACT);
    let said = bench.json("fit m.npz --out run --resume");
    assert_eq!(bench.bytes("run", &EXACT), before);
    let record: serde_json::Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
    assert_eq!(said["loss"], record["loss"]);
    assert_eq!(record["iterations"], 60);
}

#[test]
fn a_run_is_resumed_by_the_command_that_started_it() {
    let bench = mixed();
    bench.write_text("c.toml", "[training]\niterations = 40\nrestarts = 2\n");
    bench.ok("fit m.npz --out run --config c.toml --set prior.kind=ar --seed 4");
    bench.ok("fit m.npz --out run --config c.toml --set prior.kind=ar --seed 4 --resume");
    bench.ok("fit ./m.npz:mixture --out run --resume");
}

#[test]
fn what_does_not_fit_the_run_is_refused_by_key() {
    let bench = fitted();
    let before = bench.bytes("run", &EXACT);
    for (arguments, parts) in [
        ("--set prior.order=2", &["prior.order is 4 in run/config.toml, but 2 was asked for", "--force"][..]),
        ("--seed 1", &["seed is 0 in run/config.toml, but 1 was asked for"]),
        ("--restarts 3", &["training.restarts is 2 in", "but 3 was asked for"]),
        ("--iterations 90", &["training.iterations is 60 in", "but 90 was asked for"]),
        ("--sources 2", &["sources is 3 in", "but 2 was asked for"]),
        ("--columns 0-1", &["data.columns is none in", "\"0-1\" was asked for"]),
    ] {
        bench.fails(&format!("fit m.npz --out run --resume {arguments}"), 1, parts);
    }
    bench.fails("fit s.npy --out run --resume", 1, &["run: was fitted to other data than s.npy", "--force"]);
    bench.fails("fit m.npz m.npz --out run --resume", 1, &["run: was fitted to other data than m.npz and 1 more"]);
    for inputs in ["m.npz ", ""] {
        bench.fails(
            &format!("fit {inputs}--out none --resume"),
            1,
            &["none: not a run folder: config.toml is missing"],
        );
    }
    assert!(!bench.path("none").exists());
    assert_eq!(bench.bytes("run", &EXACT), before, "a refused request changes nothing");
}

#[test]
fn settings_that_were_changed_by_hand_are_told_from_those_of_the_state() {
    let bench = fitted();
    let text = fs::read_to_string(bench.path("run/config.toml")).unwrap();
    bench.write_text("run/config.toml", &text.replace("beta = 0.2 ", "beta = 0.9 "));
    bench.fails("fit m.npz --out run --resume", 1, &["run/config.toml: was changed since", "--force"]);
    bench.write_text("run/config.toml", &text);
    bench.ok("fit m.npz --out run --resume");
}

#[test]
fn a_state_may_be_as_rare_as_one_likes() {
    let bench = mixed();
    bench.ok("fit m.npz --out run --iterations 3 --restarts 1 --set training.checkpoint_seconds=1e300");
}

#[test]
fn a_run_is_replaced_only_by_force() {
    let bench = fitted();
    let before = bench.bytes("run", &EXACT);
    bench.fails(
        &format!("fit m.npz --out run {SHORT} --seed 1"),
        1,
        &["run: holds a run already", "--resume", "--force"],
    );
    assert_eq!(bench.bytes("run", &EXACT), before);
    // Nothing is lost before the new input is known to be good.
    bench.fails("fit none.npy --out run --force", 1, &["none.npy: no such file"]);
    assert_eq!(bench.bytes("run", &EXACT), before);
    bench.ok(&format!("fit m.npz --out run {SHORT} --seed 1 --force"));
    bench.ok(&format!("fit m.npz --out fresh {SHORT} --seed 1"));
    bench.same("run", "fresh", &EXACT);
    bench.same("run", "fresh", &["config.toml"]);
}

/// A limit on the size of files stands in for a disk that is full: the writes fail in the same place.
#[test]
#[cfg(target_os = "linux")]
fn a_state_that_cannot_be_written_fails_the_run_and_loses_nothing() {
    let bench = mixed();
    // Few lines, so that the log stays below the limit that the state passes.
    let settings = format!("{SHORT} --set training.log_every=30");
    bench.ok(&format!("fit m.npz --out whole {settings}"));
    let bss = env!("CARGO_BIN_EXE_bss");
    let script = format!("trap '' XFSZ; ulimit -f 16; exec {bss} fit m.npz --out run {settings}");
    let output = Command::new("sh").args(["-c", &script]).current_dir(bench.path(".")).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("the run stopped at iteration 60") && stderr.contains("state.safetensors"), "{stderr}");
    let left: Vec<_> = fs::read_dir(bench.path("run")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "config.toml" || name == "metrics.jsonl"), "{left:?}");
    bench.ok(stderr.split('`').nth(1).unwrap().strip_prefix("bss ").unwrap());
    bench.same("whole", "run", &EXACT);
}
