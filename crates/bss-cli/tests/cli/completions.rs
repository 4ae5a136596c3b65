//! `bss completions`.

use crate::Bench;

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    let bench = Bench::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = bench.ok(&format!("completions {shell}"));
        for word in ["separate", "evaluate", "on-nan"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    bench.fails("completions tcsh", 2, &["invalid value 'tcsh'", "bash"]);
}
