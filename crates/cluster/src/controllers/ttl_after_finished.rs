//! The TTL controller for jobs that have ended (pkg/controller/ttlafterfinished, on from 1.21): deletes them some time
//! later, with their pods.

use k8s_openapi::api::batch::v1::Job;

use super::job::finished;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::deletion::{DeleteOptions, Propagation};
use crate::object::{Kind, Object};
use crate::store::{Changed, ObjectKey};

/// A Job changed: it may have ended.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if let Some(Object::Job(job)) = &changed.after
        && let Some(due) = due_ms(cluster, job)
    {
        let at = due.max(cluster.clock.now_ms());
        cluster.agenda.add(at, Event::JobExpires(changed.key.clone()));
    }
}

/// Deletes the job when its time is over.
pub(crate) fn expires(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(job) = cluster.store.get::<Job>(key) else { return };
    if due_ms(cluster, job).is_some_and(|due| due <= cluster.clock.now_ms()) {
        let options = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
        cluster.delete_object(Kind::Job, key, options);
    }
}

fn due_ms(cluster: &Cluster, job: &Job) -> Option<u64> {
    let seconds = job.spec.as_ref()?.ttl_seconds_after_finished.filter(|_| cluster.behaviour.job_ttl)?;
    let ended = finished(job).filter(|_| job.metadata.deletion_timestamp.is_none())?.last_transition_time.as_ref()?;
    let wait = u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
    Some(cluster.clock.ms_of(ended.0).saturating_add(wait))
}
