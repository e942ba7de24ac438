//! `sim describe`: one object of a run, as `kubectl describe` lays it out.

use sim_cluster::pod::Pod;
use std::process::ExitCode;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Event;
use sim_cluster::{Cluster, Object, ObjectKey, print};

use crate::args::DescribeArgs;
use crate::error::CliError;
use crate::get::{kinds_and_names, not_found, select};
use crate::session::{Session, Source};
use crate::terminal::Terminal;

pub(crate) fn run(args: DescribeArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let (kinds, names) = kinds_and_names(&args.kind, args.names)?;
    let session = Session::view(Source::find(args.view.filename, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let namespace = args.view.namespace.as_deref().unwrap_or("default");
    let scope = if args.all_namespaces { None } else { Some(namespace) };
    let mut texts = Vec::new();
    for kind in kinds {
        let all = select(cluster, kind, scope, &[])?;
        let chosen: Vec<&Object> = if names.is_empty() {
            all.iter().collect()
        } else {
            let mut chosen = Vec::new();
            for name in &names {
                let exact: Vec<&Object> = all.iter().filter(|object| object.name() == name).collect();
                let begins: Vec<&Object> =
                    all.iter().filter(|object| object.name().starts_with(name.as_str())).collect();
                let found = if exact.is_empty() { begins } else { exact };
                if found.is_empty() {
                    return Err(not_found(cluster, kind, name));
                }
                chosen.extend(found);
            }
            chosen
        };
        for object in chosen {
            texts.push(describe(cluster, object)?);
        }
    }
    if texts.is_empty() {
        terminal.line(&print::nothing_found(scope, &cluster.print_context()));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.print(&texts.join("\n\n"));
    Ok(ExitCode::SUCCESS)
}

fn describe(cluster: &Cluster, object: &Object) -> Result<String, CliError> {
    let context = cluster.print_context();
    let events = events_of(cluster, object);
    match object {
        Object::Pod(pod) => Ok(print::describe_pod(pod, &events, &context)),
        Object::Node(node) => {
            let pods = cluster.pods_on(object.name());
            let pods: Vec<&Pod> = pods.iter().map(AsRef::as_ref).collect();
            let lease = cluster.store().get::<Lease>(&ObjectKey::new("kube-node-lease", object.name()));
            Ok(print::describe_node(node, &pods, lease.map(AsRef::as_ref), &events, &context))
        }
        Object::Deployment(deployment) => Ok(print::describe_deployment(deployment, &events, &context)),
        Object::ReplicaSet(set) => Ok(print::describe_replica_set(set, &events, &context)),
        Object::DaemonSet(set) => Ok(print::describe_daemon_set(set, &events, &context)),
        other => Err(CliError::new(format!("sim describe does not know {} yet", other.kind_name())).hint(format!(
            "sim get {} {} -o yaml shows all of it",
            other.kind_name().to_ascii_lowercase(),
            other.name()
        ))),
    }
}

/// The events about an object, in the order kubectl lists them. Those of an earlier one of the same name have its uid
/// (`events.Search`); those of nodes have the node's name there, and those of static pods the hash of their file.
fn events_of<'a>(cluster: &'a Cluster, object: &Object) -> Vec<&'a Event> {
    let metadata = object.metadata();
    let by_uid = match object {
        Object::Node(_) => false,
        Object::Pod(pod) => !sim_cluster::pod::is_static(pod),
        _ => true,
    };
    let is_of_this = |uid: &Option<String>| !by_uid || uid.is_none() || *uid == metadata.uid;
    let events = cluster.store().list::<Event>().map(AsRef::as_ref).filter(|event: &&Event| {
        let regarding = &event.involved_object;
        regarding.name.as_deref() == Some(object.name())
            && regarding.kind.as_deref() == Some(object.kind_name())
            && regarding.namespace.as_deref().unwrap_or_default() == object.namespace().unwrap_or_default()
            && is_of_this(&regarding.uid)
    });
    events.collect()
}
