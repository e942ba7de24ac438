//! Helpers of the whole-program tests: the real binary, run as a person runs it.

#![forbid(unsafe_code)]

pub mod clients;
pub mod conformance;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The workspace's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a run of `sim` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// `sim` in the workspace's root, without a cluster of the surroundings, with its state in a folder of its own.
#[derive(Debug)]
pub struct Sim {
    state: PathBuf,
    env: Vec<(String, String)>,
}

impl Sim {
    /// A fresh place; `name` tells a person who looks at it later whose it was.
    pub fn new(name: &str) -> Self {
        static PLACES: AtomicU32 = AtomicU32::new(0);
        let place = PLACES.fetch_add(1, Ordering::Relaxed);
        let state = std::env::temp_dir().join(format!("sim-tests-{}-{place}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&state);
        Self { state, env: Vec::new() }
    }

    /// The same with an environment variable set.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `sim` with these arguments, to be started with whatever streams a test wants.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(args)
            .current_dir(root())
            .env_remove("SIM_CLUSTER")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE");
        command.env("XDG_STATE_HOME", &self.state).envs(self.env.iter().cloned());
        command
    }

    /// Runs `sim` with these arguments.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with_stdin(args, b"")
    }

    /// Runs `sim` with these arguments and this standard input.
    ///
    /// # Panics
    /// When the binary is not there or cannot be run: the test cannot go on.
    pub fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Ran {
        self.run_into(args, stdin, Stdio::piped())
    }

    /// Runs `sim` with its standard output somewhere else: what goes there is not seen.
    ///
    /// # Panics
    /// When the binary is not there or cannot be run: the test cannot go on.
    pub fn run_into(&self, args: &[&str], stdin: &[u8], stdout: Stdio) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", binary().display()));
        let mut pipe = child.stdin.take().expect("stdin is piped");
        // A child that does not read its input closes the pipe: that is its right.
        let _ = pipe.write_all(stdin);
        drop(pipe);
        let Output { status, stdout, stderr } = child.wait_with_output().expect("the child was spawned");
        Ran {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(stderr).expect("stderr is UTF-8"),
        }
    }
}

/// `sim` as `cargo test --workspace` builds it beside the tests.
///
/// # Panics
/// When the tests are not where cargo builds them.
pub fn binary() -> PathBuf {
    let tests = std::env::current_exe().expect("a test knows its own path");
    let folder = tests.parent().and_then(Path::parent).expect("tests are built in target/PROFILE/deps");
    folder.join(format!("sim{}", std::env::consts::EXE_SUFFIX))
}
