//! CustomResourceDefinitions as apiextensions-apiserver keeps them (`pkg/controller/status/naming_controller.go`,
//! `pkg/controller/finalizer/crd_finalizer.go`): names are accepted at once where nobody has them, and what a definition
//! defines goes before it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use sim_cluster::{
    ApiError, Cluster, DeleteOptions, Deleted, Object, Preconditions, Resource, ResourceRef, Subresource, Target,
    WriteOptions,
};

use crate::served::Served;

/// Whether a resource is that of the definitions.
pub(crate) fn defines(resource: &Resource) -> bool {
    resource.group == "apiextensions.k8s.io" && resource.kind == "CustomResourceDefinition"
}

/// Says of a definition that was written whether its names are accepted and its kind is served, and the same of those of
/// its group that wait for names.
pub(crate) fn establish(cluster: &mut Cluster, target: &Target, options: &WriteOptions) -> Result<(), ApiError> {
    settle(cluster, target, options)?;
    let Some(definition) = cluster.object_at(target) else { return Ok(()) };
    let group = definition.to_value()["spec"]["group"].take();
    reconsider(cluster, target, &group, options)
}

/// Lets the definitions of a group that wait for names have those that are free by now (`requeueAllOtherGroupCRDs`).
fn reconsider(cluster: &mut Cluster, any: &Target, group: &Value, options: &WriteOptions) -> Result<(), ApiError> {
    let waiting = |cluster: &Cluster| -> Vec<Target> {
        let of_group = of_group(cluster, group).into_iter();
        let waiting =
            of_group.filter(|definition| status_of(definition, "NamesAccepted").is_some_and(|is| is != "True"));
        let name = |definition: Value| definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        waiting.map(|definition| Target { name: name(definition), ..any.clone() }).collect()
    };
    loop {
        let mut is_settled = true;
        for target in waiting(cluster) {
            is_settled &= !settle(cluster, &target, options)?;
        }
        if is_settled {
            return Ok(());
        }
    }
}

/// Compares the names that a definition wants with those that it has and others have (`calculateNamesAndConditions`).
/// Returns whether anything of it is new.
fn settle(cluster: &mut Cluster, target: &Target, options: &WriteOptions) -> Result<bool, ApiError> {
    let Some(definition) = cluster.object_at(target) else { return Ok(false) };
    let mut definition = definition.to_value();
    let (wanted, own) = (definition["spec"]["names"].clone(), definition["status"]["acceptedNames"].clone());
    if !wanted.is_object() || wanted == own {
        return Ok(false);
    }
    let taken = Taken::in_group(cluster, &definition);
    let (accepted, conflict) = taken.accepted(&wanted, &own);
    let before = definition["status"].clone();
    let now = now(cluster);
    let was_established = status_of(&definition, "Established").is_some_and(|status| status == "True");
    definition["status"]["acceptedNames"] = accepted;
    match &conflict {
        Some((reason, why)) => {
            set_condition(&mut definition, &now, "NamesAccepted", ("False", reason, why));
            if !was_established {
                let why = "not all names are accepted";
                set_condition(&mut definition, &now, "Established", ("False", "NotAccepted", why));
            }
        }
        None => {
            set_condition(&mut definition, &now, "NamesAccepted", ("True", "NoConflicts", "no conflicts found"));
            if !was_established {
                let why = "the initial names have been accepted";
                set_condition(&mut definition, &now, "Established", ("True", "InitialNamesAccepted", why));
            }
        }
    }
    if definition["status"] == before {
        return Ok(false);
    }
    write(cluster, target, Some(Subresource::Status), definition, options)?;
    Ok(true)
}

/// The names of a group that are somebody's (`getAcceptedNamesForGroup`).
struct Taken {
    resources: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl Taken {
    fn in_group(cluster: &Cluster, definition: &Value) -> Self {
        let (mut resources, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        for other in of_group(cluster, &definition["spec"]["group"]) {
            // One that says nothing of its names, as in a manifest, has those that it wants.
            let says_nothing = other["status"]["conditions"].as_array().is_none_or(Vec::is_empty);
            let is_other = other["metadata"]["name"] != definition["metadata"]["name"];
            let names = match says_nothing && is_other {
                true => &other["spec"]["names"],
                false => &other["status"]["acceptedNames"],
            };
            let text = |name: &str| names[name].as_str().map(str::to_owned);
            resources.extend([text("plural"), text("singular")].into_iter().flatten());
            resources.extend(texts(&names["shortNames"]).map(str::to_owned));
            kinds.extend([text("kind"), text("listKind")].into_iter().flatten());
        }
        Self { resources, kinds }
    }

    /// The names that a definition gets, and why it does not get all.
    fn accepted(&self, wanted: &Value, own: &Value) -> (Value, Option<(&'static str, String)>) {
        let mut accepted = match own {
            Value::Object(_) => own.clone(),
            _ => json!({"plural": "", "kind": ""}),
        };
        let mut take = |name: &str, reason: &'static str, taken: &BTreeSet<String>| {
            let asked = wanted[name].as_str().unwrap_or_default();
            if asked != own[name].as_str().unwrap_or_default() && taken.contains(asked) {
                return Some((reason, in_use(asked)));
            }
            if let Some(asked) = wanted.get(name) {
                accepted[name] = asked.clone();
            }
            None
        };
        let has = |name: &str| texts(&own["shortNames"]).any(|own| own == name);
        let short: Vec<String> = texts(&wanted["shortNames"])
            .filter(|name| !has(name) && self.resources.contains(*name))
            .map(in_use)
            .collect();
        let conflicts = [
            take("plural", "PluralConflict", &self.resources),
            take("singular", "SingularConflict", &self.resources),
            match short.as_slice() {
                [] => None,
                [one] => Some(("ShortNamesConflict", one.clone())),
                several => Some(("ShortNamesConflict", format!("[{}]", several.join(", ")))),
            },
            take("kind", "KindConflict", &self.kinds),
            take("listKind", "ListKindConflict", &self.kinds),
        ];
        // The last one is told.
        let Some(conflict) = conflicts.into_iter().flatten().last() else { return (wanted.clone(), None) };
        if short.is_empty() {
            accepted["shortNames"] = wanted["shortNames"].clone();
        }
        accepted["categories"] = wanted["categories"].clone();
        if let Some(fields) = accepted.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        (accepted, Some(conflict))
    }
}

fn in_use(name: &str) -> String {
    format!("{name:?} is already in use")
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn of_group(cluster: &Cluster, group: &Value) -> Vec<Value> {
    let definitions = cluster.store().others().filter(|other| other.kind == "CustomResourceDefinition");
    let values = definitions.map(|definition| Object::Other(Arc::clone(definition)).to_value());
    values.filter(|definition| definition["spec"]["group"] == *group).collect()
}

/// The status of a condition that a definition has.
fn status_of<'a>(definition: &'a Value, type_: &str) -> Option<&'a str> {
    let mut conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    conditions.find(|condition| condition["type"] == type_)?["status"].as_str()
}

/// `SetCRDCondition`.
fn set_condition(definition: &mut Value, now: &str, type_: &str, (status, reason, message): (&str, &str, &str)) {
    let mut new =
        json!({"type": type_, "status": status, "lastTransitionTime": now, "reason": reason, "message": message});
    if !definition["status"]["conditions"].is_array() {
        definition["status"]["conditions"] = json!([]);
    }
    let Some(conditions) = definition["status"]["conditions"].as_array_mut() else { return };
    match conditions.iter_mut().find(|condition| condition["type"] == type_) {
        Some(old) => {
            if old["status"] == status {
                new["lastTransitionTime"] = old["lastTransitionTime"].take();
            }
            *old = new;
        }
        None => conditions.push(new),
    }
}

/// Refuses a new object of a kind whose definition is about to go (`crdHandler.serveResource`).
pub(crate) fn admits_creation(cluster: &Cluster, served: &Served) -> Result<(), ApiError> {
    let resource = &served.resource;
    if resource.versions.is_empty() {
        return Ok(());
    }
    let is_going = of_group(cluster, &resource.group.as_str().into()).iter().any(|definition| {
        definition["spec"]["names"]["plural"] == *resource.plural
            && status_of(definition, "Terminating") == Some("True")
    });
    if !is_going {
        return Ok(());
    }
    let mut error = ApiError::method_not_supported(&served.reference(), "create");
    error.message = "create not allowed while custom resource definition is terminating".to_owned();
    Err(error)
}

/// DELETE of a definition: it is held until the last of its objects is gone (`REST.Delete`, `CRDFinalizer`).
pub(crate) fn delete(
    cluster: &mut Cluster,
    target: &Target,
    preconditions: &Preconditions,
    all: &[Served],
    options: &WriteOptions,
) -> Result<Deleted, ApiError> {
    cluster.delete_target(target, DeleteOptions::default(), preconditions, true)?;
    if let Some(definition) = cluster.object_at(target).filter(|live| live.metadata().deletion_timestamp.is_none()) {
        let mut definition = definition.to_value();
        let mut finalizers: Vec<String> = texts(&definition["metadata"]["finalizers"]).map(str::to_owned).collect();
        finalizers.retain(|finalizer| finalizer != CLEANUP);
        finalizers.push(CLEANUP.to_owned());
        definition["metadata"]["finalizers"] = finalizers.into();
        write(cluster, target, None, definition, options)?;
    }
    let mut deleted = cluster.delete_target(target, DeleteOptions::default(), &Preconditions::default(), false)?;
    if let Some(definition) = cluster.object_at(target) {
        let mut definition = definition.to_value();
        let now = now(cluster);
        let why = "CustomResource deletion is in progress";
        set_condition(&mut definition, &now, "Terminating", ("True", "InstanceDeletionInProgress", why));
        let spec = definition["spec"].clone();
        write(cluster, target, Some(Subresource::Status), definition, options)?;
        if let Some(marked) = cluster.object_at(target) {
            deleted = Deleted::Marked(marked.to_value());
        }
        delete_defined(cluster, &spec, all)?;
        let_go(cluster, target, options)?;
    }
    Ok(deleted)
}

/// Lets the definitions go whose last object is gone.
pub(crate) fn finish(cluster: &mut Cluster, options: &WriteOptions) -> Result<(), ApiError> {
    let going = cluster.store().others().filter(|other| {
        other.kind == "CustomResourceDefinition"
            && other.metadata.deletion_timestamp.is_some()
            && other.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == CLEANUP)
    });
    let names: Vec<String> = going.filter_map(|definition| definition.metadata.name.clone()).collect();
    for name in names {
        let resource = ResourceRef::Other {
            api_version: "apiextensions.k8s.io/v1".to_owned(),
            kind: "CustomResourceDefinition".to_owned(),
            plural: "customresourcedefinitions".to_owned(),
            namespaced: false,
        };
        let_go(cluster, &Target { resource, namespace: String::new(), name }, options)?;
    }
    Ok(())
}

/// Holds a definition until its objects are gone (`CustomResourceCleanupFinalizer`).
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Takes its hold off a definition that has no objects; others may have its names then.
fn let_go(cluster: &mut Cluster, target: &Target, options: &WriteOptions) -> Result<(), ApiError> {
    let Some(definition) = cluster.object_at(target) else { return Ok(()) };
    let mut definition = definition.to_value();
    let spec = definition["spec"].clone();
    let is_its = |api_version: &str, kind: &str| {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        spec["group"] == group && spec["names"]["kind"] == kind
    };
    let is_served = status_of(&definition, "Established").is_none_or(|status| status == "True");
    if is_served && cluster.store().others().any(|other| is_its(&other.api_version, &other.kind)) {
        return Ok(());
    }
    if let Some(finalizers) = definition["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|finalizer| finalizer != CLEANUP);
    }
    write(cluster, target, None, definition, options)?;
    reconsider(cluster, target, &spec["group"], options)
}

/// Writes a definition, as it is stored.
fn write(
    cluster: &mut Cluster,
    target: &Target,
    part: Option<Subresource>,
    definition: Value,
    options: &WriteOptions,
) -> Result<(), ApiError> {
    let options = WriteOptions { api_version: None, dry_run: false, ..options.clone() };
    cluster.replace(target, part, definition, &options).map(drop)
}

fn now(cluster: &Cluster) -> String {
    cluster.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Deletes the objects of a kind. Of one that was never served nothing is served, and there are none.
fn delete_defined(cluster: &mut Cluster, spec: &Value, all: &[Served]) -> Result<(), ApiError> {
    let is_defined =
        |served: &&Served| served.resource.group == spec["group"] && served.resource.plural == spec["names"]["plural"];
    for served in all.iter().filter(is_defined) {
        for object in served.resource.objects(cluster.store()) {
            let target = Target {
                resource: served.reference(),
                namespace: object.namespace().unwrap_or_default().to_owned(),
                name: object.name().to_owned(),
            };
            match cluster.delete_target(&target, DeleteOptions::default(), &Preconditions::default(), false) {
                // It is stored in another version, or gone with its owner.
                Err(error) if error.code() == 404 => {}
                deleted => drop(deleted?),
            }
        }
    }
    Ok(())
}
