//! `sim serve`: the cluster answers kubectl until Ctrl-C, or for as long as one command runs.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use sim_apiserver::{Guard, Running, Tls, serve};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectKey, StopReason, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::args::{SchedulerChoice, ServeArgs};
use crate::error::{CliError, EXIT_INTERRUPTED};
use crate::kubeconfig::{self, Endpoint, IfPresent};
use crate::session::{Session, Source};
use crate::terminal::Terminal;

pub(crate) fn run(args: ServeArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let mut session = Session::load(Source::find(args.input.into_files(), args.cluster)?, terminal)?;
    if let Some(line) = session.announcement() {
        terminal.line(line);
    }
    if args.scheduler == SchedulerChoice::External {
        session.cluster.make(&Change::StopController("kube-scheduler".to_owned()))?;
    }
    if args.at.is_some() {
        let ran = session.run(args.at, terminal)?;
        if ran.stopped.reason == StopReason::Interrupted {
            return Err(CliError::interrupted(&ran.stopped));
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::new(format!("cannot start: {error}")))?;
    let serving = Serving {
        address: SocketAddr::new(args.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), args.port),
        token: args.token,
        tls: args.tls,
        kubeconfig: args.kubeconfig,
        if_present: match (args.force, args.merge) {
            (true, _) => IfPresent::Replace,
            (_, true) => IfPresent::Merge,
            _ => IfPresent::Refuse,
        },
        command: args.command,
    };
    let start = session.cluster.store().clone();
    let running = Running::new(Cluster::clone(&session.cluster), args.speed);
    let code = runtime.block_on(serving.until_the_end(Arc::clone(&running), terminal))?;
    // What still waits for a client must not hold up the end.
    runtime.shutdown_background();
    if let Some(path) = &args.save {
        *session.cluster = running.look(Cluster::clone);
        let made = made_since(&start, session.cluster.store());
        let text = session.snapshot(path, |object| place(object).is_some_and(|place| made.contains(&place)))?;
        std::fs::write(path, text).map_err(|error| CliError::new(format!("{}: {error}", path.display())))?;
        terminal.line(&format!("saved as {}", path.display()));
    }
    Ok(code)
}

/// The kinds, and where, that clients made something of. What they were shown of a kind was all there is: it is saved
/// whole then, and the namespaces always are.
fn made_since(start: &Store, now: &Store) -> BTreeSet<(Kind, String)> {
    let known = Kind::ALL.iter().flat_map(|kind| now.objects(*kind));
    let fresh = known.filter(|object| {
        let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
        object.kind().is_some_and(|kind| start.object(kind, &key).is_none())
    });
    fresh.filter_map(|object| place(&object)).chain([(Kind::Namespace, String::new())]).collect()
}

/// The kind of an object, and its namespace.
fn place(object: &Object) -> Option<(Kind, String)> {
    Some((object.kind()?, object.namespace().unwrap_or_default().to_owned()))
}

struct Serving {
    address: SocketAddr,
    token: Option<String>,
    tls: bool,
    kubeconfig: Option<PathBuf>,
    if_present: IfPresent,
    command: Vec<OsString>,
}

impl Serving {
    async fn until_the_end(self, running: Arc<Running>, terminal: &Terminal) -> Result<ExitCode, CliError> {
        let listener = TcpListener::bind(self.address).await.map_err(|error| {
            let error = CliError::new(format!("cannot listen on {}: {error}", self.address));
            error.hint("another program may have the port: --port 0 takes a free one")
        })?;
        let address = listener.local_addr().map_err(|error| CliError::new(error.to_string()))?;
        let path = match &self.kubeconfig {
            Some(path) => path.clone(),
            None => kubeconfig::default_path(address.port()).ok_or_else(|| {
                CliError::new("there is no state folder: HOME is not set").hint("--kubeconfig PATH says where to write")
            })?,
        };
        // A file that we name ourselves is ours.
        let if_present = if self.kubeconfig.is_some() { self.if_present } else { IfPresent::Replace };
        // Who asks from this machine asks loopback where the server listens on all addresses.
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let at = if address.ip().is_unspecified() { loopback } else { address.ip() };
        let tls = self.tls.then(|| Tls::for_addresses(&[at, loopback])).transpose();
        let tls = tls.map_err(|error| CliError::new(error.to_string()))?;
        let scheme = if self.tls { "https" } else { "http" };
        let endpoint = Endpoint {
            server: format!("{scheme}://{}", SocketAddr::new(at, address.port())),
            // Over TLS kubectl asks for a name and a password where it has nothing to show.
            token: self.token.clone().or_else(|| self.tls.then(|| "none-is-needed".to_owned())),
            authority: tls.as_ref().map(|tls| tls.authority().to_owned()),
        };
        kubeconfig::write(&path, &endpoint, if_present)?;
        if self.token.is_some() && !self.tls {
            terminal.note("kubectl and client-go send a token over TLS only: they need --tls");
        }
        kubeconfig::remember(&path);
        let (end, ended) = oneshot::channel::<()>();
        let guard = Guard { token: self.token, tls, ..Guard::default() };
        let server = tokio::spawn(serve(listener, Arc::clone(&running), guard, async {
            let _ = ended.await;
        }));
        let code = if self.command.is_empty() {
            // It is heeded before anybody can know that there is something to interrupt.
            let interrupted = interrupted();
            terminal.print(&format!("export KUBECONFIG={}\n", quoted(&path)));
            terminal.line(&format!("serving {} on {scheme}://{address}; Ctrl-C ends it", running.view().version));
            interrupted.await;
            terminal.line(&running.summary());
            ExitCode::from(EXIT_INTERRUPTED)
        } else {
            run_command(&self.command, &path).await?
        };
        running.end();
        let _ = end.send(());
        if self.kubeconfig.is_none() {
            // It is ours, and leads nowhere now.
            let _ = std::fs::remove_file(&path);
        }
        // Connections that are idle end by themselves; whoever is still served gets a moment.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), server).await;
        Ok(code)
    }
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Waits for Ctrl-C, or for whoever ends the process otherwise; both are heard from the call on.
fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::interrupt()).and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)))
    };
    async move {
        #[cfg(unix)]
        let is_heard = match signals {
            Ok((mut interrupt, mut terminate)) => tokio::select! {
                heard = interrupt.recv() => heard.is_some(),
                heard = terminate.recv() => heard.is_some(),
            },
            Err(_) => false,
        };
        #[cfg(not(unix))]
        let is_heard = tokio::signal::ctrl_c().await.is_ok();
        // Without a handler there is nothing to wait for: the signal ends the process.
        if !is_heard {
            std::future::pending::<()>().await;
        }
    }
}

/// Runs a command against the cluster; its exit code.
async fn run_command(command: &[OsString], kubeconfig: &Path) -> Result<ExitCode, CliError> {
    let Some((program, args)) = command.split_first() else { return Ok(ExitCode::SUCCESS) };
    let cannot = |error: std::io::Error| CliError::new(format!("{}: {error}", program.display()));
    let mut child = tokio::process::Command::new(program);
    let path = std::path::absolute(kubeconfig).map_err(cannot)?;
    // What kubectl learned of another cluster on this port would mislead it.
    let cache = path.with_extension("cache");
    child.args(args).env("KUBECONFIG", &path).env("KUBECACHEDIR", &cache);
    let status = child.status().await;
    let _ = std::fs::remove_dir_all(&cache);
    let status = status.map_err(cannot)?;
    // A command that a signal ended has the code that shells give it.
    #[cfg(unix)]
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let by_signal = None;
    let code = status.code().or(by_signal).and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
