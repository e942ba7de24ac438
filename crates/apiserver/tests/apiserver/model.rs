//! Whatever is written, lists and watches show what a plain map would hold.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_apiserver::Guard;

use crate::client::Server;
use crate::watches::Watch;

const ALL: &str = "/api/v1/namespaces/default/configmaps";

#[derive(Debug, Clone)]
enum Step {
    Create(u8, u8),
    Replace(u8, u8),
    /// With the version that was last seen: somebody else's write in between makes it fail.
    ReplaceSeen(u8, u8),
    Merge(u8, u8),
    Json(u8, u8),
    Apply(u8, u8),
    Delete(u8),
    DeleteAll,
}

fn step() -> impl Strategy<Value = Step> {
    let (name, value) = (|| 0_u8..4, || 0_u8..10);
    prop_oneof![
        4 => (name(), value()).prop_map(|(name, value)| Step::Create(name, value)),
        2 => (name(), value()).prop_map(|(name, value)| Step::Replace(name, value)),
        2 => (name(), value()).prop_map(|(name, value)| Step::ReplaceSeen(name, value)),
        2 => (name(), value()).prop_map(|(name, value)| Step::Merge(name, value)),
        1 => (name(), value()).prop_map(|(name, value)| Step::Json(name, value)),
        2 => (name(), value()).prop_map(|(name, value)| Step::Apply(name, value)),
        3 => name().prop_map(Step::Delete),
        1 => Just(Step::DeleteAll),
    ]
}

/// What there should be, by name, and which version of it was last looked at.
#[derive(Debug, Default)]
struct Model {
    values: BTreeMap<String, u8>,
    seen: BTreeMap<String, String>,
}

/// Takes a step on both sides; the server agrees on whether it can be taken.
fn take(server: &Server, case: u32, model: &mut Model, step: &Step) -> Result<(), TestCaseError> {
    let named = |name: u8| format!("case-{case}-{name}");
    let body = |name: &str, value: u8| {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"case": case.to_string()}}, "data": {"value": value.to_string()}})
    };
    let send = |method: &str, path: &str, type_: &str, body: &Value| {
        server.ask(method, path, type_, body.to_string().as_bytes()).code
    };
    let is_there = |model: &Model, name: u8| model.values.contains_key(&named(name));
    let (name, value, code, expected) = match *step {
        Step::Create(name, value) => {
            let code = send("POST", ALL, "application/json", &body(&named(name), value));
            (name, value, code, if is_there(model, name) { 409 } else { 201 })
        }
        Step::Replace(name, value) | Step::ReplaceSeen(name, value) => {
            let mut body = body(&named(name), value);
            let version = model.seen.get(&named(name)).cloned();
            let is_old = matches!(step, Step::ReplaceSeen(..)) && version.is_some();
            if is_old {
                body["metadata"]["resourceVersion"] = version.into();
            }
            let now = server.get(&format!("{ALL}/{}", named(name)))["metadata"]["resourceVersion"].clone();
            let is_late = is_old && body["metadata"]["resourceVersion"] != now;
            let code = send("PUT", &format!("{ALL}/{}", named(name)), "application/json", &body);
            (
                name,
                value,
                code,
                if !is_there(model, name) {
                    404
                } else if is_late {
                    409
                } else {
                    200
                },
            )
        }
        Step::Merge(name, value) => {
            let patch = json!({"data": {"value": value.to_string()}});
            let code = send("PATCH", &format!("{ALL}/{}", named(name)), "application/merge-patch+json", &patch);
            (name, value, code, if is_there(model, name) { 200 } else { 404 })
        }
        Step::Json(name, value) => {
            let patch = json!([{"op": "replace", "path": "/data/value", "value": value.to_string()}]);
            let code = send("PATCH", &format!("{ALL}/{}", named(name)), "application/json-patch+json", &patch);
            (name, value, code, if is_there(model, name) { 200 } else { 404 })
        }
        Step::Apply(name, value) => {
            let path = format!("{ALL}/{}?fieldManager=model&force=true", named(name));
            let code = send("PATCH", &path, "application/apply-patch+yaml", &body(&named(name), value));
            (name, value, code, if is_there(model, name) { 200 } else { 201 })
        }
        Step::Delete(name) => {
            let code = server.ask("DELETE", &format!("{ALL}/{}", named(name)), "", b"").code;
            prop_assert_eq!(code, if is_there(model, name) { 200 } else { 404 });
            model.values.remove(&named(name));
            return Ok(());
        }
        Step::DeleteAll => {
            let code = server.ask("DELETE", &format!("{ALL}?labelSelector=case%3D{case}"), "", b"").code;
            prop_assert_eq!(code, 200);
            model.values.clear();
            return Ok(());
        }
    };
    prop_assert_eq!(code, expected, "{:?}", step);
    if code < 300 {
        model.values.insert(named(name), value);
        // Now and then the version is read, so that later writes find it old.
        if value % 2 == 0 {
            let read = server.get(&format!("{ALL}/{}", named(name)));
            let version = read["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
            model.seen.insert(named(name), version);
        }
    }
    Ok(())
}

fn value_of(object: &Value) -> u8 {
    object["data"]["value"].as_str().and_then(|value| value.parse().ok()).unwrap_or(u8::MAX)
}

#[test]
fn lists_and_watches_show_what_a_map_would_hold() {
    let server = Server::start(Guard::default());
    let cases = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    runner
        .run(&proptest::collection::vec(step(), 1..25), |steps| {
            let case = cases.get() + 1;
            cases.set(case);
            let selected = format!("labelSelector=case%3D{case}");
            let start = server.get(ALL)["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
            let mut model = Model::default();
            for step in &steps {
                take(&server, case, &mut model, step)?;
            }
            let list = server.get(&format!("{ALL}?{selected}"));
            let items = list["items"].as_array().into_iter().flatten();
            let listed: BTreeMap<String, u8> = items
                .map(|item| (item["metadata"]["name"].as_str().unwrap_or_default().to_owned(), value_of(item)))
                .collect();
            prop_assert_eq!(&listed, &model.values);
            // The same, told from the start; a last object says that all is told.
            let end = json!({"metadata": {"name": format!("case-{case}-end"), "labels": {"case": case.to_string()}}});
            prop_assert_eq!(server.post(ALL, &end).code, 201);
            let mut watch = Watch::on(&server, &format!("{ALL}?watch=true&{selected}&resourceVersion={start}"));
            let mut followed: BTreeMap<String, u8> = BTreeMap::new();
            let mut version = 0;
            loop {
                let Some((type_, name, object)) = watch.next() else { break };
                let at: u64 = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().parse().unwrap_or(0);
                prop_assert!(at > version, "{} after {}", at, version);
                version = at;
                if name.ends_with("-end") {
                    break;
                }
                let was = match type_.as_str() {
                    "DELETED" => followed.remove(&name),
                    _ => followed.insert(name.clone(), value_of(&object)),
                };
                prop_assert_eq!(was.is_some(), type_ != "ADDED", "{} {}", type_, name);
            }
            prop_assert_eq!(&followed, &model.values);
            Ok(())
        })
        .unwrap();
}
