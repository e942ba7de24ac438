//! Watches: order, bookmarks, and an end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use sim_apiserver::Guard;

use crate::client::Server;

/// The events of a watch as they come, out of their chunks.
pub(crate) struct Watch(BufReader<TcpStream>);

impl Watch {
    fn open(server: &Server, query: &str) -> Self {
        Self::on(server, &format!("/api/v1/namespaces/default/configmaps?watch=true&labelSelector=mine&{query}"))
    }

    pub(crate) fn on(server: &Server, path: &str) -> Self {
        let mut stream = server.connect();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: sim\r\n\r\n").as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// Type, name and version of the next event; nothing at the end.
    pub(crate) fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 || line == "0\r\n" {
                return None;
            }
            let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
            if !event.is_object() {
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            return Some((text(&event["type"]), text(&event["object"]["metadata"]["name"]), event["object"].clone()));
        }
    }
}

fn map(name: &str, labels: Value) -> Value {
    json!({"metadata": {"name": name, "labels": labels}})
}

#[test]
fn what_enters_a_selection_is_added_and_what_leaves_it_deleted() {
    let server = Server::start(Guard::default());
    let all = "/api/v1/namespaces/default/configmaps";
    server.post(all, &map("old", json!({"mine": "1"})));
    let mut watch = Watch::open(&server, "timeoutSeconds=10");
    let mut next = || watch.next().map(|(type_, name, _)| format!("{type_} {name}")).unwrap_or_default();
    assert_eq!(next(), "ADDED old");
    server.post(all, &map("other", json!({})));
    server.post(all, &map("new", json!({"mine": "1"})));
    assert_eq!(next(), "ADDED new");
    let patch = |name: &str, body: &str| {
        server.ask("PATCH", &format!("{all}/{name}"), "application/merge-patch+json", body.as_bytes()).code
    };
    assert_eq!(patch("other", "{\"metadata\":{\"labels\":{\"mine\":\"2\"}}}"), 200);
    assert_eq!(next(), "ADDED other");
    assert_eq!(patch("other", "{\"data\":{\"a\":\"b\"}}"), 200);
    assert_eq!(next(), "MODIFIED other");
    assert_eq!(patch("other", "{\"metadata\":{\"labels\":{\"mine\":null}}}"), 200);
    assert_eq!(next(), "DELETED other");
    assert_eq!(server.ask("DELETE", &format!("{all}/new"), "", b"").code, 200);
    assert_eq!(next(), "DELETED new");
}

#[test]
fn a_watch_that_begins_with_what_is_there_says_when_that_is_told() {
    let server = Server::start(Guard::default());
    server.post("/api/v1/namespaces/default/configmaps", &map("a", json!({"mine": "1"})));
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=5";
    let mut watch = Watch::open(&server, query);
    assert_eq!(watch.next().unwrap().0, "ADDED");
    let (type_, _, object) = watch.next().unwrap();
    assert_eq!(
        (type_.as_str(), &object["metadata"]["annotations"]["k8s.io/initial-events-end"]),
        ("BOOKMARK", &json!("true"))
    );
}

#[test]
fn a_watch_ends_when_it_should_with_a_bookmark() {
    let server = Server::start(Guard::default());
    let version = server.get("/api/v1/configmaps")["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let mut watch =
        Watch::open(&server, &format!("allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={version}"));
    assert_eq!(watch.next().unwrap().0, "BOOKMARK");
    assert!(watch.next().is_none());
}

#[test]
fn after_a_reset_a_watch_is_too_old() {
    let server = Server::start(Guard::default());
    server.post("/api/v1/namespaces/default/configmaps", &map("a", json!({"mine": "1"})));
    let mut watch = Watch::open(&server, "timeoutSeconds=10");
    assert_eq!(watch.next().unwrap().0, "ADDED");
    assert_eq!(server.post("/sim/v1/reset", &json!({})).code, 200);
    let (type_, _, object) = watch.next().unwrap();
    assert_eq!(
        (type_.as_str(), object["code"].as_u64(), object["reason"].as_str()),
        ("ERROR", Some(410), Some("Expired"))
    );
    assert!(server.get("/api/v1/configmaps?labelSelector=mine")["items"].as_array().unwrap().is_empty());
}
