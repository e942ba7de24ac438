//! `sim describe`: objects of a run, as `kubectl describe` lays them out.

use std::process::ExitCode;

use sim_cluster::{Cluster, Object, Resource, print};
use sim_core::model::LabelSelector;

use crate::args::DescribeArgs;
use crate::error::CliError;
use crate::get::{Words, in_namespace, not_found, parse_labels, resources};
use crate::session::{Session, Source};
use crate::terminal::Terminal;

pub(crate) fn run(args: DescribeArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let labels = args.selector.as_deref().map(parse_labels).transpose()?;
    let words = Words::of(args.kind, args.names)?;
    let session = Session::look(Source::find(args.view.filename, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let namespace = args.view.namespace.as_deref().unwrap_or("default");
    let scope = if args.all_namespaces { None } else { Some(namespace) };
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let mut asked = Vec::new();
    for (word, names) in words.asked() {
        for resource in resources(cluster, word)? {
            let (objects, absent) = chosen(cluster, &resource, scope, names, labels.as_ref());
            found.extend(objects);
            missing.extend(absent);
            asked.push(resource);
        }
    }
    let context = cluster.print_context();
    let pages: Vec<String> = found.iter().map(|object| print::describe(cluster.store(), object, &context)).collect();
    terminal.print(&pages.join("\n\n"));
    if pages.is_empty() && missing.is_empty() {
        let all_namespaced = asked.iter().all(|resource| resource.is_namespaced);
        terminal.line(&print::nothing_found(scope.filter(|_| all_namespaced), &context));
    }
    match missing.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The objects that are named, and an error for each name that is not there. A name that is not there stands for all
/// that begin with it.
fn chosen(
    cluster: &Cluster,
    resource: &Resource,
    namespace: Option<&str>,
    names: &[String],
    labels: Option<&LabelSelector>,
) -> (Vec<Object>, Vec<CliError>) {
    let mut all = in_namespace(cluster, resource, namespace);
    if let Some(labels) = labels {
        all.retain(|object| labels.matches(&object.metadata().labels.clone().unwrap_or_default()));
    }
    if names.is_empty() {
        return (all, Vec::new());
    }
    let (mut objects, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let exact: Vec<&Object> = all.iter().filter(|object| object.name() == name).collect();
        let begins: Vec<&Object> = all.iter().filter(|object| object.name().starts_with(name.as_str())).collect();
        let found = if exact.is_empty() { begins } else { exact };
        if found.is_empty() {
            missing.push(not_found(cluster, resource, name));
        }
        objects.extend(found.into_iter().cloned());
    }
    (objects, missing)
}
