//! Whatever is sent, the answer is a document or a closed connection, and the server goes on.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use sim_apiserver::Guard;

use crate::client::Server;

fn word() -> impl Strategy<Value = String> {
    let known = [
        "pods",
        "nodes",
        "namespaces",
        "default",
        "n1",
        "deployments",
        "status",
        "scale",
        "binding",
        "eviction",
        "log",
        "v1",
        "apps",
        "api",
        "apis",
        "widgets",
        "%00",
        "%ff",
        "..",
        "a%2Fb",
        "",
        "events.k8s.io",
        "sim",
        "advance",
        "openapi",
        "v3",
    ];
    prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), "[a-z0-9.-]{1,8}"]
}

fn query() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(vec![
        "watch",
        "limit",
        "continue",
        "labelSelector",
        "fieldSelector",
        "resourceVersion",
        "resourceVersionMatch",
        "dryRun",
        "fieldManager",
        "fieldValidation",
        "timeoutSeconds",
        "sendInitialEvents",
        "includeObject",
        "container",
    ]);
    let value = prop_oneof![
        Just("0".to_owned()),
        Just("1".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("All".to_owned()),
        Just("a%20in%20(b".to_owned()),
        Just("spec.nodeName=n1".to_owned()),
        "[a-z=,!%0-9()]{0,10}"
    ];
    proptest::collection::vec((name, value), 0..3).prop_map(|pairs| {
        // A watch that nobody ends lasts half an hour.
        let pairs: Vec<String> = pairs
            .into_iter()
            .filter(|(name, _)| *name != "timeoutSeconds")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}&timeoutSeconds=1", pairs.join("&"))
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z.$/\\PC]{0,8}".prop_map(Value::from)
    ];
    let key = proptest::sample::select(vec![
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "spec",
        "status",
        "labels",
        "containers",
        "$patch",
        "op",
        "path",
        "value",
        "replicas",
        "finalizers",
        "target",
        "resourceVersion",
        "uid",
        "deletionTimestamp",
    ]);
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        json().prop_map(|value| value.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..64),
        proptest::collection::vec(any::<u8>(), 0..64).prop_map(|bytes| [&b"k8s\0"[..], &bytes].concat()),
        Just(Vec::new()),
        (1_usize..4_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
        (1_usize..4_000).prop_map(|depth| "{\"a\":".repeat(depth).into_bytes()),
    ]
}

#[test]
fn any_request_is_answered_and_the_server_goes_on() {
    let server = Server::start(Guard::default());
    let methods = proptest::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]);
    let types = proptest::sample::select(vec![
        "application/json",
        "application/yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
        "application/vnd.kubernetes.protobuf",
        "",
    ]);
    let path = (proptest::bool::ANY, proptest::collection::vec(word(), 0..6)).prop_map(|(is_core, words)| {
        format!("/{}/{}", if is_core { "api/v1" } else { "apis/apps/v1" }, words.join("/"))
    });
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
    runner
        .run(&(methods, path, query(), types, body()), |(method, path, query, type_, body)| {
            let answer = server.ask(method, &format!("{path}?{query}"), type_, &body);
            prop_assert!((200..600).contains(&answer.code) && answer.code != 500, "{answer:?}");
            prop_assert_eq!(server.ask("GET", "/healthz", "", b"").body, "ok");
            Ok(())
        })
        .unwrap();
}

#[test]
fn bytes_that_are_no_request_close_the_connection() {
    let server = Server::start(Guard::default());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(100));
    runner
        .run(&proptest::collection::vec(any::<u8>(), 0..200), |bytes| {
            let answer = server.send(&bytes, true);
            prop_assert!(answer.is_none_or(|answer| answer.code == 400), "{bytes:?}");
            Ok(())
        })
        .unwrap();
    assert_eq!(server.ask("GET", "/healthz", "", b"").body, "ok");
}

#[test]
fn bodies_beyond_three_mebibytes_are_refused() {
    let server = Server::start(Guard::default());
    let answer = server.ask(
        "POST",
        "/api/v1/namespaces/default/configmaps",
        "application/json",
        &vec![b' '; 3 * 1024 * 1024 + 1],
    );
    assert_eq!(answer.code, 413);
    // Without a length told before, too.
    let mut chunked =
        b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..4 {
        chunked.extend(b"100000\r\n");
        chunked.extend(vec![b' '; 0x10_0000]);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    assert!(server.send(&chunked, false).is_none_or(|answer| answer.code == 413));
    assert_eq!(server.ask("GET", "/healthz", "", b"").body, "ok");
}

#[test]
fn who_has_no_token_is_not_served() {
    let server = Server::start(Guard { token: Some("letmein".to_owned()), ..Guard::default() });
    assert_eq!(server.ask("GET", "/api/v1/pods", "", b"").code, 401);
    let with = |token: &str| {
        let request = format!(
            "GET /api/v1/pods HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        server.send(request.as_bytes(), false).unwrap().code
    };
    assert_eq!((with("letmeix"), with("letmein2"), with("letmein")), (401, 401, 200));
}

#[test]
fn who_keeps_a_request_back_is_not_waited_for() {
    let server = Server::start(Guard { patience: Duration::from_millis(500), ..Guard::default() });
    let maps = "/api/v1/namespaces/default/configmaps";
    let heads = [
        "G".to_owned(),
        "GET /api/v1/pods HTTP/1.1\r\nHost: s".to_owned(),
        format!("POST {maps} HTTP/1.1\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"),
        format!("POST {maps} HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{"),
    ];
    let slow: Vec<_> = (0..100)
        .flat_map(|_| &heads)
        .map(|head| {
            let mut stream = server.connect();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(server.ask("GET", "/healthz", "", b"").body, "ok");
    for mut stream in slow {
        let mut answer = String::new();
        // A connection that is reset has ended too; one that is not would come to its time-out here.
        match stream.read_to_string(&mut answer) {
            Ok(_) => assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
    assert_eq!(server.ask("GET", "/healthz", "", b"").body, "ok");
}

#[test]
fn a_body_that_is_cut_short_changes_nothing() {
    let server = Server::start(Guard::default());
    let body = "{\"metadata\":{\"name\":\"cut\"}}";
    let request = format!(
        "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len() + 10
    );
    assert!(server.send(request.as_bytes(), true).is_none_or(|answer| answer.code == 400));
    assert_eq!(server.ask("GET", "/api/v1/namespaces/default/configmaps/cut", "", b"").code, 404);
}

#[test]
fn a_watch_that_is_half_closed_ends() {
    let server = Server::start(Guard::default());
    for _ in 0..50 {
        let mut stream = server.connect();
        stream.write_all(b"GET /api/v1/pods?watch=true&resourceVersion=0 HTTP/1.1\r\nHost: sim\r\n\r\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok_and(|_| rest.starts_with(b"HTTP/1.1 200 ") || rest.is_empty()));
    }
}
