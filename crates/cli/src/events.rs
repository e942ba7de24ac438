//! `sim events`: the events of a run in the order of their last sight, as `kubectl events` shows them.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use sim_cluster::api::Event;
use sim_cluster::{Object, Resource, print};

use crate::args::EventsArgs;
use crate::error::CliError;
use crate::get::shown;
use crate::output::Output;
use crate::session::{Session, Source};
use crate::terminal::Terminal;

pub(crate) fn run(args: EventsArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let output = Output::parse(args.output.as_deref().unwrap_or_default())?;
    if args.types.iter().any(|type_| !["normal", "warning"].contains(&type_.to_lowercase().as_str())) {
        return Err(CliError::new("error: valid --types are Normal or Warning"));
    }
    let session = Session::view(Source::find(args.view.filename, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let of = args.of.as_deref().map(|of| object_of(&session, of)).transpose()?;
    let namespace = args.view.namespace.as_deref().unwrap_or("default");
    let is_shown = |event: &&Arc<Event>| {
        let regarding = &event.involved_object;
        (args.all_namespaces || event.metadata.namespace.as_deref().unwrap_or("default") == namespace)
            && of.as_ref().is_none_or(|(kind, name)| {
                regarding.kind.as_ref() == Some(kind) && regarding.name.as_ref() == Some(name)
            })
            && (args.types.is_empty()
                || args
                    .types
                    .iter()
                    .any(|type_| event.type_.as_deref().is_some_and(|of_event| of_event.eq_ignore_ascii_case(type_))))
    };
    let context = cluster.print_context();
    let kept: Vec<Arc<Event>> = cluster.store().list::<Event>().filter(is_shown).cloned().collect();
    let mut events: Vec<&Event> = kept.iter().map(AsRef::as_ref).collect();
    print::by_last_sight(&mut events, &context);
    if events.is_empty() && matches!(output, Output::Table { .. }) {
        let place = if args.all_namespaces { String::new() } else { format!(" in {namespace} namespace") };
        terminal.line(&format!("No events found{place}."));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.print(&match &output {
        Output::Table { .. } => {
            let options = print::TableOptions {
                with_namespace: args.all_namespaces,
                no_headers: args.no_headers,
                ..print::TableOptions::default()
            };
            print::listed_events(&events, &context).render(&options)
        }
        Output::Name => events
            .iter()
            .map(|event| format!("event/{}\n", event.metadata.name.as_deref().unwrap_or_default()))
            .collect(),
        other => {
            let items: Vec<Value> =
                events.iter().map(|event| shown(&session, &Object::Event(Arc::new((*event).clone())), false)).collect();
            let list = json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}});
            other.show(&list, args.no_headers)?
        }
    });
    Ok(ExitCode::SUCCESS)
}

/// The kind and the name of the object whose events are wanted.
fn object_of(session: &Session, word: &str) -> Result<(String, String), CliError> {
    let Some((kind, name)) = word.split_once('/').filter(|(_, name)| !name.is_empty() && !name.contains('/')) else {
        return Err(CliError::new("error: --for must be in resource/name form"));
    };
    match Resource::named(session.cluster.store(), kind).into_iter().next() {
        Some(resource) => Ok((resource.kind, name.to_owned())),
        None => Err(CliError::new(format!("error: the server doesn't have a resource type {kind:?}"))),
    }
}
