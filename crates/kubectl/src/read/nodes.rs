//! `kubectl taint`, `cordon`, `uncordon` and `drain`.

use sim_cluster::{Change, DrainOptions, Object, ObjectRef, TaintPattern, parse_taint};
use sim_core::model::LabelSelector;

use super::grammar::{Cordon, Drain, Taint};
use super::objects::{Scope, Unnamed};

/// `kubectl taint` (pkg/cmd/taint `taint.go`, `utils.go`).
pub(super) fn taint(scope: &Scope<'_>, taint: &Taint) -> Result<Vec<Change>, String> {
    let is_taint = |word: &String| word.contains(['=', ':']) || word.ends_with('-');
    let begin = taint.selected.words.iter().position(is_taint).unwrap_or(taint.selected.words.len());
    let (resources, taints) = taint.selected.words.split_at(begin);
    if let Some(late) = taints.iter().find(|word| !is_taint(word)) {
        return Err(format!("error: all resources must be specified before taint changes: {late}"));
    }
    let [resource, names @ ..] = resources else {
        return Err("error: one or more resources must be specified as <resource> <name>".to_owned());
    };
    if taints.is_empty() {
        return Err("error: at least one taint update is required".to_owned());
    }
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for text in taints {
        match text.strip_suffix('-') {
            Some(text) => removed.push(removal(text)?),
            None => added.push(parse_taint(text).map_err(|bad| format!("error: {bad}"))?),
        }
    }
    if sim_cluster::Kind::parse(resource) != Some(sim_cluster::Kind::Node) {
        return Err(format!("error: invalid resource type {resource}, only node types are supported"));
    }
    let both = removed.iter().filter(|pattern| added.iter().any(|taint| pattern.matches(taint)));
    let both: Vec<String> = both
        .map(|pattern| format!("{{{:?}:{:?}}}", pattern.key, pattern.effect.as_deref().unwrap_or_default()))
        .collect();
    if !both.is_empty() {
        let both = both.join(", ");
        return Err(format!(
            "error: can not both modify and remove the following taint(s) in the same command: {both}"
        ));
    }
    let unnamed = Unnamed::of(taint.selected.all, taint.selected.selector.as_deref())
        .map_err(|_| "error: setting 'all' parameter with a non empty selector is prohibited".to_owned())?;
    // On all nodes at once, a taint need not be on each of them to be removed.
    let nodes = if matches!(unnamed, Unnamed::All) && !taint.overwrite {
        vec![None]
    } else {
        scope
            .nodes(names, unnamed)
            .map_err(|error| match unnamed {
                Unnamed::Nothing if names.is_empty() => {
                    "error: at least one resource name must be specified since 'all' parameter is not set".to_owned()
                }
                _ => error,
            })?
            .into_iter()
            .map(Some)
            .collect()
    };
    let mut changes = Vec::new();
    for node in nodes {
        changes.extend(removed.iter().map(|taint| Change::Untaint { node: node.clone(), taint: taint.clone() }));
        for new in &added {
            let old = node.as_deref().filter(|_| taint.overwrite).and_then(|node| there(scope, node, new));
            if old.as_ref().is_some_and(|old| old.value == new.value) {
                continue;
            }
            changes.extend(old.map(|old| Change::Untaint {
                node: node.clone(),
                taint: TaintPattern { key: old.key, value: None, effect: Some(old.effect) },
            }));
            changes.push(Change::Taint { node: node.clone(), taint: new.clone() });
        }
    }
    Ok(changes)
}

/// A taint to remove: its value is not looked at, and stands only before an effect.
fn removal(text: &str) -> Result<TaintPattern, String> {
    let pattern = TaintPattern::parse(text).map_err(|bad| format!("error: {bad}"))?;
    if pattern.value.is_some() && pattern.effect.is_none() {
        return Err(format!("error: invalid taint spec: {text}"));
    }
    Ok(TaintPattern { value: None, ..pattern })
}

/// The taint of this key and effect that the node has.
fn there(
    scope: &Scope<'_>,
    node: &str,
    new: &k8s_openapi::api::core::v1::Taint,
) -> Option<k8s_openapi::api::core::v1::Taint> {
    let node = ObjectRef { namespace: None, kind: "node".to_owned(), name: node.to_owned() };
    let Ok(Object::Node(node)) = scope.live(&node) else { return None };
    let taints = node.spec.as_ref()?.taints.as_ref()?;
    taints.iter().find(|taint| taint.key == new.key && taint.effect == new.effect).cloned()
}

/// `kubectl cordon` and `kubectl uncordon`.
pub(super) fn cordon(
    scope: &Scope<'_>,
    cordon: &Cordon,
    change: impl Fn(String) -> Change,
) -> Result<Vec<Change>, String> {
    Ok(nodes_of(scope, cordon, "cordon")?.into_iter().map(change).collect())
}

/// `kubectl drain`: of several nodes, all are cordoned first.
pub(super) fn drain(scope: &Scope<'_>, drain: &Drain) -> Result<Vec<Change>, String> {
    let selector = drain.pod_selector.as_deref().map(LabelSelector::parse).transpose();
    let pod_selector = selector.map_err(|bad| format!("error: {bad}"))?;
    let nodes = nodes_of(scope, &drain.nodes, "drain")?;
    let cordons = nodes.iter().skip(1).map(|node| Change::Cordon(node.clone())).collect::<Vec<_>>();
    let drains = nodes.into_iter().map(|node| {
        Change::Drain(DrainOptions {
            node,
            force: drain.force,
            ignore_daemonsets: drain.ignore_daemonsets,
            delete_emptydir_data: drain.delete_emptydir_data,
            disable_eviction: drain.disable_eviction,
            grace_period_seconds: drain.grace_period.filter(|seconds| *seconds >= 0),
            timeout_ms: drain.timeout.filter(|timeout| *timeout > 0),
            pod_selector: pod_selector.clone(),
        })
    });
    Ok(cordons.into_iter().chain(drains).collect())
}

fn nodes_of(scope: &Scope<'_>, which: &Cordon, verb: &str) -> Result<Vec<String>, String> {
    match (which.nodes.is_empty(), which.selector.as_deref()) {
        (true, None) => Err(format!("error: USAGE: {verb} NODE [flags]")),
        (false, Some(_)) => Err("error: cannot specify both a node name and a --selector option".to_owned()),
        (true, Some(selector)) => scope.nodes(&[], Unnamed::Selector(selector)),
        (false, None) => scope.nodes(&which.nodes, Unnamed::Nothing),
    }
}
