//! The kubeconfig of a served cluster: written, and read again by `sim ctl`.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::last_run::state_folder;

/// The name of cluster, user and context.
const NAME: &str = "sim";

/// What becomes of a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfPresent {
    /// Nothing is written.
    Refuse,
    /// It is replaced.
    Replace,
    /// The context is added to it, and is the current one.
    Merge,
}

/// A server and what it wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `http://127.0.0.1:1234`.
    pub(crate) server: String,
    /// The bearer token, when it wants one.
    pub(crate) token: Option<String>,
    /// Who vouches for it, as PEM, when it is encrypted.
    pub(crate) authority: Option<String>,
}

/// Where the kubeconfig goes when nobody says.
pub(crate) fn default_path(port: u16) -> Option<PathBuf> {
    state_folder().map(|folder| folder.join(format!("kubeconfig-{port}.yaml")))
}

/// The kubeconfig that the last `sim serve` wrote.
pub(crate) fn last_path() -> Option<PathBuf> {
    let text = std::fs::read_to_string(state_folder()?.join("last-kubeconfig")).ok()?;
    Some(PathBuf::from(text.trim_end()))
}

/// Remembers where the kubeconfig is. A place that cannot be written is no reason to fail.
pub(crate) fn remember(path: &Path) {
    let Some(folder) = state_folder() else { return };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::create_dir_all(&folder).is_ok() {
        let _ = std::fs::write(folder.join("last-kubeconfig"), format!("{}\n", path.display()));
    }
}

/// Writes a kubeconfig for the endpoint.
pub(crate) fn write(path: &Path, endpoint: &Endpoint, if_present: IfPresent) -> Result<(), CliError> {
    let cannot = |error: &dyn std::fmt::Display| CliError::new(format!("{}: {error}", path.display()));
    let mut config = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => empty(),
        Err(error) => return Err(cannot(&error)),
        Ok(_) if if_present == IfPresent::Refuse => {
            return Err(cannot(&"the file is there already").hint("--merge adds a context to it, --force replaces it"));
        }
        Ok(_) if if_present == IfPresent::Replace => empty(),
        Ok(text) => serde_yaml::from_str(&text).map_err(|error| cannot(&error))?,
    };
    if !config.is_object() {
        return Err(cannot(&"it is no kubeconfig: expected a mapping"));
    }
    let user = endpoint.token.as_ref().map_or_else(|| json!({}), |token| json!({"token": token}));
    let mut cluster = json!({"server": endpoint.server});
    if let Some(authority) = &endpoint.authority {
        cluster["certificate-authority-data"] = STANDARD.encode(authority).into();
    }
    for (list, key, entry) in [
        ("clusters", "cluster", cluster),
        ("users", "user", user),
        ("contexts", "context", json!({"cluster": NAME, "user": NAME})),
    ] {
        let entry = json!({"name": NAME, key: entry});
        match config[list].as_array_mut() {
            Some(entries) => {
                entries.retain(|other| other["name"] != NAME);
                entries.push(entry);
            }
            None => config[list] = json!([entry]),
        }
    }
    config["current-context"] = NAME.into();
    let text = serde_yaml::to_string(&config).map_err(|error| cannot(&error))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    }
    // It may hold a token, and others' credentials: nobody else reads it, and no half of it is ever there.
    let fresh = path.with_extension("new");
    write_private(&fresh, &text).and_then(|()| std::fs::rename(&fresh, path)).map_err(|error| cannot(&error))
}

fn empty() -> Value {
    json!({"apiVersion": "v1", "kind": "Config", "preferences": {}})
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// The endpoint of a kubeconfig's current context.
pub(crate) fn read(path: &Path) -> Result<Endpoint, CliError> {
    let cannot = |error: &dyn std::fmt::Display| CliError::new(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| {
        let gone = error.kind() == std::io::ErrorKind::NotFound;
        let error = cannot(&error);
        if gone { error.hint("the cluster that was served may have ended: `sim serve FILE` serves one") } else { error }
    })?;
    let config: Value = serde_yaml::from_str(&text).map_err(|error| cannot(&error))?;
    let named = |list: &str, key: &str, name: &Value| {
        let entries = config[list].as_array().into_iter().flatten();
        entries.into_iter().find(|entry| entry["name"] == *name).map(|entry| entry[key].clone()).unwrap_or_default()
    };
    let context = named("contexts", "context", &config["current-context"]);
    let cluster = named("clusters", "cluster", &context["cluster"]);
    let server = cluster["server"].as_str().map(str::to_owned);
    let authority = cluster["certificate-authority-data"].as_str().map(|data| {
        let bytes = STANDARD.decode(data).map_err(|error| cannot(&error))?;
        String::from_utf8(bytes).map_err(|error| cannot(&error))
    });
    let token = named("users", "user", &context["user"])["token"].as_str().map(str::to_owned);
    Ok(Endpoint {
        server: server.ok_or_else(|| cannot(&"its current context names no server"))?,
        token,
        authority: authority.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, IfPresent, read, write};

    fn endpoint(port: u16) -> Endpoint {
        let authority = Some(format!("-----BEGIN CERTIFICATE-----\n{port}\n"));
        Endpoint { server: format!("https://127.0.0.1:{port}"), token: None, authority }
    }

    #[test]
    fn a_file_that_is_there_is_kept_unless_asked() {
        let folder = std::env::temp_dir().join(format!("sim-kubeconfig-{}", std::process::id()));
        let path = folder.join("config");
        write(&path, &endpoint(1), IfPresent::Refuse).unwrap();
        assert_eq!(read(&path).unwrap(), endpoint(1));
        assert!(write(&path, &endpoint(2), IfPresent::Refuse).is_err());
        assert_eq!(read(&path).unwrap(), endpoint(1));
        let other = "contexts:\n- name: other\n  context: {cluster: c, user: u}\ncurrent-context: other\nusers: []\n";
        std::fs::write(&path, other).unwrap();
        write(&path, &endpoint(3), IfPresent::Merge).unwrap();
        assert_eq!(read(&path).unwrap(), endpoint(3));
        assert!(std::fs::read_to_string(&path).unwrap().contains("name: other"));
        write(&path, &endpoint(4), IfPresent::Replace).unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains("name: other"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
