//! The architecture's invariants (book/src/architecture.md), held by the workspace's manifests and sources.

use std::path::Path;

/// The rooms from the bottom up: a crate may import those before it.
const ROOMS: [(&str, &str); 7] = [
    ("core", "sim-core"),
    ("cluster", "sim-cluster"),
    ("scenario", "sim-scenario"),
    ("kubectl", "sim-kubectl"),
    ("advisor", "sim-advisor"),
    ("apiserver", "sim-apiserver"),
    ("cli", "sim"),
];

fn manifest(room: &str) -> String {
    let path = sim_tests::root().join("crates").join(room).join("Cargo.toml");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The dependencies of a crate, without those of its tests.
fn dependencies(room: &str) -> Vec<String> {
    let manifest = manifest(room);
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| !name.is_empty() && !name.starts_with('#')).map(str::to_owned).collect()
}

fn sources(room: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).expect("a source folder").flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.push((path.display().to_string(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&sim_tests::root().join("crates").join(room).join("src"), &mut found);
    assert!(!found.is_empty(), "{room} has no sources");
    found
}

#[test]
fn no_arrow_points_upwards() {
    for (index, (room, _)) in ROOMS.iter().enumerate() {
        let above: Vec<&str> = ROOMS[index..].iter().map(|(_, package)| *package).collect();
        for dependency in dependencies(room) {
            assert!(!above.contains(&dependency.as_str()), "crates/{room} imports {dependency}, which is above it");
        }
    }
}

#[test]
fn the_lower_rooms_do_not_know_the_outside() {
    let banned: [(&str, &[&str]); 4] = [
        ("core", &["serde", "serde_json", "serde_yaml", "k8s-openapi", "tokio", "rand", "jiff", "clap"]),
        ("cluster", &["serde_yaml", "clap", "anstream", "anstyle", "tokio", "rand"]),
        ("kubectl", &["anstream", "anstyle", "tokio", "rand", "jiff"]),
        ("advisor", &["serde_yaml", "clap", "anstream", "anstyle", "tokio", "rand"]),
    ];
    for (room, names) in banned {
        for dependency in dependencies(room) {
            assert!(!names.contains(&dependency.as_str()), "crates/{room} must not know {dependency}");
        }
    }
}

#[test]
fn nothing_below_the_cli_touches_files_or_clocks() {
    for (room, banned) in [
        ("core", &["std::fs", "std::io", "std::env", "std::time", "println!", "eprintln!"] as &[&str]),
        ("cluster", &["std::fs", "std::env", "std::time", "println!", "eprintln!", "Timestamp::now"]),
        ("kubectl", &["std::fs", "std::env", "std::time", "println!", "eprintln!", "Timestamp::now"]),
        ("advisor", &["std::fs", "std::env", "std::time", "println!", "eprintln!", "Timestamp::now"]),
    ] {
        for (path, text) in sources(room) {
            for word in banned {
                assert!(!text.contains(word), "{path} uses {word}");
            }
        }
    }
}

#[test]
fn versions_are_compared_only_in_the_tables() {
    let tables =
        ["behaviour.rs", "behaviour/kubelet.rs", "profile/defaults.rs", "version.rs", "layout.rs", "served.rs"];
    for room in ["core", "cluster", "kubectl", "advisor", "apiserver", "cli"] {
        for (path, text) in sources(room) {
            let is_table = tables.iter().any(|table| path.ends_with(table));
            assert!(
                is_table || !text.contains(".minor()"),
                "{path} asks for the minor version: that belongs in a table"
            );
        }
    }
}
