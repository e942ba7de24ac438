//! Watches: order, bookmarks, and an end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

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

/// One that says nothing of a version is taken to ask the same where watches can do that; who wants no bookmarks gets none.
#[test]
fn old_watches_begin_with_what_is_there_too() {
    let types = |version: &str, query: &str| {
        let server = Server::of_version(version);
        server.post("/api/v1/namespaces/default/configmaps", &map("a", json!({"mine": "1"})));
        let mut watch = Watch::open(&server, &format!("timeoutSeconds=1&{query}"));
        let mut told = Vec::new();
        while let Some((type_, _, object)) = watch.next() {
            let ends = object["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true";
            told.push(if ends { "END".to_owned() } else { type_ });
        }
        told.join(" ")
    };
    assert_eq!(types("v1.34.0", "allowWatchBookmarks=true"), "ADDED END BOOKMARK");
    assert_eq!(types("v1.33.0", "allowWatchBookmarks=true&resourceVersion=0"), "ADDED BOOKMARK");
    assert_eq!(types("v1.34.0", ""), "ADDED");
    let asked = "resourceVersionMatch=NotOlderThan&sendInitialEvents";
    assert_eq!(types("v1.34.0", &format!("{asked}=true")), "ADDED");
    assert_eq!(types("v1.34.0", &format!("{asked}=false&allowWatchBookmarks=true")), "BOOKMARK");
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

/// Writes more than any buffer between server and client holds.
fn flood(server: &Server, mut written: impl FnMut(i32)) {
    let path = "/api/v1/namespaces/default/configmaps/a";
    for round in 0..120 {
        let data = "x".repeat(200_000);
        let body = json!({"data": {"round": round.to_string(), "data": data}}).to_string();
        let answer = server.ask("PATCH", path, "application/merge-patch+json", body.as_bytes());
        assert_eq!(answer.code, 200, "{}", answer.body);
        written(round);
    }
}

/// How many hold the cluster: each open watch is one. Who follows time is another for moments.
fn holders(server: &Server) -> usize {
    let looks = (0..10).map(|_| {
        server.block_on(async { tokio::time::sleep(Duration::from_millis(3)).await });
        Arc::strong_count(&server.running)
    });
    looks.min().unwrap()
}

/// Waits until the server holds so many watches.
#[track_caller]
fn wait_for(server: &Server, count: usize) {
    assert!((0..500).any(|_| holders(server) == count), "{} instead of {count}", holders(server));
}

#[test]
fn who_reads_too_slowly_is_told_that_it_is_too_late() {
    let server = Server::keeping(20, Guard::default());
    server.post("/api/v1/namespaces/default/configmaps", &map("a", json!({"mine": "1"})));
    let idle = holders(&server);
    let mut watch = Watch::open(&server, "timeoutSeconds=60");
    wait_for(&server, idle + 1);
    // A client beside it that reads is told of everything.
    let mut quick = Watch::open(&server, "timeoutSeconds=60");
    assert_eq!(quick.next().unwrap().0, "ADDED");
    flood(&server, |round| {
        let (type_, _, object) = quick.next().unwrap();
        assert_eq!((type_.as_str(), &object["data"]["round"]), ("MODIFIED", &json!(round.to_string())));
    });
    drop(quick);
    let mut told = Vec::new();
    let error = loop {
        let (type_, _, object) = watch.next().expect("a word before the end");
        if type_ == "ERROR" {
            break object;
        }
        told.push(object["data"]["round"].as_str().unwrap_or_default().to_owned());
    };
    // What it was told before is whole and in order.
    let expected: Vec<String> = (0..).map(|round: i32| round.to_string()).take(told.len() - 1).collect();
    assert_eq!(told.get(1..).unwrap(), expected);
    assert!(told.len() < 120, "{}", told.len());
    assert_eq!((error["code"].as_u64(), error["reason"].as_str()), (Some(410), Some("Expired")));
    assert!(error["message"].as_str().unwrap().starts_with("too old resource version: "), "{error}");
    assert!(watch.next().is_none(), "the watch has ended");
    wait_for(&server, idle);
}

#[test]
fn who_does_not_read_at_all_is_cut_off() {
    let server = Server::keeping(20, Guard { stalled: Duration::from_millis(300), ..Guard::default() });
    server.post("/api/v1/namespaces/default/configmaps", &map("a", json!({"mine": "1"})));
    let idle = holders(&server);
    let _watch = Watch::open(&server, "timeoutSeconds=600");
    wait_for(&server, idle + 1);
    flood(&server, |_| {});
    wait_for(&server, idle);
}
