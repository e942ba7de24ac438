//! The Deployment controller (pkg/controller/deployment): one ReplicaSet per template, rolled over within surge and
//! unavailability.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus, ReplicaSet, ReplicaSetSpec,
};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::names::template_hash;
use crate::object::{Kind, KnownKind};
use crate::pod;
use crate::store::{Changed, ObjectKey};

/// More replicas than these no cluster holds; who asks for more has mistyped, and is told so.
pub const MAX_REPLICAS: i32 = 1_000_000;
/// The label that tells the ReplicaSets of one Deployment apart.
const HASH_LABEL: &str = "pod-template-hash";
/// The annotation that numbers rollouts (deployment/util).
const REVISION: &str = "deployment.kubernetes.io/revision";

/// A Deployment changed, or a ReplicaSet of one.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::Deployment => cluster.sync(Controller::Deployment, changed.key.clone()),
        Kind::ReplicaSet => cluster.sync_owners(Controller::Deployment, Kind::Deployment, changed),
        _ => {}
    }
}

/// Brings the ReplicaSets of a Deployment a step closer to its spec and writes the status.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(deployment) = cluster.store.get::<Deployment>(key).cloned() else { return };
    if deployment.metadata.deletion_timestamp.is_some() {
        return;
    }
    let rollout = Rollout::of(cluster, deployment);
    let paused = rollout.spec().paused == Some(true);
    if paused {
        if let Some(new) = rollout.new.clone() {
            rollout.scale(cluster, &new, rollout.wanted());
        }
    } else if rollout.is_recreate() {
        rollout.recreate(cluster);
    } else {
        rollout.roll(cluster);
    }
    let rollout = Rollout::of(cluster, rollout.deployment);
    if !paused {
        rollout.clean_up(cluster);
    }
    rollout.write_status(cluster);
}

/// A Deployment with its ReplicaSets as they are now.
struct Rollout {
    deployment: Arc<Deployment>,
    /// The ReplicaSet of the present template.
    new: Option<Arc<ReplicaSet>>,
    /// The others, oldest first.
    old: Vec<Arc<ReplicaSet>>,
}

impl Rollout {
    fn of(cluster: &Cluster, deployment: Arc<Deployment>) -> Self {
        let namespace = deployment.metadata.namespace.clone().unwrap_or_default();
        let uid = deployment.metadata.uid.clone();
        let mut owned: Vec<Arc<ReplicaSet>> = cluster
            .store
            .list_in::<ReplicaSet>(&namespace)
            .filter(|set| pod::controller_of(&set.metadata).is_some_and(|owner| Some(&owner.uid) == uid.as_ref()))
            .cloned()
            .collect();
        owned.sort_by_key(|set| {
            (set.metadata.creation_timestamp.as_ref().map(|time| time.0), set.metadata.name.clone())
        });
        let template = &deployment.spec.template;
        let new =
            owned.iter().position(|set| set.spec.template.as_ref().is_some_and(|own| same_template(own, template)));
        let new = new.map(|index| owned.remove(index));
        Self { deployment, new, old: owned }
    }

    fn spec(&self) -> &DeploymentSpec {
        &self.deployment.spec
    }

    fn wanted(&self) -> i32 {
        self.spec().replicas.unwrap_or(1).clamp(0, MAX_REPLICAS)
    }

    fn is_recreate(&self) -> bool {
        let strategy = self.spec().strategy.as_ref();
        strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("Recreate")
    }

    fn all(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.new.iter().chain(&self.old)
    }

    /// The pods asked for by all ReplicaSets together.
    fn total(&self) -> i32 {
        sum(self.all().map(|set| replicas(set)))
    }

    fn available(&self) -> i32 {
        sum(self.all().map(|set| available(set)))
    }

    /// Surge and unavailability in pods (`deploymentutil.ResolveFenceposts`): both zero becomes one unavailable.
    fn fence_posts(&self) -> (i32, i32) {
        if self.is_recreate() {
            return (0, 0);
        }
        let rolling = self.spec().strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
        let part = |value: Option<&IntOrString>, round_up: bool| resolve(value, self.wanted(), round_up);
        let surge = part(rolling.and_then(|rolling| rolling.max_surge.as_ref()), true);
        let unavailable = part(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()), false);
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(self.wanted())) }
    }

    fn recreate(&self, cluster: &mut Cluster) {
        for set in &self.old {
            self.scale(cluster, set, 0);
        }
        let old_pods = self.old.iter().any(|set| !cluster.pods_of(&set.metadata).is_empty());
        if !old_pods {
            match &self.new {
                Some(new) => self.scale(cluster, new, self.wanted()),
                None => self.create_new(cluster, self.wanted()),
            }
        }
    }

    /// A rolling update: up with the new within the surge, then down with the old within the unavailability.
    fn roll(&self, cluster: &mut Cluster) {
        let (surge, unavailable) = self.fence_posts();
        let Some(new) = &self.new else {
            self.create_new(cluster, self.room(0, surge));
            return;
        };
        let target = match replicas(new) {
            now if now > self.wanted() => self.wanted(),
            now if now < self.wanted() => self.room(now, surge),
            now => now,
        };
        if target != replicas(new) {
            self.scale(cluster, new, target);
            return;
        }
        let old_total = sum(self.old.iter().map(|set| replicas(set)));
        if old_total == 0 {
            return;
        }
        let least_available = self.wanted() - unavailable;
        let new_unavailable = replicas(new) - available(new);
        let mut scale_down = self.total() - least_available - new_unavailable;
        if scale_down <= 0 {
            return;
        }
        let mut counts: BTreeMap<Option<String>, i32> =
            self.old.iter().map(|set| (set.metadata.name.clone(), replicas(set))).collect();
        // Pods that are not available anyway go first.
        for set in &self.old {
            let unhealthy = (replicas(set) - available(set)).min(scale_down).max(0);
            counts.insert(set.metadata.name.clone(), replicas(set) - unhealthy);
            scale_down -= unhealthy;
        }
        let mut spare = (self.available() - least_available).max(0);
        for set in &self.old {
            let left = counts.get(&set.metadata.name).copied().unwrap_or(0);
            let down = left.min(spare);
            spare -= down;
            self.scale(cluster, set, left - down);
        }
    }

    /// How far the new ReplicaSet may grow from `now` (`NewRSNewReplicas`).
    fn room(&self, now: i32, surge: i32) -> i32 {
        let room = self.wanted() + surge - self.total();
        now + room.min(self.wanted() - now).max(0)
    }

    fn create_new(&self, cluster: &mut Cluster, replicas: i32) {
        let deployment = &self.deployment;
        let spec = &deployment.spec;
        let hash = template_hash(&spec.template);
        let with_hash = |labels: Option<&BTreeMap<String, String>>| {
            let mut labels = labels.cloned().unwrap_or_default();
            labels.insert(HASH_LABEL.to_owned(), hash.clone());
            labels
        };
        let mut template = spec.template.clone();
        let metadata = template.metadata.get_or_insert_default();
        metadata.labels = Some(with_hash(metadata.labels.as_ref()));
        let labels = metadata.labels.clone();
        let name = format!("{}-{hash}", deployment.metadata.name.as_deref().unwrap_or_default());
        let mut annotations = deployment.metadata.annotations.clone().unwrap_or_default();
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        let (surge, _) = self.fence_posts();
        annotations.insert("deployment.kubernetes.io/desired-replicas".into(), self.wanted().to_string());
        annotations.insert("deployment.kubernetes.io/max-replicas".into(), (self.wanted() + surge).to_string());
        let revision = self.revision().saturating_add(1);
        annotations.insert(REVISION.into(), revision.to_string());
        let set = ReplicaSet {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                namespace: deployment.metadata.namespace.clone(),
                labels,
                annotations: Some(annotations),
                owner_references: Some(vec![owner_reference(deployment.as_ref())]),
                ..ObjectMeta::default()
            },
            spec: ReplicaSetSpec {
                replicas: Some(replicas),
                selector: LabelSelector {
                    match_labels: Some(with_hash(spec.selector.match_labels.as_ref())),
                    match_expressions: spec.selector.match_expressions.clone(),
                },
                template: Some(template),
                min_ready_seconds: spec.min_ready_seconds,
            },
            status: None,
        };
        cluster.create(set);
        cluster.store.update::<Deployment>(&ObjectKey::of(deployment.as_ref()), |deployment| {
            deployment.metadata.annotations.get_or_insert_default().insert(REVISION.into(), revision.to_string());
        });
        if replicas > 0 {
            self.tell(cluster, &name, None, replicas);
        }
    }

    fn revision(&self) -> i64 {
        let of = |metadata: &ObjectMeta| {
            metadata
                .annotations
                .as_ref()
                .and_then(|annotations| annotations.get(REVISION))
                .and_then(|revision| revision.parse().ok())
        };
        self.all().filter_map(|set| of(&set.metadata)).max().unwrap_or(0)
    }

    fn scale(&self, cluster: &mut Cluster, set: &ReplicaSet, to: i32) {
        let from = replicas(set);
        if from == to {
            return;
        }
        cluster.store.update::<ReplicaSet>(&ObjectKey::of(set), |set| {
            set.spec.replicas = Some(to);
            bump_generation(&mut set.metadata);
        });
        self.tell(cluster, set.metadata.name.as_deref().unwrap_or_default(), Some(from), to);
    }

    fn tell(&self, cluster: &mut Cluster, set: &str, from: Option<i32>, to: i32) {
        let direction = if from.is_some_and(|from| from > to) { "down" } else { "up" };
        let from = match from {
            Some(from) if cluster.behaviour.scaling_events_name_old_size => format!(" from {from}"),
            None if cluster.behaviour.first_scaling_event_names_zero => " from 0".to_owned(),
            _ => String::new(),
        };
        let message = format!("Scaled {direction} replica set {set}{from} to {to}");
        cluster.controller_event(&Deployment::wrap(self.deployment.clone()), "Normal", "ScalingReplicaSet", &message);
    }

    /// Drops old empty ReplicaSets beyond `revisionHistoryLimit`, once the rollout is complete.
    fn clean_up(&self, cluster: &mut Cluster) {
        let limit = usize::try_from(self.spec().revision_history_limit.unwrap_or(10)).unwrap_or(0);
        let complete =
            self.new.as_ref().is_some_and(|new| available(new) == self.wanted() && self.total() == self.wanted());
        if !complete || self.old.len() <= limit {
            return;
        }
        let status_replicas = |set: &ReplicaSet| set.status.as_ref().map_or(0, |status| status.replicas);
        for set in self.old.iter().take(self.old.len() - limit) {
            if replicas(set) == 0 && status_replicas(set) == 0 {
                cluster.delete_object(Kind::ReplicaSet, &ObjectKey::of(set.as_ref()), DeleteOptions::default());
            }
        }
    }

    fn write_status(&self, cluster: &mut Cluster) {
        let status_of = |set: &Arc<ReplicaSet>| set.status.clone().unwrap_or_default();
        let total = sum(self.all().map(|set| status_of(set).replicas));
        let ready = sum(self.all().map(|set| status_of(set).ready_replicas.unwrap_or(0)));
        let available = self.available();
        let updated = self.new.as_ref().map_or(0, |new| status_of(new).replicas);
        let some = |number: i32| Some(number).filter(|number| *number > 0);
        let previous = self.deployment.status.clone().unwrap_or_default();
        let (_, max_unavailable) = self.fence_posts();
        let enough = available >= self.wanted() - max_unavailable;
        let mut status = DeploymentStatus {
            replicas: some(total),
            updated_replicas: some(updated),
            ready_replicas: some(ready),
            available_replicas: some(available),
            unavailable_replicas: some(self.total().max(self.wanted()) - available),
            observed_generation: self.deployment.metadata.generation,
            ..previous.clone()
        };
        let name = self.new.as_ref().and_then(|new| new.metadata.name.clone()).unwrap_or_default();
        let complete = updated == self.wanted() && total == self.wanted() && available == self.wanted();
        let (available_reason, available_message) = if enough {
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        let progress = if complete {
            ("NewReplicaSetAvailable", format!("ReplicaSet \"{name}\" has successfully progressed."))
        } else {
            ("ReplicaSetUpdated", format!("ReplicaSet \"{name}\" is progressing."))
        };
        set_condition(cluster, &mut status, "Available", enough, available_reason, available_message);
        set_condition(cluster, &mut status, "Progressing", true, progress.0, &progress.1);
        if self.deployment.status.is_none() || previous != status {
            let key = ObjectKey::of(self.deployment.as_ref());
            cluster.store.update::<Deployment>(&key, |deployment| deployment.status = Some(status));
        }
    }
}

/// The reference by which an object owns what it creates.
pub(crate) fn owner_reference<T: KnownKind>(owner: &T) -> OwnerReference {
    OwnerReference {
        api_version: T::API_VERSION.to_owned(),
        kind: T::KIND.to_owned(),
        name: owner.metadata().name.clone().unwrap_or_default(),
        uid: owner.metadata().uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// A write to the spec counts in the generation.
pub(crate) fn bump_generation(metadata: &mut ObjectMeta) {
    metadata.generation = Some(metadata.generation.unwrap_or(1).saturating_add(1));
}

/// A number of pods or a part of `total` in percent; 25% when absent (apps/v1 defaults).
pub(crate) fn resolve(value: Option<&IntOrString>, total: i32, round_up: bool) -> i32 {
    let percent = match value {
        Some(IntOrString::Int(pods)) => return (*pods).clamp(0, MAX_REPLICAS),
        Some(IntOrString::String(text)) => text.trim_end_matches('%').parse::<i64>().unwrap_or(0).max(0),
        None => 25,
    };
    let hundredths = i64::from(total).saturating_mul(percent);
    let part = if round_up { hundredths.saturating_add(99) / 100 } else { hundredths / 100 };
    i32::try_from(part).unwrap_or(MAX_REPLICAS).min(MAX_REPLICAS)
}

/// A sum that numbers made up by a dump cannot overflow.
fn sum(numbers: impl Iterator<Item = i32>) -> i32 {
    numbers.fold(0, i32::saturating_add)
}

fn replicas(set: &ReplicaSet) -> i32 {
    set.spec.replicas.unwrap_or(1).clamp(0, MAX_REPLICAS)
}

fn available(set: &ReplicaSet) -> i32 {
    set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0).clamp(0, MAX_REPLICAS)
}

/// Equal but for the hash label (`EqualIgnoreHash`).
fn same_template(left: &PodTemplateSpec, right: &PodTemplateSpec) -> bool {
    let labels = |template: &PodTemplateSpec| {
        let mut labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
        labels.remove(HASH_LABEL);
        labels
    };
    let annotations = |template: &PodTemplateSpec| {
        template.metadata.as_ref().and_then(|metadata| metadata.annotations.clone()).unwrap_or_default()
    };
    left.spec == right.spec && labels(left) == labels(right) && annotations(left) == annotations(right)
}

fn set_condition(
    cluster: &Cluster,
    status: &mut DeploymentStatus,
    type_: &str,
    value: bool,
    reason: &str,
    message: &str,
) {
    let now = cluster.clock.time();
    let conditions = status.conditions.get_or_insert_default();
    let value = if value { "True" } else { "False" };
    let before = conditions.iter().find(|condition| condition.type_.as_deref() == Some(type_));
    let unchanged = before.is_some_and(|condition| {
        condition.status.as_deref() == Some(value) && condition.reason.as_deref() == Some(reason)
    });
    if unchanged {
        return;
    }
    let transition = before
        .filter(|condition| condition.status.as_deref() == Some(value))
        .and_then(|condition| condition.last_transition_time.clone());
    let condition = DeploymentCondition {
        type_: Some(type_.to_owned()),
        status: Some(value.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_update_time: Some(now.clone()),
        last_transition_time: Some(transition.unwrap_or(now)),
    };
    match conditions.iter_mut().find(|condition| condition.type_.as_deref() == Some(type_)) {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}
