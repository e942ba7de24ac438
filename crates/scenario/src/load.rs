//! Loading: every object that can be read, and every fault that was found on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use sim_cluster::{Cluster, Kind, Object, Ownership, Setup, Store, Unstructured, closest};
use sim_core::version::Version;

use crate::document::{self, Scenario};
use crate::fault::{Fault, Location, Severity};
use crate::files::{self, Source};
use crate::locate::{Step, locate, show};
use crate::text;
use crate::validate;
use crate::yaml::octal;

/// What an input holds. Look at `faults` before trusting the rest.
#[derive(Debug, Default)]
pub struct Input {
    /// The objects, in the order they were read.
    pub objects: Vec<LoadedObject>,
    /// The Scenario, when there is one.
    pub scenario: Option<Scenario>,
    /// Everything that is wrong, errors and warnings.
    pub faults: Vec<Fault>,
}

/// An object and where it was read.
#[derive(Debug, Clone)]
pub struct LoadedObject {
    /// The object.
    pub object: Object,
    /// Its fields that the kind does not have, kept as they were written.
    pub unknown_fields: Vec<UnknownField>,
    /// The file it was read from.
    pub source: String,
}

/// A field that the kind does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownField {
    steps: Vec<Step>,
    value: Value,
}

impl UnknownField {
    /// Its path, e.g. `spec.containers[0].imagePulPolicy`.
    pub fn path(&self) -> String {
        show(&self.steps)
    }

    /// Its value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Puts the field back where it was written; nothing happens when that place is no longer there.
    pub fn restore(&self, object: &mut Value) {
        let Some((Step::Key(last), path)) = self.steps.split_last() else { return };
        let place = path.iter().try_fold(object, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(*index),
        });
        if let Some(Value::Object(place)) = place {
            place.insert(last.clone(), self.value.clone());
        }
    }
}

impl Input {
    /// Whether a run of it can be trusted: no fault is an error.
    pub fn is_usable(&self) -> bool {
        self.faults.iter().all(|fault| fault.severity == Severity::Warning)
    }
}

/// Reads files, directories (their .yaml, .yml and .json files) and, for `-`, `stdin`.
pub fn load(paths: &[impl AsRef<Path>], stdin: &mut dyn Read) -> Input {
    let (sources, faults) = files::read(paths, stdin);
    Loader::of(&sources, faults, DEFAULT_NAMESPACE).finish()
}

/// Reads what is applied to a cluster that is there: pods may be bound to nodes that only the cluster has. What names no
/// namespace is of the one given.
pub fn load_part(paths: &[impl AsRef<Path>], stdin: &mut dyn Read, namespace: &str) -> Input {
    let (sources, faults) = files::read(paths, stdin);
    let mut loader = Loader::of(&sources, faults, namespace);
    loader.bound.clear();
    // The cluster's API server speaks for itself.
    loader.written.clear();
    loader.finish()
}

/// The namespace of what names none.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// Finding a place means parsing the file up to it once more: beyond this many faults only the file is named.
const MAX_LOCATED: usize = 200;

/// An item of a source: a whole document, or one of a List's.
#[derive(Clone)]
pub(crate) struct Place<'a> {
    pub(crate) source: &'a Source,
    document: usize,
    prefix: Vec<Step>,
}

impl Place<'_> {
    /// The place of a path inside the item.
    pub(crate) fn at(&self, path: &[Step]) -> Location {
        let whole: Vec<Step> = self.prefix.iter().chain(path).cloned().collect();
        let (line, column) = locate(&self.source.text, self.document, &whole).unwrap_or((0, 0));
        Location { source: self.source.name.clone(), line, column }
    }
}

/// An object that was read.
struct Seen<'a> {
    place: Place<'a>,
    /// Its uid, when a server has taken it.
    uid: Option<String>,
    /// Where it stands among the objects that are kept.
    index: usize,
}

struct Loader<'a> {
    sources: &'a [Source],
    /// The namespace of what names none.
    namespace: &'a str,
    input: Input,
    /// Where each known object was read first.
    seen: BTreeMap<(Kind, String, String), Seen<'a>>,
    /// Unknown fields by kind and path without indices: each is told once.
    unknown_fields: BTreeMap<(String, String), usize>,
    unknown_kinds: BTreeMap<String, usize>,
    /// Objects that no server has taken yet, and what was wrong with them at first sight.
    written: Vec<Written<'a>>,
    /// Pods that are bound, and to which node.
    bound: Vec<Bound<'a>>,
    items: usize,
    located: usize,
}

/// A pod of the input that has a node.
struct Bound<'a> {
    node: String,
    title: String,
    place: Place<'a>,
    /// Whether it has run there.
    ran: bool,
}

impl<'a> Loader<'a> {
    fn new(sources: &'a [Source], namespace: &'a str) -> Self {
        Self {
            sources,
            namespace,
            input: Input::default(),
            seen: BTreeMap::new(),
            unknown_fields: BTreeMap::new(),
            unknown_kinds: BTreeMap::new(),
            written: Vec::new(),
            bound: Vec::new(),
            items: 0,
            located: 0,
        }
    }

    fn fault(&mut self, place: &Place<'_>, object: &str, found: Found) {
        self.located += 1;
        let location = if self.located > MAX_LOCATED {
            Location { source: place.source.name.clone(), ..Location::default() }
        } else {
            place.at(&found.path)
        };
        self.input.faults.push(Fault {
            severity: found.severity,
            location: Some(location),
            object: object.to_owned(),
            path: show(&found.path),
            message: found.message,
            hint: found.hint,
        });
    }

    fn read_source(&mut self, source: &'a Source) {
        let items_before = self.items;
        let faults_before = self.input.faults.len();
        text::documents(&source.text, |document, parsed| self.read_document(source, document, parsed));
        if self.items == items_before && self.input.faults.len() == faults_before {
            let fault = Fault::of_file(&source.name, "has no objects: expected Kubernetes manifests in YAML or JSON");
            self.input.faults.push(fault);
        }
    }

    fn read_document(&mut self, source: &'a Source, document: usize, parsed: text::Parsed) {
        match parsed {
            Ok(value) => self.read_value(Place { source, document, prefix: Vec::new() }, value, None),
            Err(error) => {
                let location = Location { source: source.name.clone(), line: error.line, column: error.column };
                let mut fault = Fault::error(Some(location), error.message);
                fault.hint = error.hint;
                self.input.faults.push(fault);
            }
        }
    }

    /// Reads an object, or the objects of a List. `item_kind` is what the items of a typed list are when they do not say.
    fn read_value(&mut self, place: Place<'a>, value: Value, item_kind: Option<(&str, &str)>) {
        self.items += 1;
        let Value::Object(mut object) = value else {
            let message = format!("is {}: expected a manifest, a mapping with apiVersion and kind", name_of(&value));
            self.fault(&place, "", Found::error(&[], message));
            return;
        };
        if let Some((api_version, kind)) = item_kind {
            object.entry("apiVersion").or_insert_with(|| api_version.into());
            object.entry("kind").or_insert_with(|| kind.into());
        }
        let text =
            |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let (api_version, kind) = match (text("apiVersion"), text("kind")) {
            (Some(api_version), Some(kind)) => (api_version, kind),
            (_, kind) => {
                let missing = if kind.is_none() { "kind" } else { "apiVersion" };
                let message =
                    format!("the object has no {missing}: expected a manifest with apiVersion, kind and metadata");
                self.fault(&place, "", Found::error(&[], message));
                return;
            }
        };
        if let Some(item_kind) = kind.strip_suffix("List")
            && object.get("items").is_some_and(Value::is_array)
        {
            let Some(Value::Array(items)) = object.remove("items") else { return };
            let item_kind = (!item_kind.is_empty()).then_some((api_version.as_str(), item_kind));
            for (index, item) in items.into_iter().enumerate() {
                let mut place = place.clone();
                place.prefix.extend([Step::Key("items".to_owned()), Step::Index(index)]);
                self.read_value(place, item, item_kind);
            }
        } else if api_version.starts_with("sim/") {
            self.read_scenario(&place, &api_version, &kind, Value::Object(object));
        } else {
            self.read_object(place, &api_version, &kind, object);
        }
    }

    fn read_scenario(&mut self, place: &Place<'_>, api_version: &str, kind: &str, value: Value) {
        if (api_version, kind) != ("sim/v1", "Scenario") {
            let message = format!("{api_version} {kind} is not known: expected sim/v1 Scenario");
            self.fault(place, "", Found::error(&["kind"], message));
        } else if self.input.scenario.is_some() {
            self.fault(place, "Scenario", Found::error(&[], "this is a second Scenario: expected one at most"));
        } else {
            let (scenario, faults) = document::read(place, value);
            self.input.scenario = scenario;
            self.input.faults.extend(faults);
        }
    }

    fn read_object(&mut self, place: Place<'a>, api_version: &str, kind: &str, mut value: Map<String, Value>) {
        let metadata = |key: &str| {
            let text = value.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (name, namespace) = (metadata("name"), metadata("namespace"));
        let title = match (namespace.as_str(), name.as_str()) {
            (_, "") => kind.to_owned(),
            ("", name) => format!("{kind} {name}"),
            (namespace, name) => format!("{kind} {namespace}/{name}"),
        };
        if name.is_empty() {
            let mut found = Found::error(&["metadata", "name"], "the object has no name");
            if !metadata("generateName").is_empty() {
                found.hint = Some("generateName is filled in by an API server: write a name here".to_owned());
            }
            self.fault(&place, &title, found);
            return;
        }
        let Some(known) = Kind::of(api_version, kind) else {
            *self.unknown_kinds.entry(format!("{kind} ({api_version})")).or_default() += 1;
            match serde_json::from_value::<Unstructured>(Value::Object(value)) {
                Ok(object) => self.keep(&place, Object::Other(Arc::new(object)), Vec::new()),
                Err(error) => self.fault(&place, &title, Found::error(&["metadata"], error.to_string())),
            }
            return;
        };
        if known == Kind::Event && api_version.starts_with("events.k8s.io/") {
            sim_cluster::event_into_core(&mut value);
        }
        value.insert("apiVersion".to_owned(), known.api_version().into());
        if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
            if !known.is_namespaced() {
                metadata.shift_remove("namespace");
            } else if namespace.is_empty() {
                metadata.insert("namespace".to_owned(), self.namespace.into());
            }
        }
        validate::complete(known, api_version, &mut value);
        let mut value = Value::Object(value);
        let (object, unknown) = match read_typed(known, &mut value) {
            Ok(read) => read,
            Err(found) => {
                self.fault(&place, &title, found);
                return;
            }
        };
        let told: Vec<Found> = validate::check(known, &value);
        // Of what a server has taken only workloads are looked at again, and pods are many.
        if object.metadata().uid.is_none() || !matches!(object, Object::Pod(_) | Object::Event(_) | Object::Node(_)) {
            let told = told.iter().map(|found| (show(&found.path), found.message.clone())).collect();
            self.written.push(Written { object: object.clone(), place: place.clone(), title: title.clone(), told });
        }
        for found in told {
            self.fault(&place, &title, found);
        }
        let unknown = unknown.into_iter().map(|path| self.note_unknown(&place, kind, &title, &value, &path)).collect();
        let key = (known, object.namespace().unwrap_or_default().to_owned(), name);
        let uid = object.metadata().uid.clone().filter(|uid| !uid.is_empty());
        if let Some(first) = self.seen.get(&key) {
            if uid.is_some() && first.uid == uid {
                let index = first.index;
                self.replace_older(index, object, unknown);
                return;
            }
            let message = format!("the object is here a second time: it was read before at {}", first.place.at(&[]));
            self.fault(&place, &title, Found::error(&[], message));
            return;
        }
        if let Object::Pod(pod) = &object
            && let Some(node) = sim_cluster::pod::node_name(pod)
            && !sim_cluster::pod::is_terminal(pod)
        {
            // A pod that ran on a node that is gone is there until the garbage collector of pods comes to it.
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            let ran = phase.is_some_and(|phase| phase != "Pending");
            self.bound.push(Bound { node: node.to_owned(), title, place: place.clone(), ran });
        }
        self.seen.insert(key, Seen { place: place.clone(), uid, index: self.input.objects.len() });
        self.keep(&place, object, unknown);
    }

    /// An object that several dumps show, or one dump twice, is the one with the newer resource version.
    fn replace_older(&mut self, index: usize, object: Object, unknown_fields: Vec<UnknownField>) {
        let version = |object: &Object| {
            object.metadata().resource_version.as_ref().and_then(|version| version.parse::<u64>().ok())
        };
        if let Some(before) = self.input.objects.get_mut(index)
            && version(&before.object) < version(&object)
        {
            before.object = object;
            before.unknown_fields = unknown_fields;
        }
    }

    fn keep(&mut self, place: &Place<'_>, object: Object, unknown_fields: Vec<UnknownField>) {
        self.input.objects.push(LoadedObject { object, unknown_fields, source: place.source.name.clone() });
    }

    /// Keeps an unknown field, and tells of it the first time.
    fn note_unknown(
        &mut self,
        place: &Place<'_>,
        kind: &str,
        title: &str,
        value: &Value,
        path: &[Step],
    ) -> UnknownField {
        let found = path.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(*index),
        });
        let anywhere: Vec<Step> = path.iter().filter(|step| matches!(step, Step::Key(_))).cloned().collect();
        let times = self.unknown_fields.entry((kind.to_owned(), show(&anywhere))).or_default();
        *times += 1;
        if *times == 1 {
            let message = "the field is not known: it is kept, and nothing acts on it";
            self.fault(
                place,
                title,
                Found { severity: Severity::Warning, path: path.to_vec(), message: message.to_owned(), hint: None },
            );
        }
        UnknownField { steps: path.to_vec(), value: found.cloned().unwrap_or_default() }
    }

    /// Everything that the sources hold.
    fn of(sources: &'a [Source], faults: Vec<Fault>, namespace: &'a str) -> Self {
        let mut loader = Self { input: Input { faults, ..Input::default() }, ..Self::new(sources, namespace) };
        for source in sources {
            loader.read_source(source);
        }
        loader
    }

    /// Objects that own each other in a circle: the garbage collector would never free them, and no workload is at the
    /// top of their pods.
    fn find_circles(&mut self) {
        let mut store = Store::default();
        let owners = self.input.objects.iter().filter(|loaded| loaded.object.kind() != Some(Kind::Pod));
        owners.for_each(|loaded| store.put_object(loaded.object.clone()));
        for circle in Ownership::of(&store).circles() {
            let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
            let message = format!("{} own each other in a circle", names.join(", "));
            let place = circle.iter().find_map(|owner| {
                let kind = Kind::parse(&owner.kind)?;
                self.seen
                    .get(&(kind, owner.key.namespace.to_string(), owner.key.name.to_string()))
                    .map(|seen| seen.place.clone())
            });
            match place {
                Some(place) => self.fault(&place, &names[0], Found::error(&["metadata", "ownerReferences"], message)),
                None => self.input.faults.push(Fault::error(None, message)),
            }
        }
    }

    /// What the API server of the Scenario's version would not take. What was told already is not told again.
    fn find_refusals(&mut self) {
        let version = self.input.scenario.as_ref().and_then(|scenario| scenario.version);
        let server = Cluster::new(Setup::of(version.unwrap_or(Version::NEWEST_MEASURED)), []);
        for written in std::mem::take(&mut self.written) {
            for fault in server.faults_of(&written.object) {
                let of_one = |path: &str| path.starts_with(&fault.path) || fault.path.starts_with(path);
                let detail = fault.why.rsplit(": ").next().unwrap_or_default();
                let is_told = |(path, message): &(String, String)| of_one(path) || message.contains(detail);
                if written.told.iter().any(is_told) {
                    continue;
                }
                let path = read_path(&fault.path);
                let found = Found { severity: Severity::Error, path, message: fault.why, hint: None };
                self.fault(&written.place, &written.title, found);
            }
        }
    }

    /// What can only be said of the whole input.
    fn finish(mut self) -> Input {
        self.find_circles();
        self.find_refusals();
        let nodes: BTreeSet<String> =
            self.seen.keys().filter(|(kind, ..)| *kind == Kind::Node).map(|(_, _, name)| name.clone()).collect();
        let mut missing: BTreeMap<String, usize> = BTreeMap::new();
        let bound = std::mem::take(&mut self.bound);
        let named: BTreeSet<&String> = bound.iter().map(|bound| &bound.node).collect();
        // A dump of a few nodes is another thing than a few nodes that are gone.
        let most_are_there = named.iter().filter(|node| !nodes.contains(**node)).count() <= nodes.len();
        for Bound { node, title, place, ran } in bound {
            if nodes.contains(&node) {
                continue;
            }
            if ran && most_are_there {
                let message =
                    format!("the pod ran on node {node:?}, which is not in the input: it is taken to be gone");
                let found = Found::error(&["spec", "nodeName"], message);
                self.fault(&place, &title, Found { severity: Severity::Warning, ..found });
                continue;
            }
            let times = missing.entry(node.clone()).or_default();
            *times += 1;
            if *times > 1 {
                continue;
            }
            let mut found = Found::error(
                &["spec", "nodeName"],
                format!("the pod is bound to node {node:?}, which is not in the input"),
            );
            found.hint = Some(match closest(&node, nodes.iter().map(String::as_str)) {
                Some(similar) => format!("did you mean {similar}?"),
                None => "dump the nodes too: kubectl get nodes,pods -A -o yaml".to_owned(),
            });
            self.fault(&place, &title, found);
        }
        for (node, times) in missing.into_iter().filter(|(_, times)| *times > 1) {
            let message = format!("{} more pods are bound to node {node:?}, which is not in the input", times - 1);
            self.input.faults.push(Fault::error(None, message));
        }
        if !self.unknown_kinds.is_empty() {
            let kinds: Vec<String> = self.unknown_kinds.iter().map(|(kind, times)| format!("{times} {kind}")).collect();
            let message = format!("kept, but nothing acts on them: {}", kinds.join(", "));
            self.input.faults.push(Fault::warning(None, message));
        }
        let repeated: Vec<(String, String, usize)> = std::mem::take(&mut self.unknown_fields)
            .into_iter()
            .filter(|(_, times)| *times > 1)
            .map(|((kind, path), times)| (kind, path, times))
            .collect();
        for (kind, path, times) in repeated {
            let told = self.input.faults.iter_mut().find(|fault| {
                fault.severity == Severity::Warning
                    && fault.object.starts_with(&kind)
                    && without_indices(&fault.path) == path
            });
            if let Some(fault) = told {
                fault.message.push_str(&format!(" ({times} times in all)"));
            }
        }
        if self.sources.is_empty() && self.input.faults.is_empty() {
            self.input.faults.push(Fault::error(None, "there is no input: expected files, directories or - for stdin"));
        }
        self.input
    }
}

/// An object that no server has taken yet.
struct Written<'a> {
    object: Object,
    place: Place<'a>,
    title: String,
    /// Path and message of what was told of it.
    told: Vec<(String, String)>,
}

/// The steps of a path as the API server writes it: `spec.containers[0].image`, `limits[cpu]`.
fn read_path(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split_inclusive(']').flat_map(|part| part.strip_prefix('.').unwrap_or(part).split_inclusive('[')) {
        match part.strip_suffix(']') {
            Some(inner) => {
                let index = inner.parse().map(Step::Index);
                steps.push(index.unwrap_or_else(|_| Step::Key(inner.to_owned())));
            }
            None => steps.extend(part.trim_end_matches('[').split('.').map(|key| Step::Key(key.to_owned()))),
        }
    }
    steps
}

/// A fault of an object before its place is looked up.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) severity: Severity,
    pub(crate) path: Vec<Step>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Found {
    fn error(path: &[&str], message: impl Into<String>) -> Self {
        let path = path.iter().map(|key| Step::Key((*key).to_owned())).collect();
        Self { severity: Severity::Error, path, message: message.into(), hint: None }
    }
}

/// Reads an object of a known kind, and the paths of the fields that it does not have. Octal numbers are set right in
/// `value` where the type wants a number.
fn read_typed(kind: Kind, value: &mut Value) -> Result<(Object, Vec<Vec<Step>>), Found> {
    loop {
        let mut unknown = Vec::new();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(ignored_steps(&path));
        if let Ok(object) = Object::read(kind, serde_ignored::Deserializer::new(&*value, &mut note)) {
            return Ok((object, unknown));
        }
        // Where the fault is: to keep track of that takes a quarter of the time, and few objects have one.
        let mut track = serde_path_to_error::Track::new();
        let error = match Object::read(kind, serde_path_to_error::Deserializer::new(&*value, &mut track)) {
            Ok(object) => return Ok((object, unknown)),
            Err(error) => error.to_string(),
        };
        let path: Vec<Step> = track.path().iter().filter_map(error_step).collect();
        let place = path.iter().try_fold(&mut *value, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(*index),
        });
        match place {
            Some(place) if error.contains("expected i") && place.as_str().and_then(octal).is_some() => {
                *place = place.as_str().and_then(octal).unwrap_or_default().into();
            }
            _ => return Err(Found { severity: Severity::Error, path, message: error, hint: None }),
        }
    }
}

pub(crate) fn ignored_steps(path: &serde_ignored::Path<'_>) -> Vec<Step> {
    match path {
        serde_ignored::Path::Root => Vec::new(),
        serde_ignored::Path::Seq { parent, index } => {
            let mut steps = ignored_steps(parent);
            steps.push(Step::Index(*index));
            steps
        }
        serde_ignored::Path::Map { parent, key } => {
            let mut steps = ignored_steps(parent);
            steps.push(Step::Key(key.clone()));
            steps
        }
        serde_ignored::Path::Some { parent }
        | serde_ignored::Path::NewtypeStruct { parent }
        | serde_ignored::Path::NewtypeVariant { parent } => ignored_steps(parent),
    }
}

pub(crate) fn error_step(segment: &serde_path_to_error::Segment) -> Option<Step> {
    match segment {
        serde_path_to_error::Segment::Seq { index } => Some(Step::Index(*index)),
        serde_path_to_error::Segment::Map { key } => Some(Step::Key(key.clone())),
        serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
    }
}

fn without_indices(path: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in path.chars() {
        inside = (inside || letter == '[') && letter != ']';
        if !inside && letter != ']' {
            text.push(letter);
        }
    }
    text
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
