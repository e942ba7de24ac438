//! The kubelet: takes in the pods that are bound to its node, pulls images, starts, probes and restarts containers,
//! tells of all that in the pods' status, evicts when its node runs short, and ends the pods that are deleted.
//!
//! Containers do what was declared of them ([`Conduct`]). What is not declared is well-behaved: images are on the
//! machine, containers stay up and pass their probes, init containers end well after a second.

mod admission;
mod containers;
mod events;
mod images;
mod mirror;
mod needs;
mod node_status;
mod pressure;
mod probes;
mod references;
mod status;
mod termination;
mod volumes;
mod work;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use k8s_openapi::api::core::v1::Node;

use crate::clock::Event;
use crate::cluster::Cluster;
use crate::conduct::{ANNOTATION, Conduct, Declaration};
use crate::expectation::glob;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};
use work::{Ms, PodWork, Stage, ms, stage};

pub use node_status::installs_network;
pub(crate) use node_status::{Flags, Silence, adopt_flags, come_back, fall_silent, healthy, join, post, restart};
pub(crate) use pressure::housekeeping;

/// From binding to the first container's start.
const START_MS: u64 = 1_000;
/// From the order to stop to the end of a container that heeds it, and from an end to what follows of it: the kubelet
/// asks the runtime once a second (`plegRelistPeriod`).
const RELIST_MS: u64 = 1_000;
/// How soon a kubelet looks at a pod again after something has failed: `backOffPeriod`, 10 s, and up to half as long again.
const RETRY_MS: Ms = 12_500;

/// What the kubelets of all nodes remember.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kubelets {
    /// The pods they have taken in, or found on their nodes and had to do something about.
    pods: OrdMap<ObjectKey, Arc<PodWork>>,
    declarations: Arc<Vec<Declaration>>,
    /// Images that no registry hands out, as patterns with `*`.
    broken_images: OrdSet<String>,
    /// Images that are handed out although one of these patterns is theirs.
    mended_images: OrdSet<String>,
    /// Images that were not on a node and have been pulled there.
    pulled_images: OrdSet<(String, String)>,
    /// The pods that need an object.
    dependents: OrdMap<(Kind, ObjectKey), OrdSet<ObjectKey>>,
    /// The pods that wait for a ConfigMap or Secret.
    waiting_for_references: OrdSet<ObjectKey>,
    /// Nodes that are short of something, or were of late.
    pressures: OrdMap<String, pressure::Pressure>,
}

/// Something changed: puts the kubelets' next work on the agenda.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    node_status::watch(cluster, changed);
    needs::wake_dependents(cluster, changed);
    references::wake(cluster, changed);
    match (&changed.before, &changed.after) {
        (before, Some(Object::Pod(pod))) => watch_pod(cluster, &changed.key, before.is_none(), pod),
        (Some(Object::Pod(gone)), None) if mirror::is_missed(cluster, &changed.key, gone) => {
            mirror::restore(cluster, &changed.key, gone);
        }
        (Some(Object::Pod(gone)), None) => forget(cluster, &changed.key, gone),
        _ => {}
    }
}

fn watch_pod(cluster: &mut Cluster, key: &ObjectKey, is_new: bool, pod: &Arc<Pod>) {
    let Some(node) = pod::node_name(pod) else { return };
    if !is_alive(cluster, node) {
        return;
    }
    let known = cluster.kubelets.pods.get(key).filter(|work| work.is_of(pod));
    let wanted = match known {
        _ if pod::is_static(pod) && pod::is_terminating(pod) => true,
        Some(work) => pod::is_terminating(pod) && !work.is_stopping(),
        None => {
            pod::is_terminating(pod)
                || (matches!(stage(pod), Stage::New) && !pod::is_terminal(pod))
                || (is_new && pod::is_active(pod) && goes_on(cluster, pod, &conduct_of(cluster, pod)))
        }
    };
    if wanted {
        cluster.agenda.add(cluster.clock.now_ms(), Event::Kubelet(key.clone()));
    }
}

/// Whatever is due of a pod now. Nothing happens when nothing is due.
pub(crate) fn work(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    let Some(node) = pod::node_name(&pod).filter(|node| is_alive(cluster, node)).map(str::to_owned) else { return };
    let known = cluster.kubelets.pods.get(key).filter(|work| work.is_of(&pod)).cloned();
    match known {
        _ if pod::is_static(&pod) && pod::is_terminating(&pod) => mirror::take_away(cluster, key),
        Some(work) => containers::sync(cluster, key, &pod, &node, PodWork::clone(&work)),
        None if pod::is_terminal(&pod) => {}
        None if matches!(stage(&pod), Stage::New) && !pod::is_terminating(&pod) => {
            admission::take_in(cluster, key, &pod, &node);
        }
        None => {
            let conducts = conduct_of(cluster, &pod);
            if pod::is_terminating(&pod) || goes_on(cluster, &pod, &conducts) {
                let work = PodWork::found(cluster, &pod, conducts);
                containers::sync(cluster, key, &pod, &node, work);
            }
        }
    }
}

/// The node reports again: its kubelet takes up its pods where they stand.
fn node_is_back(cluster: &mut Cluster, pod: &Pod) {
    cluster.agenda.add(cluster.clock.now_ms(), Event::Kubelet(ObjectKey::of(pod)));
}

/// The volumes that a pod waited for are on its node.
pub(crate) fn volumes_are_attached(cluster: &mut Cluster, pod: &Pod) {
    cluster.agenda.add(cluster.clock.now_ms(), Event::Kubelet(ObjectKey::of(pod)));
}

impl Kubelets {
    /// The images that are handed out although one of those patterns is theirs.
    pub(crate) fn mended_images(&self) -> impl Iterator<Item = &str> {
        self.mended_images.iter().map(String::as_str)
    }

    /// The images that no registry hands out, as patterns with `*`.
    pub(crate) fn broken_images(&self) -> impl Iterator<Item = &str> {
        self.broken_images.iter().map(String::as_str)
    }
}

impl Cluster {
    /// Declares what containers do, beside what was declared before; where both speak of one thing, the last is right.
    pub fn declare(&mut self, declarations: impl IntoIterator<Item = Declaration>) {
        Arc::make_mut(&mut self.kubelets.declarations).extend(declarations);
    }

    /// Whether a kubelet of this run has taken the pod in.
    pub(crate) fn has_taken_in(&self, key: &ObjectKey) -> bool {
        self.kubelets.pods.get(key).is_some_and(|work| work.is_taken_in())
    }

    /// From now on containers behave differently: those that run begin with it now.
    pub(crate) fn change_conduct(&mut self, declaration: Declaration) -> usize {
        let matching: Vec<Arc<Pod>> =
            self.store.list::<Pod>().filter(|pod| declaration.pods.matches(&self.store, pod)).cloned().collect();
        if matching.is_empty() {
            return 0;
        }
        self.declare([declaration]);
        for pod in &matching {
            let key = ObjectKey::of(pod.as_ref());
            let conducts = conduct_of(self, pod);
            let now_ms = self.clock.now_ms();
            if let Some(work) = self.kubelets.pods.get_mut(&key) {
                Arc::make_mut(work).conduct_themselves(&conducts, ms(now_ms));
            }
            if pod::node_name(pod).is_some() {
                self.agenda.add(now_ms, Event::Kubelet(key));
            }
        }
        matching.len()
    }

    /// No registry hands out these images any more.
    pub(crate) fn break_image(&mut self, pattern: &str) {
        self.kubelets.broken_images.insert(pattern.to_owned());
        let mended = std::mem::take(&mut self.kubelets.mended_images);
        self.kubelets.mended_images = mended.into_iter().filter(|image| !glob(pattern, image)).collect();
    }

    /// The registries hand them out again, or one of them; says whether they did not. Who waits for one hears of it by its
    /// next try.
    pub(crate) fn fix_image(&mut self, pattern: &str) -> bool {
        let kubelets = &mut self.kubelets;
        if kubelets.broken_images.remove(pattern).is_none() {
            let is_broken = kubelets.broken_images.iter().any(|broken| glob(broken, pattern));
            if !is_broken || kubelets.mended_images.insert(pattern.to_owned()).is_some() {
                return false;
            }
        }
        let waiting: Vec<ObjectKey> =
            self.kubelets.pods.iter().filter(|(_, work)| work.waits_for_image()).map(|(key, _)| key.clone()).collect();
        for key in waiting {
            self.agenda.add(self.clock.now_ms(), Event::Kubelet(key));
        }
        true
    }
}

/// What each container of a pod does, init containers first: as the Scenario says, and then as the pod itself does.
fn conduct_of(cluster: &Cluster, pod: &Pod) -> Vec<Conduct> {
    let declarations: Vec<&Declaration> = cluster
        .kubelets
        .declarations
        .iter()
        .filter(|declaration| declaration.pods.matches(&cluster.store, pod))
        .collect();
    let own = |key: &str| {
        let text = pod.metadata.annotations.as_ref()?.get(key)?;
        // Who read the manifest has told what is wrong with it.
        Conduct::parse(text).ok()
    };
    let init = pod.spec.init_containers.iter().flatten().map(|container| (container, true));
    let containers = init.chain(pod.spec.containers.iter().map(|container| (container, false)));
    containers
        .map(|(container, is_init)| {
            let mut conduct = Conduct::default();
            let of_this = |name: &Option<String>| name.as_ref().map_or(!is_init, |name| *name == container.name);
            for declaration in declarations.iter().filter(|declaration| of_this(&declaration.container)) {
                conduct.overlay(&declaration.conduct);
            }
            let shared = own(ANNOTATION).filter(|_| !is_init);
            for own in shared.iter().chain(&own(&format!("{ANNOTATION}.{}", container.name))) {
                conduct.overlay(own);
            }
            conduct
        })
        .collect()
}

/// Whether anything may come of a pod that was found on its node: it was declared to behave in some way, or waits for what
/// may be made.
fn goes_on(cluster: &Cluster, pod: &Pod, conducts: &[Conduct]) -> bool {
    conducts.iter().any(|conduct| *conduct != Conduct::default()) || references::hold_up(cluster, pod)
}

/// A pod is gone: so is what was remembered of it, and what it used.
fn forget(cluster: &mut Cluster, key: &ObjectKey, gone: &Pod) {
    let Some(work) = cluster.kubelets.pods.remove(key) else { return };
    cluster.kubelets.waiting_for_references.remove(key);
    needs::forget(cluster, key, &work);
    if let Some(node) = pod::node_name(gone).filter(|_| work.uses_something()) {
        pressure::look_soon(cluster, node);
    }
}

/// Whether the node exists and its kubelet reports.
pub(crate) fn is_alive(cluster: &Cluster, node: &str) -> bool {
    let Some(found) = cluster.store.find::<Node>("", node) else { return false };
    let ready = found.status.as_ref().and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    let unreachable =
        ready.filter(|condition| condition.type_ == "Ready").any(|condition| condition.status == "Unknown");
    !unreachable && !cluster.silent_nodes.contains_key(&ObjectKey::new("", node))
}
