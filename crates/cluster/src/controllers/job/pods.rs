//! Making and removing a job's pods (`manageJob`).

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{TRACKING, Turn, back_off, indexes};
use crate::api_error::ApiError;
use crate::behaviour::Behaviour;
use crate::clock::{Controller, Event};
use crate::controllers::controller_ref::owner_reference;
use crate::controllers::slow_start::slow_start;
use crate::defaults;
use crate::object::KnownKind;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The most pods one look makes or removes.
const MAX_PER_SYNC: usize = 500;
/// The variable in which a container finds its index.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";

impl Turn<'_> {
    /// Makes the number of active pods what the job wants now.
    pub(super) fn manage(&mut self) {
        if self.is_suspended() {
            self.delete_active();
            return;
        }
        let wanted = self.wanted();
        let too_many = self.too_many(wanted);
        if !too_many.is_empty() {
            for pod in too_many.into_iter().take(MAX_PER_SYNC) {
                self.delete(&pod);
            }
            return;
        }
        let leaving = if self.replaces_failed_only() { self.terminating } else { 0 };
        let missing = wanted.saturating_sub(self.active.len() + leaving).min(MAX_PER_SYNC);
        if missing == 0 {
            return;
        }
        if !self.waits_per_index() {
            let due = self.back_off.due_ms(&self.cluster.behaviour);
            if self.waits_until(due) {
                return;
            }
        }
        let indexes = self.indexes_to_make(missing);
        let created = match indexes {
            Some(indexes) => {
                let mut indexes = indexes.into_iter();
                slow_start(indexes.len(), || self.create(indexes.next()))
            }
            None => slow_start(missing, || self.create(None)),
        };
        self.refused = created.is_err();
    }

    /// How many pods should be at work.
    fn wanted(&self) -> usize {
        let parallelism = self.spec.parallelism.unwrap_or(1);
        let wanted = match self.spec.completions {
            // A work queue: as soon as one pod has succeeded, none is added.
            None if self.succeeded > 0 => return self.active.len(),
            None => parallelism,
            Some(completions) => completions.saturating_sub(self.succeeded).min(parallelism),
        };
        usize::try_from(wanted).unwrap_or(0)
    }

    /// The pods that go because there are too many, or twice the same index.
    fn too_many(&self, wanted: usize) -> Vec<Arc<Pod>> {
        let mut left = self.active.clone();
        let mut out = Vec::new();
        // Not ready, not placed and pending ones first (`controller.ActivePods`).
        left.sort_by_key(|pod| {
            let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
            let is_running = pod::phase(pod) == "Running";
            (pod::node_name(pod).is_some(), is_running, pod::is_ready(pod), std::cmp::Reverse(created))
        });
        if let Some(indexes) = &self.indexes {
            let mut seen = BTreeSet::new();
            let (kept, doubled): (Vec<_>, Vec<_>) =
                left.into_iter().rev().partition(|pod| indexes.index_of(pod).is_some_and(|index| seen.insert(index)));
            left = kept.into_iter().rev().collect();
            out = doubled;
        }
        let excess = left.len().saturating_sub(wanted);
        out.extend(left.into_iter().take(excess));
        out
    }

    fn waits_per_index(&self) -> bool {
        self.indexes.as_ref().is_some_and(|indexes| indexes.limit.is_some())
            && self.cluster.behaviour.job_back_off_per_index
    }

    /// Whether it is too early; the job is looked at again when it no longer is.
    fn waits_until(&mut self, due: u64) -> bool {
        let now = self.cluster.clock.now_ms();
        if due <= now {
            return false;
        }
        let due = due.max(now.saturating_add(self.cluster.behaviour.job_batch_ms));
        self.cluster.agenda.add(due, Event::Sync(Controller::Job, self.key.clone()));
        true
    }

    /// The indexes to make pods for, of an Indexed job; those that have failed wait on their own.
    fn indexes_to_make(&mut self, missing: usize) -> Option<Vec<i32>> {
        let indexes = self.indexes.as_ref()?;
        let pending: Vec<i32> = indexes.pending(&self.active).take(missing).collect();
        if !self.waits_per_index() {
            return Some(pending);
        }
        let now = self.cluster.clock.now_ms();
        let due = |index: &i32| {
            indexes.failures_of(*index).map_or(0, |(failures, last)| {
                let wait = back_off::wait_ms(*failures, &self.cluster.behaviour);
                back_off::finish_ms(self.cluster, last).saturating_add(wait)
            })
        };
        let earliest = pending.iter().map(due).filter(|due| *due > now).min();
        let ready: Vec<i32> = pending.iter().copied().filter(|index| due(index) <= now).collect();
        if let Some(earliest) = earliest {
            self.waits_until(earliest);
        }
        Some(ready)
    }

    fn create(&mut self, index: Option<i32>) -> Result<(), ApiError> {
        let job = Arc::clone(&self.job);
        let job_name = job.metadata.name.clone().unwrap_or_default();
        let prefix = match index {
            Some(index) => format!("{job_name}-{index}-"),
            None => format!("{job_name}-"),
        };
        let template = self.spec.template.clone();
        let template_metadata = template.metadata.unwrap_or_default();
        let mut metadata = ObjectMeta {
            generate_name: Some(prefix),
            namespace: job.metadata.namespace.clone(),
            labels: template_metadata.labels,
            annotations: template_metadata.annotations,
            finalizers: template_metadata.finalizers,
            owner_references: Some(vec![owner_reference(job.as_ref())]),
            ..ObjectMeta::default()
        };
        if self.tracks() {
            metadata.finalizers.get_or_insert_default().push(TRACKING.to_owned());
        }
        let mut spec = template.spec.unwrap_or_default();
        if let Some(index) = index {
            self.give_index(&mut metadata, &mut spec, &job_name, index);
        }
        let pod = Pod::new(metadata, spec);
        match self.cluster.post(Pod::wrap(Arc::new(pod))) {
            Ok(key) => {
                self.tell("Normal", "SuccessfulCreate", &format!("Created pod: {}", key.name));
                self.active.extend(self.cluster.store.get::<Pod>(&key).cloned());
                Ok(())
            }
            Err(error) => {
                if !error.namespace_terminates {
                    self.tell("Warning", "FailedCreate", &format!("Error creating: {error}"));
                }
                Err(error)
            }
        }
    }

    fn give_index(&self, metadata: &mut ObjectMeta, spec: &mut PodSpec, job_name: &str, index: i32) {
        let behaviour = &self.cluster.behaviour;
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(indexes::INDEX.to_owned(), index.to_string());
        if self.waits_per_index() {
            let failures = self.indexes.as_ref().and_then(|indexes| indexes.failures_of(index));
            let failures = failures.map_or(0, |(failures, _)| *failures);
            annotations.insert(indexes::FAILURES.to_owned(), failures.to_string());
        }
        let mut field = format!("metadata.annotations['{}']", indexes::INDEX);
        if behaviour.pod_index_label {
            metadata.labels.get_or_insert_default().insert(indexes::INDEX.to_owned(), index.to_string());
            field = format!("metadata.labels['{}']", indexes::INDEX);
        }
        spec.hostname = Some(format!("{job_name}-{index}"));
        for container in spec.init_containers.iter_mut().flatten().chain(spec.containers.iter_mut()) {
            let variables = container.env.get_or_insert_default();
            if variables.iter().all(|variable| variable.name != INDEX_VARIABLE) {
                let field_ref = ObjectFieldSelector { api_version: Some("v1".to_owned()), field_path: field.clone() };
                let source = EnvVarSource { field_ref: Some(field_ref), ..EnvVarSource::default() };
                variables.push(EnvVar {
                    name: INDEX_VARIABLE.to_owned(),
                    value_from: Some(source),
                    ..EnvVar::default()
                });
            }
        }
    }

    /// Deletes the pods that are still at work.
    pub(super) fn delete_active(&mut self) {
        for pod in self.active.clone() {
            self.delete(&pod);
        }
    }

    fn delete(&mut self, pod: &Arc<Pod>) {
        let key = ObjectKey::of(pod.as_ref());
        self.cluster.delete_pod(&key);
        self.active.retain(|other| !Arc::ptr_eq(other, pod));
        self.terminating += usize::from(self.cluster.store.get::<Pod>(&key).is_some());
        self.tell("Normal", "SuccessfulDelete", &format!("Deleted pod: {}", key.name));
    }
}

/// The defaults of pkg/apis/batch/v1/defaults.go.
pub(crate) fn default_job(job: &mut Job, behaviour: &Behaviour) {
    let spec = job.spec.get_or_insert_default();
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    spec.backoff_limit.get_or_insert(if spec.backoff_limit_per_index.is_some() { i32::MAX } else { 6 });
    if behaviour.indexed_jobs {
        spec.completion_mode.get_or_insert_with(|| "NonIndexed".to_owned());
    }
    if behaviour.suspends_jobs {
        spec.suspend.get_or_insert(false);
    }
    if behaviour.job_pod_replacement {
        let policy = if spec.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
        spec.pod_replacement_policy.get_or_insert_with(|| policy.to_owned());
    }
    spec.template.spec.iter_mut().for_each(defaults::default_pod_spec);
}

/// Gives a new job its selector, and its pods the labels that it selects (pkg/registry/batch/job/strategy.go).
pub(crate) fn prepare_job(job: &mut Job, behaviour: &Behaviour) {
    let (name, uid) = (job.metadata.name.clone().unwrap_or_default(), job.metadata.uid.clone().unwrap_or_default());
    let spec = job.spec.get_or_insert_default();
    if spec.manual_selector == Some(true) || spec.selector.is_some() {
        return;
    }
    let labels = spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
    labels.insert("controller-uid".to_owned(), uid.clone());
    labels.insert("job-name".to_owned(), name.clone());
    let mut selector_key = "controller-uid";
    if behaviour.job_prefixed_labels {
        selector_key = "batch.kubernetes.io/controller-uid";
        labels.insert(selector_key.to_owned(), uid.clone());
        labels.insert("batch.kubernetes.io/job-name".to_owned(), name);
    }
    spec.selector.get_or_insert_default().match_labels = Some([(selector_key.to_owned(), uid)].into());
}
