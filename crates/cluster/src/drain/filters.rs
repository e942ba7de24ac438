//! Which pods of a node a drain deletes, which it leaves, and which forbid it (kubectl/pkg/drain/filters.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSet;

use super::DrainOptions;
use super::words::Words;
use crate::cluster::Cluster;
use crate::pod::{self, Pod};

/// The pods to delete, and what is said of others: a sentence and the pods it is about.
#[derive(Default)]
pub(super) struct PodDeleteList {
    pub(super) pods: Vec<Arc<Pod>>,
    pub(super) warnings: Vec<(String, Vec<String>)>,
    pub(super) errors: Vec<(String, Vec<String>)>,
}

/// What a filter says of a pod. The last that speaks is heard; one that keeps the pod ends the row.
enum Verdict {
    Delete,
    DeleteWithWarning(String),
    Skip,
    SkipWithWarning(String),
    Refuse(String),
}

/// The pods of the node, sorted by what becomes of them.
pub(super) fn pods_for_deletion(cluster: &Cluster, options: &DrainOptions) -> PodDeleteList {
    let words = Words::of(cluster);
    let mut list = PodDeleteList::default();
    for pod in cluster.pods_on(&options.node) {
        let labels = pod.metadata.labels.clone().unwrap_or_default();
        if options.pod_selector.as_ref().is_some_and(|selector| !selector.matches(&labels)) {
            continue;
        }
        match verdict(cluster, options, &words, &pod) {
            Verdict::Delete => list.pods.push(pod),
            Verdict::DeleteWithWarning(message) => {
                note(&mut list.warnings, message, &pod);
                list.pods.push(pod);
            }
            Verdict::Skip => {}
            // kubectl v1.17 forgets every pod that it may not delete, so that none of them stops it.
            _ if cluster.behaviour.drain.forgets_what_it_keeps => {}
            Verdict::SkipWithWarning(message) => note(&mut list.warnings, message, &pod),
            Verdict::Refuse(message) => note(&mut list.errors, message, &pod),
        }
    }
    list
}

fn note(notes: &mut Vec<(String, Vec<String>)>, message: String, pod: &Pod) {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let name = format!("{}/{name}", pod.metadata.namespace.as_deref().unwrap_or_default());
    match notes.iter_mut().find(|(other, _)| *other == message) {
        Some((_, pods)) => pods.push(name),
        None => notes.push((message, vec![name])),
    }
}

fn verdict(cluster: &Cluster, options: &DrainOptions, words: &Words, pod: &Pod) -> Verdict {
    let owner = pod::controller_of(&pod.metadata);
    // Whatever is asked for, a pod of a DaemonSet that is there stays.
    if let Some(owner) = owner.filter(|owner| owner.kind == "DaemonSet" && owner.api_version == "apps/v1")
        && !pod::is_terminal(pod)
    {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        if cluster.store.find::<DaemonSet>(namespace, &owner.name).is_some() {
            return if options.ignore_daemonsets {
                Verdict::SkipWithWarning("ignoring DaemonSet-managed Pods".to_owned())
            } else {
                Verdict::Refuse("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".to_owned())
            };
        }
        let orphaned = format!("daemonsets.apps \"{}\" not found", owner.name);
        if !options.force {
            return Verdict::Refuse(orphaned);
        }
    }
    if pod.metadata.annotations.as_ref().is_some_and(|own| own.contains_key("kubernetes.io/config.mirror")) {
        return Verdict::Skip;
    }
    let finished = pod::is_terminal(pod);
    let has_local_storage = pod.spec.volumes.iter().flatten().any(|volume| volume.empty_dir.is_some());
    if has_local_storage && !finished && !options.delete_emptydir_data {
        return Verdict::Refuse(words.local_storage_fatal().to_owned());
    }
    if owner.is_none() && !finished {
        return if options.force {
            Verdict::DeleteWithWarning(words.unmanaged_warning().to_owned())
        } else {
            Verdict::Refuse(words.unmanaged_fatal().to_owned())
        };
    }
    // The warnings of earlier filters, such as `deleting Pods with local storage`, are lost here in kubectl too.
    Verdict::Delete
}
