//! `sim get`: tables, names, YAML and JSON of a run's objects.

use std::process::ExitCode;

use serde_json::{Value, json};
use sim_cluster::{Cluster, FieldSelector, Object, Resource, closest, print};
use sim_core::model::LabelSelector;

use crate::args::GetArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::session::{Session, Source};
use crate::terminal::Terminal;

pub(crate) fn run(args: GetArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let output = Output::parse(args.output.as_deref().unwrap_or_default())?;
    let sort_by = args.sort_by.as_deref().map(SortBy::parse).transpose()?;
    let labels = args.selector.as_deref().map(parse_labels).transpose()?;
    let fields = args.field_selector.as_deref().map(FieldSelector::parse).transpose();
    let fields = fields.map_err(|error| CliError::new(format!("error: {error}")))?;
    let words = Words::of(args.kinds, args.names)?;
    if words.has_names() && (labels.is_some() || fields.is_some()) {
        return Err(CliError::new("error: name cannot be provided when a selector is specified"));
    }
    let session = Session::look(Source::find(args.view.filename, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let namespace = args.view.namespace.as_deref().unwrap_or("default");
    let scope = if args.all_namespaces { None } else { Some(namespace) };
    let (mut found, missing) = words.find(cluster, scope)?;
    for part in &mut found {
        if let Some(labels) = &labels {
            part.objects.retain(|object| labels.matches(&object.metadata().labels.clone().unwrap_or_default()));
        }
        if let Some(fields) = &fields {
            let known = part.resource.known;
            fields
                .check(known)
                .map_err(|error| unsupported_field(&part.resource, args.field_selector.as_deref(), &error))?;
            part.objects.retain(|object| fields.matches(object));
        }
        if let Some(sort_by) = &sort_by {
            sort_by.sort(&mut part.objects)?;
        }
    }
    let is_empty = found.iter().all(|part| part.objects.is_empty());
    let text = match &output {
        Output::Table { wide } => {
            let several = found.iter().any(|part| part.resource != found[0].resource);
            let tables = found.iter().filter(|part| !part.objects.is_empty()).map(|part| {
                let options = print::TableOptions {
                    wide: *wide,
                    with_namespace: args.all_namespaces && part.resource.is_namespaced,
                    no_headers: args.no_headers,
                    label_columns: args.label_columns.clone(),
                    show_labels: args.show_labels,
                    kind_prefix: (several || args.show_kind).then(|| part.resource.qualified()),
                };
                print::resource_objects(&part.resource, &part.objects, &cluster.print_context()).render(&options)
            });
            tables.collect::<Vec<_>>().join(if args.no_headers { "" } else { "\n" })
        }
        Output::Name => {
            let lines = found.iter().flat_map(|part| {
                part.objects.iter().map(|object| format!("{}/{}\n", part.resource.qualified(), object.name()))
            });
            lines.collect()
        }
        _ if is_empty && !missing.is_empty() => String::new(),
        other => {
            let mut items: Vec<Value> = found
                .iter()
                .flat_map(|part| &part.objects)
                .map(|object| shown(&session, object, args.show_managed_fields))
                .collect();
            let document = match (words.is_one(), items.len()) {
                (true, 1) => items.remove(0),
                _ => json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}),
            };
            other.show(&document, args.no_headers)?
        }
    };
    terminal.print(&text);
    if is_empty && missing.is_empty() && matches!(output, Output::Table { .. }) && !args.ignore_not_found {
        let all_namespaced = found.iter().all(|part| part.resource.is_namespaced);
        terminal.line(&print::nothing_found(scope.filter(|_| all_namespaced), &cluster.print_context()));
    }
    match missing.into_iter().next() {
        Some(error) if !args.ignore_not_found => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// `-l`: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b)`, joined by commas.
pub(crate) fn parse_labels(text: &str) -> Result<LabelSelector, CliError> {
    LabelSelector::parse(text)
        .map_err(|error| CliError::new(format!("error: unable to parse selector {text:?}: {error}")))
}

/// An object as it is printed whole.
fn shown(session: &Session, object: &Object, with_managed_fields: bool) -> Value {
    let mut value = session.document(object);
    if let Some(Value::Object(metadata)) = value.get_mut("metadata")
        && !with_managed_fields
    {
        metadata.shift_remove("managedFields");
    }
    value
}

/// What the API server says of a field that it cannot select by.
fn unsupported_field(resource: &Resource, selector: Option<&str>, error: &str) -> CliError {
    let group_version = resource.known.map_or("", |kind| kind.api_version());
    let group_version = if group_version == "v1" { "/v1" } else { group_version };
    CliError::new(format!(
        "Error from server (BadRequest): Unable to find \"{group_version}, Resource={}\" that match label selector \"\", field selector \"{}\": {error}",
        resource.plural,
        selector.unwrap_or_default()
    ))
}

/// What a person names: kinds and perhaps names, or kinds with a name each.
pub(crate) enum Words {
    /// `pods,nodes`, and names that are looked up for each kind.
    Kinds(Vec<String>, Vec<String>),
    /// `pod/a service/b`.
    Pairs(Vec<(String, String)>),
}

/// Objects of one resource.
pub(crate) struct Part {
    pub(crate) resource: Resource,
    pub(crate) objects: Vec<Object>,
}

impl Words {
    /// Reads the words as kubectl does.
    pub(crate) fn of(first: String, rest: Vec<String>) -> Result<Self, CliError> {
        let all: Vec<String> = std::iter::once(first).chain(rest).collect();
        let with_slash = all.iter().filter(|word| word.contains('/')).count();
        if with_slash == 0 {
            let mut words = all.into_iter();
            let kinds = words.next().unwrap_or_default();
            let kinds: Vec<String> = kinds.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
            if kinds.is_empty() {
                return Err(CliError::new("error: You must specify the type of resource to get."));
            }
            return Ok(Self::Kinds(kinds, words.collect()));
        }
        if with_slash < all.len() {
            return Err(CliError::new(
                "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'sim get resource/<resource_name>' instead of 'sim get resource resource/<resource_name>'",
            ));
        }
        let pairs = all.iter().map(|word| match word.split('/').collect::<Vec<_>>().as_slice() {
            [kind, name] if !kind.is_empty() && !name.is_empty() => Ok(((*kind).to_owned(), (*name).to_owned())),
            [_, _] => Err(CliError::new("error: arguments in resource/name form must have a single resource and name")),
            _ => Err(CliError::new("error: arguments in resource/name form may not have more than one slash")),
        });
        Ok(Self::Pairs(pairs.collect::<Result<_, CliError>>()?))
    }

    /// Each kind with the names that are looked up for it.
    pub(crate) fn asked(&self) -> Vec<(&str, &[String])> {
        match self {
            Self::Kinds(kinds, names) => kinds.iter().map(|kind| (kind.as_str(), names.as_slice())).collect(),
            Self::Pairs(pairs) => {
                pairs.iter().map(|(kind, name)| (kind.as_str(), std::slice::from_ref(name))).collect()
            }
        }
    }

    /// Whether objects are named.
    fn has_names(&self) -> bool {
        match self {
            Self::Kinds(_, names) => !names.is_empty(),
            Self::Pairs(_) => true,
        }
    }

    /// Whether one object is asked for: it is shown by itself then, not in a List.
    fn is_one(&self) -> bool {
        match self {
            Self::Kinds(kinds, names) => kinds.len() == 1 && kinds[0] != "all" && names.len() == 1,
            Self::Pairs(pairs) => pairs.len() == 1,
        }
    }

    /// The objects, and an error for all names that are not there.
    pub(crate) fn find(
        &self,
        cluster: &Cluster,
        namespace: Option<&str>,
    ) -> Result<(Vec<Part>, Vec<CliError>), CliError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut missing = Vec::new();
        let mut take = |word: &str, names: &[String]| -> Result<(), CliError> {
            for resource in resources(cluster, word)? {
                if namespace.is_none() && resource.is_namespaced && !names.is_empty() {
                    return Err(CliError::new("error: a resource cannot be retrieved by name across all namespaces"));
                }
                let mut objects = in_namespace(cluster, &resource, namespace);
                if !names.is_empty() {
                    let named = names.iter().filter_map(|name| {
                        let found = objects.iter().find(|object| object.name() == name);
                        if found.is_none() {
                            missing.push(not_found(cluster, &resource, name));
                        }
                        found.cloned()
                    });
                    objects = named.collect();
                }
                match parts.iter_mut().find(|part| part.resource == resource) {
                    Some(part) => part.objects.extend(objects),
                    None => parts.push(Part { resource, objects }),
                }
            }
            Ok(())
        };
        self.asked().into_iter().try_for_each(|(kind, names)| take(kind, names))?;
        Ok((parts, missing_as_one(missing)))
    }
}

/// kubectl tells of each name that is not there, a line each.
fn missing_as_one(missing: Vec<CliError>) -> Vec<CliError> {
    let mut errors = missing.into_iter();
    let Some(mut first) = errors.next() else { return Vec::new() };
    for error in errors {
        first.message.push('\n');
        first.message.push_str(&error.message);
        first.hint = first.hint.or(error.hint);
    }
    vec![first]
}

/// The resources that a word means.
pub(crate) fn resources(cluster: &Cluster, word: &str) -> Result<Vec<Resource>, CliError> {
    let found = Resource::named(cluster.store(), word);
    if !found.is_empty() {
        return Ok(found);
    }
    let error = CliError::new(format!("error: the server doesn't have a resource type \"{word}\""));
    let all = Resource::all(cluster.store());
    let names = all.iter().map(|resource| resource.plural.as_str());
    Err(match closest(word, names) {
        Some(similar) => error.hint(format!("did you mean {similar}?")),
        None => error,
    })
}

/// The objects of a resource in a namespace; all when it is absent or the resource knows none.
pub(crate) fn in_namespace(cluster: &Cluster, resource: &Resource, namespace: Option<&str>) -> Vec<Object> {
    let mut objects = resource.objects(cluster.store());
    if let Some(namespace) = namespace.filter(|_| resource.is_namespaced) {
        objects.retain(|object| object.namespace().unwrap_or("default") == namespace);
    }
    objects
}

/// The API server's words, and where such a name is instead.
pub(crate) fn not_found(cluster: &Cluster, resource: &Resource, name: &str) -> CliError {
    let error = CliError::new(format!("Error from server (NotFound): {} \"{name}\" not found", resource.resource()));
    let elsewhere = resource.objects(cluster.store()).into_iter().find(|object| object.name() == name);
    match elsewhere.as_ref().and_then(Object::namespace) {
        Some(namespace) => error.hint(format!("it is in namespace {namespace}: add -n {namespace}")),
        None => error,
    }
}

/// `--sort-by`.
struct SortBy {
    text: String,
    path: print::JsonPath,
}

impl SortBy {
    fn parse(text: &str) -> Result<Self, CliError> {
        let path = print::JsonPath::relaxed(text).map_err(|error| CliError::new(format!("error: {error}")))?;
        let inner = text.trim_start_matches('{').trim_end_matches('}').trim_start_matches('.');
        Ok(Self { text: format!("{{.{inner}}}"), path })
    }

    /// Sorts the objects by what the path finds in them; those where it finds nothing come first.
    fn sort(&self, objects: &mut [Object]) -> Result<(), CliError> {
        let mut keyed: Vec<(Option<Value>, Object)> = objects
            .iter()
            .map(|object| (self.path.find(&object.to_value()).into_iter().next(), object.clone()))
            .collect();
        if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
            let text = format!("error: couldn't find any field with path {:?} in the list of objects", self.text);
            return Err(CliError::new(text));
        }
        keyed.sort_by(|(left, _), (right, _)| print::compare(left.as_ref(), right.as_ref()));
        for (place, (_, object)) in objects.iter_mut().zip(keyed) {
            *place = object;
        }
        Ok(())
    }
}
