//! What holds from one moment to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Node, ResourceQuota};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, ObjectKey};

/// Checks all but the budgets, which nobody counts while their controller is stopped.
pub(crate) fn check(before: &Cluster, after: &Cluster) {
    what_is_placed_fits(before, after);
    stateful_sets_go_in_order(before, after);
    jobs_keep_to_their_numbers(after);
    quotas_are_not_exceeded(after);
}

/// A node that was given a pod has room for all it has.
fn what_is_placed_fits(before: &Cluster, after: &Cluster) {
    let placed = after.store().list::<Pod>().filter(|pod| pod::node_name(pod).is_some() && !pod::is_terminal(pod));
    let placed = placed.filter(|pod| was(before, pod).is_none_or(|was| pod::node_name(was).is_none()));
    let nodes: BTreeSet<&str> = placed.filter_map(|pod| pod::node_name(pod)).collect();
    for name in nodes {
        let Some(node) = after.store().find::<Node>("", name) else { continue };
        let allocatable = node.status.as_ref().and_then(|status| status.allocatable.as_ref()).unwrap();
        let room = |resource: &str| milli(&allocatable[resource].0);
        let on_it: Vec<_> = after.pods_on(name).into_iter().filter(|pod| !pod::is_terminal(pod)).collect();
        let taken: i64 = on_it.iter().map(|pod| milli_cpu(pod)).sum();
        assert!(taken <= room("cpu"), "{name}: {taken}m of {}m", room("cpu"));
        assert!(on_it.len() as i64 * 1_000 <= room("pods"), "{name}: {} of {}m pods", on_it.len(), room("pods"));
    }
}

/// No eviction of a healthy pod leaves fewer than its budget wants. Who is evicted is seen from 1.26 on.
///
/// Budgets bind evictions only: what a moment takes otherwise (preemption, which asks budgets politely; a deletion; a
/// container that stops) is no breach, and is counted as if it were there.
pub(crate) fn evictions_respect_budgets(before: &Cluster, after: &Cluster) {
    for budget in after.store().list::<PodDisruptionBudget>() {
        let of_it =
            |pod: &&Arc<Pod>| pod.metadata.labels.as_ref().is_some_and(|labels| labels.get("app") == app(budget));
        let healthy = |pod: &Pod| pod::is_ready(pod) && !pod::is_terminating(pod);
        let evicted = |pod: &Pod| {
            pod::condition(pod, "DisruptionTarget")
                .is_some_and(|why| why.reason.as_deref() == Some("EvictionByEvictionAPI"))
        };
        let lost = before.store().list::<Pod>().filter(of_it).filter(|then| healthy(then)).map(|then| was(after, then));
        let lost: Vec<_> = lost.filter(|is| is.is_none_or(|is| !healthy(is))).collect();
        let evictions = lost.iter().flatten().filter(|is| evicted(is)).count();
        if evictions == 0 {
            continue;
        }
        let left = after.store().list::<Pod>().filter(of_it).filter(|pod| healthy(pod)).count();
        let desired = [before, after].map(|cluster| desired_healthy(cluster, budget)).into_iter().min().unwrap();
        let without_the_rest = left + lost.len() - evictions;
        assert!(
            without_the_rest as i32 >= desired,
            "{:?}: {evictions} evicted at {} ms, {without_the_rest} of {desired} left",
            budget.metadata.name,
            after.now_ms()
        );
    }
}

/// The label of its pods, which is its name.
fn app(budget: &PodDisruptionBudget) -> Option<&String> {
    budget.metadata.name.as_ref()
}

fn desired_healthy(cluster: &Cluster, budget: &PodDisruptionBudget) -> i32 {
    let found = cluster.store().get::<PodDisruptionBudget>(&ObjectKey::of(budget));
    found.and_then(|budget| budget.status.as_ref()?.desired_healthy).unwrap_or(0)
}

/// One after the other: a pod is made when those of the lower ordinals are there and ready.
fn stateful_sets_go_in_order(before: &Cluster, after: &Cluster) {
    for set in after.store().list::<StatefulSet>() {
        let pods = numbered(after, &set.metadata);
        let wanted = set.spec.replicas.unwrap();
        if set.spec.pod_management_policy.as_deref() == Some("Parallel") {
            continue;
        }
        let made = pods.iter().filter(|(_, pod)| was(before, pod).is_none());
        for (ordinal, pod) in made.filter(|(_, pod)| !pod::is_terminating(pod)) {
            assert!(*ordinal < wanted.max(replicas_of(before, set)), "{} of {wanted}", ObjectKey::of(pod.as_ref()));
            let then = numbered(before, &set.metadata);
            for lower in 0..*ordinal {
                // One that becomes ready and is preempted at the same moment was there in between.
                let is_left = then.get(&lower).is_none_or(|pod| !pod::is_terminating(pod));
                let is_ready = |pods: &BTreeMap<i32, Arc<Pod>>| pods.get(&lower).is_some_and(|pod| pod::is_ready(pod));
                assert!(
                    is_left && (is_ready(&pods) || is_ready(&then)),
                    "{} is made before {lower} is ready",
                    ObjectKey::of(pod.as_ref())
                );
            }
        }
    }
}

fn replicas_of(cluster: &Cluster, set: &StatefulSet) -> i32 {
    cluster.store().get::<StatefulSet>(&ObjectKey::of(set)).and_then(|set| set.spec.replicas).unwrap_or(0)
}

/// The pods of a StatefulSet by ordinal.
fn numbered(cluster: &Cluster, set: &ObjectMeta) -> BTreeMap<i32, Arc<Pod>> {
    let pods = cluster.pods_of(set).into_iter();
    pods.map(|pod| {
        let (_, ordinal) = pod.metadata.name.as_deref().unwrap().rsplit_once('-').unwrap();
        (ordinal.parse().unwrap(), pod)
    })
    .collect()
}

/// No more pods at once than the parallelism, and no index twice or done twice.
fn jobs_keep_to_their_numbers(cluster: &Cluster) {
    for job in cluster.store().list::<Job>() {
        let (spec, name) = (job.spec.as_ref().unwrap(), job.metadata.name.as_deref().unwrap());
        let pods = cluster.pods_of(&job.metadata);
        let active: Vec<_> = pods.iter().filter(|pod| pod::is_active(pod)).collect();
        let parallelism = spec.parallelism.unwrap();
        assert!(active.len() as i32 <= parallelism, "{name}: {} at once of {parallelism}", active.len());
        let index = |pod: &Pod| {
            let annotations = pod.metadata.annotations.as_ref()?;
            annotations.get("batch.kubernetes.io/job-completion-index")?.parse::<i32>().ok()
        };
        let completions = spec.completions.unwrap();
        let mut indexes = BTreeSet::new();
        for index in active.iter().filter_map(|pod| index(pod)) {
            assert!(indexes.insert(index), "{name}: two active pods of index {index}");
            assert!(index < completions, "{name}: index {index} of {completions}");
        }
        let status = job.status.clone().unwrap_or_default();
        if pods.iter().any(|pod| index(pod).is_some()) {
            assert!(status.succeeded.unwrap_or(0) <= completions, "{name}: {:?} of {completions}", status.succeeded);
        }
    }
}

/// The pods that count keep within the quota.
fn quotas_are_not_exceeded(cluster: &Cluster) {
    for quota in cluster.store().list::<ResourceQuota>() {
        let hard = quota.spec.as_ref().and_then(|spec| spec.hard.as_ref()).unwrap();
        let live: Vec<_> = cluster.store().list::<Pod>().filter(|pod| pod::is_active(pod)).collect();
        let cpu: i64 = live.iter().map(|pod| milli_cpu(pod)).sum();
        assert!(live.len() as i64 * 1_000 <= milli(&hard["pods"].0), "{} pods of {}", live.len(), hard["pods"].0);
        assert!(cpu <= milli(&hard["requests.cpu"].0), "{cpu}m of {}", hard["requests.cpu"].0);
    }
}

/// The same pod as it was, or is, in another cluster.
fn was<'a>(cluster: &'a Cluster, pod: &Pod) -> Option<&'a Arc<Pod>> {
    cluster.store().get::<Pod>(&ObjectKey::of(pod)).filter(|was| was.metadata.uid == pod.metadata.uid)
}

/// What a pod asks for.
pub(crate) fn milli_cpu(pod: &Pod) -> i64 {
    let containers = pod.spec.containers.iter();
    let requests =
        containers.filter_map(|container| container.resources.as_ref()?.requests.as_ref()?.get("cpu").cloned());
    requests.map(|cpu| milli(&cpu.0)).sum()
}

/// A quantity in thousandths: the fixtures use whole numbers and those.
pub(crate) fn milli(quantity: &str) -> i64 {
    match quantity.strip_suffix('m') {
        Some(milli) => milli.parse().unwrap(),
        None => quantity.parse::<i64>().unwrap() * 1_000,
    }
}
