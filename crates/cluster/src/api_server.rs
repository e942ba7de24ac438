//! What the API server does with objects: takes them in, creates pods from templates.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DeploymentSpec, StatefulSetSpec};
use k8s_openapi::api::core::v1::{Node, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::admission;
use crate::cluster::Cluster;
use crate::controllers::controller_ref::owner_reference;
use crate::controllers::{cron_job, job};
use crate::kubelet;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};

impl Cluster {
    /// Takes an object in as it is: what it lacks is filled in, what it says is kept.
    pub(crate) fn admit(&mut self, mut object: Object) {
        let known = object.kind();
        let identity = format!("{}/{}/{}", object.kind_name(), object.namespace().unwrap_or_default(), object.name());
        let now = self.clock.time();
        let uid = self.names.uid(&identity);
        let metadata = object.metadata_mut();
        metadata.uid.get_or_insert(uid);
        metadata.creation_timestamp.get_or_insert(now);
        if matches!(known, Some(Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::StatefulSet)) {
            metadata.generation.get_or_insert(1);
        }
        self.default_object(&mut object);
        if let Object::Pod(pod) = &mut object {
            self.share_spec(Arc::make_mut(pod));
        }
        self.store.put_object(object);
    }

    /// Pods of one owner mostly have one spec: they share it.
    fn share_spec(&mut self, pod: &mut Pod) {
        let owner = pod::controller_of(&pod.metadata).map(|owner| owner.uid.clone()).unwrap_or_default();
        let shared = self.pod_specs.entry(owner).or_insert_with(|| Arc::clone(&pod.spec));
        if *shared == pod.spec {
            pod.spec = Arc::clone(shared);
        } else {
            *shared = Arc::clone(&pod.spec);
        }
    }

    /// API defaults of the kinds whose fields decide something.
    pub(crate) fn default_object(&mut self, object: &mut Object) {
        match object {
            Object::Pod(pod) => {
                let rules = self.scheduling.scheduler().behaviour().requests;
                admission::admit_pod(Arc::make_mut(pod), &self.store, &self.behaviour, rules);
            }
            Object::Node(node) => self.default_node(Arc::make_mut(node)),
            Object::PersistentVolume(volume) => {
                // What the PersistentVolume controller finds at once.
                let status = Arc::make_mut(volume).status.get_or_insert_default();
                status.phase.get_or_insert_with(|| "Available".to_owned());
            }
            Object::PersistentVolumeClaim(claim) => {
                let status = Arc::make_mut(claim).status.get_or_insert_default();
                status.phase.get_or_insert_with(|| "Pending".to_owned());
            }
            Object::Deployment(object) => {
                default_deployment_spec(&mut Arc::make_mut(object).spec);
            }
            Object::ReplicaSet(object) => {
                let spec = &mut Arc::make_mut(object).spec;
                spec.replicas.get_or_insert(1);
                spec.template
                    .iter_mut()
                    .filter_map(|template| template.spec.as_mut())
                    .for_each(admission::default_pod_spec);
            }
            Object::DaemonSet(object) => {
                let spec = &mut Arc::make_mut(object).spec;
                spec.template.spec.iter_mut().for_each(admission::default_pod_spec);
            }
            Object::Job(job) => job::default_job(Arc::make_mut(job), &self.behaviour),
            Object::CronJob(cron_job) => cron_job::default_cron_job(&mut Arc::make_mut(cron_job).spec),
            Object::StatefulSet(object) => default_stateful_set(&mut Arc::make_mut(object).spec),
            _ => {}
        }
    }

    /// A node that says nothing of its condition gets what a healthy kubelet would post, and allocatable from capacity.
    fn default_node(&self, node: &mut Node) {
        let status = node.status.get_or_insert_default();
        if status.allocatable.is_none() {
            status.allocatable.clone_from(&status.capacity);
        }
        if status.capacity.is_none() {
            status.capacity.clone_from(&status.allocatable);
        }
        if status.conditions.as_ref().is_none_or(Vec::is_empty) {
            status.conditions = Some(kubelet::healthy(&self.clock.time()));
        }
    }

    /// Creates an object of a known kind.
    pub(crate) fn create<T: KnownKind>(&mut self, object: T) {
        self.admit(T::wrap(Arc::new(object)));
    }

    /// Creates a pod from a template, named after its owner, and tells of it as the owner's controller does.
    pub(crate) fn create_pod(&mut self, owner: Object, template: &PodTemplateSpec, change: impl FnOnce(&mut Pod)) {
        let namespace = owner.namespace().unwrap_or("default").to_owned();
        let prefix = format!("{}-", owner.name());
        let mut name;
        loop {
            name = format!("{prefix}{}", self.names.suffix(&prefix));
            if self.store.find::<Pod>(&namespace, &name).is_none() {
                break;
            }
        }
        let reference = match &owner {
            Object::ReplicaSet(set) => owner_reference(set.as_ref()),
            Object::DaemonSet(set) => owner_reference(set.as_ref()),
            _ => return,
        };
        let template_metadata = template.metadata.clone().unwrap_or_default();
        let metadata = ObjectMeta {
            name: Some(name.clone()),
            generate_name: Some(prefix),
            namespace: Some(namespace),
            labels: template_metadata.labels,
            annotations: template_metadata.annotations,
            owner_references: Some(vec![reference]),
            ..ObjectMeta::default()
        };
        let mut pod = Pod::new(metadata, template.spec.clone().unwrap_or_default());
        change(&mut pod);
        self.create(pod);
        self.controller_event(&owner, "Normal", "SuccessfulCreate", &format!("Created pod: {name}"));
    }

    /// The next address of a node's pod range; addresses are not given back.
    pub(crate) fn next_pod_ip(&mut self, node_name: &str) -> Option<String> {
        let node = self.store.find::<Node>("", node_name)?;
        let range = node.spec.as_ref().and_then(|spec| spec.pod_cidr.clone());
        let base: std::net::Ipv4Addr = range.as_deref().unwrap_or("10.244.0.0/16").split('/').next()?.parse().ok()?;
        // Without a range of its own the node draws from one that all such nodes share.
        let counter = self.pod_ips.entry(range.unwrap_or_default()).or_insert(1);
        *counter += 1;
        Some(std::net::Ipv4Addr::from(u32::from(base).wrapping_add(*counter)).to_string())
    }
}

/// The defaults of pkg/apis/apps/v1/defaults.go.
fn default_stateful_set(spec: &mut StatefulSetSpec) {
    spec.replicas.get_or_insert(1);
    spec.pod_management_policy.get_or_insert_with(|| "OrderedReady".to_owned());
    spec.revision_history_limit.get_or_insert(10);
    let strategy = spec.update_strategy.get_or_insert_default();
    if strategy.type_.get_or_insert_with(|| "RollingUpdate".to_owned()) == "RollingUpdate" {
        strategy.rolling_update.get_or_insert_default().partition.get_or_insert(0);
    }
    spec.template.spec.iter_mut().for_each(admission::default_pod_spec);
    for claim in spec.volume_claim_templates.iter_mut().flatten() {
        claim.spec.get_or_insert_default().volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
    }
}

/// The defaults of apps/v1 (`SetDefaults_Deployment`).
fn default_deployment_spec(spec: &mut DeploymentSpec) {
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    let strategy = spec.strategy.get_or_insert_default();
    let type_ = strategy.type_.get_or_insert_with(|| "RollingUpdate".to_owned());
    if type_ == "RollingUpdate" {
        let rolling = strategy.rolling_update.get_or_insert_default();
        let quarter = || IntOrString::String("25%".to_owned());
        rolling.max_surge.get_or_insert_with(quarter);
        rolling.max_unavailable.get_or_insert_with(quarter);
    }
    spec.template.spec.iter_mut().for_each(admission::default_pod_spec);
}
