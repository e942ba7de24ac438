//! The way back from a change: again a change, so that it is made on a fork before it is shown.

use k8s_openapi::api::core::v1::Node;
use sim_cluster::{
    Change, Cluster, Kind, KubeletRestart, Object, ObjectKey, ObjectRef, PatchType, Refused, TaintPattern, WorkloadRef,
};

use crate::difference::merge_patch;
use crate::manifest::{clean, document};
use crate::target::{reference, reference_to};
use crate::{by_hand, print, tolerations};

const NOT_BACK: &str = "the pods that are evicted do not come back to the node";

/// How a change is taken back.
pub(crate) struct Undo {
    /// What to type.
    pub(crate) line: Option<String>,
    /// What it does not bring back, or why there is none.
    pub(crate) note: Option<String>,
}

/// What is done to take a change back.
struct WayBack {
    changes: Vec<Change>,
    /// What a person does where no change says it.
    words: Option<String>,
    note: Option<String>,
}

impl WayBack {
    fn by(changes: Vec<Change>) -> Self {
        Self { changes, words: None, note: None }
    }

    fn none(note: &str) -> Self {
        Self::by(Vec::new()).but(note)
    }

    fn but(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }
}

/// The way back from a change of this cluster. One that the API server would refuse is none.
///
/// # Errors
/// When the change itself is refused.
pub(crate) fn undo(cluster: &Cluster, change: &Change) -> Result<Undo, Refused> {
    let mut after = cluster.clone();
    after.make(change)?;
    let way = way_back(cluster, &after, change);
    let mut lines = Vec::new();
    for change in &way.changes {
        lines.push(print::line(&after, change));
        if let Err(refused) = after.make(change)
            && !is_of_unknown_kind(change)
        {
            return Ok(Undo { line: None, note: Some(format!("it cannot be taken back: {refused}")) });
        }
    }
    lines.extend(way.words);
    Ok(Undo { line: (!lines.is_empty()).then(|| lines.join("\n")), note: way.note })
}

/// kubectl deletes objects of every kind, the fake cluster those of the kinds that it knows.
fn is_of_unknown_kind(change: &Change) -> bool {
    matches!(change, Change::Delete(object) if Kind::parse(&object.kind).is_none())
}

fn way_back(before: &Cluster, after: &Cluster, change: &Change) -> WayBack {
    match change {
        Change::Apply(objects) => {
            WayBack::by(objects.iter().rev().filter_map(|object| unapply(before, after, object)).collect())
        }
        Change::Delete(object) | Change::DeleteWith { target: object, .. } => undelete(before, object),
        Change::RemoveNode(node) => undelete(before, &node_reference(node)),
        Change::Patch { target, .. } => WayBack::by(back(before, after, target).into_iter().collect()),
        Change::PatchStatus { target, .. } => WayBack::by(status_back(before, after, target).into_iter().collect()),
        Change::RolloutRestart(workload) | Change::RolloutUndo { workload, .. } => {
            WayBack::by(back(before, after, workload).into_iter().collect()).but("the undo replaces the pods once more")
        }
        Change::SetImage { workload, .. } => WayBack::by(images_back(before, after, workload).into_iter().collect()),
        Change::Annotate { target, set, remove } => {
            let there = |key: &str| live(before, target)?.metadata().annotations.as_ref()?.get(key).cloned();
            let (set, remove) = pairs_back(set, remove, there);
            WayBack::by(vec![Change::Annotate { target: target.clone(), set, remove }])
        }
        Change::Label { target, set, remove } => {
            let there = |key: &str| live(before, target)?.metadata().labels.as_ref()?.get(key).cloned();
            let (set, remove) = pairs_back(set, remove, there);
            WayBack::by(vec![Change::Label { target: target.clone(), set, remove }])
        }
        Change::Scale { workload, .. } => WayBack::by(
            live(before, workload)
                .and_then(|object| replicas(&object))
                .map(|replicas| Change::Scale { workload: workload.clone(), replicas })
                .into_iter()
                .collect(),
        ),
        Change::AddToleration { workload, .. } => tolerations_back(before, workload),
        Change::Taint { node, taint } => {
            let pattern =
                TaintPattern { key: taint.key.clone(), value: taint.value.clone(), effect: Some(taint.effect.clone()) };
            let way = WayBack::by(vec![Change::Untaint { node: node.clone(), taint: pattern }]);
            if taint.effect == "NoExecute" { way.but(NOT_BACK) } else { way }
        }
        // `taints::removals` says how they are undone, of several nodes at once.
        Change::Untaint { .. } => WayBack::by(Vec::new()),
        Change::Cordon(node) if is_cordoned(before, node) => WayBack::none("the node is cordoned already"),
        Change::Cordon(node) => WayBack::by(vec![Change::Uncordon(node.clone())]),
        Change::Uncordon(node) if is_cordoned(before, node) => WayBack::by(vec![Change::Cordon(node.clone())]),
        Change::Uncordon(_) => WayBack::none("the node is not cordoned"),
        Change::Drain(options) if is_cordoned(before, &options.node) => WayBack::none(NOT_BACK),
        Change::Drain(options) => WayBack::by(vec![Change::Uncordon(options.node.clone())]).but(NOT_BACK),
        Change::NodeGroup(change) => {
            let old = before.node_groups().iter().find(|known| known.name == change.group);
            WayBack::by(old.map(|old| Change::NodeGroup(change.undone(old))).into_iter().collect())
        }
        Change::AddNode { .. } => {
            let is_new =
                |node: &&std::sync::Arc<Node>| before.store().get::<Node>(&ObjectKey::of(node.as_ref())).is_none();
            let names = after.store().list::<Node>().filter(is_new).filter_map(|node| node.metadata.name.clone());
            WayBack::by(names.map(Change::RemoveNode).collect()).but("then take the machines away")
        }
        Change::KubeletRestart(KubeletRestart { node, .. }) => WayBack {
            changes: Vec::new(),
            words: Some(by_hand::on_node(node, "give the kubelet its old flags, then: systemctl restart kubelet")),
            note: None,
        },
        Change::ImageBroken(image) => WayBack::by(vec![Change::ImageFixed(image.clone())]),
        Change::ImageFixed(image) => WayBack::by(vec![Change::ImageBroken(image.clone())]),
        Change::NodeDown(node) | Change::NodePartitioned(node) | Change::MachineStopped(node) => {
            WayBack::by(vec![Change::NodeUp(node.clone())])
        }
        Change::ZoneDown(zone) => WayBack::by(vec![Change::ZoneUp(zone.clone())]),
        Change::StopController(name) => WayBack::by(vec![Change::StartController(name.clone())]),
        Change::StartController(name) => WayBack::by(vec![Change::StopController(name.clone())]),
        Change::MachineDeleted(_) => WayBack::none("a machine that is deleted does not come back"),
        Change::NodeUp(_) | Change::ZoneUp(_) | Change::Behaviour(_) => {
            WayBack::none("there is nothing to type for it")
        }
        Change::Upgrade(_) => WayBack::none("a control plane cannot go back to an older minor version"),
    }
}

fn live(cluster: &Cluster, object: &ObjectRef) -> Option<Object> {
    let (kind, key) = cluster.resolve(object).ok()?;
    cluster.store().object(kind, &key)
}

/// The patch that makes the object what it was, naming no more than what is different.
fn back(before: &Cluster, after: &Cluster, object: &ObjectRef) -> Option<Change> {
    let (was, is) = (live(before, object)?, live(after, object)?);
    let patch = merge_patch(&document(&is), &document(&was))?;
    Some(Change::Patch { target: reference_to(&was), type_: PatchType::Merge, patch })
}

/// The same of its status.
fn status_back(before: &Cluster, after: &Cluster, object: &ObjectRef) -> Option<Change> {
    let (was, is) = (live(before, object)?, live(after, object)?);
    let patch = merge_patch(&is.to_value()["status"], &was.to_value()["status"])?;
    let patch = serde_json::json!({ "status": patch });
    Some(Change::PatchStatus { target: reference_to(&was), type_: PatchType::Merge, patch })
}

fn unapply(before: &Cluster, after: &Cluster, object: &Object) -> Option<Change> {
    let named = reference_to(object);
    let Some(kind) = object.kind() else {
        let same = |other: &&std::sync::Arc<sim_cluster::Unstructured>| {
            other.kind == object.kind_name()
                && other.metadata.name.as_deref() == Some(object.name())
                && other.metadata.namespace.as_deref() == object.namespace()
        };
        return Some(match before.store().others().find(same) {
            Some(was) => Change::Apply(vec![clean(&Object::Other(was.clone()))]),
            None => Change::Delete(named),
        });
    };
    let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
    if before.store().object(kind, &key).is_none() {
        return Some(Change::Delete(named));
    }
    back(before, after, &named)
}

fn undelete(before: &Cluster, object: &ObjectRef) -> WayBack {
    let Some(was) = live(before, object) else { return WayBack::none("there is no such object") };
    match &was {
        Object::Pod(pod) => match sim_cluster::pod::controller_of(&pod.metadata) {
            Some(owner) => WayBack::none(&format!(
                "the pod does not come back; {}/{} makes another",
                owner.kind.to_ascii_lowercase(),
                owner.name
            )),
            None => WayBack::none("the pod does not come back, and no controller makes another"),
        },
        Object::Namespace(_) => WayBack::none("what was in the namespace is gone with it"),
        Object::Node(node) => WayBack {
            changes: Vec::new(),
            words: node.metadata.name.as_deref().map(|name| by_hand::on_node(name, "systemctl restart kubelet")),
            note: Some("the Node registers anew, without the labels and taints that others gave it".to_owned()),
        },
        Object::PersistentVolume(_) | Object::PersistentVolumeClaim(_) => {
            WayBack::by(vec![Change::Apply(vec![clean(&was)])])
                .but("data that the reclaim policy has deleted does not come back")
        }
        _ => WayBack::by(vec![Change::Apply(vec![clean(&was)])]).but("what it owned is made anew"),
    }
}

/// The images of those containers that got another.
fn images_back(before: &Cluster, after: &Cluster, workload: &ObjectRef) -> Option<Change> {
    let (was, is) = (images(&live(before, workload)?), images(&live(after, workload)?));
    let changed = was.into_iter().zip(is).filter(|(was, is)| was != is).map(|(was, _)| was);
    let images: Vec<(String, String)> = changed.collect();
    (!images.is_empty()).then(|| Change::SetImage { workload: workload.clone(), images })
}

/// The containers of a pod template and their images.
fn images(object: &Object) -> Vec<(String, String)> {
    let value = object.to_value();
    let spec = match object {
        Object::Pod(_) => value.pointer("/spec"),
        Object::CronJob(_) => value.pointer("/spec/jobTemplate/spec/template/spec"),
        _ => value.pointer("/spec/template/spec"),
    };
    let lists = ["initContainers", "containers"].into_iter().filter_map(|list| spec?.get(list)?.as_array());
    let text = |container: &serde_json::Value, key: &str| {
        container.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    lists.flatten().map(|container| (text(container, "name"), text(container, "image"))).collect()
}

/// What keys that are set or removed had as values, and those that had none.
fn pairs_back(
    set: &[(String, String)],
    remove: &[String],
    there: impl Fn(&str) -> Option<String>,
) -> (Vec<(String, String)>, Vec<String>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for key in set.iter().map(|(key, _)| key).chain(remove) {
        match there(key) {
            Some(value) if !old.iter().any(|(known, _)| known == key) => old.push((key.clone(), value)),
            // Set and removed at once, it is not there now.
            None if !new.contains(key) && !remove.contains(key) => new.push(key.clone()),
            _ => {}
        }
    }
    (old, new)
}

fn replicas(object: &Object) -> Option<i32> {
    match object {
        Object::Deployment(object) => Some(object.spec.replicas.unwrap_or(1)),
        Object::ReplicaSet(object) => Some(object.spec.replicas.unwrap_or(1)),
        Object::StatefulSet(object) => Some(object.spec.replicas.unwrap_or(1)),
        Object::ReplicationController(object) => Some(object.spec.as_ref()?.replicas.unwrap_or(1)),
        _ => None,
    }
}

fn tolerations_back(before: &Cluster, workload: &WorkloadRef) -> WayBack {
    if let WorkloadRef::Object(object) = workload
        && let Some(Object::Pod(_)) = live(before, object)
    {
        return WayBack::none("a pod's tolerations can be added to, and not taken away");
    }
    WayBack::by(tolerations::patch_back(before, workload).into_iter().collect())
}

fn is_cordoned(cluster: &Cluster, node: &str) -> bool {
    let found = cluster.store().find::<Node>("", node);
    found.and_then(|node| node.spec.as_ref()?.unschedulable).unwrap_or(false)
}

fn node_reference(node: &str) -> ObjectRef {
    reference(Kind::Node, &ObjectKey::new("", node))
}
