//! `sim get`: tables, names, YAML and JSON of a run's objects.

use std::process::ExitCode;

use serde_json::{Value, json};
use sim_cluster::{Cluster, Kind, Object, print};

use crate::args::{GetArgs, GetFormat};
use crate::error::CliError;
use crate::session::{Session, Source};
use crate::terminal::Terminal;

/// kubectl's `all`.
const ALL: [&str; 6] = ["pods", "services", "daemonsets", "deployments", "replicasets", "statefulsets"];

pub(crate) fn run(args: GetArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let (kinds, names) = kinds_and_names(&args.kinds, args.names)?;
    let selector = args.selector.as_deref().map(Selector::parse).transpose()?;
    let session = Session::view(Source::find(args.view.filename, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let namespace = args.view.namespace.as_deref().unwrap_or("default");
    let scope = if args.all_namespaces { None } else { Some(namespace) };
    let mut found: Vec<(Kind, Vec<Object>)> = Vec::new();
    for kind in kinds {
        let mut objects = select(cluster, kind, scope, &names)?;
        if let Some(selector) = &selector {
            objects.retain(|object| selector.matches(object));
        }
        found.push((kind, objects));
    }
    if found.iter().all(|(_, objects)| objects.is_empty()) && !matches!(args.output, GetFormat::Yaml | GetFormat::Json)
    {
        terminal.line(&print::nothing_found(
            scope.filter(|_| found.iter().any(|(kind, _)| kind.is_namespaced())),
            &cluster.print_context(),
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let text = match args.output {
        GetFormat::Table | GetFormat::Wide => {
            let several = found.iter().filter(|(_, objects)| !objects.is_empty()).count() > 1;
            let tables = found.iter().filter(|(_, objects)| !objects.is_empty()).map(|(kind, objects)| {
                let options = print::TableOptions {
                    wide: args.output == GetFormat::Wide,
                    with_namespace: args.all_namespaces && kind.is_namespaced(),
                    no_headers: args.no_headers,
                    show_labels: args.show_labels,
                    kind_prefix: several.then(|| kind.qualified()),
                };
                print::objects(*kind, objects, &cluster.print_context()).render(&options)
            });
            tables.collect::<Vec<_>>().join("\n")
        }
        GetFormat::Name => {
            let lines = found.iter().flat_map(|(kind, objects)| {
                objects.iter().map(|object| format!("{}/{}\n", kind.qualified(), object.name()))
            });
            lines.collect()
        }
        GetFormat::Json => crate::json(&document(&session, &found, &names))?,
        GetFormat::Yaml => serde_yaml::to_string(&document(&session, &found, &names))
            .map_err(|error| CliError::new(error.to_string()))?,
    };
    terminal.print(&text);
    Ok(ExitCode::SUCCESS)
}

/// `pods,nodes`, `all`, `pod/NAME …`; names that follow a kind.
pub(crate) fn kinds_and_names(kinds: &str, names: Vec<String>) -> Result<(Vec<Kind>, Vec<String>), CliError> {
    let parse = |word: &str| {
        Kind::parse(word).ok_or_else(|| {
            CliError::new(format!("error: the server doesn't have a resource type \"{word}\"")).hint(format!(
                "known are {}",
                Kind::ALL.iter().map(|kind| kind.plural()).collect::<Vec<_>>().join(", ")
            ))
        })
    };
    if let Some((kind, name)) = kinds.split_once('/') {
        if !names.is_empty() {
            return Err(CliError::new(
                "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form",
            ));
        }
        return Ok((vec![parse(kind)?], vec![name.to_owned()]));
    }
    let mut parsed = Vec::new();
    for word in kinds.split(',').filter(|word| !word.is_empty()) {
        if word == "all" {
            parsed.extend(ALL.iter().filter_map(|word| Kind::parse(word)));
        } else {
            parsed.push(parse(word)?);
        }
    }
    if parsed.is_empty() {
        return Err(CliError::new("error: You must specify the type of resource to get."));
    }
    Ok((parsed, names))
}

/// The objects of a kind in a namespace (all when absent), or those of them that are named.
pub(crate) fn select(
    cluster: &Cluster,
    kind: Kind,
    namespace: Option<&str>,
    names: &[String],
) -> Result<Vec<Object>, CliError> {
    let mut objects = cluster.store().objects(kind);
    if let Some(namespace) = namespace.filter(|_| kind.is_namespaced()) {
        objects.retain(|object| object.namespace() == Some(namespace));
    }
    if names.is_empty() {
        return Ok(objects);
    }
    if namespace.is_none() && kind.is_namespaced() {
        return Err(CliError::new("error: a resource cannot be retrieved by name across all namespaces"));
    }
    names
        .iter()
        .map(|name| {
            let found = objects.iter().find(|object| object.name() == name).cloned();
            found.ok_or_else(|| not_found(cluster, kind, name))
        })
        .collect()
}

/// The API server's words, and where such a name is instead.
pub(crate) fn not_found(cluster: &Cluster, kind: Kind, name: &str) -> CliError {
    let error = CliError::from(sim_cluster::not_found(kind, name));
    let elsewhere: Vec<String> = cluster
        .store()
        .objects(kind)
        .iter()
        .filter(|object| object.name() == name)
        .filter_map(|object| object.namespace().map(str::to_owned))
        .collect();
    match elsewhere.first() {
        Some(namespace) => error.hint(format!("it is in namespace {namespace}: add -n {namespace}")),
        None => error,
    }
}

/// One object by itself, or a List, as kubectl prints them.
fn document(session: &Session, found: &[(Kind, Vec<Object>)], names: &[String]) -> Value {
    let mut items: Vec<Value> =
        found.iter().flat_map(|(_, objects)| objects).map(|object| session.document(object)).collect();
    if names.len() == 1 && items.len() == 1 {
        return items.remove(0);
    }
    json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})
}

/// `-l`: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b)`, joined by commas.
struct Selector(sim_core::model::LabelSelector);

impl Selector {
    fn parse(text: &str) -> Result<Self, CliError> {
        sim_core::model::LabelSelector::parse(text)
            .map(Self)
            .map_err(|error| CliError::new(format!("error: unable to parse selector {text:?}: {error}")))
    }

    fn matches(&self, object: &Object) -> bool {
        let labels = object.metadata().labels.clone().unwrap_or_default();
        self.0.matches(&labels)
    }
}
