//! What holds when a cluster has come to rest and everybody is at work.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim, PodTemplateSpec, ResourceQuota};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, KnownKind, ObjectKey};

use super::moments::{milli, milli_cpu};
use super::story::{Cloud, Step, Story};

/// Checks all of it.
pub(crate) fn check(story: &Story, cluster: &Cluster) {
    owners_and_pods_belong_together(cluster);
    what_is_deleted_waits_for_a_kubelet(cluster);
    replica_sets_and_deployments_are_complete(cluster);
    stateful_sets_are_complete(cluster);
    daemon_sets_are_complete(cluster);
    jobs_are_done_or_at_work(cluster);
    claims_and_volumes_belong_together(cluster);
    taints_with_a_cause_are_there(cluster);
    uninitialized_nodes_are_initialised_by_the_cloud_only(story, cluster);
}

/// Who is managed has a manager.
fn owners_and_pods_belong_together(cluster: &Cluster) {
    let store = cluster.store();
    for pod in store.list::<Pod>() {
        let Some(owner) = pod::controller_of(&pod.metadata) else { continue };
        if pod::is_terminating(pod) {
            // It ends when its kubelet says so, and that may be down for good.
            continue;
        }
        let key = ObjectKey::new("default", &owner.name);
        let uid = match owner.kind.as_str() {
            "ReplicaSet" => uid_of::<ReplicaSet>(cluster, &key),
            "DaemonSet" => uid_of::<DaemonSet>(cluster, &key),
            "StatefulSet" => uid_of::<StatefulSet>(cluster, &key),
            "Job" => uid_of::<Job>(cluster, &key),
            kind => panic!("a pod of a {kind}"),
        };
        assert_eq!(uid.as_ref(), Some(&owner.uid), "{} has outlived its {}", ObjectKey::of(pod.as_ref()), owner.kind);
    }
    let owned = store.list::<ReplicaSet>().map(|set| &set.metadata).chain(store.list::<Job>().map(|job| &job.metadata));
    for owner in owned.filter_map(pod::controller_of) {
        let key = ObjectKey::new("default", &owner.name);
        let uid = match owner.kind.as_str() {
            "Deployment" => uid_of::<Deployment>(cluster, &key),
            "CronJob" => uid_of::<k8s_openapi::api::batch::v1::CronJob>(cluster, &key),
            kind => panic!("owned by a {kind}"),
        };
        assert_eq!(uid.as_ref(), Some(&owner.uid), "{key} is owned and gone");
    }
}

fn uid_of<K: KnownKind>(cluster: &Cluster, key: &ObjectKey) -> Option<String> {
    cluster.store().get::<K>(key).and_then(|object| object.metadata().uid.clone())
}

/// A pod that goes is on a node that nobody hears of, and an owner that goes waits for such a pod.
fn what_is_deleted_waits_for_a_kubelet(cluster: &Cluster) {
    let store = cluster.store();
    let leaving: Vec<_> = store.list::<Pod>().filter(|pod| pod::is_terminating(pod)).collect();
    for pod in &leaving {
        let node = pod::node_name(pod).and_then(|name| store.find::<Node>("", name));
        assert!(
            node.is_some_and(|node| ready(node).as_deref() != Some("True")),
            "{} never ends",
            ObjectKey::of(pod.as_ref())
        );
    }
    let sets =
        store.list::<ReplicaSet>().map(|set| &set.metadata).chain(store.list::<DaemonSet>().map(|set| &set.metadata));
    let sets = sets.chain(store.list::<StatefulSet>().map(|set| &set.metadata));
    let owners = sets.chain(store.list::<Job>().map(|job| &job.metadata));
    for owner in owners.filter(|owner| owner.deletion_timestamp.is_some()) {
        assert!(
            leaving.iter().any(|pod| pod
                .metadata
                .owner_references
                .iter()
                .flatten()
                .any(|other| Some(&other.uid) == owner.uid.as_ref())),
            "{:?} never goes: {:?}",
            owner.name,
            owner.finalizers
        );
    }
    for deployment in store.list::<Deployment>().filter(|found| found.metadata.deletion_timestamp.is_some()) {
        assert!(
            store
                .list::<ReplicaSet>()
                .any(|set| is_of(&set.metadata, &deployment.metadata) && set.metadata.deletion_timestamp.is_some()),
            "{:?} never goes",
            deployment.metadata.name
        );
    }
}

/// Every ReplicaSet has as many pods as it asks for, and every Deployment that many ReplicaSets' pods.
fn replica_sets_and_deployments_are_complete(cluster: &Cluster) {
    let store = cluster.store();
    // One that waits for its pods to go makes no new ones.
    for set in store.list::<ReplicaSet>().filter(|set| set.metadata.deletion_timestamp.is_none()) {
        let active = cluster.pods_of(&set.metadata).iter().filter(|pod| pod::is_active(pod)).count();
        let wanted = set.spec.replicas.unwrap();
        let asks = asks(set.spec.template.as_ref().unwrap());
        let name = set.metadata.name.as_deref().unwrap();
        assert!(active as i32 <= wanted, "{name}: {active} of {wanted}");
        assert!(active as i32 == wanted || !quota_has_room_for(cluster, asks), "{name}: {active} of {wanted}");
    }
    for deployment in store.list::<Deployment>().filter(|found| found.metadata.deletion_timestamp.is_none()) {
        let name = deployment.metadata.name.as_deref().unwrap();
        let sets: Vec<_> =
            store.list::<ReplicaSet>().filter(|set| is_of(&set.metadata, &deployment.metadata)).collect();
        let replicas: i32 = sets.iter().map(|set| set.spec.replicas.unwrap()).sum();
        let wanted = deployment.spec.replicas.unwrap();
        let recreates = deployment.spec.strategy.as_ref().unwrap().type_.as_deref() == Some("Recreate");
        if recreates {
            // The new ones are made when the old ones are gone, and those may never go.
            let mut pods = sets.iter().flat_map(|set| cluster.pods_of(&set.metadata));
            let waits = pods.any(|pod| pod::is_terminating(&pod)) && replicas < wanted;
            // Scaled amid a rolling update that was stuck, it does not know which of its sets is meant, and never will
            // (upstream's `scale` leaves it be).
            let is_torn = sets.iter().filter(|set| set.spec.replicas != Some(0)).count() > 1;
            assert!(replicas == wanted || waits || is_torn, "{name}: {replicas} of {wanted}");
        } else {
            // While a rollout is stuck there may be a surge of a quarter.
            assert!(
                replicas >= wanted - wanted / 4 && replicas <= wanted + (wanted + 3) / 4,
                "{name}: {replicas} of {wanted}"
            );
        }
    }
}

/// Every ordinal has a pod, and none beyond; in order, one that is not ready holds up those after it.
fn stateful_sets_are_complete(cluster: &Cluster) {
    for set in cluster.store().list::<StatefulSet>().filter(|set| set.metadata.deletion_timestamp.is_none()) {
        let (pods, name) = (cluster.pods_of(&set.metadata), set.metadata.name.as_deref().unwrap());
        let wanted = set.spec.replicas.unwrap();
        let one_by_one = set.spec.pod_management_policy.as_deref() != Some("Parallel");
        let pod =
            |ordinal: i32| pods.iter().find(|pod| pod.metadata.name.as_deref() == Some(&format!("{name}-{ordinal}")));
        let asks = asks(&set.spec.template);
        let mut held_up = false;
        for ordinal in 0..wanted {
            match pod(ordinal) {
                Some(pod) => held_up |= one_by_one && (!pod::is_ready(pod) || pod::is_terminating(pod)),
                None => {
                    assert!(
                        held_up || !quota_has_room_for(cluster, asks),
                        "{name}: nobody makes {ordinal} of {wanted}"
                    );
                    held_up |= one_by_one;
                }
            }
        }
        let healthy =
            (0..wanted).all(|ordinal| pod(ordinal).is_some_and(|pod| pod::is_ready(pod) && pod::is_active(pod)));
        let is_beyond = |pod: &Pod| {
            let (_, ordinal) = pod.metadata.name.as_deref().unwrap().rsplit_once('-').unwrap();
            ordinal.parse::<i32>().unwrap() >= wanted
        };
        if healthy {
            assert!(!pods.iter().any(|pod| is_beyond(pod) && pod::is_active(pod)), "{name}: more than {wanted}");
        }
    }
}

/// At most one pod for each node, and one where nothing is in its way.
fn daemon_sets_are_complete(cluster: &Cluster) {
    for set in cluster.store().list::<DaemonSet>().filter(|set| set.metadata.deletion_timestamp.is_none()) {
        let name = set.metadata.name.as_deref().unwrap();
        let pods = cluster.pods_of(&set.metadata);
        let mut nodes = BTreeSet::new();
        for pod in pods.iter().filter(|pod| pod::is_active(pod)) {
            let node = target(pod).unwrap_or_else(|| panic!("{} is for no node", ObjectKey::of(pod.as_ref())));
            assert!(nodes.insert(node.clone()), "{name}: two pods for {node}");
        }
        let template = set.spec.template.spec.as_ref().unwrap();
        let tolerates = template.tolerations.iter().flatten().any(|toleration| toleration.key.as_deref() == Some("k"));
        let asks = asks(&set.spec.template);
        for node in cluster.store().list::<Node>() {
            let tolerated = |key: &str, effect: &str| match key {
                "k" => tolerates || effect == "PreferNoSchedule",
                // What every daemon pod tolerates: not that a node is lost or not ready, but to be left there.
                "node.kubernetes.io/unschedulable" => true,
                "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable" => effect == "NoExecute",
                _ => false,
            };
            let mut taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
            let is_free = taints.all(|taint| tolerated(&taint.key, &taint.effect));
            let node = node.metadata.name.clone().unwrap();
            let has_one = pods.iter().any(|pod| target(pod).as_ref() == Some(&node));
            assert!(has_one || !is_free || !quota_has_room_for(cluster, asks), "{name}: none for {node}");
        }
    }
}

/// The node a DaemonSet's pod is for.
fn target(pod: &Pod) -> Option<String> {
    if let Some(node) = pod::node_name(pod) {
        return Some(node.to_owned());
    }
    let required = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let required = required.required_during_scheduling_ignored_during_execution.as_ref()?;
    let field = required.node_selector_terms.first()?.match_fields.as_ref()?.first()?;
    field.values.as_ref()?.first().cloned()
}

/// A Job has ended, or has all the pods it may have.
fn jobs_are_done_or_at_work(cluster: &Cluster) {
    for job in cluster.store().list::<Job>().filter(|job| job.metadata.deletion_timestamp.is_none()) {
        let (spec, name) = (job.spec.as_ref().unwrap(), job.metadata.name.as_deref().unwrap());
        let status = job.status.clone().unwrap_or_default();
        let has = |type_: &str| {
            status.conditions.iter().flatten().any(|condition| condition.type_ == type_ && condition.status == "True")
        };
        let (succeeded, completions) = (status.succeeded.unwrap_or(0), spec.completions.unwrap());
        assert!(!has("Complete") || succeeded >= completions, "{name}: complete with {succeeded} of {completions}");
        if pod::controller_of(&job.metadata).is_some() {
            // That of a CronJob is on its way, as it always will be.
            continue;
        }
        let active = cluster.pods_of(&job.metadata).iter().filter(|pod| pod::is_active(pod)).count() as i32;
        let asks = asks(&spec.template);
        let wanted = spec.parallelism.unwrap().min(completions - succeeded);
        // One that has failed says so only when its pods have ended (1.31), and those may never.
        assert!(
            has("Complete")
                || has("Failed")
                || has("FailureTarget")
                || active == wanted
                || !quota_has_room_for(cluster, asks),
            "{name}: {active} of {wanted} at work, {succeeded} of {completions} done"
        );
    }
}

/// What is bound is bound on both sides, and whoever runs has its claims bound.
fn claims_and_volumes_belong_together(cluster: &Cluster) {
    let store = cluster.store();
    for claim in store.list::<PersistentVolumeClaim>() {
        let Some(volume) = claim.spec.as_ref().and_then(|spec| spec.volume_name.as_ref()) else { continue };
        let volume = store.find::<PersistentVolume>("", volume).unwrap();
        let owner = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref()).unwrap();
        assert_eq!(owner.uid, claim.metadata.uid);
    }
    for pod in store.list::<Pod>().filter(|pod| pod::phase(pod) == "Running") {
        let claims = pod.spec.volumes.iter().flatten().filter_map(|volume| volume.persistent_volume_claim.as_ref());
        for claim in claims {
            let found = store.find::<PersistentVolumeClaim>("default", &claim.claim_name);
            let phase = found.and_then(|claim| claim.status.as_ref()?.phase.clone());
            assert_eq!(phase.as_deref(), Some("Bound"), "{} runs", ObjectKey::of(pod.as_ref()));
        }
    }
}

/// The taint that stands for a state of the node is there as long as the state.
fn taints_with_a_cause_are_there(cluster: &Cluster) {
    for node in cluster.store().list::<Node>() {
        let spec = node.spec.clone().unwrap_or_default();
        let has = |key: &str| spec.taints.iter().flatten().any(|taint| taint.key == key);
        assert_eq!(has("node.kubernetes.io/unschedulable"), spec.unschedulable == Some(true));
        let ready = ready(node);
        assert_eq!(has("node.kubernetes.io/unreachable"), ready.as_deref() == Some("Unknown"));
        assert_eq!(has("node.kubernetes.io/not-ready"), ready.as_deref() == Some("False"));
    }
}

/// Without a cloud-controller-manager a node stays uninitialized, until somebody takes the taint off.
fn uninitialized_nodes_are_initialised_by_the_cloud_only(story: &Story, cluster: &Cluster) {
    let key = "node.cloudprovider.kubernetes.io/uninitialized";
    let by_hand = story.steps.iter().any(|(_, step)| matches!(step, Step::Untaint(_, taint) if *taint == key));
    for node in cluster.store().list::<Node>() {
        let has = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).any(|taint| taint.key == key);
        match story.cloud {
            Cloud::None | Cloud::Managed => assert!(!has, "{:?}", node.metadata.name),
            Cloud::Unmanaged => assert!(has || by_hand, "{:?}", node.metadata.name),
        }
    }
}

/// What one pod of a template asks for, in thousandths of a CPU.
fn asks(template: &PodTemplateSpec) -> i64 {
    let container = &template.spec.as_ref().unwrap().containers[0];
    milli(&container.resources.as_ref().unwrap().requests.as_ref().unwrap()["cpu"].0)
}

fn ready(node: &Node) -> Option<String> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    Some(conditions.iter().find(|condition| condition.type_ == "Ready")?.status.clone())
}

fn is_of(object: &ObjectMeta, owner: &ObjectMeta) -> bool {
    pod::controller_of(object).is_some_and(|found| Some(&found.uid) == owner.uid.as_ref())
}

/// Whether one more pod that asks for so much is within the quota, if there is one.
fn quota_has_room_for(cluster: &Cluster, milli_cpu_more: i64) -> bool {
    cluster.store().list::<ResourceQuota>().all(|quota| {
        let hard = quota.spec.as_ref().and_then(|spec| spec.hard.as_ref()).unwrap();
        // Those on their way out count until they are gone.
        let live: Vec<_> = cluster.store().list::<Pod>().filter(|pod| !pod::is_terminal(pod)).collect();
        let cpu: i64 = live.iter().map(|pod| milli_cpu(pod)).sum();
        (live.len() as i64 + 1) * 1_000 <= milli(&hard["pods"].0)
            && cpu + milli_cpu_more <= milli(&hard["requests.cpu"].0)
    })
}
