//! `kubectl apply`, `create` and `delete`: objects from files, heredocs and names.

use sim_cluster::{Change, DeleteOptions, Kind, Object, ObjectKey, ObjectRef, Propagation};
use sim_scenario::Severity;

use super::grammar::{Delete, Files};
use super::objects::{Scope, Unnamed};
use crate::target::reference_to;

/// `kubectl apply -f`.
pub(super) fn apply(scope: &Scope<'_>, files: &Files, input: Option<&str>) -> Result<Vec<Change>, String> {
    Ok(vec![Change::Apply(load(scope, files, input)?)])
}

/// `kubectl create -f`: nothing of it may be there.
pub(super) fn create(scope: &Scope<'_>, files: &Files, input: Option<&str>) -> Result<Vec<Change>, String> {
    let objects = load(scope, files, input)?;
    for object in &objects {
        let Some(kind) = object.kind() else { continue };
        let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
        if scope.cluster.store().object(kind, &key).is_some() {
            return Err(format!(
                "Error from server (AlreadyExists): {} {:?} already exists",
                kind.resource(),
                object.name()
            ));
        }
    }
    Ok(vec![Change::Apply(objects)])
}

/// `kubectl delete` (pkg/cmd/delete `delete.go`).
pub(super) fn delete(scope: &Scope<'_>, delete: &Delete, input: Option<&str>) -> Result<Vec<Change>, String> {
    let options = options(delete)?;
    let unnamed = Unnamed::of(delete.selected.all, delete.selected.selector.as_deref())?;
    let mut targets: Vec<ObjectRef> = Vec::new();
    if !delete.files.filenames.is_empty() {
        targets.extend(load(scope, &delete.files, input)?.iter().map(reference_to));
    }
    if !delete.selected.words.is_empty() || targets.is_empty() {
        targets.extend(scope.objects(&delete.selected.words, unnamed)?);
    }
    targets.retain(|target| !delete.ignore_not_found || scope.live(target).is_ok());
    let plain = !delete.force && options == DeleteOptions::default();
    let changes = targets.into_iter().map(|target| match plain {
        true => Change::Delete(target),
        false => Change::DeleteWith { target, options, force: delete.force },
    });
    Ok(changes.collect())
}

fn options(delete: &Delete) -> Result<DeleteOptions, String> {
    let propagation = match delete.cascade.as_deref() {
        None => None,
        // `true` and `false` until v1.20.
        Some("background" | "true") => Some(Propagation::Background),
        Some("foreground") => Some(Propagation::Foreground),
        Some("orphan" | "false") => Some(Propagation::Orphan),
        Some(other) => {
            return Err(format!(
                "error: invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            ));
        }
    };
    if delete.now && delete.grace_period != -1 {
        return Err("error: --now and --grace-period cannot be specified together".to_owned());
    }
    let asked = if delete.now { 1 } else { delete.grace_period };
    let grace = match (asked, delete.force) {
        // Nobody loses a running pod by mistake.
        (0, false) => Some(1),
        (..0, true) => Some(0),
        (1.., true) => {
            return Err("error: --force and --grace-period greater than 0 cannot be specified together".to_owned());
        }
        (..0, false) => None,
        (seconds, _) => Some(seconds),
    };
    Ok(DeleteOptions { grace_period_seconds: grace, propagation })
}

/// The objects of `-f`; `-` is the heredoc.
fn load(scope: &Scope<'_>, files: &Files, input: Option<&str>) -> Result<Vec<Object>, String> {
    if files.filenames.is_empty() {
        return Err("error: must specify one of -f and -k".to_owned());
    }
    if let Some(url) = files.filenames.iter().find(|file| file.starts_with("http://") || file.starts_with("https://")) {
        return Err(format!("error: {url}: sim has no network: fetch the file first"));
    }
    if files.filenames.iter().any(|file| file == "-") && input.is_none() {
        return Err("error: -f - reads standard input: give the manifests in a heredoc (<<'EOF')".to_owned());
    }
    let mut text = input.unwrap_or_default().as_bytes();
    let input = sim_scenario::load_part(&files.filenames, &mut text, scope.namespace());
    if let Some(fault) = input.faults.iter().find(|fault| fault.severity == Severity::Error) {
        return Err(format!("error: {fault}"));
    }
    if input.scenario.is_some() {
        return Err("error: a Scenario is no manifest".to_owned());
    }
    let objects: Vec<Object> = input.objects.into_iter().map(|loaded| loaded.object).collect();
    if let Some(wanted) = scope.namespace {
        let elsewhere = objects.iter().filter(|object| object.kind().is_none_or(Kind::is_namespaced));
        let elsewhere = elsewhere.filter_map(Object::namespace).find(|namespace| *namespace != wanted);
        if let Some(found) = elsewhere {
            return Err(format!(
                "error: the namespace from the provided object \"{found}\" does not match the namespace \"{wanted}\". You must \
                 pass '--namespace={found}' to perform this operation."
            ));
        }
    }
    Ok(objects)
}
