//! A dump of a living cluster goes on from where it stands: what it leaves out of the ties between objects is put back,
//! and what it lacks is told.

mod missing;
mod replica_sets;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use k8s_openapi::jiff::Timestamp;

use crate::cluster::Cluster;
use crate::controllers::{controller_ref, node_lifecycle};
use crate::gaps::list;
use crate::kubelet::Silence;
use crate::leases;
use crate::names::NameGenerator;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// Kind, namespace and name.
type Identity = (String, String, String);

/// Puts back what a dump leaves out as far as its other objects tell, and says what was put back and what is missing. Of
/// an input that is all there is nothing is missing.
pub(crate) fn mend(objects: &mut Vec<Object>, names: &NameGenerator, is_complete: bool) -> Vec<String> {
    if is_complete {
        reunite(objects, names);
        return Vec::new();
    }
    let mut told = Vec::new();
    let put_back = replica_sets::put_back(objects);
    if !put_back.is_empty() {
        told.push(format!(
            "the input lacks the ReplicaSets {}: they were put together from their pods and Deployments",
            list(&put_back)
        ));
    }
    reunite(objects, names);
    told.extend(missing::missing(objects));
    told
}

/// Puts the ties between owners and what they own back where a dump was cleaned of uids: an owner without one gets the
/// one by which it is named, a reference without one gets that of its owner, and where neither has one both get a new one.
fn reunite(objects: &mut [Object], names: &NameGenerator) {
    let mut named: BTreeMap<Identity, String> = BTreeMap::new();
    for object in objects.iter() {
        for owner in owners(object) {
            let uid = named.entry(owner_identity(object, owner)).or_default();
            if uid.is_empty() {
                uid.clone_from(&owner.uid);
            }
        }
    }
    let mut uids: BTreeMap<Identity, String> = BTreeMap::new();
    for object in objects.iter_mut() {
        let identity = identity(object);
        object.metadata_mut().uid.take_if(|uid| uid.is_empty());
        if object.metadata().uid.is_none()
            && let Some(uid) = named.get(&identity)
        {
            let (kind, namespace, name) = &identity;
            let drawn = || names.stable_uid(&format!("{kind}/{namespace}/{name}"));
            object.metadata_mut().uid = Some(if uid.is_empty() { drawn() } else { uid.clone() });
        }
        if let Some(uid) = object.metadata().uid.clone() {
            uids.insert(identity, uid);
        }
    }
    for object in objects.iter_mut() {
        if owners(object).iter().all(|owner| !owner.uid.is_empty()) {
            continue;
        }
        let known: Vec<Option<String>> =
            owners(object).iter().map(|owner| uids.get(&owner_identity(object, owner)).cloned()).collect();
        let owners = object.metadata_mut().owner_references.iter_mut().flatten();
        for (owner, uid) in owners.zip(known) {
            if let (true, Some(uid)) = (owner.uid.is_empty(), uid) {
                owner.uid = uid;
            }
        }
    }
}

impl Cluster {
    /// A node whose status is unknown in a dump has a kubelet that is not heard of: it is not heard of here either. Nor is
    /// one whose Lease says that it had just fallen silent.
    pub(crate) fn adopt_silence(&mut self) {
        let unknown = self.store.list::<Node>().filter_map(|node| {
            let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
            let ready = conditions.into_iter().find(|condition| condition.type_ == "Ready")?;
            let heard = ready.last_heartbeat_time.as_ref().map(|time| time.0);
            (ready.status == "Unknown").then(|| (ObjectKey::of(node.as_ref()), heard))
        });
        let unknown: Vec<(ObjectKey, Option<Timestamp>)> = unknown.collect();
        for (key, heard) in unknown {
            leases::fell_silent(self, &key, heard.unwrap_or(self.clock.now()));
            self.silent_nodes.insert(key, Silence::CutOff);
        }
        for (key, heard, missed) in leases::just_silent(self) {
            if self.silent_nodes.insert(key.clone(), Silence::CutOff).is_some() {
                continue;
            }
            leases::fell_silent(self, &key, heard);
            node_lifecycle::silence_began(self, &key, self.clock.signed_ms_of(heard));
            self.knowledge.lacking.push(format!(
                "the Lease of node {} is {missed} s older than the newest one: nothing is taken to be heard of its kubelet since",
                key.name
            ));
        }
    }

    /// A dump of nodes and pods says nothing of their storage. Where the input shows no claim at all, those that its pods name
    /// are taken to exist and to be in nobody's way, unless the scheduler has said of a pod that one is not there; likewise
    /// the volumes of claims where it shows no volume.
    pub(crate) fn take_storage_for_granted(&mut self) {
        if self.setup.input_is_complete {
            return;
        }
        if self.store.list::<PersistentVolumeClaim>().next().is_none() {
            let pods = self.store.list::<Pod>().filter(|pod| pod::is_active(pod) && is_found(pod));
            for pod in pods {
                let said = pod::condition(pod, "PodScheduled").and_then(|condition| condition.message.as_deref());
                let is_denied = said.is_some_and(|said| said.contains("persistentvolumeclaim"));
                let namespace = pod.metadata.namespace.clone().unwrap_or_default();
                let volumes = pod.spec.volumes.iter().flatten().filter(|_| !is_denied);
                let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
                let names = claims.map(|claim| (namespace.clone(), claim.claim_name.clone()));
                self.knowledge.granted_claims.extend(names);
            }
        }
        if self.store.list::<PersistentVolume>().next().is_none() {
            let claims = self.store.list::<PersistentVolumeClaim>();
            let named = claims.filter_map(|claim| claim.spec.as_ref()?.volume_name.clone());
            self.knowledge.granted_volumes.extend(named.filter(|name| !name.is_empty()));
        }
        self.scheduling.grant_storage(&self.knowledge);
    }

    /// Whether a snapshot shows an object. Of a kind that admission looks up by name, and of which the input showed
    /// nothing, there are only those that every cluster has: shown alone they would be taken for all there is.
    pub fn is_shown(&self, object: &Object) -> bool {
        object.kind().is_none_or(|kind| self.knowledge.may_show(kind, object.namespace().unwrap_or_default()))
    }

    /// What the objects name and the input did not have, one sentence each, and what that could change.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let mut lacks = self.knowledge.lacking.clone();
        let mut owners: BTreeMap<(Kind, String), &ObjectMeta> = BTreeMap::new();
        let (mut claims, mut granted) = (BTreeSet::new(), BTreeSet::new());
        for pod in self.store.list::<Pod>() {
            // Pods of Jobs are missed when they have ended, too: they count.
            let is_of_job = pod::controller_of(&pod.metadata).is_some_and(|owner| owner.kind == Kind::Job.name());
            if !pod::is_active(pod) && !is_of_job {
                continue;
            }
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            if let Some(owner) = pod::controller_of(&pod.metadata)
                && let Some(kind) = Kind::of(&owner.api_version, &owner.kind)
                && self
                    .store
                    .object(kind, &ObjectKey::new(if kind.is_namespaced() { namespace } else { "" }, &owner.name))
                    .is_none()
            {
                owners.entry((kind, format!("{namespace}/{}", owner.name))).or_insert(&pod.metadata);
            }
            for volume in pod.spec.volumes.iter().flatten() {
                if let Some(claim) = &volume.persistent_volume_claim
                    && self.store.find::<PersistentVolumeClaim>(namespace, &claim.claim_name).is_none()
                {
                    let key = (namespace.to_owned(), claim.claim_name.clone());
                    let list = if self.knowledge.granted_claims.contains(&key) { &mut granted } else { &mut claims };
                    list.insert(format!("{namespace}/{}", claim.claim_name));
                }
            }
        }
        let mut follows: BTreeMap<(Kind, &str), Vec<String>> = BTreeMap::new();
        for ((kind, name), pod) in owners {
            let is_made_anew =
                kind == Kind::ReplicaSet && !controller_ref::adopters::<Deployment>(self, pod).is_empty();
            let what = if is_made_anew {
                "their Deployments make new pods beside them"
            } else {
                "nobody replaces those pods when they go, and no change of them is rolled out"
            };
            follows.entry((kind, what)).or_default().push(name);
        }
        for ((kind, follows), names) in follows {
            lacks.push(format!(
                "the input has pods of {} but not the {} themselves: {follows}",
                list(&names),
                kind.plural()
            ));
        }
        let volumes: Vec<String> = self.knowledge.granted_volumes.iter().cloned().collect();
        for (kind, names) in [("PersistentVolumeClaim", granted.into_iter().collect()), ("PersistentVolume", volumes)] {
            if !names.is_empty() {
                let names: Vec<String> = names;
                lacks.push(format!(
                    "the input has no {kind}, and names some ({}): they are taken to exist and to be reached from every node",
                    list(&names)
                ));
            }
        }
        if !claims.is_empty() {
            let names: Vec<String> = claims.into_iter().collect();
            lacks.push(format!(
                "the input lacks PersistentVolumeClaims that pods name ({}): a pod that has to be placed again waits for them",
                list(&names)
            ));
        }
        lacks
    }
}

/// Whether a pod has been in a cluster, rather than in a manifest.
fn is_found(pod: &Pod) -> bool {
    pod.status.as_ref().is_some_and(|status| status.conditions.is_some() || status.start_time.is_some())
}

fn owners(object: &Object) -> &[OwnerReference] {
    object.metadata().owner_references.as_deref().unwrap_or_default()
}

fn identity(object: &Object) -> Identity {
    let namespace = object.namespace().unwrap_or_default();
    (object.kind_name().to_owned(), namespace.to_owned(), object.name().to_owned())
}

/// An owner is in the namespace of what it owns, or in none.
fn owner_identity(owned: &Object, owner: &OwnerReference) -> Identity {
    let is_namespaced = Kind::of(&owner.api_version, &owner.kind).is_none_or(Kind::is_namespaced);
    let namespace = owned.namespace().filter(|_| is_namespaced).unwrap_or_default();
    (owner.kind.clone(), namespace.to_owned(), owner.name.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::reunite;
    use crate::names::NameGenerator;
    use crate::object::{Kind, Object};

    fn object(kind: Kind, uid: Value, owner: Value) -> Object {
        let owners = if owner.is_null() {
            json!([])
        } else {
            json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": owner}])
        };
        let value = json!({"metadata": {"name": "x", "namespace": "n", "uid": uid, "ownerReferences": owners}, "spec": {"selector": {}, "containers": []}});
        Object::read(kind, value).unwrap()
    }

    #[track_caller]
    fn check(set_uid: Value, reference: Value, set: Option<&str>, owner: &str) {
        let mut objects = [object(Kind::ReplicaSet, set_uid, Value::Null), object(Kind::Pod, Value::Null, reference)];
        reunite(&mut objects, &NameGenerator::new(0));
        assert_eq!(objects[0].metadata().uid.as_deref(), set);
        assert_eq!(objects[1].metadata().owner_references.as_ref().unwrap()[0].uid, owner);
    }

    #[test]
    fn ties_cut_on_one_side_are_put_back() {
        check(Value::Null, json!("u1"), Some("u1"), "u1");
        check(json!("u1"), json!(""), Some("u1"), "u1");
        check(json!("u1"), json!("u1"), Some("u1"), "u1");
        // Another object of the same name: it does not own the pod.
        check(json!("u2"), json!("u1"), Some("u2"), "u1");
    }

    #[test]
    fn ties_cut_on_both_sides_are_put_back() {
        for uid in [Value::Null, json!("")] {
            let mut objects = [object(Kind::ReplicaSet, uid, Value::Null), object(Kind::Pod, Value::Null, json!(""))];
            reunite(&mut objects, &NameGenerator::new(0));
            let uid = objects[0].metadata().uid.clone().unwrap();
            assert_eq!((uid.len(), &objects[1].metadata().owner_references.as_ref().unwrap()[0].uid), (36, &uid));
        }
        // Nobody is named, nobody gets one.
        let mut objects = [object(Kind::ReplicaSet, Value::Null, Value::Null)];
        reunite(&mut objects, &NameGenerator::new(0));
        assert_eq!(objects[0].metadata().uid, None);
    }
}
