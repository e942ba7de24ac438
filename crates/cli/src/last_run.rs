//! Which files the last `sim run` read, so that `sim whatif` works right after it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What is remembered of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct LastRun {
    /// The inputs, as absolute paths. What came from stdin is kept beside this file.
    pub(crate) files: Vec<PathBuf>,
    /// `--kubernetes-version`, when it was given.
    pub(crate) kubernetes_version: Option<String>,
    /// `--until`, in milliseconds of virtual time, when it was given.
    #[serde(default)]
    pub(crate) until_ms: Option<u64>,
    /// `--seed`.
    #[serde(default)]
    pub(crate) seed: u64,
    /// `--scheduler-config`, as an absolute path.
    #[serde(default)]
    pub(crate) scheduler_config: Option<PathBuf>,
    /// `--emulate-sampling`.
    #[serde(default)]
    pub(crate) emulate_sampling: bool,
}

impl LastRun {
    /// The last run, when there was one and its record can be read.
    pub(crate) fn read() -> Option<Self> {
        let text = std::fs::read_to_string(record()?).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Remembers a run. A place that cannot be written is no reason to fail: the next command then asks for FILE.
    pub(crate) fn write(mut self, stdin: Option<&[u8]>) {
        let Some(record) = record() else { return };
        let Some(folder) = record.parent() else { return };
        if std::fs::create_dir_all(folder).is_err() {
            return;
        }
        for file in &mut self.files {
            *file = if file.as_os_str() == "-" {
                let kept = folder.join("stdin");
                if std::fs::write(&kept, stdin.unwrap_or_default()).is_err() {
                    return;
                }
                kept
            } else {
                std::path::absolute(&*file).unwrap_or_else(|_| file.clone())
            };
        }
        if let Ok(text) = serde_json::to_string_pretty(&self) {
            // A half-written record would be worse than none: write beside it and rename.
            let fresh = record.with_extension("new");
            if std::fs::write(&fresh, text).is_ok() && std::fs::rename(&fresh, &record).is_err() {
                let _ = std::fs::remove_file(&fresh);
            }
        }
    }
}

fn record() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("last-run.json"))
}

/// `$XDG_STATE_HOME/sim`, by default under `~/.local/state`.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let state = match std::env::var_os("XDG_STATE_HOME").filter(|path| Path::new(path).is_absolute()) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local").join("state"),
    };
    Some(state.join("sim"))
}
