//! `kubectl label` and `kubectl annotate`: words that name objects, then pairs.

use std::collections::BTreeMap;

use sim_cluster::{Change, ObjectRef};

use super::grammar::Pairs;
use super::objects::{Scope, Unnamed};

/// The annotation that `kubectl` replaces without being told to.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// What is set, and what is removed.
type Edits = (Vec<(String, String)>, Vec<String>);

/// `kubectl label` (pkg/cmd/label `label.go`).
pub(super) fn label(scope: &Scope<'_>, pairs: &Pairs) -> Result<Vec<Change>, String> {
    let (resources, pairs_typed) = split(&pairs.selected.words, "label")?;
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    for pair in pairs_typed {
        match (pair.split('=').collect::<Vec<_>>().as_slice(), pair.strip_suffix('-')) {
            ([key, value], _) => set.push(((*key).to_owned(), (*value).to_owned())),
            ([_], Some(key)) => remove.push(key.to_owned()),
            ([_], None) => return Err(format!("error: unknown label spec: {pair}")),
            _ => return Err(format!("error: invalid label spec: {pair}")),
        }
    }
    if set.iter().any(|(key, _)| remove.contains(key)) {
        return Err("error: can not both modify and remove a label in the same command".to_owned());
    }
    edits(scope, pairs, resources, (set, remove), "label")
}

/// `kubectl annotate` (pkg/cmd/annotate `annotate.go`).
pub(super) fn annotate(scope: &Scope<'_>, pairs: &Pairs) -> Result<Vec<Change>, String> {
    let (resources, pairs_typed) = split(&pairs.selected.words, "annotation")?;
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    for pair in pairs_typed {
        match (pair.split_once('='), pair.strip_suffix('-')) {
            (Some((key, value)), _) => set.push((key.to_owned(), value.to_owned())),
            (None, Some(key)) => remove.push(key.to_owned()),
            (None, None) => return Err(format!("error: invalid annotation format: {pair}")),
        }
    }
    let both: Vec<&str> =
        remove.iter().filter(|key| set.iter().any(|(other, _)| other == *key)).map(String::as_str).collect();
    if !both.is_empty() {
        return Err(format!(
            "error: can not both modify and remove the following annotation(s) in the same command: {}",
            both.join(", ")
        ));
    }
    edits(scope, pairs, resources, (set, remove), "annotation")
}

/// The words that name objects, and the pairs after them (pkg/cmd/util `helpers.go`, `GetResourcesAndPairs`).
pub(super) fn split<'a>(words: &'a [String], what: &str) -> Result<(&'a [String], &'a [String]), String> {
    let is_pair =
        |word: &String| (word.contains('=') && !word.starts_with('=')) || (word.ends_with('-') && word != "-");
    let (resources, pairs) = words.split_at(words.iter().position(is_pair).unwrap_or(words.len()));
    match pairs.iter().find(|word| !is_pair(word)) {
        Some(late) => Err(format!("error: all resources must be specified before {what} changes: {late}")),
        None => Ok((resources, pairs)),
    }
}

fn edits(
    scope: &Scope<'_>,
    pairs: &Pairs,
    resources: &[String],
    (set, remove): Edits,
    what: &str,
) -> Result<Vec<Change>, String> {
    if resources.is_empty() {
        return Err(
            "error: one or more resources must be specified as <resource> <name> or <resource>/<name>".to_owned()
        );
    }
    if set.is_empty() && remove.is_empty() {
        return Err(format!("error: at least one {what} update is required"));
    }
    let unnamed = Unnamed::of(pairs.selected.all, pairs.selected.selector.as_deref())?;
    let targets = scope.objects(resources, unnamed)?;
    targets
        .into_iter()
        .map(|target| {
            if !pairs.overwrite {
                replaces_nothing(scope, &target, &set, what)?;
            }
            let (set, remove) = (set.clone(), remove.clone());
            Ok(match what {
                "label" => Change::Label { target, set, remove },
                _ => Change::Annotate { target, set, remove },
            })
        })
        .collect()
}

/// Without `--overwrite` a key keeps the value that it has.
fn replaces_nothing(scope: &Scope<'_>, target: &ObjectRef, set: &[(String, String)], what: &str) -> Result<(), String> {
    let live = scope.live(target)?;
    let metadata = live.metadata();
    let there = if what == "label" { &metadata.labels } else { &metadata.annotations };
    let none = BTreeMap::new();
    let there = there.as_ref().unwrap_or(&none);
    let replaced = set.iter().filter(|(key, _)| what == "label" || key != CHANGE_CAUSE).filter_map(|(key, value)| {
        there.get(key).filter(|old| *old != value).map(|old| format!("'{key}' already has a value ({old})"))
    });
    let replaced: Vec<String> = replaced.collect();
    match (what, replaced.as_slice()) {
        (_, []) => Ok(()),
        ("label", [one]) => Err(format!("error: {one}, and --overwrite is false")),
        ("label", many) => {
            let many: Vec<String> = many.iter().map(|one| format!("{one}, and --overwrite is false")).collect();
            Err(format!("error: [{}]", many.join(", ")))
        }
        (_, many) => Err(format!(
            "error: --overwrite is false but found the following declared annotation(s): {}",
            many.join("; ")
        )),
    }
}
