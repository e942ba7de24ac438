//! What the oldest and the newest kubectl print when a session is typed at a served cluster: `tests/golden/kubectl/`.
//! `UPDATE=1` writes them anew.

use std::path::Path;

use sim_tests::{Sim, clients, root};

#[track_caller]
fn check(kubectl: &Path, golden: &str) {
    let folder = std::env::temp_dir().join(format!("sim-session-{}-{golden}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let sim = Sim::new(golden)
        .env("KUBECTL", &kubectl.display().to_string())
        .env("SIM", &sim_tests::binary().display().to_string())
        .env("FOLDER", &folder.display().to_string());
    let article = "scenarios/kubespray-uninitialized.yaml";
    let script = root().join("tests/clients/session.sh").display().to_string();
    let ran = sim.run(&["serve", article, "--at", "25m", "--speed", "paused", "--", "bash", &script]);
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let path = root().join("tests/golden/kubectl").join(golden);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &ran.stdout).expect("the golden file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let differs = kept.lines().zip(ran.stdout.lines()).find(|(kept, now)| kept != now);
    assert_eq!(kept, ran.stdout, "first difference: {differs:?}");
}

#[test]
fn the_oldest_kubectl_is_served() {
    check(&clients::oldest_kubectl(), "v1.20.txt");
}

#[test]
fn the_newest_kubectl_is_served() {
    check(&clients::newest_kubectl(), "v1.37.txt");
}

/// What the book shows of the session is what kubectl prints.
#[test]
fn the_book_shows_the_session() {
    let read =
        |path: &str| std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let golden: Vec<String> =
        read("tests/golden/kubectl/v1.37.txt").lines().map(|line| line.trim_end().to_owned()).collect();
    let golden = golden.join("\n");
    let page = read("book/src/serve.md");
    let blocks = page.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown = blocks.filter(|block| block.starts_with("$ "));
    let commands = shown.flat_map(|block| block.split("\n\n").map(str::trim_end));
    let mut count = 0;
    for command in commands {
        count += 1;
        assert!(golden.contains(command), "the session has no such part:\n{command}");
    }
    assert!(count >= 8, "{count}");
}
