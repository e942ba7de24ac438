//! Definitions of custom kinds: their names, and what becomes of their objects.

use serde_json::{Value, json};
use sim_apiserver::Guard;

use crate::client::Server;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn definition(plural: &str, kind: &str) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.example.com")},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

fn define(server: &Server, definition: &Value) -> Value {
    let answer = server.post(DEFINITIONS, definition);
    assert_eq!(answer.code, 201, "{}", answer.body);
    server.get(&format!("{DEFINITIONS}/{}", definition["metadata"]["name"].as_str().unwrap()))
}

fn create(server: &Server, plural: &str, kind: &str, name: &str) -> u16 {
    let body = json!({"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": name}, "spec": {"a": 1}});
    server.post(&format!("/apis/example.com/v1/namespaces/default/{plural}"), &body).code
}

/// The status, the reason and the message of a condition.
fn condition(definition: &Value, type_: &str) -> [String; 3] {
    let conditions = definition["status"]["conditions"].as_array().unwrap();
    let condition = conditions.iter().find(|condition| condition["type"] == type_).unwrap();
    ["status", "reason", "message"].map(|field| condition[field].as_str().unwrap().to_owned())
}

#[test]
fn a_kind_that_has_a_definition_gets_no_second_one() {
    let server = Server::start(Guard::default());
    let first = define(&server, &definition("widgets", "Widget"));
    assert_eq!(condition(&first, "NamesAccepted"), ["True", "NoConflicts", "no conflicts found"]);
    assert_eq!(
        condition(&first, "Established"),
        ["True", "InitialNamesAccepted", "the initial names have been accepted"]
    );
    assert_eq!(create(&server, "widgets", "Widget", "w"), 201);
    let mut second = definition("things", "Widget");
    second["spec"]["names"]["listKind"] = json!("ThingList");
    second["spec"]["names"]["singular"] = json!("thing");
    second["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = json!({"type": "object"});
    let second = define(&server, &second);
    assert_eq!(condition(&second, "NamesAccepted"), ["False", "KindConflict", "\"Widget\" is already in use"]);
    assert_eq!(condition(&second, "Established"), ["False", "NotAccepted", "not all names are accepted"]);
    assert_eq!(
        second["status"]["acceptedNames"],
        json!({"plural": "things", "kind": "", "singular": "thing", "listKind": "ThingList"})
    );
    let url = "/apis/example.com/v1/namespaces/default";
    assert_eq!(server.ask("GET", &format!("{url}/things"), "", b"").code, 404);
    // Its schema knows no spec, and is not asked.
    assert_eq!(create(&server, "widgets", "Widget", "v"), 201);
    assert_eq!(server.get(&format!("{url}/widgets/v"))["spec"]["a"], 1);
    // It goes alone.
    assert_eq!(server.ask("DELETE", &format!("{DEFINITIONS}/things.example.com"), "", b"").code, 200);
    assert_eq!(server.get(&format!("{url}/widgets"))["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_name_that_is_free_again_goes_to_who_waits_for_it() {
    let server = Server::start(Guard::default());
    let mut first = definition("widgets", "Widget");
    first["spec"]["names"]["shortNames"] = json!(["wd", "wi"]);
    define(&server, &first);
    let mut second = definition("wildcards", "Wildcard");
    second["spec"]["names"]["shortNames"] = json!(["wd", "wi"]);
    let second = define(&server, &second);
    assert_eq!(
        condition(&second, "NamesAccepted"),
        ["False", "ShortNamesConflict", "[\"wd\" is already in use, \"wi\" is already in use]"]
    );
    assert_eq!(create(&server, "wildcards", "Wildcard", "w"), 404);
    server.ask("DELETE", &format!("{DEFINITIONS}/widgets.example.com"), "", b"");
    let second = server.get(&format!("{DEFINITIONS}/wildcards.example.com"));
    assert_eq!(condition(&second, "NamesAccepted"), ["True", "NoConflicts", "no conflicts found"]);
    assert_eq!(condition(&second, "Established")[0], "True");
    assert_eq!(create(&server, "wildcards", "Wildcard", "w"), 201);
}

#[test]
fn discovery_tells_the_names_of_a_definition() {
    let server = Server::start(Guard::default());
    let mut body = definition("widgets", "Widget");
    body["spec"]["names"]["singular"] = json!("widgy");
    body["spec"]["names"]["categories"] = json!(["all", "toys"]);
    define(&server, &body);
    let resource = server.get("/apis/example.com/v1")["resources"][0].take();
    assert_eq!(resource["singularName"], "widgy");
    assert_eq!(resource["categories"], json!(["all", "toys"]));
}

#[test]
fn a_definition_stays_until_its_last_object_is_gone() {
    let server = Server::start(Guard::default());
    define(&server, &definition("widgets", "Widget"));
    let widgets = "/apis/example.com/v1/namespaces/default/widgets";
    assert_eq!(create(&server, "widgets", "Widget", "free"), 201);
    let held = json!({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "held", "finalizers": ["example.com/hold"]}});
    assert_eq!(server.post(widgets, &held).code, 201);
    let url = format!("{DEFINITIONS}/widgets.example.com");
    let answer = server.ask("DELETE", &url, "", b"");
    assert_eq!(answer.code, 200);
    let marked: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(marked["metadata"]["finalizers"], json!(["customresourcecleanup.apiextensions.k8s.io"]));
    let there = server.get(&url);
    assert_eq!(
        condition(&there, "Terminating"),
        ["True", "InstanceDeletionInProgress", "CustomResource deletion is in progress"]
    );
    let left = server.get(widgets)["items"].take();
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert!(left[0]["metadata"]["deletionTimestamp"].is_string());
    let body = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "new"}});
    let refused = server.post(widgets, &body);
    let status: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!((refused.code, &status["reason"]), (405, &json!("MethodNotAllowed")));
    assert_eq!(status["message"], "create not allowed while custom resource definition is terminating");
    let patch = json!({"metadata": {"finalizers": null}}).to_string();
    let freed = server.ask("PATCH", &format!("{widgets}/held"), "application/merge-patch+json", patch.as_bytes());
    assert_eq!(freed.code, 200, "{}", freed.body);
    assert_eq!(server.ask("GET", &url, "", b"").code, 404);
    assert_eq!(server.ask("GET", widgets, "", b"").code, 404);
}
