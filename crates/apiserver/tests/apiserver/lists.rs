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

/// `ValidateListOptions`, by version.
#[test]
fn options_go_together_or_not() {
    let told = |version: &str, query: &str| {
        let server = Server::of_version(version);
        let answer = server.ask("GET", &format!("/api/v1/configmaps?timeoutSeconds=1&{query}"), "", b"");
        match answer.code {
            200 => "taken".to_owned(),
            _ => {
                let status: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                assert_eq!((answer.code, status["details"]["kind"].as_str()), (422, Some("ListOptions")), "{status}");
                let message = status["message"].as_str().unwrap();
                message.replacen("ListOptions.meta.k8s.io \"\" is invalid: ", "", 1)
            }
        }
    };
    let field = |why: &str| format!("resourceVersionMatch: Forbidden: {why}");
    let exact = "resourceVersionMatch=Exact";
    let without = field("resourceVersionMatch is forbidden unless resourceVersion is provided");
    assert_eq!(told("v1.18.0", exact), "taken");
    assert_eq!(told("v1.19.0", exact), without);
    assert_eq!(told("v1.37.0", exact), without);
    assert_eq!(
        told("v1.37.0", "resourceVersionMatch=Exact&resourceVersion=0"),
        field("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
    );
    assert_eq!(
        told("v1.37.0", "resourceVersionMatch=Newer&resourceVersion=1"),
        "resourceVersionMatch: Unsupported value: \"Newer\": supported values: \"Exact\", \"NotOlderThan\", \"\""
    );
    assert_eq!(
        told("v1.37.0", "resourceVersionMatch=Exact&continue=x"),
        format!("[{without}, {}]", field("resourceVersionMatch is forbidden when continue is provided"))
    );
    assert_eq!(told("v1.26.0", "sendInitialEvents=true"), "taken");
    assert_eq!(
        told("v1.37.0", "sendInitialEvents=true"),
        "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"
    );
    let watch = |version: &str, query: &str| told(version, &format!("watch=true&{query}"));
    assert_eq!(
        watch("v1.26.0", "resourceVersionMatch=NotOlderThan&resourceVersion=1"),
        field("resourceVersionMatch is forbidden for watch")
    );
    assert_eq!(
        watch("v1.27.0", "resourceVersionMatch=NotOlderThan"),
        field("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
    );
    let disabled = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is \
         enabled";
    assert_eq!(watch("v1.33.0", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), disabled);
    // Old servers do not know it, and clients of today would wait for ever.
    assert_eq!(watch("v1.18.0", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), disabled);
    let requires = field("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    assert_eq!(watch("v1.33.0", "sendInitialEvents=false"), format!("[{requires}, {disabled}]"));
    assert_eq!(
        watch("v1.37.0", "sendInitialEvents=true&resourceVersionMatch=Exact"),
        format!("[{requires}, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]")
    );
    assert_eq!(watch("v1.37.0", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), "taken");
}

/// By the index, as by looking at each.
#[test]
fn the_pods_of_a_node() {
    let server = Server::start(Guard::default());
    for namespace in ["default", "kube-system"] {
        for number in 0..6 {
            let pod = json!({"metadata": {"name": format!("p{number}")},
                "spec": {"containers": [{"name": "c", "image": "i"}]}});
            assert_eq!(server.post(&format!("/api/v1/namespaces/{namespace}/pods"), &pod).code, 201);
        }
    }
    server.advance("1m");
    let names = |list: &serde_json::Value, node: Option<&str>| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        let items = items.filter(|pod| node.is_none_or(|node| pod["spec"]["nodeName"] == node));
        items.map(|pod| format!("{}/{}", pod["metadata"]["namespace"], pod["metadata"]["name"])).collect()
    };
    let check = |path: &str| {
        let all = server.get(path);
        for node in ["n1", "n2"] {
            let own = server.get(&format!("{path}?fieldSelector=spec.nodeName%3D{node}"));
            assert_eq!(names(&own, None), names(&all, Some(node)));
            let others = server.get(&format!("{path}?fieldSelector=spec.nodeName!%3D{node}"));
            assert_eq!(names(&own, None).len() + names(&others, None).len(), names(&all, None).len());
        }
    };
    check("/api/v1/pods");
    check("/api/v1/namespaces/kube-system/pods");
    // Page by page, and after a pod has gone.
    let first = server.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=2");
    let next = first["metadata"]["continue"].as_str().unwrap();
    let rest = server.get(&format!("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=20&continue={next}"));
    let paged = [names(&first, None), names(&rest, None)].concat();
    assert_eq!(paged, names(&server.get("/api/v1/pods"), Some("n1")));
    let gone = server.ask("DELETE", "/api/v1/namespaces/default/pods/p0?gracePeriodSeconds=0", "", b"");
    assert_eq!(gone.code, 200);
    check("/api/v1/pods");
    assert!(names(&server.get("/api/v1/pods?fieldSelector=spec.nodeName%3D"), None).is_empty());
}

/// A kind that is kept as it is written is one in all versions of its group.
#[test]
fn what_was_written_in_one_version_is_changed_and_deleted_in_another() {
    let server = Server::of_version("v1.24.0");
    let scaler = json!({"metadata": {"name": "a"}, "spec": {"maxReplicas": 3,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}});
    let path = |version: &str| format!("/apis/autoscaling/{version}/namespaces/default/horizontalpodautoscalers");
    assert_eq!(server.post(&path("v1"), &scaler).code, 201);
    let one = format!("{}/a", path("v2"));
    let patched = server.ask("PATCH", &one, "application/merge-patch+json", b"{\"spec\":{\"maxReplicas\":5}}");
    assert_eq!(patched.code, 200, "{}", patched.body);
    let now = server.get(&format!("{}/a", path("v1")));
    assert_eq!((&now["apiVersion"], &now["spec"]["maxReplicas"]), (&json!("autoscaling/v1"), &json!(5)));
    assert_eq!(server.get(&path("v2"))["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.ask("DELETE", &one, "", b"").code, 200);
    assert!(server.get(&path("v1"))["items"].as_array().unwrap().is_empty());
}
