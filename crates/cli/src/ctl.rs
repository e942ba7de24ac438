//! `sim ctl`: steers a cluster that `sim serve` runs.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::args::{CtlArgs, CtlCommand};
use crate::error::CliError;
use crate::kubeconfig::{self, Endpoint};
use crate::terminal::Terminal;

pub(crate) fn run(args: CtlArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let named =
        args.kubeconfig.or_else(|| std::env::var_os("KUBECONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    let path = named.or_else(kubeconfig::last_path).ok_or_else(|| {
        CliError::new("no cluster: KUBECONFIG is not set, and there was no `sim serve` before")
            .hint("--kubeconfig PATH names the file that `sim serve` wrote")
    })?;
    let endpoint = kubeconfig::read(&path)?;
    let (action, body) = match args.command {
        CtlCommand::Status => ("status", None),
        CtlCommand::Advance { by } => ("advance", Some(json!({"by": by}))),
        CtlCommand::Pause => ("pause", Some(json!({}))),
        CtlCommand::Resume { speed } => ("resume", Some(json!({"speed": speed.to_string()}))),
        CtlCommand::Fork { name } => ("fork", Some(json!({"name": name}))),
        CtlCommand::Reset { to } => ("reset", Some(json!({"to": to}))),
    };
    let answer = ask(&endpoint, action, body)?;
    match answer["fork"].as_str() {
        Some(name) => terminal.print(&format!("kept as {name}\n")),
        None => terminal.print(&shown(&answer)),
    }
    Ok(ExitCode::SUCCESS)
}

fn ask(endpoint: &Endpoint, action: &str, body: Option<Value>) -> Result<Value, CliError> {
    let url = format!("{}/sim/v1/{action}", endpoint.server);
    let mut config = ureq::Agent::config_builder().http_status_as_error(false);
    if let Some(authority) = &endpoint.authority {
        let authority = Certificate::from_pem(authority.as_bytes())
            .map_err(|error| CliError::new(format!("the kubeconfig's certificate-authority-data: {error}")))?;
        config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[authority])).build());
    }
    let agent: ureq::Agent = config.build().into();
    let token = endpoint.token.as_ref().map(|token| format!("Bearer {token}"));
    let sent = match body {
        None => {
            let request = agent.get(&url);
            let request = match &token {
                Some(token) => request.header("Authorization", token),
                None => request,
            };
            request.call()
        }
        Some(body) => {
            let request = agent.post(&url);
            let request = match &token {
                Some(token) => request.header("Authorization", token),
                None => request,
            };
            request.send_json(&body)
        }
    };
    let mut answer = sent
        .map_err(|error| CliError::new(format!("{}: {error}", endpoint.server)).hint("does `sim serve` still run?"))?;
    let status = answer.status();
    let document: Value = answer
        .body_mut()
        .read_json()
        .map_err(|error| CliError::new(format!("{url}: {error}")).hint("this server is not a `sim serve`"))?;
    if status.is_success() {
        return Ok(document);
    }
    let message = document["message"].as_str().unwrap_or("the request failed").to_owned();
    Err(CliError::new(message))
}

/// Where the cluster stands, for a person.
fn shown(standing: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let counts = &standing["counts"];
    let mut shown = format!(
        "{} of virtual time ({}), {}: {} pods, {} running, {} pending\n",
        text(&standing["at"]),
        text(&standing["time"]),
        text(&standing["speed"]),
        counts["pods"],
        counts["running"],
        counts["pending"],
    );
    let forks: Vec<String> = standing["forks"].as_array().into_iter().flatten().map(text).collect();
    if !forks.is_empty() {
        shown.push_str(&format!("forks: {}\n", forks.join(", ")));
    }
    for refused in standing["refused"].as_array().into_iter().flatten() {
        shown.push_str(&format!("refused: {}\n", text(refused)));
    }
    shown
}
