//! What the API server does with objects: takes them in, creates pods from templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSetSpec, DeploymentSpec, StatefulSetSpec};
use k8s_openapi::api::core::v1::{Node, PodTemplateSpec, ReplicationController, ResourceQuota};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::admission::{self, Request, Webhook};
use crate::api_error::{ApiError, GroupName};
use crate::cluster::Cluster;
use crate::controllers::{cron_job, job, volume_protection};
use crate::custom_resource::{self, Definition};
use crate::defaults;
use crate::knowledge::Knowledge;
use crate::kubelet;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::Pod;
use crate::pod_strategy;
use crate::quantities::api_amounts;
use crate::store::ObjectKey;
use crate::validation;

impl Cluster {
    /// A request to create an object: defaults, admission and validation as the API server does them. Controllers and
    /// people create through this.
    ///
    /// # Errors
    /// When the request is refused: nothing is changed then.
    pub(crate) fn post(&mut self, object: Object) -> Result<ObjectKey, ApiError> {
        let resource = object.kind().map_or_else(|| GroupName::new("", object.kind_name()), GroupName::from);
        self.post_as(object, resource)
    }

    /// The same of an object of any kind, which errors call by its resource.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn post_as(&mut self, mut object: Object, resource: GroupName) -> Result<ObjectKey, ApiError> {
        self.set_defaults(&mut object);
        admission::mutate(&mut object, &self.admission_context())?;
        self.call_webhooks(Webhook::Mutating, &Request::create(&object))?;
        self.draw_name(&mut object);
        if let Object::Service(service) = &mut object {
            self.allocate_service(Arc::make_mut(service))?;
        }
        validation::validate(&object, self.definition_of(&object).as_ref(), &self.behaviour)?;
        let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
        admission::validate(&object, &self.admission_context())?;
        self.call_webhooks(Webhook::Validating, &Request::create(&object))?;
        let charges = admission::charge(&object, &self.admission_context())?;
        if let Some(present) = self.store.present(&object) {
            let mut error = ApiError::already_exists(resource, &key.name);
            if present.metadata().deletion_timestamp.is_some() {
                error.message = format!("object is being deleted: {}", error.message);
            }
            return Err(error);
        }
        for (quota, used) in charges {
            self.store.update::<ResourceQuota>(&quota, |quota| {
                quota.status.get_or_insert_default().used = Some(api_amounts(&used));
            });
        }
        self.persist(object);
        Ok(key)
    }

    /// Takes an object in as it is: what it lacks is filled in, what it says is kept. The objects a run starts with come
    /// in this way: whatever admission would say of them, they are there.
    pub(crate) fn admit(&mut self, mut object: Object) {
        self.set_defaults(&mut object);
        if let Object::Pod(pod) = &mut object {
            let pod = Arc::make_mut(pod);
            let is_new = pod.status.as_ref().is_none_or(|status| status.phase.is_none());
            let nothing_is_known = Knowledge::default();
            let context = admission::Context { knowledge: &nothing_is_known, ..self.admission_context() };
            admission::complete_pod(pod, &context, is_new);
        }
        self.persist(object);
    }

    /// What defines an object, when that is a custom resource.
    pub(crate) fn definition_of(&self, object: &Object) -> Option<Definition> {
        let Object::Other(other) = object else { return None };
        Definition::of(&self.store, &other.api_version, &other.kind)
    }

    /// What the API server warns of when an object is created or changed.
    pub(crate) fn warnings(&self, before: Option<&Object>, after: &Object) -> Vec<String> {
        let context = self.admission_context();
        match (before, after) {
            (Some(Object::Namespace(before)), Object::Namespace(after)) => {
                admission::namespace_warnings(before, after, &context)
            }
            _ => admission::warnings(after, &context),
        }
    }

    /// What admission adds to an object that is updated.
    pub(crate) fn complete_update(&self, object: &mut Object) {
        if let Object::Pod(pod) = object {
            admission::complete_pod(Arc::make_mut(pod), &self.admission_context(), false);
        }
    }

    /// Whether the API server holds pods against the Pod Security level of their namespace.
    pub fn checks_pod_security(&self) -> bool {
        admission::checks_pod_security(&self.admission_context())
    }

    pub(crate) fn admission_context(&self) -> admission::Context<'_> {
        admission::Context {
            store: &self.store,
            behaviour: &self.behaviour,
            config: &self.setup.admission,
            knowledge: &self.knowledge,
            rules: self.scheduling.scheduler().behaviour().requests,
            now: self.clock.now(),
        }
    }

    /// An object that has only a prefix of a name gets one that nobody has (`names.SimpleNameGenerator`).
    fn draw_name(&mut self, object: &mut Object) {
        let metadata = object.metadata();
        let Some(prefix) =
            metadata.generate_name.clone().filter(|_| metadata.name.as_ref().is_none_or(String::is_empty))
        else {
            return;
        };
        loop {
            object.metadata_mut().name = Some(format!("{prefix}{}", self.names.suffix(&prefix)));
            if self.store.present(object).is_none() {
                break;
            }
        }
        if let Object::Pod(pod) = object
            && pod.token_volume.is_some()
        {
            let pod = Arc::make_mut(pod);
            pod.token_volume = Some(admission::token_letters(pod));
        }
    }

    /// Stores an object with what only the server knows.
    fn persist(&mut self, mut object: Object) {
        let identity = [object.kind_name(), "/", object.namespace().unwrap_or_default(), "/", object.name()];
        let now = self.clock.time();
        let uid = self.names.draw_uid(&identity);
        let counts_generations = object.kind().is_some_and(Kind::counts_generations);
        let metadata = object.metadata_mut();
        metadata.uid.get_or_insert_with(|| uid.text());
        metadata.creation_timestamp.get_or_insert(now);
        if counts_generations {
            metadata.generation.get_or_insert(1);
        }
        if let Object::Pod(pod) = &mut object {
            let pod = Arc::make_mut(pod);
            pod_strategy::prepare_for_create(pod, &self.behaviour);
            self.share_spec(pod);
        }
        if let Object::Job(job) = &mut object {
            job::prepare_job(Arc::make_mut(job), &self.behaviour);
        }
        self.store.put_object(object);
    }

    /// Pods of one owner mostly have one spec, and so have pods that nobody owns and that ask for the same: they share it.
    fn share_spec(&mut self, pod: &mut Pod) {
        let shared = self.pod_specs.entry(pod.look_of_spec()).or_insert_with(|| Arc::clone(&pod.spec));
        if *shared == pod.spec {
            pod.spec = Arc::clone(shared);
        } else {
            *shared = Arc::clone(&pod.spec);
        }
    }

    /// API defaults of the kinds whose fields decide something.
    pub(crate) fn set_defaults(&self, object: &mut Object) {
        match object {
            Object::Pod(pod) => {
                let rules = self.scheduling.scheduler().behaviour().requests;
                let spec = Arc::make_mut(&mut Arc::make_mut(pod).spec);
                defaults::default_pod_spec(spec);
                defaults::default_pod_alone(spec);
                defaults::default_pod_resources(spec, rules);
            }
            Object::Namespace(namespace) => {
                defaults::default_namespace(Arc::make_mut(namespace), &self.behaviour);
            }
            Object::MutatingWebhookConfiguration(object) => {
                defaults::default_mutating_webhooks(Arc::make_mut(object));
            }
            Object::ValidatingWebhookConfiguration(object) => {
                defaults::default_validating_webhooks(Arc::make_mut(object));
            }
            Object::LimitRange(range) => defaults::default_limit_range(Arc::make_mut(range)),
            Object::Secret(secret) => Arc::make_mut(secret).default_type(),
            Object::Service(service) => defaults::default_service(Arc::make_mut(service), &self.behaviour),
            Object::Other(other) if other.kind == custom_resource::DEFINITION => {
                custom_resource::default_definition(Arc::make_mut(other));
            }
            Object::Node(node) => self.default_node(Arc::make_mut(node)),
            Object::PersistentVolume(volume) => {
                // What the PersistentVolume controller finds at once.
                let volume = Arc::make_mut(volume);
                volume_protection::protect_volume(&mut volume.metadata);
                let spec = volume.spec.get_or_insert_default();
                spec.volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
                spec.persistent_volume_reclaim_policy.get_or_insert_with(|| "Retain".to_owned());
                let status = volume.status.get_or_insert_default();
                status.phase.get_or_insert_with(|| "Available".to_owned());
            }
            Object::PersistentVolumeClaim(claim) => {
                let claim = Arc::make_mut(claim);
                volume_protection::protect_claim(&mut claim.metadata);
                let spec = claim.spec.get_or_insert_default();
                spec.volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
                let status = claim.status.get_or_insert_default();
                status.phase.get_or_insert_with(|| "Pending".to_owned());
            }
            Object::Deployment(object) => {
                default_deployment(&mut Arc::make_mut(object).spec);
            }
            Object::ReplicaSet(object) => {
                let spec = &mut Arc::make_mut(object).spec;
                spec.replicas.get_or_insert(1);
                spec.template
                    .iter_mut()
                    .filter_map(|template| template.spec.as_mut())
                    .for_each(defaults::default_pod_spec);
            }
            Object::ReplicationController(object) => default_replication_controller(Arc::make_mut(object)),
            Object::DaemonSet(object) => {
                default_daemon_set(&mut Arc::make_mut(object).spec, self.behaviour.daemon_sets_surge);
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

    /// Takes in an object that a component made.
    pub(crate) fn admit_typed<T: KnownKind>(&mut self, object: T) {
        self.admit(T::wrap(Arc::new(object)));
    }

    /// Creates a pod from a template, named after its owner, and tells of it, or of why it cannot be, as the owner's
    /// controller does (`RealPodControl.createPods` of pkg/controller/controller_utils.go).
    ///
    /// # Errors
    /// When the API server refuses the pod; the event is recorded already.
    pub(crate) fn create_pod(
        &mut self,
        owner: &Object,
        template: &PodTemplateSpec,
        change: impl FnOnce(&mut Pod),
    ) -> Result<ObjectKey, ApiError> {
        let pod = pod_from_template(owner, template, change);
        let created = self.post(Pod::wrap(Arc::new(pod)));
        match &created {
            Ok(key) => {
                self.controller_event(owner, "Normal", "SuccessfulCreate", &format!("Created pod: {}", key.name));
            }
            Err(error) if !error.namespace_terminates => {
                self.controller_event(owner, "Warning", "FailedCreate", &format!("Error creating: {error}"));
            }
            Err(_) => {}
        }
        created
    }

    /// The next address of a node's pod range; addresses are not given back, and those that a dump shows are taken.
    pub(crate) fn next_pod_ip(&mut self, node_name: &str) -> Option<String> {
        let node = self.store.find::<Node>("", node_name)?;
        let own = node.spec.as_ref().and_then(|spec| spec.pod_cidr.clone());
        // Without a range of its own the node draws from one that all such nodes share.
        let is_shared = own.is_none();
        let range = own.unwrap_or_else(|| "10.244.0.0/16".to_owned());
        let (base, bits) = range.split_once('/')?;
        let base: std::net::Ipv4Addr = base.parse().ok()?;
        let size = 1_u64 << 32_u32.checked_sub(bits.parse().ok()?)?;
        if !self.pod_ips.contains_key(&range) {
            let offset = |pod: &Pod| {
                let text = pod.status.as_ref()?.pod_ip.as_deref().filter(|_| pod.spec.host_network != Some(true))?;
                let address: std::net::Ipv4Addr = text.parse().ok()?;
                u32::from(address).checked_sub(u32::from(base)).filter(|offset| u64::from(*offset) < size)
            };
            let taken = if is_shared {
                self.store.list::<Pod>().filter_map(|pod| offset(pod)).max()
            } else {
                self.pods_on(node_name).iter().filter_map(|pod| offset(pod)).max()
            };
            self.pod_ips.insert(range.clone(), taken.unwrap_or(1).max(1));
        }
        let counter = self.pod_ips.entry(range).or_insert(1);
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
    spec.template.spec.iter_mut().for_each(defaults::default_pod_spec);
    for claim in spec.volume_claim_templates.iter_mut().flatten() {
        claim.spec.get_or_insert_default().volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
    }
}

/// The defaults of pkg/apis/core/v1/defaults.go: labels and selector are the template's labels.
fn default_replication_controller(controller: &mut ReplicationController) {
    let spec = controller.spec.get_or_insert_default();
    spec.replicas.get_or_insert(1);
    let Some(template) = &mut spec.template else { return };
    template.spec.iter_mut().for_each(defaults::default_pod_spec);
    let Some(labels) = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref()) else { return };
    for place in [&mut spec.selector, &mut controller.metadata.labels] {
        if place.as_ref().is_none_or(BTreeMap::is_empty) {
            *place = Some(labels.clone());
        }
    }
}

/// The same (`SetDefaults_DaemonSet`).
fn default_daemon_set(spec: &mut DaemonSetSpec, has_surge: bool) {
    spec.revision_history_limit.get_or_insert(10);
    let strategy = spec.update_strategy.get_or_insert_default();
    if strategy.type_.get_or_insert_with(|| "RollingUpdate".to_owned()) == "RollingUpdate" {
        let rolling = strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
        if has_surge {
            rolling.max_surge.get_or_insert(IntOrString::Int(0));
        }
    }
    spec.template.spec.iter_mut().for_each(defaults::default_pod_spec);
}

/// The same (`SetDefaults_Deployment`).
fn default_deployment(spec: &mut DeploymentSpec) {
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
    spec.template.spec.iter_mut().for_each(defaults::default_pod_spec);
}

/// A pod as a controller asks for it (`GetPodFromTemplate`).
fn pod_from_template(owner: &Object, template: &PodTemplateSpec, change: impl FnOnce(&mut Pod)) -> Pod {
    let of_template = template.metadata.clone().unwrap_or_default();
    let metadata = ObjectMeta {
        generate_name: Some(format!("{}-", owner.name())),
        namespace: Some(owner.namespace().unwrap_or("default").to_owned()),
        labels: of_template.labels,
        annotations: of_template.annotations,
        owner_references: Some(vec![controller_reference(owner)]),
        ..ObjectMeta::default()
    };
    let mut pod = Pod::new(metadata, template.spec.clone().unwrap_or_default());
    change(&mut pod);
    pod
}

/// The reference by which a controller's object owns what it creates (`metav1.NewControllerRef`).
fn controller_reference(owner: &Object) -> OwnerReference {
    OwnerReference {
        api_version: owner.kind().map_or("", Kind::api_version).to_owned(),
        kind: owner.kind_name().to_owned(),
        name: owner.name().to_owned(),
        uid: owner.metadata().uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}
