//! Names of objects that a pod refers to.

use json_patch::Patch;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, ServiceAccount};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::StorageClass;
use sim_cluster::{KnownKind, Secret, Store};
use sim_core::scheduler::PluginName;

use super::letters::near;
use super::place::Place;
use super::{Asker, Candidate, NearMissKind, Trial};

/// The plugins that look at claims. A pod must get past all of them.
const OF_VOLUMES: Trial = Trial::Filters(&[
    PluginName::VolumeBinding,
    PluginName::VolumeRestrictions,
    PluginName::VolumeZone,
    PluginName::NodeVolumeLimits,
]);

pub(super) fn candidates(asker: &Asker<'_>) -> Vec<Candidate> {
    let (spec, store, namespace) = (&asker.pod.spec, asker.cluster.store(), asker.namespace());
    let field = |field: &'static str| Place::of(["spec", field]);
    let mut found = Vec::new();
    if let Some(name) = spec.priority_class_name.as_deref().filter(|name| !name.starts_with("system-")) {
        let looked_up = Reference { kind: NearMissKind::PriorityClass, place: field("priorityClassName"), name };
        found.extend(looked_up.candidates::<PriorityClass>(store, "", Trial::LookedUp));
    }
    if let Some(name) = spec.runtime_class_name.as_deref() {
        let looked_up = Reference { kind: NearMissKind::RuntimeClass, place: field("runtimeClassName"), name };
        found.extend(looked_up.candidates::<RuntimeClass>(store, "", Trial::LookedUp));
    }
    // Every namespace has this one sooner or later.
    if let Some(name) = spec.service_account_name.as_deref().filter(|name| *name != "default") {
        let looked_up = Reference { kind: NearMissKind::ServiceAccount, place: field("serviceAccountName"), name };
        found.extend(looked_up.candidates::<ServiceAccount>(store, namespace, Trial::LookedUp));
    }
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let place = field("volumes").at(index);
        if let Some(claim) = &volume.persistent_volume_claim {
            let place = place.at("persistentVolumeClaim").at("claimName");
            let named = Reference { kind: NearMissKind::Claim, place, name: &claim.claim_name };
            found.extend(named.candidates::<PersistentVolumeClaim>(store, namespace, OF_VOLUMES));
        }
    }
    found
}

/// The ConfigMaps and Secrets that the pod needs on its node.
pub(super) fn references(asker: &Asker<'_>) -> Vec<Candidate> {
    let (spec, store, namespace) = (&asker.pod.spec, asker.cluster.store(), asker.namespace());
    let mut found = Vec::new();
    let mut look_up = |kind, place: Place, name: &str, optional: Option<bool>| {
        let named = Reference { kind, place, name };
        if optional == Some(true) {
            return;
        }
        found.extend(match kind {
            NearMissKind::Secret => named.candidates::<Secret>(store, namespace, Trial::LookedUp),
            _ => named.candidates::<ConfigMap>(store, namespace, Trial::LookedUp),
        });
    };
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let place = Place::of(["spec", "volumes"]).at(index);
        if let Some(source) = &volume.config_map {
            look_up(NearMissKind::ConfigMap, place.at("configMap").at("name"), &source.name, source.optional);
        }
        if let Some(source) = &volume.secret {
            let name = source.secret_name.as_deref().unwrap_or_default();
            look_up(NearMissKind::Secret, place.at("secret").at("secretName"), name, source.optional);
        }
    }
    let lists = [("containers", Some(&spec.containers)), ("initContainers", spec.init_containers.as_ref())];
    let containers = lists.iter().flat_map(|(field, list)| {
        let list = list.iter().flat_map(|list| list.iter()).enumerate();
        list.map(|(index, container)| (Place::of(["spec", *field]).at(index), container))
    });
    for (place, container) in containers {
        for (number, source) in container.env_from.iter().flatten().enumerate() {
            let place = place.at("envFrom").at(number);
            if let Some(map) = &source.config_map_ref {
                look_up(NearMissKind::ConfigMap, place.at("configMapRef").at("name"), &map.name, map.optional);
            }
            if let Some(secret) = &source.secret_ref {
                look_up(NearMissKind::Secret, place.at("secretRef").at("name"), &secret.name, secret.optional);
            }
        }
        for (number, variable) in container.env.iter().flatten().enumerate() {
            let Some(source) = &variable.value_from else { continue };
            let place = place.at("env").at(number).at("valueFrom");
            if let Some(map) = &source.config_map_key_ref {
                look_up(NearMissKind::ConfigMap, place.at("configMapKeyRef").at("name"), &map.name, map.optional);
            }
            if let Some(secret) = &source.secret_key_ref {
                look_up(NearMissKind::Secret, place.at("secretKeyRef").at("name"), &secret.name, secret.optional);
            }
        }
    }
    found
}

/// The classes of the pod's claims.
pub(super) fn storage_classes(asker: &Asker<'_>) -> Vec<Candidate> {
    let store = asker.cluster.store();
    let names = asker.pod.spec.volumes.iter().flatten().filter_map(|volume| volume.persistent_volume_claim.as_ref());
    let mut found: Vec<Candidate> = Vec::new();
    for name in names.map(|claim| &claim.claim_name) {
        let claim = store.find::<PersistentVolumeClaim>(asker.namespace(), name);
        let spec = claim.and_then(|claim| claim.spec.as_ref()).filter(|spec| spec.volume_name.is_none());
        let Some(class) = spec.and_then(|spec| spec.storage_class_name.as_deref()) else { continue };
        let place = Place::of(["spec", "storageClassName"]);
        let named = Reference { kind: NearMissKind::StorageClass, place, name: class };
        for candidate in named.candidates::<StorageClass>(store, "", OF_VOLUMES) {
            let sentence = format!("of the claim {name}: {}", candidate.sentence);
            found.push(Candidate { claim: Some(name.clone()), sentence, ..candidate });
        }
    }
    found
}

/// The name of the scheduler.
pub(super) fn scheduler_names(asker: &Asker<'_>) -> Vec<Candidate> {
    let Some(name) = asker.pod.spec.scheduler_name.as_deref() else { return Vec::new() };
    let profiles = asker.cluster.scheduling().scheduler().profiles();
    if profiles.iter().any(|profile| profile.scheduler_name == name) {
        return Vec::new();
    }
    let named = Reference { kind: NearMissKind::SchedulerName, place: Place::of(["spec", "schedulerName"]), name };
    let names = profiles.iter().map(|profile| profile.scheduler_name.as_str());
    near(name, names).into_iter().map(|(other, how)| named.candidate("scheduler", other, &how, Trial::Served)).collect()
}

/// A name by which a pod refers to something.
struct Reference<'a> {
    kind: NearMissKind,
    place: Place,
    name: &'a str,
}

impl Reference<'_> {
    /// The objects of a kind whose name is nearly that, if none has it.
    fn candidates<T: KnownKind>(&self, store: &Store, namespace: &str, trial: Trial) -> Vec<Candidate> {
        if self.name.is_empty() || store.find::<T>(namespace, self.name).is_some() {
            return Vec::new();
        }
        let names = store.list_in::<T>(namespace).filter_map(|object| object.metadata().name.as_deref());
        let near = near(self.name, names);
        near.into_iter().map(|(other, how)| self.candidate(T::KIND, other, &how, trial)).collect()
    }

    fn candidate(&self, kind: &str, other: &str, how: &str, trial: Trial) -> Candidate {
        let name = self.name;
        Candidate {
            kind: self.kind,
            path: self.place.to_string(),
            says: name.to_owned(),
            there: other.to_owned(),
            nodes: None,
            sentence: format!("there is no {kind} {name}, but there is {other}: the difference is {how}"),
            patch: Patch(vec![self.place.replace(other)]),
            claim: None,
            trial,
        }
    }
}
