//! The command line's own texts. Having a test here also makes `cargo test --workspace` build the binary, which the
//! whole-program tests in `tests/` run.

use std::process::Command;

fn sim(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sim")).args(args).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_command_has_help_that_says_what_it_does() {
    for command in ["run", "whatif", "get", "describe", "events", "logs", "schema", "completions"] {
        let (code, help, _) = sim(&[command, "--help"]);
        assert_eq!(code, Some(0), "{command}");
        assert!(
            help.contains("Usage: sim ") && help.lines().next().is_some_and(|line| line.len() > 20),
            "{command}: {help}"
        );
    }
}

#[test]
fn a_mistyped_command_gets_a_suggestion() {
    let (code, _, error) = sim(&["whatfi"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("whatif"), "{error}");
}

#[test]
fn help_says_what_a_refusal_ends_with() {
    for args in [&["--help"][..], &["run", "--help"]] {
        let (_, help, _) = sim(args);
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let codes = help.split("Exit codes:").nth(1).unwrap_or_default();
        assert!(codes.contains("refused") && codes.contains("continueOnError"), "{args:?}: {codes}");
    }
    let (_, help, _) = sim(&["whatif", "--help"]);
    assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains("or at the moment of --at"), "{help}");
}
