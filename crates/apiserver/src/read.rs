//! GET of one object and of lists: as JSON, as a Table, or metadata only.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sim_cluster::print::PrintContext;
use sim_cluster::{FieldSelector, Kind, Object, ObjectKey, Resource, definition_from_v1, event_from_core};
use sim_core::model::LabelSelector;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use crate::answer::{Answer, Failure, json_answer, typed_answer};
use crate::behaviour::Behaviour;
use crate::custom;
use crate::list_options;
use crate::query::Query;
use crate::route::Path;
use crate::running::View;
use crate::served::Served;

/// So many objects of a list are written at once.
const CHUNK: usize = 100;
/// How long the parts of a list wait for a client that does not read.
const STALLED: Duration = Duration::from_secs(60);

/// The form in which a client wants objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    Objects,
    /// Rows that kubectl prints.
    Table(Include),
    /// Metadata only.
    Metadata,
}

/// What a Table's rows show of their objects (`includeObject`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Form {
    /// The first form among what a client accepts that there is.
    ///
    /// # Errors
    /// When `includeObject` is none of the three.
    pub(crate) fn accepted(accept: &str, query: &Query) -> Result<Self, Failure> {
        let include = match query.get("includeObject") {
            None | Some("Metadata") => Include::Metadata,
            Some("None") => Include::Nothing,
            Some("Object") => Include::Object,
            Some(other) => return Err(Failure::bad_request(format!("unrecognized includeObject value: {other:?}"))),
        };
        for wanted in accept.split(',') {
            let has = |part: &str| wanted.split(';').any(|given| given.trim() == part);
            if !has("g=meta.k8s.io") {
                if wanted.trim().starts_with("application/json") || wanted.trim().starts_with("*/*") {
                    return Ok(Self::Objects);
                }
                continue;
            }
            if has("as=Table") {
                return Ok(Self::Table(include));
            }
            if has("as=PartialObjectMetadata") || has("as=PartialObjectMetadataList") {
                return Ok(Self::Metadata);
            }
        }
        Ok(Self::Objects)
    }
}

/// Which objects of a resource are meant, and how they are shown.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) served: Served,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
    pub(crate) form: Form,
}

impl Selection {
    /// # Errors
    /// When a selector cannot be read, or the kind has no such field.
    pub(crate) fn of(served: &Served, path: &Path, query: &Query, accept: &str) -> Result<Self, Failure> {
        let fields = query.fields()?;
        if let Some(fields) = &fields {
            fields.check(served.resource.known).map_err(Failure::bad_request)?;
        }
        Ok(Self {
            served: served.clone(),
            namespace: path.namespace.clone(),
            name: path.name.clone(),
            labels: query.labels()?,
            fields,
            form: Form::accepted(accept, query)?,
        })
    }

    /// Whether an object of the resource is meant.
    pub(crate) fn selects(&self, object: &Object) -> bool {
        let metadata = object.metadata();
        self.namespace.as_ref().is_none_or(|namespace| metadata.namespace.as_ref() == Some(namespace))
            && self.name.as_ref().is_none_or(|name| metadata.name.as_ref() == Some(name))
            && self.labels.as_ref().is_none_or(|selector| match &metadata.labels {
                Some(labels) => selector.matches(labels),
                None => selector.matches(&Default::default()),
            })
            && self.fields.as_ref().is_none_or(|selector| selector.matches(object))
    }

    /// The objects that are meant, by namespace and name.
    pub(crate) fn objects(&self, view: &View) -> Vec<Object> {
        self.each(view, None).collect()
    }

    /// The same one by one, after a key or from the first.
    fn each<'a>(&'a self, view: &'a View, after: Option<&'a ObjectKey>) -> impl Iterator<Item = Object> + 'a {
        let node = self.fields.as_ref().and_then(|fields| fields.requires("spec.nodeName"));
        let node = node.filter(|node| self.served.resource.known == Some(Kind::Pod) && !node.is_empty());
        let all: Box<dyn Iterator<Item = Object>> = match node {
            // Kubelets ask for their pods among all.
            Some(node) => {
                let keys = view.pods_by_node.on(node).filter(move |key| after.is_none_or(|after| *key > after));
                Box::new(keys.filter_map(|key| view.store.object(Kind::Pod, key)))
            }
            None => self.served.resource.each(&view.store, self.namespace.as_deref(), after),
        };
        all.filter(|object| self.selects(object))
    }

    /// How many objects there are, where that can be told without looking at them.
    fn count(&self, view: &View) -> Option<usize> {
        let kind = self.served.resource.known?;
        let is_whole = self.name.is_none() && self.labels.is_none() && self.fields.is_none();
        is_whole.then(|| view.store.count(kind, self.namespace.as_deref()))
    }

    /// Whether an object is of the resource.
    pub(crate) fn is_of_resource(&self, object: &Object) -> bool {
        match self.served.resource.known {
            Some(kind) => object.kind() == Some(kind),
            None => {
                object.kind().is_none()
                    && object.kind_name() == self.served.resource.kind
                    && object.to_value()["apiVersion"].as_str().map(group_of) == Some(&self.served.resource.group)
            }
        }
    }

    /// Whether objects are shown as they are stored: whole, in their own version.
    pub(crate) fn shows_as_stored(&self) -> bool {
        let own = self.served.resource.known.map(Kind::api_version);
        self.form == Form::Objects && own == Some(&self.served.api_version())
    }

    /// One object whole, as text.
    pub(crate) fn text(&self, object: &Object) -> String {
        if self.shows_as_stored() { object.to_json() } else { shown(&self.served, object).to_string() }
    }

    /// One object in the form that is wanted.
    pub(crate) fn show(&self, object: &Object, context: &PrintContext) -> Value {
        match self.form {
            Form::Objects => shown(&self.served, object),
            Form::Metadata => partial(object),
            Form::Table(include) => {
                let version = object.metadata().resource_version.clone().unwrap_or_default();
                table(&self.served, std::slice::from_ref(object), context, include, &version)
            }
        }
    }
}

/// An object as this version of its group shows it.
pub(crate) fn shown(served: &Served, object: &Object) -> Value {
    let mut value = object.to_value();
    in_version(served, &mut value);
    value
}

/// Gives an object the version that was asked for.
pub(crate) fn in_version(served: &Served, value: &mut Value) {
    if served.resource.group == "events.k8s.io" {
        value.as_object_mut().into_iter().for_each(event_from_core);
    }
    if custom::defines(&served.resource) && served.version == "v1beta1" {
        definition_from_v1(value);
    }
    value["apiVersion"] = served.api_version().into();
    value["kind"] = served.resource.kind.as_str().into();
}

fn partial(object: &Object) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.to_value()["metadata"]})
}

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn table(served: &Served, objects: &[Object], context: &PrintContext, include: Include, version: &str) -> Value {
    let table = sim_cluster::print::resource_objects(&served.resource, objects, context);
    let mut value = table.to_value(version, objects.iter().map(Object::metadata));
    let rows = value["rows"].as_array_mut().into_iter().flatten().zip(objects);
    match include {
        Include::Metadata => {}
        Include::Nothing => rows.for_each(|(row, _)| row["object"] = Value::Null),
        Include::Object => rows.for_each(|(row, object)| row["object"] = shown(served, object)),
    }
    value
}

/// The object that a path names.
pub(crate) fn find(resource: &Resource, namespace: &str, name: &str, view: &View) -> Option<Object> {
    match resource.known {
        Some(kind) => view.store.object(kind, &ObjectKey::new(namespace, name)),
        None => resource
            .objects(&view.store)
            .into_iter()
            .find(|object| object.name() == name && object.namespace().unwrap_or_default() == namespace),
    }
}

/// `pods "x" not found`, with what a client wants to know of it.
pub(crate) fn not_found(resource: &Resource, name: &str) -> Failure {
    let message = format!("{} \"{name}\" not found", resource.resource());
    let mut details = json!({"name": name, "kind": resource.plural});
    if !resource.group.is_empty() {
        details["group"] = resource.group.as_str().into();
    }
    Failure::with_details(404, "NotFound", message, details)
}

/// GET of one object.
pub(crate) fn get(selection: &Selection, name: &str, view: &View) -> Result<Answer, Failure> {
    let namespace = selection.namespace.as_deref().unwrap_or_default();
    let resource = &selection.served.resource;
    let object = find(resource, namespace, name, view).ok_or_else(|| not_found(resource, name))?;
    Ok(json_answer(200, &selection.show(&object, &view.context)))
}

/// Where a list goes on: the state that it began with, the last object that was sent, and how many were.
struct Continue {
    version: u64,
    after: ObjectKey,
    sent: usize,
}

impl Continue {
    fn token(&self) -> String {
        let start = [&*self.after.namespace, &*self.after.name];
        let token = json!({"v": "meta.k8s.io/v1", "rv": self.version, "start": start, "sent": self.sent});
        BASE64_URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn read(token: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        let after = ObjectKey::new(value["start"][0].as_str()?, value["start"][1].as_str()?);
        let sent = value["sent"].as_u64().and_then(|sent| usize::try_from(sent).ok())?;
        Some(Self { version: value["rv"].as_u64()?, after, sent })
    }
}

/// GET of a list, all of it or a page. `past` gives a state that was shown before.
pub(crate) fn list(
    selection: &Selection,
    query: &Query,
    view: &Arc<View>,
    past: impl FnOnce(u64) -> Option<Arc<View>>,
) -> Result<(Answer, Option<Arc<View>>), Failure> {
    list_options::check(query, &Behaviour::of(view.version), false)?;
    let limit = query.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    let asked = query.resource_version()?;
    if let Some(asked) = asked.filter(|asked| *asked > view.resource_version) {
        return Err(too_new(asked, view.resource_version));
    }
    let (view, after) = match query.get("continue") {
        None => {
            let exact = query.get("resourceVersionMatch") == Some("Exact");
            match asked.filter(|asked| exact && *asked != view.resource_version) {
                None => (Arc::clone(view), None),
                Some(asked) => {
                    let view = past(asked).ok_or_else(|| Failure::too_old(asked, view.resource_version))?;
                    (view, None)
                }
            }
        }
        Some(token) => {
            let from = Continue::read(token)
                .ok_or_else(|| Failure::bad_request("continue key is not valid: unable to read the token"))?;
            let expired = || {
                Failure::new(
                    410,
                    "Expired",
                    "The provided continue parameter is too old to display a consistent list result. You must start a \
                     new list without the continue parameter.",
                )
            };
            let view = if from.version == view.resource_version {
                Arc::clone(view)
            } else {
                past(from.version).ok_or_else(expired)?
            };
            (view, Some(from))
        }
    };
    let version = view.resource_version;
    let mut metadata = json!({"resourceVersion": version.to_string()});
    let mut kept = None;
    let mut found = selection.each(&view, after.as_ref().map(|from| &from.after));
    let objects: Vec<Object> = found.by_ref().take(limit.unwrap_or(usize::MAX)).collect();
    if let Some(last) = objects.last()
        && found.next().is_some()
    {
        let sent = after.as_ref().map_or(0, |from| from.sent).saturating_add(objects.len());
        let after = ObjectKey::new(last.namespace().unwrap_or_default(), last.name());
        metadata["continue"] = Continue { version, after, sent }.token().into();
        // Of a selection nobody knows, as upstream.
        if let Some(rest) = selection.count(&view).and_then(|all| all.checked_sub(sent)) {
            metadata["remainingItemCount"] = rest.into();
        }
        kept = Some(Arc::clone(&view));
    }
    drop(found);
    if selection.form == Form::Objects && objects.len() > CHUNK {
        return Ok((stream(selection, metadata, objects), kept));
    }
    let document = match selection.form {
        Form::Objects => {
            let items: Vec<Value> = objects.iter().map(|object| shown(&selection.served, object)).collect();
            let mut list = of_list(selection, metadata);
            list["items"] = items.into();
            list
        }
        Form::Metadata => {
            let items: Vec<Value> = objects.iter().map(partial).collect();
            json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items})
        }
        Form::Table(include) => {
            let mut table = table(&selection.served, &objects, &view.context, include, &version.to_string());
            table["metadata"] = metadata;
            table
        }
    };
    Ok((json_answer(200, &document), kept))
}

/// A list without its items.
fn of_list(selection: &Selection, metadata: Value) -> Value {
    let kind = format!("{}List", selection.served.resource.kind);
    json!({"kind": kind, "apiVersion": selection.served.api_version(), "metadata": metadata})
}

/// A long list in parts, each written when the client has read what was before it: the whole is never in memory.
fn stream(selection: &Selection, metadata: Value, objects: Vec<Object>) -> Answer {
    let (parts, received) = mpsc::channel::<Result<Bytes, Infallible>>(2);
    let mut head = of_list(selection, metadata).to_string();
    head.pop();
    head.push_str(",\"items\":[");
    let selection = selection.clone();
    tokio::spawn(async move {
        let last = objects.len().div_ceil(CHUNK) - 1;
        for (number, chunk) in objects.chunks(CHUNK).enumerate() {
            let mut part = std::mem::take(&mut head);
            for (index, object) in chunk.iter().enumerate() {
                if number + index > 0 {
                    part.push(',');
                }
                part.push_str(&selection.text(object));
            }
            if number == last {
                part.push_str("]}\n");
            }
            // Whoever does not read for so long has gone.
            match timeout(STALLED, parts.send(Ok(Bytes::from(part)))).await {
                Ok(Ok(())) => {}
                _ => return,
            }
        }
    });
    typed_answer(200, "application/json", Body::from_stream(ReceiverStream::new(received)))
}

/// A state that is not there yet (`storage.NewTooLargeResourceVersionError`).
pub(crate) fn too_new(asked: u64, newest: u64) -> Failure {
    let message = format!("Too large resource version: {asked}, current: {newest}");
    let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
    Failure::with_details(504, "Timeout", message, json!({"causes": causes, "retryAfterSeconds": 1}))
}

/// Why nobody can execute anything in a pod, attach to it or forward its ports: upstream's reason where there is one.
pub(crate) fn no_stream(namespace: &str, name: &str, view: &View) -> Failure {
    let resource = Resource::of(Kind::Pod);
    match find(&resource, namespace, name, view) {
        Some(Object::Pod(pod)) if sim_cluster::pod::node_name(&pod).is_none() => no_host(name),
        Some(_) => Failure::new(501, "NotImplemented", "sim runs no containers: there is nothing to connect to"),
        None => not_found(&resource, name),
    }
}

fn no_host(pod: &str) -> Failure {
    Failure::bad_request(format!("pod {pod} does not have a host assigned"))
}

/// The text of `kubectl logs`: none is written here, and a pod that does not run has none.
pub(crate) fn log(namespace: &str, name: &str, query: &Query, view: &View) -> Result<Answer, Failure> {
    let resource = Resource::of(Kind::Pod);
    let Some(Object::Pod(pod)) = find(&resource, namespace, name, view) else { return Err(not_found(&resource, name)) };
    let containers: Vec<&str> = pod.spec.containers.iter().map(|container| container.name.as_str()).collect();
    let inits: Vec<&str> = pod.spec.init_containers.iter().flatten().map(|container| container.name.as_str()).collect();
    let container = match (query.get("container"), containers.as_slice()) {
        (Some(asked), _) if containers.contains(&asked) || inits.contains(&asked) => asked,
        (Some(asked), _) => {
            return Err(Failure::bad_request(format!("container {asked} is not valid for pod {name}")));
        }
        (None, [one]) => one,
        (None, _) => {
            let init = if inits.is_empty() {
                String::new()
            } else {
                format!(" or one of the init containers: [{}]", inits.join(" "))
            };
            let list = containers.join(" ");
            return Err(Failure::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{list}]{init}"
            )));
        }
    };
    if sim_cluster::pod::node_name(&pod).is_none() {
        return Err(no_host(name));
    }
    let statuses = pod.status.iter().flat_map(|status| {
        status.container_statuses.iter().flatten().chain(status.init_container_statuses.iter().flatten())
    });
    let waiting = statuses
        .filter(|status| status.name == container)
        .find_map(|status| status.state.as_ref()?.waiting.as_ref().filter(|_| status.container_id.is_none()));
    if let Some(waiting) = waiting {
        let reason = waiting.reason.as_deref().unwrap_or("ContainerCreating");
        return Err(Failure::bad_request(match reason {
            "ContainerCreating" | "PodInitializing" => {
                format!("container {container:?} in pod {name:?} is waiting to start: {reason}")
            }
            _ => format!("container {container:?} in pod {name:?} is waiting to start: {}", waiting_text(reason)),
        }));
    }
    Ok(typed_answer(200, "text/plain", ""))
}

/// A reason of waiting in the kubelet's words for it.
fn waiting_text(reason: &str) -> String {
    match reason {
        "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image".to_owned(),
        _ => reason.to_owned(),
    }
}
