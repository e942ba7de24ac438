//! `kubectl set image`, `kubectl rollout restart` and `kubectl rollout undo`.

use k8s_openapi::api::apps::v1::{ControllerRevision, ReplicaSet};
use serde_json::{Value, json};

use super::strategic::strategic_merge;
use super::{Refused, not_found};
use crate::change::ObjectRef;
use crate::cluster::Cluster;
use crate::object::{Kind, Object};
use crate::pod;

/// Marks a template as restarted.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
const HASH_LABEL: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
/// What stays the Deployment's own in a rollback (kubectl `polymorphichelpers/rollback.go`, `annotationsToSkip`).
const OWN_ANNOTATIONS: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

impl Cluster {
    /// Sets images by container; `*` stands for every container.
    pub(super) fn set_image(
        &mut self,
        target: &ObjectRef,
        images: &[(String, String)],
    ) -> Result<Vec<String>, Refused> {
        let (kind, key, changed) = self.edit(target, |kind, object| {
            let spec = template_of(kind, object).and_then(|template| template.get_mut("spec"));
            let Some(Value::Object(spec)) = spec else {
                return Err(Refused(format!(
                    "error: the object is not a pod or does not have a pod template: {kind:?}"
                )));
            };
            for (name, image) in images {
                let mut found = false;
                for list in ["initContainers", "containers"] {
                    for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                        if name == "*" || container.get("name").and_then(Value::as_str) == Some(name) {
                            container["image"] = json!(image);
                            found = true;
                        }
                    }
                }
                if !found {
                    return Err(Refused(format!("error: unable to find container named \"{name}\"")));
                }
            }
            Ok(())
        })?;
        // kubectl says nothing when the images are those already.
        Ok(changed.then(|| format!("{}/{} image updated", kind.qualified(), key.name)).into_iter().collect())
    }

    pub(super) fn rollout_restart(&mut self, target: &ObjectRef) -> Result<Vec<String>, Refused> {
        let now = self.clock.time().0.to_string();
        let (kind, key, _) = self.edit(target, |kind, object| {
            let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let refused = |why: &str| Err(Refused(format!("error: {} \"{name}\" {why}", grouped(kind))));
            if !matches!(kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet) {
                return refused("restarting is not supported");
            }
            if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
                return refused("can't restart paused deployment (run rollout resume first)");
            }
            object["spec"]["template"]["metadata"]["annotations"][RESTARTED_AT] = json!(now);
            Ok(())
        })?;
        Ok(vec![format!("{}/{} restarted", kind.qualified(), key.name)])
    }

    /// Back to a revision, or to the one before the latest when it is 0.
    pub(super) fn rollout_undo(&mut self, target: &ObjectRef, to_revision: i64) -> Result<Vec<String>, Refused> {
        let (kind, key) = self.resolve(target)?;
        let Some(live) = self.store.object(kind, &key) else { return Err(not_found(kind, &target.name)) };
        let before = live.to_value();
        let restored = match kind {
            Kind::Deployment => self.undo_deployment(&live, &before, to_revision)?,
            Kind::DaemonSet | Kind::StatefulSet => self.undo_set(&live, &before, to_revision)?,
            _ => return Err(Refused(format!("error: no rollbacker has been implemented for \"{}\"", kind.name()))),
        };
        let name = format!("{}/{}", kind.qualified(), key.name);
        match restored {
            Some(restored) => {
                self.write_back(&live, restored)?;
                Ok(vec![format!("{name} rolled back")])
            }
            None => {
                Ok(vec![format!("{name} skipped rollback (current template already matches revision {to_revision})")])
            }
        }
    }

    /// The Deployment with the template of an older ReplicaSet; nothing when it has that already.
    fn undo_deployment(&self, live: &Object, before: &Value, to_revision: i64) -> Result<Option<Value>, Refused> {
        let uid = live.metadata().uid.as_deref();
        let revision = |set: &ReplicaSet| -> i64 {
            let annotations = set.metadata.annotations.as_ref();
            annotations.and_then(|all| all.get(REVISION)).and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        let namespace = live.namespace().unwrap_or_default();
        let sets = self.store.list_in::<ReplicaSet>(namespace);
        let mut sets: Vec<_> = sets
            .filter(|set| pod::controller_of(&set.metadata).map(|owner| owner.uid.as_str()) == uid)
            .map(|set| (revision(set), set))
            .collect();
        sets.sort_by_key(|(revision, _)| std::cmp::Reverse(*revision));
        let found = match to_revision {
            0 => sets.get(1),
            wanted => sets.iter().find(|(revision, _)| *revision == wanted),
        };
        let Some((_, set)) = found else {
            return Err(match to_revision {
                0 => Refused(format!("error: no rollout history found for deployment \"{}\"", live.name())),
                wanted => revision_not_found(wanted),
            });
        };
        if before.pointer("/spec/paused") == Some(&Value::Bool(true)) {
            return Err(Refused(format!(
                "error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume deployment/{}' and try again",
                live.name()
            )));
        }
        let set = Object::ReplicaSet((*set).clone()).to_value();
        let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
        if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
            labels.shift_remove(HASH_LABEL);
        }
        if before.pointer("/spec/template") == Some(&template) {
            return Ok(None);
        }
        let annotations = |object: &Value| {
            object.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default()
        };
        let is_own = |key: &String| OWN_ANNOTATIONS.contains(&key.as_str());
        let own = annotations(before).into_iter().filter(|(key, _)| is_own(key));
        let copied = annotations(&set).into_iter().filter(|(key, _)| !is_own(key));
        let mut restored = before.clone();
        restored["spec"]["template"] = template;
        restored["metadata"]["annotations"] = Value::Object(own.chain(copied).collect());
        Ok(Some(restored))
    }

    /// The set with the template of an older ControllerRevision; nothing when it has that already.
    fn undo_set(&self, live: &Object, before: &Value, to_revision: i64) -> Result<Option<Value>, Refused> {
        let uid = live.metadata().uid.as_deref();
        let revisions = self.store.list_in::<ControllerRevision>(live.namespace().unwrap_or_default());
        let mut history: Vec<_> = revisions
            .filter(|revision| pod::controller_of(&revision.metadata).map(|owner| owner.uid.as_str()) == uid)
            .collect();
        history.sort_by_key(|revision| revision.revision);
        let found = match to_revision {
            0 if history.len() <= 1 => return Err(Refused("error: no last revision to roll back to".to_owned())),
            0 => history.get(history.len() - 2),
            wanted => history.iter().find(|revision| revision.revision == Some(wanted)),
        };
        let data = &found.ok_or_else(|| revision_not_found(to_revision))?.data;
        let mut restored = before.clone();
        strategic_merge(&mut restored, &data.0).map_err(Refused)?;
        Ok(Some(restored).filter(|restored| restored != before))
    }
}

/// The pod template inside an object, or the pod itself.
fn template_of(kind: Kind, object: &mut Value) -> Option<&mut Value> {
    match kind {
        Kind::Pod => Some(object),
        Kind::CronJob => object.pointer_mut("/spec/jobTemplate/spec/template"),
        _ => object.pointer_mut("/spec/template"),
    }
}

/// `deployments.apps`, as kubectl names a resource in its errors.
fn grouped(kind: Kind) -> String {
    match kind.api_version().split_once('/') {
        Some((group, _)) => format!("{}.{group}", kind.plural()),
        None => kind.plural().to_owned(),
    }
}

fn revision_not_found(revision: i64) -> Refused {
    Refused(format!("error: unable to find specified revision {revision} in history"))
}
