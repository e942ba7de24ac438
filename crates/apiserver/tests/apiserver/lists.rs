//! Lists: pages, versions, selectors.

use serde_json::json;
use sim_apiserver::Guard;

use crate::client::Server;

fn with_maps(count: usize) -> Server {
    let server = Server::start(Guard::default());
    for number in 0..count {
        let labels = json!({"odd": (number % 2).to_string()});
        let body = json!({"metadata": {"name": format!("c{number}"), "labels": labels}});
        assert_eq!(server.post("/api/v1/namespaces/default/configmaps", &body).code, 201);
    }
    server
}

#[test]
fn pages_show_the_state_that_the_list_began_with() {
    let server = with_maps(5);
    let all = "/api/v1/namespaces/default/configmaps?labelSelector=odd";
    let mut names = Vec::new();
    let mut next = String::new();
    let mut versions = Vec::new();
    loop {
        let page = server.get(&format!("{all}&limit=2&continue={next}"));
        names.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()),
        );
        versions.push(page["metadata"]["resourceVersion"].clone());
        // What is made meanwhile is not in it.
        server.post(
            "/api/v1/namespaces/default/configmaps",
            &json!({"metadata": {"name": format!("z{}", names.len()), "labels": {"odd": "1"}}}),
        );
        let Some(token) = page["metadata"]["continue"].as_str() else { break };
        next = token.to_owned();
    }
    assert_eq!(names, ["c0", "c1", "c2", "c3", "c4"]);
    assert!(versions.windows(2).all(|pair| pair[0] == pair[1]), "{versions:?}");
    let bad = server.get(&format!("{all}&limit=2&continue=nonsense"));
    assert_eq!((bad["code"].as_u64(), bad["reason"].as_str()), (Some(400), Some("BadRequest")));
}

#[test]
fn selectors_select_and_versions_are_checked() {
    let server = with_maps(4);
    let names = |query: &str| {
        let list = server.get(&format!("/api/v1/namespaces/default/configmaps?{query}"));
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("labelSelector=odd%3D1"), ["c1", "c3"]);
    assert_eq!(names("labelSelector=odd%20in%20(0)&fieldSelector=metadata.name!%3Dc0"), ["c2"]);
    let future = server.get("/api/v1/configmaps?resourceVersion=99999");
    assert_eq!(
        (future["code"].as_u64(), future["details"]["causes"][0]["reason"].as_str()),
        (Some(504), Some("ResourceVersionTooLarge"))
    );
    let unknown = server.get("/api/v1/pods?fieldSelector=spec.x%3D1");
    assert_eq!(unknown["message"], "field label not supported: spec.x");
}

/// A long list comes in parts, which are one document together.
#[test]
fn long_lists_are_whole() {
    let server = with_maps(250);
    let list = server.get("/api/v1/namespaces/default/configmaps?labelSelector=odd");
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), names.is_sorted()), (250, true));
    assert_eq!((list["kind"].as_str(), list["apiVersion"].as_str()), (Some("ConfigMapList"), Some("v1")));
    let page = server.get("/api/v1/namespaces/default/configmaps?limit=120");
    let all = server.get("/api/v1/namespaces/default/configmaps")["items"].as_array().unwrap().len();
    assert_eq!(page["items"].as_array().unwrap().len(), 120);
    assert_eq!(page["metadata"]["remainingItemCount"], all - 120);
    let next = page["metadata"]["continue"].as_str().unwrap();
    let rest = server.get(&format!("/api/v1/namespaces/default/configmaps?limit=120&continue={next}"));
    assert_eq!(rest["metadata"]["remainingItemCount"], all - 240);
}
