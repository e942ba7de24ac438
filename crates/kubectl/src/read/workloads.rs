//! `kubectl patch`, `scale`, `set` and `rollout`.

use serde_json::{Map, Value, json};
use sim_cluster::{Change, Kind, Object, ObjectRef, PatchType};

use super::grammar::{Patch, Resources, Scale, Selected, Undo};
use super::objects::{Scope, Unnamed};
use super::pairs;

/// `kubectl patch` (pkg/cmd/patch `patch.go`).
pub(super) fn patch(scope: &Scope<'_>, patch: &Patch) -> Result<Vec<Change>, String> {
    let Some(text) = patch.patch.as_deref().filter(|text| !text.is_empty()) else {
        return Err("error: must specify --patch or --patch-file containing the contents of the patch".to_owned());
    };
    let type_ = match patch.type_.to_ascii_lowercase().as_str() {
        "strategic" | "" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => return Err(format!("error: --type must be one of [json merge strategic], not {:?}", patch.type_)),
    };
    let unreadable = |why: String| format!("error: unable to parse {text:?}: {why}");
    // JSON is YAML too, and is read as what it is.
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => serde_yaml::from_str::<Value>(text).map_err(|error| unreadable(error.to_string()))?,
    };
    let (fits, expected) = match type_ {
        PatchType::Json => (value.is_array(), "a list of operations"),
        PatchType::Strategic | PatchType::Merge => (value.is_object(), "a mapping"),
    };
    if !fits {
        return Err(unreadable(format!("expected {expected}")));
    }
    let is_status = match patch.subresource.as_deref() {
        None | Some("") => false,
        Some("status") => true,
        Some(other @ ("scale" | "resize")) => return Err(format!("error: sim does not patch the subresource {other}")),
        Some(other) => {
            return Err(format!("error: invalid subresource value: {other:?}. Must be one of [status scale resize]"));
        }
    };
    let targets = scope.objects(&patch.words, Unnamed::Nothing)?;
    let changes = targets.into_iter().map(|target| match (is_status, value.clone()) {
        (true, patch) => Change::PatchStatus { target, type_, patch },
        (false, patch) => Change::Patch { target, type_, patch },
    });
    Ok(changes.collect())
}

/// `kubectl scale` (pkg/cmd/scale `scale.go`).
pub(super) fn scale(scope: &Scope<'_>, scale: &Scale) -> Result<Vec<Change>, String> {
    let Some(replicas) = scale.replicas else { return Err("error: required flag(s) \"replicas\" not set".to_owned()) };
    let targets = selected(scope, &scale.selected)?;
    for target in targets.iter().filter(|_| scale.current_replicas >= 0) {
        let replicas = scope.live(target)?.to_value().pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
        if replicas != i64::from(scale.current_replicas) {
            return Err(format!("error: Expected replicas to be {}, was {replicas}", scale.current_replicas));
        }
    }
    Ok(targets.into_iter().map(|workload| Change::Scale { workload, replicas }).collect())
}

/// `kubectl set image` (pkg/cmd/set `set_image.go`).
pub(super) fn set_image(scope: &Scope<'_>, selected: &Selected) -> Result<Vec<Change>, String> {
    let (resources, pairs) = pairs::split(&selected.words, "image")?;
    let images = pairs.iter().map(|pair| pair.split_once('=').ok_or(pair)).collect::<Result<Vec<_>, _>>();
    let images = images.map_err(|pair| format!("error: invalid image format: {pair}"))?;
    if resources.is_empty() {
        return Err(
            "error: one or more resources must be specified as <resource> <name> or <resource>/<name>".to_owned()
        );
    }
    if images.is_empty() {
        return Err("error: at least one image update is required".to_owned());
    }
    if images.len() > 1 && images.iter().any(|(container, _)| *container == "*") {
        let message = "error: all containers are already specified by *, but saw more than one \
                       container_name=container_image pairs";
        return Err(message.to_owned());
    }
    let images: Vec<(String, String)> =
        images.into_iter().map(|(container, image)| (container.to_owned(), image.to_owned())).collect();
    let unnamed = Unnamed::of(selected.all, selected.selector.as_deref())?;
    let targets = scope.objects(resources, unnamed)?;
    Ok(targets.into_iter().map(|workload| Change::SetImage { workload, images: images.clone() }).collect())
}

/// `kubectl set resources` (pkg/cmd/set `set_resources.go`).
pub(super) fn set_resources(scope: &Scope<'_>, resources: &Resources) -> Result<Vec<Change>, String> {
    let mut amounts = Map::new();
    for (what, text) in [("limits", &resources.limits), ("requests", &resources.requests)] {
        if !text.is_empty() {
            amounts.insert(what.to_owned(), Value::Object(resource_list(text)?));
        }
    }
    if amounts.is_empty() {
        return Err(
            "error: you must specify an update to requests or limits (in the form of --requests/--limits)".to_owned()
        );
    }
    let targets = selected(scope, &resources.selected)?;
    let patches = targets.into_iter().map(|target| {
        let live = scope.live(&target)?;
        let patch = resources_patch(&live, &resources.containers, &amounts)
            .ok_or_else(|| format!("error: unable to find container named {}", resources.containers))?;
        Ok(Change::Patch { target, type_: PatchType::Strategic, patch })
    });
    patches.collect()
}

/// `cpu=200m,memory=512Mi`.
fn resource_list(text: &str) -> Result<Map<String, Value>, String> {
    let amounts = text.split(',').map(|part| match part.split('=').collect::<Vec<_>>().as_slice() {
        [resource, amount] => Ok(((*resource).to_owned(), json!(amount))),
        _ => Err(format!("error: invalid argument syntax {part}, expected <resource>=<value>")),
    });
    amounts.collect()
}

/// The patch of those containers that `pattern` names; nothing when there are none.
fn resources_patch(live: &Object, pattern: &str, amounts: &Map<String, Value>) -> Option<Value> {
    let value = live.to_value();
    let path: &[&str] = match live.kind()? {
        Kind::Pod => &["spec"],
        Kind::CronJob => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    };
    let spec = path.iter().try_fold(&value, |value, key| value.get(key))?;
    let mut lists = Map::new();
    for list in ["initContainers", "containers"] {
        let containers = spec.get(list).and_then(Value::as_array).into_iter().flatten();
        let names = containers.filter_map(|container| container.get("name")?.as_str());
        let named = names.filter(|name| pattern == "*" || *name == pattern);
        let patches: Vec<Value> = named.map(|name| json!({"name": name, "resources": amounts})).collect();
        if !patches.is_empty() {
            lists.insert(list.to_owned(), Value::Array(patches));
        }
    }
    let wrap = |inner: Value, key: &&str| json!({*key: inner});
    (!lists.is_empty()).then(|| path.iter().rev().fold(Value::Object(lists), wrap))
}

/// `kubectl rollout restart`; of all in the namespace when only their kind is named.
pub(super) fn restart(scope: &Scope<'_>, which: &Selected) -> Result<Vec<Change>, String> {
    Ok(rolled(scope, which)?.into_iter().map(Change::RolloutRestart).collect())
}

/// `kubectl rollout undo`.
pub(super) fn undo(scope: &Scope<'_>, undo: &Undo) -> Result<Vec<Change>, String> {
    let targets = rolled(scope, &undo.selected)?;
    Ok(targets.into_iter().map(|workload| Change::RolloutUndo { workload, to_revision: undo.to_revision }).collect())
}

/// `kubectl rollout pause` and `kubectl rollout resume`.
pub(super) fn pause(scope: &Scope<'_>, which: &Selected, paused: bool) -> Result<Vec<Change>, String> {
    let patch = json!({"spec": {"paused": paused.then_some(true)}});
    let targets = rolled(scope, which)?;
    let changes = targets.into_iter().map(|target| match Kind::parse(&target.kind) {
        Some(Kind::Deployment) => Ok(Change::Patch { target, type_: PatchType::Merge, patch: patch.clone() }),
        _ => {
            let verb = if paused { "pausing" } else { "resuming" };
            Err(format!("error: {}s \"{}\" {verb} is not supported", target.kind, target.name))
        }
    });
    changes.collect()
}

fn rolled(scope: &Scope<'_>, which: &Selected) -> Result<Vec<ObjectRef>, String> {
    if which.words.is_empty() {
        return Err("error: required resource not specified".to_owned());
    }
    let unnamed = which.selector.as_deref().map_or(Unnamed::All, Unnamed::Selector);
    scope.objects(&which.words, unnamed)
}

fn selected(scope: &Scope<'_>, selected: &Selected) -> Result<Vec<ObjectRef>, String> {
    scope.objects(&selected.words, Unnamed::of(selected.all, selected.selector.as_deref())?)
}
