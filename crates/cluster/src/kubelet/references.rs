//! The ConfigMaps and Secrets that a pod names, and what its kubelet says when they are not there (`pkg/volume/configmap`,
//! `pkg/volume/secret`, `pkg/volume/projected`, `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go`).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVar, KeyToPath, Volume};

use super::work::{PodWork, specs};
use crate::change::ObjectRef;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::gaps::list;
use crate::names::stable_suffix;
use crate::object::Kind;
use crate::pod::{self, Pod};
use crate::secret::Secret;
use crate::store::{Changed, ObjectKey};

/// The ConfigMap that a controller keeps in every namespace (`root-ca-cert-publisher`, 1.20).
const ROOT_CERTIFICATE: &str = "kube-root-ca.crt";

/// What a kubelet looks for in vain, and what it says then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    kind: Kind,
    name: String,
    /// The error in the kubelet's words.
    pub(super) says: String,
}

/// What is known of a ConfigMap or Secret.
enum Found<'a> {
    /// The input does not say whether it exists.
    Unknown,
    Nothing,
    ConfigMap(&'a ConfigMap),
    Secret(&'a Secret),
}

/// The volumes that cannot be set up, each with what is missing. A volume that no container mounts is not looked at.
pub(super) fn of_volumes(cluster: &Cluster, pod: &Pod) -> Vec<(String, Vec<Missing>)> {
    if pod::is_static(pod) {
        return Vec::new();
    }
    let lookup = Lookup::of(cluster, pod);
    let volumes = pod.spec.volumes.iter().flatten().filter(|volume| is_mounted(pod, &volume.name));
    let missing = volumes.map(|volume| (volume.name.clone(), lookup.of_volume(volume)));
    missing.filter(|(_, missing)| !missing.is_empty()).collect()
}

/// Whether any container of the pod mounts the volume.
pub(super) fn is_mounted(pod: &Pod, volume: &str) -> bool {
    specs(pod).any(|container| {
        let mounts = container.volume_mounts.iter().flatten().map(|mount| &mount.name);
        let devices = container.volume_devices.iter().flatten().map(|device| &device.name);
        mounts.chain(devices).any(|name| name == volume)
    })
}

/// What keeps a container's environment from being made: the first thing that is missing.
pub(super) fn of_environment(cluster: &Cluster, pod: &Pod, container: &Container) -> Option<Missing> {
    let lookup = Lookup::of(cluster, pod);
    let mut whole =
        container.env_from.iter().flatten().filter_map(|source| match (&source.config_map_ref, &source.secret_ref) {
            (Some(map), _) => lookup.whole(Kind::ConfigMap, &map.name, map.optional),
            (None, Some(secret)) => lookup.whole(Kind::Secret, &secret.name, secret.optional),
            (None, None) => None,
        });
    let first = whole.next();
    first.or_else(|| container.env.iter().flatten().find_map(|variable| lookup.of_variable(variable)))
}

/// The secrets to pull images with that are not there.
pub(super) fn of_pulls(cluster: &Cluster, pod: &Pod) -> Vec<String> {
    let lookup = Lookup::of(cluster, pod);
    let named = pod.spec.image_pull_secrets.iter().flatten().map(|secret| &secret.name);
    named.filter(|name| lookup.whole(Kind::Secret, name, None).is_some()).cloned().collect()
}

/// Whether a pod on a node waits for what is known to be missing.
pub(super) fn hold_up(cluster: &Cluster, pod: &Pod) -> bool {
    !cluster.missing_references(pod).is_empty()
}

/// Notes whether a pod waits for a ConfigMap or Secret.
pub(super) fn note(cluster: &mut Cluster, key: &ObjectKey, work: &PodWork) {
    let waiting = &mut cluster.kubelets.waiting_for_references;
    if work.waits_for_reference() {
        waiting.insert(key.clone());
    } else if !waiting.is_empty() {
        waiting.remove(key);
    }
}

/// A ConfigMap or Secret changed: the pods that wait for one in its namespace look again.
pub(super) fn wake(cluster: &mut Cluster, changed: &Changed) {
    if !matches!(changed.kind, Kind::ConfigMap | Kind::Secret) {
        return;
    }
    let namespace = &changed.key.namespace;
    let from_first = cluster.kubelets.waiting_for_references.range(ObjectKey::new(namespace, "")..);
    let waiting: Vec<ObjectKey> = from_first.take_while(|key| key.namespace == *namespace).cloned().collect();
    for key in waiting {
        cluster.agenda.add(cluster.clock.now_ms(), Event::Kubelet(key));
    }
}

impl Cluster {
    /// The ConfigMaps and Secrets that keep the containers of a pending pod from being made, each with what its kubelet says.
    pub fn missing_references(&self, pod: &Pod) -> Vec<(ObjectRef, String)> {
        let volumes = of_volumes(self, pod).into_iter().flat_map(|(_, missing)| missing);
        let environments = specs(pod).filter_map(|container| of_environment(self, pod, container));
        let mut all: Vec<(ObjectRef, String)> = Vec::new();
        if pod::phase(pod) != "Pending" {
            return all;
        }
        for Missing { kind, name, says } in volumes.chain(environments) {
            let object = ObjectRef { namespace: pod.metadata.namespace.clone(), kind: word(kind).to_owned(), name };
            if !all.iter().any(|(known, _)| *known == object) {
                all.push((object, says));
            }
        }
        all
    }

    /// What pods of this run name and the input neither has nor denies.
    pub(crate) fn references_taken_for_granted<'a>(&self, pods: impl Iterator<Item = &'a Pod>) -> Option<String> {
        let mut granted: BTreeSet<String> = BTreeSet::new();
        for pod in pods {
            let lookup = Lookup::of(self, pod);
            for (kind, name) in named(pod) {
                if matches!(lookup.find(kind, name), Found::Unknown) && !lookup.is_kept_by_controllers(kind, name) {
                    granted.insert(format!("{} {}/{name}", kind.name(), lookup.namespace));
                }
            }
        }
        let granted: Vec<String> = granted.into_iter().collect();
        (!granted.is_empty()).then(|| {
            format!(
                "pods name ConfigMaps and Secrets of which the input has none in their namespaces: they are taken to exist ({})",
                list(&granted)
            )
        })
    }
}

/// Everything that a pod names and cannot start without.
fn named(pod: &Pod) -> Vec<(Kind, &str)> {
    let needed = |optional: Option<bool>| optional != Some(true);
    let mut all = Vec::new();
    for volume in pod.spec.volumes.iter().flatten() {
        if let Some(map) = volume.config_map.as_ref().filter(|map| needed(map.optional)) {
            all.push((Kind::ConfigMap, map.name.as_str()));
        }
        if let Some(secret) = volume.secret.as_ref().filter(|secret| needed(secret.optional)) {
            all.extend(secret.secret_name.as_deref().map(|name| (Kind::Secret, name)));
        }
        for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
            let map = source.config_map.as_ref().filter(|map| needed(map.optional));
            all.extend(map.map(|map| (Kind::ConfigMap, map.name.as_str())));
            let secret = source.secret.as_ref().filter(|secret| needed(secret.optional));
            all.extend(secret.map(|secret| (Kind::Secret, secret.name.as_str())));
        }
    }
    for container in specs(pod) {
        for source in container.env_from.iter().flatten() {
            let map = source.config_map_ref.as_ref().filter(|map| needed(map.optional));
            all.extend(map.map(|map| (Kind::ConfigMap, map.name.as_str())));
            let secret = source.secret_ref.as_ref().filter(|secret| needed(secret.optional));
            all.extend(secret.map(|secret| (Kind::Secret, secret.name.as_str())));
        }
        for source in container.env.iter().flatten().filter_map(|variable| variable.value_from.as_ref()) {
            let map = source.config_map_key_ref.as_ref().filter(|map| needed(map.optional));
            all.extend(map.map(|map| (Kind::ConfigMap, map.name.as_str())));
            let secret = source.secret_key_ref.as_ref().filter(|secret| needed(secret.optional));
            all.extend(secret.map(|secret| (Kind::Secret, secret.name.as_str())));
        }
    }
    all
}

/// Looks things up for one pod.
struct Lookup<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
    account: &'a str,
}

impl<'a> Lookup<'a> {
    fn of(cluster: &'a Cluster, pod: &'a Pod) -> Self {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let account = pod.spec.service_account_name.as_deref().unwrap_or("default");
        Self { cluster, namespace, account }
    }

    fn find(&self, kind: Kind, name: &str) -> Found<'a> {
        let (store, namespace) = (&self.cluster.store, self.namespace);
        let found = match kind {
            Kind::ConfigMap => store.find::<ConfigMap>(namespace, name).map(|map| Found::ConfigMap(map)),
            _ => store.find::<Secret>(namespace, name).map(|secret| Found::Secret(secret)),
        };
        let denied = !self.is_kept_by_controllers(kind, name) && self.cluster.knowledge.denies(kind, namespace, name);
        found.unwrap_or(if denied { Found::Nothing } else { Found::Unknown })
    }

    /// What controllers make in every namespace, which are not modelled: the root certificate and, until 1.20, the token.
    fn is_kept_by_controllers(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::ConfigMap => name == ROOT_CERTIFICATE,
            _ => {
                let account = self.account;
                let own = || format!("{account}-token-{}", stable_suffix(&format!("{}/{account}", self.namespace)));
                !self.cluster.behaviour.projected_tokens && name == own()
            }
        }
    }

    fn whole(&self, kind: Kind, name: &str, optional: Option<bool>) -> Option<Missing> {
        let is_missing = matches!(self.find(kind, name), Found::Nothing) && optional != Some(true);
        is_missing.then(|| self.missing(kind, name, format!("{} \"{name}\" not found", word(kind))))
    }

    fn missing(&self, kind: Kind, name: &str, says: String) -> Missing {
        Missing { kind, name: name.to_owned(), says }
    }

    /// A source of a volume: the object, and of it the keys that are named.
    fn source(
        &self,
        kind: Kind,
        name: &str,
        items: Option<&Vec<KeyToPath>>,
        optional: Option<bool>,
    ) -> Option<Missing> {
        let found = self.find(kind, name);
        let mut items = items.into_iter().flatten();
        let says = match found {
            _ if optional == Some(true) => None,
            Found::Unknown => None,
            Found::Nothing => Some(format!("{} \"{name}\" not found", word(kind))),
            Found::ConfigMap(map) => {
                let absent = items.find(|item| !is_in(&map.data, &item.key) && !is_in(&map.binary_data, &item.key));
                absent.map(|item| format!("configmap references non-existent config key: {}", item.key))
            }
            Found::Secret(secret) => {
                let absent = items.find(|item| !secret.has(&item.key));
                absent.map(|item| format!("references non-existent secret key: {}", item.key))
            }
        };
        says.map(|says| self.missing(kind, name, says))
    }

    fn of_volume(&self, volume: &Volume) -> Vec<Missing> {
        if let Some(map) = &volume.config_map {
            return self.source(Kind::ConfigMap, &map.name, map.items.as_ref(), map.optional).into_iter().collect();
        }
        if let Some(secret) = &volume.secret {
            let name = secret.secret_name.as_deref().unwrap_or_default();
            return self.source(Kind::Secret, name, secret.items.as_ref(), secret.optional).into_iter().collect();
        }
        let sources = volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten());
        let missing = sources.filter_map(|source| match (&source.secret, &source.config_map) {
            (Some(secret), _) => self.source(Kind::Secret, &secret.name, secret.items.as_ref(), secret.optional),
            (None, Some(map)) => self.source(Kind::ConfigMap, &map.name, map.items.as_ref(), map.optional),
            (None, None) => None,
        });
        missing.collect()
    }

    fn of_variable(&self, variable: &EnvVar) -> Option<Missing> {
        let source =
            variable.value_from.as_ref().filter(|_| variable.value.as_deref().unwrap_or_default().is_empty())?;
        let (kind, name, key, optional) = match (&source.config_map_key_ref, &source.secret_key_ref) {
            (Some(map), _) => (Kind::ConfigMap, &map.name, &map.key, map.optional),
            (None, Some(secret)) => (Kind::Secret, &secret.name, &secret.key, secret.optional),
            (None, None) => return None,
        };
        let has_key = match self.find(kind, name) {
            Found::Unknown => return None,
            Found::Nothing => return self.whole(kind, name, optional),
            Found::ConfigMap(map) => is_in(&map.data, key),
            Found::Secret(secret) => secret.has(key),
        };
        let says = || format!("couldn't find key {key} in {} {}/{name}", kind.name(), self.namespace);
        (!has_key && optional != Some(true)).then(|| self.missing(kind, name, says()))
    }
}

fn is_in<T>(data: &Option<std::collections::BTreeMap<String, T>>, key: &str) -> bool {
    data.as_ref().is_some_and(|data| data.contains_key(key))
}

/// The resource as the kubelet's caches name it.
fn word(kind: Kind) -> &'static str {
    if kind == Kind::ConfigMap { "configmap" } else { "secret" }
}
