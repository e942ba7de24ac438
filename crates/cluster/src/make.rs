//! Carrying out a change as kubectl and the API server would: on the objects, with kubectl's words for what was done
//! and for what cannot be done.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Node, NodeAddress, PodTemplateSpec, Taint, Toleration};
use serde_json::Value;

use crate::change::{Change, ObjectRef, TaintPattern, WorkloadRef};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::controllers::{
    cloud_node,
    deployment::{MAX_REPLICAS, bump_generation},
};
use crate::kubelet;
use crate::object::{Kind, Object};
use crate::ownership::Ownership;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The annotation in which kubectl keeps what was applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A change that cannot be carried out, in kubectl's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Cluster {
    /// Carries out one change and says what was done, a line each, as kubectl does.
    ///
    /// # Errors
    /// When the change names what is not there or what cannot be: nothing is changed then.
    pub fn make(&mut self, change: &Change) -> Result<Vec<String>, Refused> {
        match change {
            Change::Apply(objects) => objects.iter().map(|object| self.apply(object)).collect(),
            Change::Delete(object) => self.delete(object).map(|line| vec![line]),
            Change::Taint { node, taint } => self.taint(node.as_deref(), taint),
            Change::Untaint { node, taint } => self.untaint(node.as_deref(), taint),
            Change::AddToleration { workload, toleration } => self.add_toleration(workload, toleration),
            Change::Cordon(node) => self.set_unschedulable(node, true),
            Change::Uncordon(node) => self.set_unschedulable(node, false),
            Change::Label { target, set, remove } => self.label(target, set, remove),
            Change::AddNode { from, count } => self.add_nodes(from, *count),
            Change::RemoveNode(node) => {
                let key = self.node_key(node)?;
                self.store.remove::<Node>(&key);
                Ok(vec![format!("node \"{node}\" deleted")])
            }
            Change::Scale { workload, replicas } => self.scale(workload, *replicas),
            Change::NodeDown(node) => self.node_down(node),
            Change::NodeUp(node) => self.node_up(node),
        }
    }

    /// Finds the object a person names; without a namespace the name must be the only one of its kind.
    ///
    /// # Errors
    /// When the kind is unknown, or no object or several have the name.
    pub fn resolve(&self, object: &ObjectRef) -> Result<(Kind, ObjectKey), Refused> {
        let kind = Kind::parse(&object.kind)
            .ok_or_else(|| Refused(format!("error: the server doesn't have a resource type \"{}\"", object.kind)))?;
        if !kind.is_namespaced() {
            let key = ObjectKey::new("", &object.name);
            return if self.store.object(kind, &key).is_some() {
                Ok((kind, key))
            } else {
                Err(not_found(kind, &object.name))
            };
        }
        if let Some(namespace) = &object.namespace {
            let key = ObjectKey::new(namespace, &object.name);
            return if self.store.object(kind, &key).is_some() {
                Ok((kind, key))
            } else {
                Err(not_found(kind, &object.name))
            };
        }
        let found: Vec<Object> =
            self.store.objects(kind).into_iter().filter(|found| found.name() == object.name).collect();
        match found.as_slice() {
            [] => Err(not_found(kind, &object.name)),
            [one] => Ok((kind, ObjectKey::new(one.namespace().unwrap_or_default(), one.name()))),
            many => {
                let namespaces: Vec<&str> = many.iter().filter_map(Object::namespace).collect();
                let message = format!(
                    "error: {object} is in several namespaces ({}): name one, as NAMESPACE/KIND/NAME",
                    namespaces.join(", ")
                );
                Err(Refused(message))
            }
        }
    }

    fn node_key(&self, name: &str) -> Result<ObjectKey, Refused> {
        let key = ObjectKey::new("", name);
        if self.store.get::<Node>(&key).is_some() { Ok(key) } else { Err(not_found(Kind::Node, name)) }
    }

    fn node_keys(&self, name: Option<&str>) -> Result<Vec<ObjectKey>, Refused> {
        match name {
            Some(name) => Ok(vec![self.node_key(name)?]),
            None => Ok(self.store.list::<Node>().map(|node| ObjectKey::of(node.as_ref())).collect()),
        }
    }

    fn taint(&mut self, node: Option<&str>, taint: &Taint) -> Result<Vec<String>, Refused> {
        let keys = self.node_keys(node)?;
        let same = |other: &Taint| other.key == taint.key && other.effect == taint.effect;
        for key in &keys {
            if taints(self, key).iter().any(same) {
                let name = &key.name;
                let message = format!(
                    "error: node {name} already has {} taint(s) with same effect(s) and --overwrite is false",
                    taint.key
                );
                return Err(Refused(message));
            }
        }
        let mut taint = taint.clone();
        if taint.effect == "NoExecute" {
            taint.time_added = Some(self.clock.time());
        }
        for key in &keys {
            let taint = taint.clone();
            self.store.update::<Node>(key, |node| {
                node.spec.get_or_insert_default().taints.get_or_insert_default().push(taint);
            });
        }
        Ok(keys.iter().map(|key| format!("node/{} tainted", key.name)).collect())
    }

    fn untaint(&mut self, node: Option<&str>, pattern: &TaintPattern) -> Result<Vec<String>, Refused> {
        let keys = self.node_keys(node)?;
        let carrying: Vec<ObjectKey> =
            keys.into_iter().filter(|key| taints(self, key).iter().any(|taint| pattern.matches(taint))).collect();
        if carrying.is_empty() {
            return Err(Refused(format!("error: taint \"{pattern}\" not found")));
        }
        for key in &carrying {
            self.store.update::<Node>(key, |node| {
                if let Some(taints) = &mut node.spec.get_or_insert_default().taints {
                    taints.retain(|taint| !pattern.matches(taint));
                }
            });
        }
        Ok(carrying.iter().map(|key| format!("node/{} untainted", key.name)).collect())
    }

    fn add_toleration(&mut self, workload: &WorkloadRef, toleration: &Toleration) -> Result<Vec<String>, Refused> {
        let targets: BTreeSet<(Kind, ObjectKey)> = match workload {
            WorkloadRef::Object(object) => BTreeSet::from([self.resolve(object)?]),
            WorkloadRef::Pending => {
                let ownership = Ownership::of(&self.store);
                let pending = self
                    .store
                    .list::<Pod>()
                    .filter(|pod| pod::phase(pod) == "Pending" && pod::node_name(pod).is_none() && pod::is_active(pod));
                pending
                    .map(|pod| match ownership.top(&pod.metadata) {
                        Some(owner) => (Kind::parse(&owner.kind).unwrap_or(Kind::Pod), owner.key),
                        None => (Kind::Pod, ObjectKey::of(pod.as_ref())),
                    })
                    .filter(|(kind, key)| self.store.object(*kind, key).is_some())
                    .collect()
            }
        };
        if targets.is_empty() {
            return Err(Refused(
                "error: no pods are pending, so there is no workload to add a toleration to".to_owned(),
            ));
        }
        if let Some((kind, _)) = targets.iter().find(|(kind, _)| !has_template(*kind)) {
            return Err(Refused(format!("error: {} has no pod template to add a toleration to", kind.plural())));
        }
        let mut made = Vec::new();
        for (kind, key) in targets {
            self.change_template(kind, &key, |template| {
                let tolerations = template.spec.get_or_insert_default().tolerations.get_or_insert_default();
                if !tolerations.contains(toleration) {
                    tolerations.push(toleration.clone());
                }
            });
            made.push(format!("{}/{} patched", kind.qualified(), key.name));
        }
        Ok(made)
    }

    fn change_template(&mut self, kind: Kind, key: &ObjectKey, change: impl FnOnce(&mut PodTemplateSpec)) {
        match kind {
            Kind::Deployment => self.store.update::<Deployment>(key, |object| {
                change(&mut object.spec.template);
                bump_generation(&mut object.metadata);
            }),
            Kind::ReplicaSet => self.store.update::<ReplicaSet>(key, |object| {
                change(object.spec.template.get_or_insert_default());
                bump_generation(&mut object.metadata);
            }),
            Kind::DaemonSet => self.store.update::<DaemonSet>(key, |object| {
                change(&mut object.spec.template);
                bump_generation(&mut object.metadata);
            }),
            Kind::StatefulSet => self.store.update::<StatefulSet>(key, |object| {
                change(&mut object.spec.template);
                bump_generation(&mut object.metadata);
            }),
            Kind::Pod => self.store.update::<Pod>(key, |pod| {
                // The one thing of a pod's spec that may grow while it waits.
                pod.change_spec(|spec| {
                    let mut template = PodTemplateSpec { metadata: None, spec: Some(std::mem::take(spec)) };
                    change(&mut template);
                    *spec = template.spec.unwrap_or_default();
                });
            }),
            _ => {}
        }
    }

    fn set_unschedulable(&mut self, node: &str, unschedulable: bool) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        let before = self.store.get::<Node>(&key).and_then(|node| node.spec.as_ref()?.unschedulable).unwrap_or(false);
        let word = if unschedulable { "cordoned" } else { "uncordoned" };
        if before == unschedulable {
            return Ok(vec![format!("node/{node} already {word}")]);
        }
        self.store.update::<Node>(&key, |node| {
            node.spec.get_or_insert_default().unschedulable = unschedulable.then_some(true)
        });
        Ok(vec![format!("node/{node} {word}")])
    }

    fn label(
        &mut self,
        target: &ObjectRef,
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<Vec<String>, Refused> {
        let (kind, key) = self.resolve(target)?;
        let Some(mut object) = self.store.object(kind, &key) else { return Err(not_found(kind, &target.name)) };
        let labels = object.metadata_mut().labels.get_or_insert_default();
        if let Some(missing) = remove.iter().find(|label| !labels.contains_key(*label)) {
            return Err(Refused(format!("label \"{missing}\" not found.")));
        }
        labels.extend(set.iter().cloned());
        labels.retain(|label, _| !remove.contains(label));
        self.store.put_object(object);
        Ok(vec![format!("{}/{} labeled", kind.qualified(), key.name)])
    }

    fn scale(&mut self, workload: &ObjectRef, replicas: i32) -> Result<Vec<String>, Refused> {
        if replicas < 0 {
            let message = "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0";
            return Err(Refused(message.to_owned()));
        }
        if replicas > MAX_REPLICAS {
            return Err(Refused(format!(
                "error: {replicas} replicas are more than the {MAX_REPLICAS} that sim runs of one workload"
            )));
        }
        let (kind, key) = self.resolve(workload)?;
        let present = match self.store.object(kind, &key) {
            Some(Object::Deployment(object)) => object.spec.replicas,
            Some(Object::ReplicaSet(object)) => object.spec.replicas,
            Some(Object::StatefulSet(object)) => object.spec.replicas,
            _ => {
                let message = "Error from server (NotFound): the server could not find the requested resource";
                return Err(Refused(message.to_owned()));
            }
        };
        if present.unwrap_or(1) != replicas {
            match kind {
                Kind::Deployment => self.store.update::<Deployment>(&key, |object| {
                    object.spec.replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
                Kind::ReplicaSet => self.store.update::<ReplicaSet>(&key, |object| {
                    object.spec.replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
                _ => self.store.update::<StatefulSet>(&key, |object| {
                    object.spec.replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
            }
        }
        Ok(vec![format!("{}/{} scaled", kind.qualified(), key.name)])
    }

    fn delete(&mut self, object: &ObjectRef) -> Result<String, Refused> {
        let (kind, key) = self.resolve(object)?;
        match kind {
            Kind::Pod => self.delete_pod(&key),
            _ => {
                self.store.remove_object(kind, &key);
            }
        }
        Ok(format!("{} \"{}\" deleted", kind.qualified(), key.name))
    }

    /// `kubectl apply`: fields that the manifest names are set, fields it named last time and no longer names are
    /// removed, fields it never named stay.
    fn apply(&mut self, manifest: &Object) -> Result<String, Refused> {
        let Some(kind) = manifest.kind() else {
            self.admit(manifest.clone());
            return Ok(format!("{}/{} configured", manifest.kind_name().to_ascii_lowercase(), manifest.name()));
        };
        let key = ObjectKey::new(manifest.namespace().unwrap_or_default(), manifest.name());
        let name = format!("{}/{}", kind.qualified(), key.name);
        let Some(live) = self.store.object(kind, &key) else {
            self.admit(manifest.clone());
            return Ok(format!("{name} created"));
        };
        let annotations = live.metadata().annotations.as_ref();
        let last: Option<Value> =
            annotations.and_then(|all| all.get(LAST_APPLIED)).and_then(|text| serde_json::from_str(text).ok());
        let mut new = manifest.to_value();
        drop_what_servers_write(&mut new);
        let before = live.to_value();
        let mut merged = before.clone();
        merge(&mut merged, &new, last.as_ref());
        let mut merged = Object::read(kind, merged).map_err(|error| Refused(format!("error: {name}: {error}")))?;
        self.default_object(&mut merged);
        let after = merged.to_value();
        if after == before {
            return Ok(format!("{name} unchanged"));
        }
        if let (Object::Pod(live), Object::Pod(new)) = (&live, &merged)
            && !only_tolerations_added(live, new)
        {
            let message = format!(
                "The Pod \"{}\" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)",
                key.name
            );
            return Err(Refused(message));
        }
        if after.get("spec") != before.get("spec") && merged.metadata().generation.is_some() {
            bump_generation(merged.metadata_mut());
        }
        self.store.put_object(merged);
        Ok(format!("{name} configured"))
    }

    fn add_nodes(&mut self, from: &str, count: usize) -> Result<Vec<String>, Refused> {
        let key = self.node_key(from)?;
        let Some(model) = self.store.get::<Node>(&key).cloned() else { return Err(not_found(Kind::Node, from)) };
        let mut made = Vec::new();
        let mut number = 1;
        for _ in 0..count {
            let name = loop {
                number += 1;
                let name = format!("{from}-{number}");
                if self.store.find::<Node>("", &name).is_none() {
                    break name;
                }
            };
            let node = self.new_node(&model, &name);
            self.create(node);
            made.push(format!("node/{name} created"));
        }
        Ok(made)
    }

    /// A fresh machine of the same make: registered with the taints and labels its kubelet gives it.
    fn new_node(&self, model: &Node, name: &str) -> Node {
        let mut node = model.clone();
        let metadata = &mut node.metadata;
        metadata.name = Some(name.to_owned());
        metadata.uid = None;
        metadata.creation_timestamp = None;
        if let Some(hostname) = metadata.labels.as_mut().and_then(|labels| labels.get_mut("kubernetes.io/hostname")) {
            name.clone_into(hostname);
        }
        let spec = node.spec.get_or_insert_default();
        spec.unschedulable = None;
        spec.pod_cidr = None;
        spec.pod_cidrs = None;
        spec.provider_id = None;
        let taints = spec.taints.get_or_insert_default();
        // What others put on the model because of its state is not the new node's.
        taints.retain(|taint| !taint.key.starts_with("node.kubernetes.io/") && taint.key != cloud_node::UNINITIALIZED);
        if self.setup.kubelet_cloud_provider_external || cloud_node::is_uninitialized(model) {
            taints.push(cloud_node::uninitialized_taint());
        }
        let status = node.status.get_or_insert_default();
        status.conditions = None;
        status.volumes_attached = None;
        status.volumes_in_use = None;
        let address = |type_: &str, address: String| NodeAddress { type_: type_.to_owned(), address };
        let mut addresses = vec![address("Hostname", name.to_owned())];
        if let Some(ip) = self.free_internal_ip(model) {
            addresses.insert(0, address("InternalIP", ip));
        }
        status.addresses = Some(addresses);
        node
    }

    /// The first address after the model's that no node has.
    fn free_internal_ip(&self, model: &Node) -> Option<String> {
        let internal = |node: &Node| {
            let addresses = node.status.as_ref()?.addresses.as_ref()?;
            let address = addresses.iter().find(|address| address.type_ == "InternalIP")?;
            address.address.parse::<std::net::Ipv4Addr>().ok()
        };
        let taken: BTreeSet<std::net::Ipv4Addr> = self.store.list::<Node>().filter_map(|node| internal(node)).collect();
        let mut address = internal(model)?;
        while taken.contains(&address) {
            address = std::net::Ipv4Addr::from(u32::from(address).checked_add(1)?);
        }
        Some(address.to_string())
    }

    fn node_down(&mut self, node: &str) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        if self.silent_nodes.insert(key.clone()) {
            let lost = self.clock.now_ms() + self.behaviour.node_monitor_grace_ms;
            self.agenda.add(lost, Event::HeartbeatLost(key));
        }
        Ok(vec![format!("node/{node} down")])
    }

    fn node_up(&mut self, node: &str) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        self.silent_nodes.remove(&key);
        let now = self.clock.time();
        self.store.update::<Node>(&key, |node| {
            for condition in node.status.get_or_insert_default().conditions.iter_mut().flatten() {
                if condition.status == "Unknown" || condition.type_ == "Ready" {
                    let (status, reason, message) = match condition.type_.as_str() {
                        "MemoryPressure" => {
                            ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
                        }
                        "DiskPressure" => ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                        "PIDPressure" => ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                        _ => ("True", "KubeletReady", "kubelet is posting ready status"),
                    };
                    if condition.status != status {
                        condition.last_transition_time = Some(now.clone());
                    }
                    condition.status = status.to_owned();
                    condition.reason = Some(reason.to_owned());
                    condition.message = Some(message.to_owned());
                }
                condition.last_heartbeat_time = Some(now.clone());
            }
        });
        for pod in self.pods_on(node) {
            kubelet::node_is_back(self, &pod);
        }
        Ok(vec![format!("node/{node} up")])
    }
}

fn taints(cluster: &Cluster, node: &ObjectKey) -> Vec<Taint> {
    cluster.store.get::<Node>(node).and_then(|node| node.spec.as_ref()?.taints.clone()).unwrap_or_default()
}

fn has_template(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::StatefulSet | Kind::Pod)
}

/// The API server's words for a name that is not there.
pub fn not_found(kind: Kind, name: &str) -> Refused {
    let resource = match kind.api_version().split_once('/') {
        Some((group, _)) => format!("{}.{group}", kind.plural()),
        None => kind.plural().to_owned(),
    };
    Refused(format!("Error from server (NotFound): {resource} \"{name}\" not found"))
}

/// A manifest cut from a dump says things that only the API server decides.
fn drop_what_servers_write(manifest: &mut Value) {
    let Some(object) = manifest.as_object_mut() else { return };
    object.remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        for key in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "ownerReferences"] {
            metadata.remove(key);
        }
    }
}

/// Sets what `new` says in `live`; what `last` said and `new` does not is removed. Lists are replaced whole.
fn merge(live: &mut Value, new: &Value, last: Option<&Value>) {
    let (Value::Object(live), Value::Object(new)) = (&mut *live, new) else {
        *live = new.clone();
        return;
    };
    for key in last.and_then(Value::as_object).into_iter().flat_map(|last| last.keys()) {
        if !new.contains_key(key) && key != "status" {
            live.remove(key);
        }
    }
    for (key, value) in new {
        let last = last.and_then(|last| last.get(key));
        match live.get_mut(key) {
            Some(place) if value.is_object() => merge(place, value, last),
            _ => {
                live.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A pod's spec is fixed but for its images and for tolerations, which may be added.
fn only_tolerations_added(live: &Pod, new: &Pod) -> bool {
    let (mut live, mut new) = (live.api_spec(), new.api_spec());
    let before = live.tolerations.take().unwrap_or_default();
    let after = new.tolerations.take().unwrap_or_default();
    for containers in [&mut live.containers, &mut new.containers] {
        containers.iter_mut().for_each(|container| container.image = None);
    }
    live == new && before.iter().all(|toleration| after.contains(toleration))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn apply_removes_only_what_was_applied_before() {
        let mut live = json!({"spec": {"a": 1, "b": 2, "set-by-others": 3}});
        merge(&mut live, &json!({"spec": {"a": 5}}), Some(&json!({"spec": {"a": 1, "b": 2}})));
        assert_eq!(live, json!({"spec": {"a": 5, "set-by-others": 3}}));
    }
}
