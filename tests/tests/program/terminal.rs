//! A person at the terminal: progress while a run takes long, Ctrl-C, and pipes whose reader goes away.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a person at the terminal waits in real time")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use sim_tests::Sim;

/// Fifty years of a job a minute: no machine is done with that before somebody has had enough.
const LONG: &str = "
apiVersion: sim/v1
kind: Scenario
metadata: {name: long}
spec:
  kubernetesVersion: v1.30.2
  until: 438000h
  timeline: [{at: 437000h, steps: [{cordon: n1}]}]
  expectations:
    - {name: in time, at: 1m, nodes: {name: n1}, expect: {schedulable: true}}
    - {name: at the end, nodes: {name: n1}, expect: {schedulable: false}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick, namespace: default}
spec:
  schedule: '* * * * *'
  jobTemplate:
    spec:
      template:
        metadata: {annotations: {sim/behaviour: exits 0 after 5s}}
        spec: {restartPolicy: Never, containers: [{name: c, image: tick}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: default}
spec: {containers: [{name: c, image: nginx}]}
";
const PROGRESS: &str = " of virtual time, ";
/// No run is begun later than this, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of the test's own, with the long Scenario in it.
fn folder(name: &str) -> String {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-files-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("long.yaml"), LONG).expect("a Scenario");
    folder.display().to_string()
}

/// The same command, which heeds Ctrl-C even where the tests were started in the background of a shell, which ignores it.
fn heeding_interrupts(command: &Command) -> Command {
    let mut heeding = Command::new("env");
    heeding.arg("--default-signal=INT").arg(command.get_program()).args(command.get_args());
    heeding.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    heeding.current_dir(sim_tests::root());
    heeding
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).expect("the child runs");
}

/// Waits for something that comes in time.
#[track_caller]
fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The two ends of a pseudo-terminal: the person's, and the one a program writes to.
fn terminal() -> (File, File) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&person).and_then(|()| unlockpt(&person)).expect("its other end");
    let name = ptsname(&person, Vec::new()).expect("a name").into_string().expect("a path");
    let program = File::options().read(true).write(true).open(name).expect("the other end");
    (File::from(person), program)
}

#[test]
fn a_long_run_shows_progress_on_a_terminal_and_stops_with_what_is_known() {
    let folder = folder("progress");
    let (mut person, program) = terminal();
    let (snapshot, timeline) = (format!("{folder}/snapshot.json"), format!("{folder}/timeline.txt"));
    let args = ["run", &format!("{folder}/long.yaml"), "--snapshot", &snapshot, "--timeline-file", &timeline];
    let sim = Sim::new("terminal-progress").env("TERM", "xterm");
    let mut command = heeding_interrupts(&sim.command(&args));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(program);
    let child = command.spawn().expect("sim is built");
    drop(command);
    let (told, telling) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let (mut seen, mut some) = (Vec::new(), [0; 4096]);
        // The terminal is gone when the program is.
        while let Ok(count @ 1..) = person.read(&mut some) {
            seen.extend_from_slice(&some[..count]);
            let _ = told.send(String::from_utf8_lossy(&seen).contains(PROGRESS));
        }
        String::from_utf8_lossy(&seen).into_owned()
    });
    wait_for("progress", || telling.try_iter().any(|shown| shown));
    interrupt(&child);
    let Output { status, stdout, .. } = child.wait_with_output().expect("the child was spawned");
    let (stderr, stdout) = (reader.join().expect("the reader ends"), String::from_utf8(stdout).expect("UTF-8"));
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("Ctrl-C stops"), "the line says how to stop: {stderr}");
    let last = stderr.rsplit('\n').map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    assert!(last.contains("interrupted at ") && !last.contains(PROGRESS), "the line is cleared: {last}");
    assert!(!stdout.contains(PROGRESS) && stdout.starts_with("NAMESPACE"), "{stdout}");
    let bare = stdout.lines().find(|line| line.contains(" bare ")).unwrap_or_default();
    assert!(bare.contains("Running") && bare.contains("n1"), "{stdout}");
    assert!(stdout.contains("1 of 1 expectations hold"), "what was not decided is not told: {stdout}");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(snapshot).expect("a snapshot")).expect("JSON");
    assert_eq!(written["kind"], "List");
    assert!(std::fs::read_to_string(timeline).expect("a timeline").ends_with('\n'));
}

#[test]
fn a_pipe_gets_no_progress_and_json_is_whole() {
    let folder = folder("pipe");
    let sim = Sim::new("terminal-pipe").env("XDG_STATE_HOME", &folder);
    let mut command = heeding_interrupts(&sim.command(&["run", &format!("{folder}/long.yaml"), "-o", "json"]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("sim is built");
    wait_for("run", || std::path::Path::new(&folder).join("sim/last-run.json").exists());
    // Longer than the patience after which a terminal would see progress.
    std::thread::sleep(Duration::from_millis(1_500));
    interrupt(&child);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the child was spawned");
    let stderr = String::from_utf8(stderr).expect("UTF-8");
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(!stderr.contains(PROGRESS) && !stderr.contains('\x1b') && !stderr.contains('\r'), "{stderr:?}");
    let result: Value = serde_json::from_slice(&stdout).expect("one JSON document");
    assert_eq!(result["stopped"]["reason"], "interrupted");
    assert_eq!(result["expectations"].as_array().map(Vec::len), Some(1), "the one that was decided");
    assert!(result["pods"].as_array().is_some_and(|pods| pods.iter().any(|pod| pod["name"] == "bare")));
}

/// Nothing is shown of a cluster that did not get where it was to be looked at.
#[test]
fn a_look_at_a_run_that_is_interrupted_shows_nothing() {
    let file = format!("{}/long.yaml", folder("look"));
    for args in [
        &["get", "pods", "-f", &file][..],
        &["describe", "nodes", "-f", &file],
        &["whatif", &file, "--cordon=n1"],
        &["explain", &file, "bare"],
    ] {
        let sim = Sim::new(&format!("terminal-{}", args[0])).env("TERM", "xterm");
        let mut command = heeding_interrupts(&sim.command(args));
        let (mut person, program) = terminal();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(program);
        let child = command.spawn().expect("sim is built");
        drop(command);
        let mut seen = String::new();
        while !seen.contains(PROGRESS) {
            let mut some = [0; 4096];
            let count = person.read(&mut some).expect("progress");
            seen.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        interrupt(&child);
        let reader = std::thread::spawn(move || {
            let mut rest = Vec::new();
            // Ends with an error when the program is gone.
            let _ = person.read_to_end(&mut rest);
        });
        let Output { status, stdout, .. } = child.wait_with_output().expect("the child was spawned");
        reader.join().expect("the reader ends");
        assert_eq!((status.code(), stdout.len()), (Some(130), 0), "{args:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let scenario = "scenarios/kubespray-uninitialized.yaml";
    for args in [
        &["run", scenario][..],
        &["run", scenario, "-o", "json"],
        &["run", scenario, "--timeline"],
        &["get", "pods", "-A", "-f", scenario],
        &["get", "nodes", "-o", "yaml", "-f", scenario],
        &["describe", "nodes", "-f", scenario],
        &["explain", scenario, "kube-system/coredns"],
        &["whatif", scenario, "--remove-taint"],
        &["test", scenario],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut command = Sim::new("terminal-head").command(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("sim is built");
        // The reader is gone before the first line.
        drop(child.stdout.take());
        let Output { status, stderr, .. } = child.wait_with_output().expect("the child was spawned");
        let stderr = String::from_utf8(stderr).expect("UTF-8");
        assert_eq!((status.code(), status.signal()), (Some(0), None), "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{args:?}: {stderr}");
    }
}

/// As a shell has it: the first line comes out, and the pipe's status is that of a command that went well.
#[test]
fn head_takes_its_line() {
    let sim = Sim::new("terminal-first-line");
    let mut command =
        heeding_interrupts(&sim.command(&["get", "pods", "-A", "-f", "scenarios/kubespray-uninitialized.yaml"]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("sim is built");
    let mut line = [0; 9];
    child.stdout.take().expect("a pipe").read_exact(&mut line).expect("a line");
    assert_eq!(&line, b"NAMESPACE");
    assert_eq!(child.wait().expect("the child was spawned").code(), Some(0));
}

/// Its watches come to a proper end, and it says what was done.
#[test]
fn ctrl_c_ends_a_server_and_its_watches() {
    let sim = Sim::new("terminal-serve");
    let kubeconfig = std::env::temp_dir().join(format!("sim-ctrl-c-{}", std::process::id()));
    let config = kubeconfig.display().to_string();
    let article = "scenarios/kubespray-uninitialized.yaml";
    let command =
        sim.command(&["serve", article, "--at", "25m", "--speed", "paused", "--kubeconfig", &config, "--force"]);
    let mut heeding = heeding_interrupts(&command);
    let mut child = heeding.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sim runs");
    let mut said = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it says where the kubeconfig is");
    assert!(line.starts_with("export KUBECONFIG="), "{line}");
    let text = std::fs::read_to_string(&kubeconfig).expect("the kubeconfig is there");
    let server = text.lines().find_map(|line| line.trim().strip_prefix("server: http://")).expect("it names a server");
    let mut watch = TcpStream::connect(server).expect("it serves");
    watch.write_all(b"GET /api/v1/nodes?watch=true HTTP/1.1\r\nHost: sim\r\n\r\n").expect("it listens");
    let mut watch = BufReader::new(watch);
    let mut told = 0;
    while told < 2 {
        let mut line = String::new();
        watch.read_line(&mut line).expect("it tells");
        told += usize::from(line.contains("\"ADDED\""));
    }
    interrupt(&child);
    let mut rest = String::new();
    watch.read_to_string(&mut rest).expect("it ends");
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
    let ended = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("25m of virtual time: 14 pods, 10 running, 4 pending"), "{stderr}");
    let _ = std::fs::remove_file(&kubeconfig);
}
