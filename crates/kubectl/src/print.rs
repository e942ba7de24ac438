//! The line that a person types for a change.

use serde_json::Value;
use sim_cluster::{
    Change, Cluster, DeleteOptions, DrainOptions, Object, ObjectRef, PatchType, Propagation, taint_text,
};
use sim_core::model::{LabelSelector, SelectorOperator};

use crate::target::Target;
use crate::{by_hand, shell, taints, tolerations};

/// The command for one change of this cluster; comment lines where kubectl cannot make it.
pub(crate) fn line(cluster: &Cluster, change: &Change) -> String {
    match change {
        Change::Apply(objects) => apply(objects),
        Change::Delete(object) => delete(cluster, object, DeleteOptions::default()),
        // `--force` by itself would be a grace period of zero.
        Change::DeleteWith { target, options, force: _ } => delete(cluster, target, *options),
        Change::Patch { target, type_, patch } => self::patch(cluster, target, *type_, patch, &[]),
        Change::PatchStatus { target, type_, patch } => {
            self::patch(cluster, target, *type_, patch, &["--subresource=status".to_owned()])
        }
        Change::Annotate { target, set, remove } => pairs(cluster, "annotate", target, set, remove),
        Change::Label { target, set, remove } => pairs(cluster, "label", target, set, remove),
        Change::SetImage { workload, images } => set_image(cluster, workload, images),
        Change::RolloutRestart(workload) => Target::of(cluster, workload).command(&["rollout", "restart"], &[]),
        Change::RolloutUndo { workload, to_revision } => {
            let revision = (*to_revision != 0).then(|| format!("--to-revision={to_revision}"));
            Target::of(cluster, workload).command(&["rollout", "undo"], revision.as_slice())
        }
        Change::Scale { workload, replicas } => {
            Target::of(cluster, workload).command(&["scale"], &[format!("--replicas={replicas}")])
        }
        Change::Taint { node, taint } => taints::line(node.as_deref(), &taint_text(taint)),
        Change::Untaint { node, taint } => taints::line(node.as_deref(), &format!("{taint}-")),
        Change::AddToleration { workload, toleration } => match tolerations::patch(cluster, workload, toleration) {
            Some(patch) => line(cluster, &patch),
            None => shell::comment(&format!("{workload} has no pod template that a toleration can be added to")),
        },
        Change::Cordon(node) => shell::kubectl(None, ["cordon", node]),
        Change::Uncordon(node) => shell::kubectl(None, ["uncordon", node]),
        Change::Drain(options) => drain(options),
        Change::RemoveNode(node) => shell::kubectl(None, ["delete", "node", node]),
        Change::NodeGroup(change) => by_hand::node_group(change),
        Change::AddNode { from, count } => by_hand::add_nodes(from, *count),
        Change::KubeletRestart(restart) => by_hand::restart_kubelet(restart),
        Change::Upgrade(options) => by_hand::upgrade(cluster, options),
        Change::Behaviour(declaration) => by_hand::behave(declaration),
        Change::ImageBroken(image) => shell::comment(&format!("no registry hands out {image} any more")),
        Change::ImageFixed(image) => {
            shell::comment(&format!("push {image} to its registry, or let the nodes pull it again"))
        }
        Change::NodeDown(node) => by_hand::on_node(node, "the machine goes down"),
        Change::NodePartitioned(node) => by_hand::on_node(node, "the network to the API server is cut"),
        Change::NodeUp(node) => {
            by_hand::on_node(node, "start the machine or mend its network, then: systemctl start kubelet")
        }
        Change::MachineStopped(node) => by_hand::in_the_cloud(node, "stop"),
        Change::MachineDeleted(node) => by_hand::in_the_cloud(node, "delete"),
        Change::ZoneDown(zone) => by_hand::in_zone(zone, "every machine goes down"),
        Change::ZoneUp(zone) => by_hand::in_zone(zone, "start every machine"),
        Change::StopController(name) => by_hand::component(name, false),
        Change::StartController(name) => by_hand::component(name, true),
    }
}

fn apply(objects: &[Object]) -> String {
    let texts: Vec<String> = objects.iter().map(|object| yaml(&object.to_value())).collect();
    shell::with_input("kubectl apply -f -", &texts.join("---\n"))
}

/// JSON is YAML too, should a value be none that the writer knows.
fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_else(|_| format!("{value}\n"))
}

fn delete(cluster: &Cluster, object: &ObjectRef, options: DeleteOptions) -> String {
    let cascade = options.propagation.map(|propagation| match propagation {
        Propagation::Background => "--cascade=background",
        Propagation::Foreground => "--cascade=foreground",
        Propagation::Orphan => "--cascade=orphan",
    });
    let mut flags: Vec<String> = cascade.into_iter().map(str::to_owned).collect();
    // Without --force, kubectl makes one second of none (kubectl/pkg/cmd/delete `delete.go`).
    if options.grace_period_seconds == Some(0) {
        flags.push("--force".to_owned());
    }
    flags.extend(options.grace_period_seconds.map(|seconds| format!("--grace-period={seconds}")));
    Target::of(cluster, object).command(&["delete"], &flags)
}

fn patch(cluster: &Cluster, target: &ObjectRef, type_: PatchType, patch: &Value, flags: &[String]) -> String {
    let type_ = match type_ {
        PatchType::Strategic => "--type=strategic",
        PatchType::Merge => "--type=merge",
        PatchType::Json => "--type=json",
    };
    let flags = [flags, &[type_.to_owned(), "-p".to_owned(), patch.to_string()]].concat();
    Target::of(cluster, target).command(&["patch"], &flags)
}

/// `kubectl label` and `kubectl annotate`, which replace nothing unless they are told to.
fn pairs(cluster: &Cluster, verb: &str, target: &ObjectRef, set: &[(String, String)], remove: &[String]) -> String {
    let named = Target::of(cluster, target);
    if set.is_empty() && remove.is_empty() {
        return shell::comment(&format!("{} stays as it is", named.words()));
    }
    let live = cluster.resolve(target).ok().and_then(|(kind, key)| cluster.store().object(kind, &key));
    let metadata = live.as_ref().map(Object::metadata);
    let there = match verb {
        "label" => metadata.and_then(|metadata| metadata.labels.as_ref()),
        _ => metadata.and_then(|metadata| metadata.annotations.as_ref()),
    };
    // What is set and removed in one change is removed; kubectl takes it for a mistake.
    let set: Vec<&(String, String)> = set.iter().filter(|(key, _)| !remove.contains(key)).collect();
    let replaces = set.iter().any(|(key, _)| there.is_some_and(|there| there.contains_key(key)));
    let mut words: Vec<String> = replaces.then(|| "--overwrite".to_owned()).into_iter().collect();
    words.extend(set.iter().map(|(key, value)| format!("{key}={value}")));
    words.extend(remove.iter().map(|key| format!("{key}-")));
    named.command(&[verb], &words)
}

fn set_image(cluster: &Cluster, workload: &ObjectRef, images: &[(String, String)]) -> String {
    let images: Vec<String> = images.iter().map(|(container, image)| format!("{container}={image}")).collect();
    Target::of(cluster, workload).command(&["set", "image"], &images)
}

fn drain(options: &DrainOptions) -> String {
    let flags = [
        (options.force, "--force"),
        (options.ignore_daemonsets, "--ignore-daemonsets"),
        (options.delete_emptydir_data, "--delete-emptydir-data"),
        (options.disable_eviction, "--disable-eviction"),
    ];
    let mut words = vec!["drain".to_owned(), options.node.clone()];
    words.extend(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag.to_owned()));
    words.extend(options.grace_period_seconds.map(|seconds| format!("--grace-period={seconds}")));
    words.extend(options.timeout_ms.map(|timeout| format!("--timeout={timeout}ms")));
    words.extend(options.pod_selector.as_ref().map(|selector| format!("--pod-selector={}", selector_text(selector))));
    shell::kubectl(None, words.iter().map(String::as_str))
}

/// A selector as `kubectl -l` takes it.
fn selector_text(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
    let requirements = selector.match_expressions.iter().map(|requirement| {
        let (key, values) = (&requirement.key, requirement.values.join(","));
        match requirement.operator {
            SelectorOperator::In => format!("{key} in ({values})"),
            SelectorOperator::NotIn => format!("{key} notin ({values})"),
            SelectorOperator::Exists => key.clone(),
            SelectorOperator::DoesNotExist => format!("!{key}"),
        }
    });
    labels.chain(requirements).collect::<Vec<_>>().join(",")
}
