//! The book's and the README's console blocks are what the commands print. `UPDATE=1` writes them anew.

use sim_tests::{Sim, clients, root};

/// Runs every `$ sim …` of the console blocks of a page and compares, or rewrites, what follows it.
fn check(page: &str) {
    let path = root().join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
    let mut sim = Sim::new(&page.replace(['/', '.'], "-"));
    if text.contains("-- kubectl") {
        sim = sim.env("PATH", &clients::path());
    }
    let mut fresh = String::new();
    let mut blocks = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        if line != "```console" {
            continue;
        }
        let mut block = lines.by_ref().take_while(|line| *line != "```");
        let command = block.next().unwrap_or_default().to_owned();
        block.for_each(drop);
        let words: Vec<&str> = command.split_whitespace().collect();
        let arguments = match words.as_slice() {
            ["$", "sim", arguments @ ..] => arguments,
            ["$", "cargo", "run", "--release", "--", arguments @ ..] => arguments,
            _ => panic!("{page}: {command:?} is no sim command"),
        };
        blocks += 1;
        let ran = sim.run(arguments);
        fresh.push_str(&command);
        fresh.push('\n');
        for shown in ran.stdout.lines() {
            // Trailing blanks are kubectl's; they do not survive in a page.
            fresh.push_str(shown.trim_end());
            fresh.push('\n');
        }
        fresh.push_str("```\n");
    }
    assert!(blocks > 0, "{page} has no console block");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).expect("the page can be written");
    }
    assert!(
        fresh == text || std::env::var_os("UPDATE").is_some(),
        "{page} is stale; UPDATE=1 cargo test -p sim-tests book writes:\n{fresh}"
    );
}

#[test]
fn getting_started() {
    check("book/src/getting-started.md");
}

#[test]
fn how_sim_decides() {
    check("book/src/scheduler.md");
}

#[test]
fn what_if() {
    check("book/src/whatif.md");
}

#[test]
fn causes() {
    check("book/src/diagnose.md");
}

#[test]
fn the_graph_that_is_drawn_is_the_one_that_is_printed() {
    let page = std::fs::read_to_string(root().join("book/src/diagnose.md")).expect("the page");
    let block = |after: &str| page.split_once(after).and_then(|(_, rest)| rest.split("```").next());
    assert_eq!(block("```mermaid\n").expect("a drawing"), block("--graph mermaid\n").expect("a console block"));
}

#[test]
fn cures() {
    check("book/src/fix.md");
}

#[test]
fn comparing_draining_capacity() {
    check("book/src/comparing.md");
}

#[test]
fn serving_the_api() {
    check("book/src/serve.md");
}

#[test]
fn the_example_of_a_scenario_holds_on_the_incident_s_cluster() {
    let page = std::fs::read_to_string(root().join("book/src/scenario.md")).expect("the page");
    let example = page.split("```yaml\n").find(|block| block.starts_with("apiVersion: sim/v1")).expect("an example");
    let example = example.split("```").next().unwrap_or_default();
    let incident =
        std::fs::read_to_string(root().join("scenarios/kubespray-uninitialized.yaml")).expect("the scenario");
    let (_, manifests) = incident.split_once("\n---\n").expect("manifests after the Scenario");
    let ran =
        Sim::new("scenario-example").run_with_stdin(&["run", "-"], format!("{example}---\n{manifests}").as_bytes());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("2 of 2 expectations hold"), "{}", ran.stdout);
}

/// A Scenario on an empty cluster; whether its text can be used. What it expects need not hold.
#[track_caller]
fn is_usable(name: &str, spec: &str) {
    let input =
        format!("apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: t}}\nspec:\n  continueOnError: true\n{spec}");
    let ran = Sim::new(name).run_with_stdin(&["run", "-"], input.as_bytes());
    assert_ne!(ran.code, 2, "{spec}: {}", ran.stderr);
}

#[test]
fn every_step_of_the_reference_can_be_used() {
    let page = std::fs::read_to_string(root().join("book/src/scenario.md")).expect("the page");
    let steps = page.split("## Steps").nth(1).and_then(|rest| rest.split("## Expectations").next()).expect("steps");
    let mut count = 0;
    for row in steps.lines().filter(|line| line.starts_with("| `")) {
        let (names, examples) = row[1..].split_once(" | ").expect("two columns");
        for example in examples.split('`').skip(1).step_by(2) {
            let is_step = names.split('`').skip(1).step_by(2).any(|name| example.starts_with(&format!("{name}: ")));
            if is_step && !example.contains('…') && !example.contains("more.yaml") {
                is_usable(&format!("step-{count}"), &format!("  timeline: [{{at: 1m, steps: [{{{example}}}]}}]\n"));
                count += 1;
            }
        }
    }
    assert!(count > 15, "{count} examples");
}

#[test]
fn the_expectations_of_the_reference_can_be_used() {
    let page = std::fs::read_to_string(root().join("book/src/scenario.md")).expect("the page");
    let blocks = page.split("```yaml\n").filter(|block| block.starts_with("- name:"));
    for (number, block) in blocks.enumerate() {
        let block = block.split("```").next().unwrap_or_default();
        let lines: String = block.lines().map(|line| format!("    {line}\n")).collect();
        is_usable(&format!("expectations-{number}"), &format!("  expectations:\n{lines}"));
    }
}

#[test]
fn the_example_of_a_diagnosis_is_the_scenario_s() {
    let page = std::fs::read_to_string(root().join("book/src/scenario.md")).expect("the page");
    let example = page.split("```yaml\n").find(|block| block.starts_with("diagnosis:")).expect("an example");
    let lines = example.split("```").next().unwrap_or_default().lines();
    let example: String = lines.map(|line| format!("  {line}\n")).collect();
    let scenario = std::fs::read_to_string(root().join("scenarios/left-cordoned.yaml")).expect("the scenario");
    assert!(scenario.contains(&example), "not in the scenario:\n{example}");
}

#[test]
fn readme() {
    check("README.md");
}
