//! Requests to the API server: what is written, what is refused, and how it is said.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sim_cluster::{
    ApiError, Cluster, DeleteOptions, Deleted, FieldValidation, Kind, Patch, Preconditions, ResourceRef, Subresource,
    Target, WriteOptions, Written,
};

use crate::common::{cluster, node, web};

const STRICT: FieldValidation = FieldValidation::Strict;

fn known(kind: Kind, name: &str) -> Target {
    let namespace = if kind.is_namespaced() { "default" } else { "" };
    Target { resource: ResourceRef::Known(kind), namespace: namespace.to_owned(), name: name.to_owned() }
}

fn widgets() -> ResourceRef {
    ResourceRef::Other {
        api_version: "example.com/v1".to_owned(),
        kind: "Widget".to_owned(),
        plural: "widgets".to_owned(),
        namespaced: true,
    }
}

fn widget(name: &str) -> Target {
    Target { resource: widgets(), namespace: "default".to_owned(), name: name.to_owned() }
}

fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

fn options(strict: FieldValidation) -> WriteOptions {
    WriteOptions { strict, ..WriteOptions::default() }
}

fn create(cluster: &mut Cluster, resource: &ResourceRef, body: Value) -> Result<Written, ApiError> {
    cluster.create(resource, "default", body, &WriteOptions::default())
}

fn create_known(cluster: &mut Cluster, kind: Kind, body: Value) -> Result<Written, ApiError> {
    create(cluster, &ResourceRef::Known(kind), body)
}

fn replace(cluster: &mut Cluster, target: &Target, body: Value) -> Result<Written, ApiError> {
    cluster.replace(target, None, body, &WriteOptions::default())
}

fn patch(cluster: &mut Cluster, target: &Target, patch: Patch) -> Result<Written, ApiError> {
    cluster.patch_object(target, None, &patch, &WriteOptions::default())
}

fn stored(cluster: &Cluster, target: &Target) -> Value {
    cluster.object_at(target).unwrap().to_value()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ApiError>, code: u16, message: &str) -> Value {
    let error = result.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.code()), (message, code));
    error.status()
}

#[test]
fn a_new_object_gets_what_only_the_server_says() {
    let mut cluster = cluster("1.34", vec![]);
    let mut body = pod("web");
    body["metadata"]["uid"] = "mine".into();
    body["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z".into();
    body["metadata"]["deletionTimestamp"] = "2020-01-01T00:00:00Z".into();
    body["metadata"]["selfLink"] = "/mine".into();
    body["status"] = json!({"phase": "Running"});
    let before = cluster.store().resource_version();
    let written = create_known(&mut cluster, Kind::Pod, body).unwrap();
    assert!(written.created && written.warnings.is_empty());
    let metadata = &written.object["metadata"];
    assert_ne!(metadata["uid"], "mine");
    assert_eq!(metadata["creationTimestamp"], "1970-01-01T00:00:00Z");
    assert_eq!((&metadata["deletionTimestamp"], &metadata["selfLink"]), (&Value::Null, &Value::Null));
    assert_eq!(metadata["resourceVersion"], (before + 1).to_string());
    assert_eq!((&written.object["status"]["phase"], &written.object["kind"]), (&json!("Pending"), &json!("Pod")));
    assert_eq!(written.object, stored(&cluster, &known(Kind::Pod, "web")));
}

#[test]
fn names_are_given_or_drawn() {
    let mut cluster = cluster("1.34", vec![]);
    let mut body = config("x");
    body["metadata"] = json!({"generateName": "conf-"});
    let written = create_known(&mut cluster, Kind::ConfigMap, body.clone()).unwrap();
    let name = written.object["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("conf-") && name.len() == 10, "{name}");
    let mut other = json!({"metadata": {"generateName": "w-"}, "spec": {"a": 1}});
    let written = create(&mut cluster, &widgets(), other.clone()).unwrap();
    assert_eq!(written.object["metadata"]["generation"], 1);
    assert_eq!((&written.object["apiVersion"], &written.object["kind"]), (&json!("example.com/v1"), &json!("Widget")));
    body["metadata"] = json!({});
    other["metadata"] = json!({});
    let why = "metadata.name: Required value: name or generateName is required";
    let status =
        refused(create_known(&mut cluster, Kind::ConfigMap, body), 422, &format!("ConfigMap \"\" is invalid: {why}"));
    let cause = json!({"reason": "FieldValueRequired", "message": "Required value: name or generateName is required",
        "field": "metadata.name"});
    assert_eq!(status["details"], json!({"kind": "ConfigMap", "causes": [cause]}));
    let error = create(&mut cluster, &widgets(), other);
    refused(error, 422, &format!("Widget.example.com \"\" is invalid: {why}"));
}

#[test]
fn what_is_no_such_object_is_refused() {
    let mut cluster = cluster("1.34", vec![]);
    create_known(&mut cluster, Kind::Pod, pod("web")).unwrap();
    let status = refused(create_known(&mut cluster, Kind::Pod, pod("web")), 409, "pods \"web\" already exists");
    assert_eq!(
        (&status["reason"], &status["details"]),
        (&json!("AlreadyExists"), &json!({"name": "web", "kind": "pods"}))
    );
    let mut elsewhere = pod("x");
    elsewhere["metadata"]["namespace"] = "kube-system".into();
    let why = "the namespace of the provided object does not match the namespace sent on the request";
    refused(create_known(&mut cluster, Kind::Pod, elsewhere), 400, why);
    let mut deployment = web(1, "i", json!({}), json!({}));
    let why = "Deployment in version \"v1\" cannot be handled as a Pod: converting (v1.Deployment) to (core.Pod): unknown conversion";
    refused(create_known(&mut cluster, Kind::Pod, deployment.clone()), 400, why);
    deployment["apiVersion"] = "apps/v1beta1".into();
    let why = "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)";
    refused(create_known(&mut cluster, Kind::Deployment, deployment), 400, why);
    let nowhere =
        cluster.create(&ResourceRef::Known(Kind::ConfigMap), "nowhere", config("c"), &WriteOptions::default());
    refused(nowhere, 404, "namespaces \"nowhere\" not found");
    let nowhere = cluster.create(&widgets(), "nowhere", json!({"metadata": {"name": "w"}}), &WriteOptions::default());
    refused(nowhere, 404, "namespaces \"nowhere\" not found");
    let mut old = config("old");
    old["metadata"]["resourceVersion"] = "7".into();
    let why = "resourceVersion should not be set on objects to be created";
    let status = refused(create_known(&mut cluster, Kind::ConfigMap, old), 500, why);
    assert_eq!(status.get("reason"), None);
    refused(
        create_known(&mut cluster, Kind::Pod, json!([])),
        400,
        "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }",
    );
    let wrong = json!({"metadata": {"name": "p"}, "spec": {"containers": 5}});
    let error = create_known(&mut cluster, Kind::Pod, wrong).unwrap_err();
    assert!(
        error.message.starts_with("Pod in version \"v1\" cannot be handled as a Pod: spec.containers: "),
        "{error}"
    );
}

#[test]
fn unknown_fields_are_refused_told_or_dropped() {
    let mut cluster = cluster("1.34", vec![]);
    let mut body = pod("web");
    body["spec"]["x"] = 1.into();
    body["spec"]["containers"][0]["immage"] = "y".into();
    let resource = ResourceRef::Known(Kind::Pod);
    let why = "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.containers[0].immage\", unknown field \"spec.x\"";
    refused(cluster.create(&resource, "default", body.clone(), &options(STRICT)), 400, why);
    let written = cluster.create(&resource, "default", body.clone(), &options(FieldValidation::Warn)).unwrap();
    let warnings = ["unknown field \"spec.containers[0].immage\"", "unknown field \"spec.x\""];
    assert_eq!(written.warnings, warnings);
    assert_eq!(written.object["spec"].get("x"), None);
    body["metadata"]["name"] = "other".into();
    let written = cluster.create(&resource, "default", body, &options(FieldValidation::Ignore)).unwrap();
    assert!(written.warnings.is_empty());
    let patch = Patch::Strategic(json!({"spec": {"y": 1}}));
    let error = cluster.patch_object(&known(Kind::Pod, "web"), None, &patch, &options(STRICT)).unwrap_err();
    let message = " \"\" is invalid: patch: Invalid value: \"map[spec:map[y:1]]\": strict decoding error: unknown field \"spec.y\"";
    assert_eq!(error.message, message);
}

#[test]
fn an_update_is_of_what_was_read() {
    let mut cluster = cluster("1.34", vec![]);
    let target = known(Kind::ConfigMap, "c");
    refused(replace(&mut cluster, &target, config("c")), 404, "configmaps \"c\" not found");
    let first = create_known(&mut cluster, Kind::ConfigMap, config("c")).unwrap().object;
    let mut second = first.clone();
    second["data"]["a"] = "2".into();
    let written = replace(&mut cluster, &target, second.clone()).unwrap();
    assert!(!written.created);
    assert_ne!(written.object["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let why = "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please apply your changes to the latest version and try again";
    let status = refused(replace(&mut cluster, &target, second), 409, why);
    assert_eq!(status["reason"], "Conflict");
    let other = known(Kind::ConfigMap, "d");
    let why = "the name of the object (c) does not match the name on the URL (d)";
    refused(replace(&mut cluster, &other, config("c")), 400, why);
    let mut nameless = config("c");
    nameless["metadata"] = json!({});
    let why = "the name of the object (c based on URL) was undeterminable: name must be provided";
    refused(replace(&mut cluster, &target, nameless), 400, why);
    let mut another = config("c");
    another["metadata"]["uid"] = "u".into();
    let error = replace(&mut cluster, &target, another).unwrap_err();
    assert!(error.message.contains("Precondition failed: UID in precondition: u, UID in object meta: "), "{error}");
    assert_eq!(error.code(), 409);
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let mut cluster = cluster("1.34", vec![]);
    let target = known(Kind::Deployment, "web");
    let made = create_known(&mut cluster, Kind::Deployment, web(1, "i", json!({}), json!({}))).unwrap().object;
    let before = cluster.store().resource_version();
    // Without what defaults fill in, and with what no update can change.
    let mut body = web(1, "i", json!({}), json!({}));
    body["metadata"]["generation"] = 9.into();
    body["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z".into();
    body["status"] = json!({"replicas": 7});
    assert_eq!(replace(&mut cluster, &target, body).unwrap().object, made);
    assert_eq!(patch(&mut cluster, &target, Patch::Merge(json!({}))).unwrap().object, made);
    assert_eq!(cluster.store().resource_version(), before);
}

#[test]
fn some_kinds_are_created_by_an_update() {
    let mut cluster = cluster("1.34", vec![]);
    let lease = json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}});
    let target = known(Kind::Lease, "l");
    assert!(replace(&mut cluster, &target, lease.clone()).unwrap().created);
    let why = "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update";
    refused(replace(&mut cluster, &target, lease), 422, why);
}

#[test]
fn the_status_is_a_part_of_its_own() {
    let mut cluster = cluster("1.34", vec![node("n1")]);
    let target = known(Kind::Deployment, "web");
    let made = create_known(&mut cluster, Kind::Deployment, web(1, "i", json!({}), json!({}))).unwrap().object;
    let mut body = made.clone();
    body["spec"]["replicas"] = 5.into();
    body["status"] = json!({"observedGeneration": 3, "replicas": 3});
    let status = cluster.replace(&target, Some(Subresource::Status), body.clone(), &WriteOptions::default()).unwrap();
    assert_eq!((&status.object["spec"]["replicas"], &status.object["status"]["replicas"]), (&json!(1), &json!(3)));
    assert_eq!(status.object["metadata"]["generation"], 1);
    body["metadata"]["resourceVersion"] = Value::Null;
    body["status"] = json!({"replicas": 9});
    let main = replace(&mut cluster, &target, body).unwrap().object;
    assert_eq!((&main["spec"]["replicas"], &main["status"]["replicas"]), (&json!(5), &json!(3)));
    assert_eq!(main["metadata"]["generation"], 2);
    let ready = Patch::Strategic(json!({"status": {"conditions": [{"type": "Disk", "status": "True"}]}}));
    let target = known(Kind::Node, "n1");
    assert_eq!(
        patch(&mut cluster, &target, ready.clone()).unwrap().object["status"]["conditions"][0]["type"],
        "MemoryPressure"
    );
    let node = cluster.patch_object(&target, Some(Subresource::Status), &ready, &WriteOptions::default()).unwrap();
    let conditions = node.object["status"]["conditions"].as_array().unwrap().clone();
    assert!(conditions.iter().any(|condition| condition["type"] == "Disk"), "{conditions:?}");
    assert!(conditions.iter().any(|condition| condition["type"] == "Ready"));
}

#[test]
fn patches_of_every_kind() {
    let mut cluster = cluster("1.34", vec![node("n1")]);
    let target = known(Kind::Node, "n1");
    let taints = json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}});
    let node = patch(&mut cluster, &target, Patch::Strategic(taints)).unwrap().object;
    assert_eq!(node["spec"]["taints"][0]["key"], "a");
    let node = patch(&mut cluster, &target, Patch::Merge(json!({"metadata": {"labels": {"l": "1"}}}))).unwrap().object;
    assert_eq!(node["metadata"]["labels"]["l"], "1");
    let ops =
        json!([{"op": "test", "path": "/spec/taints/0/key", "value": "a"}, {"op": "remove", "path": "/spec/taints"}]);
    let node = patch(&mut cluster, &target, Patch::Json(ops.clone())).unwrap().object;
    assert_eq!(node["spec"].get("taints"), None);
    let why = "the server rejected our request due to an error in our request";
    let status = refused(patch(&mut cluster, &target, Patch::Json(ops)), 422, why);
    assert_eq!((&status["reason"], &status["details"]), (&json!("Invalid"), &json!({})));
    create(&mut cluster, &widgets(), json!({"metadata": {"name": "w"}, "spec": {"a": 1}})).unwrap();
    let why = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    refused(patch(&mut cluster, &widget("w"), Patch::Strategic(json!({}))), 415, why);
    let merged = patch(&mut cluster, &widget("w"), Patch::Merge(json!({"spec": {"b": 2}}))).unwrap().object;
    assert_eq!((&merged["spec"], &merged["metadata"]["generation"]), (&json!({"a": 1, "b": 2}), &json!(2)));
    refused(patch(&mut cluster, &widget("x"), Patch::Merge(json!({}))), 404, "widgets.example.com \"x\" not found");
    let uid = patch(&mut cluster, &target, Patch::Merge(json!({"metadata": {"uid": "u"}})));
    refused(uid, 422, "Node \"n1\" is invalid: metadata.uid: Invalid value: \"u\": field is immutable");
    let version = patch(&mut cluster, &target, Patch::Merge(json!({"metadata": {"resourceVersion": "1"}})));
    assert_eq!(version.unwrap_err().code(), 409);
    let name = patch(&mut cluster, &target, Patch::Merge(json!({"metadata": {"name": "n2"}})));
    refused(name, 400, "the name of the object (n2) does not match the name on the URL (n1)");
    let pod = create_known(&mut cluster, Kind::Pod, pod("p")).unwrap().object;
    assert_eq!(pod["spec"]["containers"][0]["image"], "i");
    let image = json!({"spec": {"containers": [{"name": "c", "image": "j"}]}});
    patch(&mut cluster, &known(Kind::Pod, "p"), Patch::Strategic(image)).unwrap();
    let error =
        patch(&mut cluster, &known(Kind::Pod, "p"), Patch::Merge(json!({"spec": {"hostNetwork": true}}))).unwrap_err();
    assert!(
        error.message.starts_with("Pod \"p\" is invalid: spec: Forbidden: pod updates may not change fields"),
        "{error}"
    );
}

#[test]
fn a_dry_run_keeps_nothing() {
    let mut cluster = cluster("1.34", vec![]);
    cluster.keep_journal();
    let dry = WriteOptions { dry_run: true, ..WriteOptions::default() };
    let before = cluster.store().resource_version();
    let written = cluster.create(&ResourceRef::Known(Kind::Pod), "default", pod("p"), &dry).unwrap();
    let metadata = &written.object["metadata"];
    assert_eq!((metadata["uid"].is_string(), metadata.get("resourceVersion")), (true, None));
    assert_eq!(cluster.object_at(&known(Kind::Pod, "p")).map(|_| ()), None);
    let made = create_known(&mut cluster, Kind::ConfigMap, config("c")).unwrap().object;
    let target = known(Kind::ConfigMap, "c");
    let tried = cluster.patch_object(&target, None, &Patch::Merge(json!({"data": {"b": "2"}})), &dry).unwrap().object;
    assert_eq!(
        (&tried["data"]["b"], &tried["metadata"]["resourceVersion"]),
        (&json!("2"), &made["metadata"]["resourceVersion"])
    );
    cluster.delete_target(&target, DeleteOptions::default(), &Preconditions::default(), true).unwrap();
    assert_eq!(stored(&cluster, &target), made);
    assert_eq!((cluster.store().resource_version(), cluster.take_journal().len()), (before + 1, 1));
}

#[test]
fn objects_go_when_nothing_holds_them() {
    let mut cluster = cluster("1.34", vec![]);
    cluster.keep_journal();
    for (resource, target) in
        [(ResourceRef::Known(Kind::ConfigMap), known(Kind::ConfigMap, "c")), (widgets(), widget("c"))]
    {
        let body = json!({"metadata": {"name": "c", "finalizers": ["example.com/hold"]}});
        create(&mut cluster, &resource, body).unwrap();
        let plain = DeleteOptions::default();
        let Deleted::Marked(marked) = cluster.delete_target(&target, plain, &Preconditions::default(), false).unwrap()
        else {
            panic!("nothing held it");
        };
        assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
        let again = create(&mut cluster, &resource, json!({"metadata": {"name": "c"}})).unwrap_err();
        assert!(again.message.starts_with("object is being deleted: "), "{again}");
        let more = Patch::Merge(json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}));
        let error = patch(&mut cluster, &target, more).unwrap_err();
        assert!(error.message.ends_with("found new finalizers []string{\"example.com/more\"}"), "{error}");
        cluster.take_journal();
        patch(&mut cluster, &target, Patch::Merge(json!({"metadata": {"finalizers": null}}))).unwrap();
        assert_eq!(cluster.object_at(&target).map(|_| ()), None);
        let journal = cluster.take_journal();
        assert_eq!((journal.len(), journal[0].after.is_none()), (1, true));
        assert_eq!(journal[0].resource_version, cluster.store().resource_version());
    }
}

#[test]
fn deletions_can_ask_for_one_object_alone() {
    let mut cluster = cluster("1.34", vec![]);
    let made = create_known(&mut cluster, Kind::ConfigMap, config("c")).unwrap().object;
    let uid = made["metadata"]["uid"].as_str().unwrap();
    let target = known(Kind::ConfigMap, "c");
    let mut delete =
        |preconditions: Preconditions| cluster.delete_target(&target, DeleteOptions::default(), &preconditions, false);
    let other = Preconditions { uid: Some("u".to_owned()), ..Preconditions::default() };
    refused(
        delete(other),
        409,
        &format!(
            "Operation cannot be fulfilled on ConfigMap \"c\": the UID in the precondition (u) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        ),
    );
    let this = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": "c", "kind": "configmaps", "uid": uid}});
    assert_eq!(delete(this).unwrap(), Deleted::Gone(status));
    refused(delete(Preconditions::default()), 404, "configmaps \"c\" not found");
    let namespace = known(Kind::Namespace, "default");
    let refusal = cluster.delete_target(&namespace, DeleteOptions::default(), &Preconditions::default(), false);
    refused(refusal, 403, "namespaces \"default\" is forbidden: this namespace may not be deleted");
}

#[test]
fn what_custom_resources_own_goes_with_them() {
    let mut cluster = cluster("1.34", vec![]);
    let body = json!({"metadata": {"name": "w", "finalizers": ["example.com/hold"]}});
    let made = create(&mut cluster, &widgets(), body).unwrap().object;
    let mut owned = config("c");
    owned["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": made["metadata"]["uid"]}]);
    create_known(&mut cluster, Kind::ConfigMap, owned.clone()).unwrap();
    owned = json!({"metadata": {"name": "v", "ownerReferences": owned["metadata"]["ownerReferences"]}});
    create(&mut cluster, &widgets(), owned).unwrap();
    let delete = |dry_run: bool, cluster: &mut Cluster| {
        cluster.delete_target(&widget("w"), DeleteOptions::default(), &Preconditions::default(), dry_run).unwrap()
    };
    assert!(matches!(delete(true, &mut cluster), Deleted::Marked(_)));
    assert!(stored(&cluster, &widget("w"))["metadata"]["deletionTimestamp"].is_null());
    delete(false, &mut cluster);
    patch(&mut cluster, &widget("w"), Patch::Merge(json!({"metadata": {"finalizers": null}}))).unwrap();
    cluster.run_until(60_000);
    for target in [known(Kind::ConfigMap, "c"), widget("v"), widget("w")] {
        assert!(cluster.object_at(&target).is_none(), "{target:?}");
    }
}

#[test]
fn a_namespace_goes_with_what_is_in_it_whatever_that_is() {
    let mut cluster = cluster("1.34", vec![]);
    let shop = known(Kind::Namespace, "shop");
    cluster.create(&shop.resource, "", json!({"metadata": {"name": "shop"}}), &WriteOptions::default()).unwrap();
    let held = Target { namespace: "shop".to_owned(), ..widget("held") };
    for finalizers in [json!([]), json!(["example.com/hold"])] {
        let name = if finalizers == json!([]) { "free" } else { "held" };
        let body = json!({"metadata": {"name": name, "finalizers": finalizers}});
        cluster.create(&held.resource, "shop", body, &WriteOptions::default()).unwrap();
    }
    let deleted = cluster.delete_target(&shop, DeleteOptions::default(), &Preconditions::default(), false).unwrap();
    assert!(matches!(&deleted, Deleted::Marked(object) if object["status"]["phase"] == "Terminating"), "{deleted:?}");
    cluster.run_until(60_000);
    assert!(cluster.object_at(&Target { name: "free".to_owned(), ..held.clone() }).is_none());
    let late = cluster.create(&held.resource, "shop", json!({"metadata": {"name": "late"}}), &WriteOptions::default());
    let why = "widgets.example.com \"late\" is forbidden: unable to create new content in namespace shop because it is being terminated";
    let status = refused(late, 403, why);
    assert_eq!(status["details"]["causes"][0]["reason"], "NamespaceTerminating");
    patch(&mut cluster, &held, Patch::Merge(json!({"metadata": {"finalizers": null}}))).unwrap();
    cluster.run_until(120_000);
    assert!(cluster.object_at(&shop).is_none());
}

#[test]
fn a_scheduler_outside_binds_pods() {
    let mut cluster = cluster("1.34", vec![node("n1")]);
    create_known(&mut cluster, Kind::Pod, pod("p")).unwrap();
    let notes = BTreeMap::from([("by".to_owned(), "me".to_owned())]);
    let none = BTreeMap::new();
    cluster.bind_pod("default", "p", "n1", &notes, None, true).unwrap();
    cluster.bind_pod("default", "p", "n1", &notes, None, false).unwrap();
    let pod = stored(&cluster, &known(Kind::Pod, "p"));
    assert_eq!((&pod["spec"]["nodeName"], &pod["metadata"]["annotations"]["by"]), (&json!("n1"), &json!("me")));
    assert_eq!(pod["status"]["conditions"][0]["type"], "PodScheduled");
    let why = "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n1\"";
    refused(cluster.bind_pod("default", "p", "n2", &none, None, false), 409, why);
    refused(cluster.bind_pod("default", "q", "n2", &none, None, false), 404, "pods \"q\" not found");
    let gated = json!({"metadata": {"name": "g"},
        "spec": {"schedulingGates": [{"name": "example.com/g"}], "containers": [{"name": "c", "image": "i"}]}});
    create_known(&mut cluster, Kind::Pod, gated).unwrap();
    let why = "Operation cannot be fulfilled on pods/binding \"g\": pod g has non-empty .spec.schedulingGates";
    refused(cluster.bind_pod("default", "g", "n1", &none, None, false), 409, why);
}

#[test]
fn workloads_are_scaled() {
    let mut cluster = cluster("1.34", vec![]);
    create_known(&mut cluster, Kind::Deployment, web(2, "i", json!({}), json!({}))).unwrap();
    let target = known(Kind::Deployment, "web");
    let scale = cluster.scale_of(&target).unwrap();
    assert_eq!(
        (&scale["spec"]["replicas"], &scale["status"]),
        (&json!(2), &json!({"replicas": 0, "selector": "app=web"}))
    );
    let part = Some(Subresource::Scale);
    let wanted = Patch::Merge(json!({"spec": {"replicas": 4}}));
    let written = cluster.patch_object(&target, part, &wanted, &WriteOptions::default()).unwrap();
    assert_eq!((&written.object["kind"], &written.object["spec"]["replicas"]), (&json!("Scale"), &json!(4)));
    assert_eq!(stored(&cluster, &target)["metadata"]["generation"], 2);
    let stale = cluster.replace(&target, part, scale, &WriteOptions::default());
    assert_eq!(stale.unwrap_err().code(), 409);
    let negative = Patch::Merge(json!({"spec": {"replicas": -1}}));
    let why =
        "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    refused(cluster.patch_object(&target, part, &negative, &WriteOptions::default()), 422, why);
}

#[test]
fn events_come_in_both_versions() {
    let mut cluster = cluster("1.34", vec![]);
    let newer = WriteOptions { api_version: Some("events.k8s.io/v1".to_owned()), ..WriteOptions::default() };
    let body = json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"},
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "me", "reportingInstance": "me-1",
        "action": "Binding", "reason": "Scheduled", "type": "Normal", "note": "done",
        "regarding": {"kind": "Pod", "name": "p", "namespace": "default"}});
    let written = cluster.create(&ResourceRef::Known(Kind::Event), "default", body, &newer).unwrap().object;
    assert_eq!((&written["apiVersion"], &written["note"]), (&json!("events.k8s.io/v1"), &json!("done")));
    let target = known(Kind::Event, "e");
    let event = stored(&cluster, &target);
    assert_eq!((&event["message"], &event["involvedObject"]["name"]), (&json!("done"), &json!("p")));
    let note = Patch::Strategic(json!({"note": "again"}));
    let patched = cluster.patch_object(&target, None, &note, &newer).unwrap().object;
    assert_eq!((&patched["note"], &stored(&cluster, &target)["message"]), (&json!("again"), &json!("again")));
}

#[test]
fn a_pod_can_name_its_node() {
    let mut cluster = cluster("1.34", vec![node("n1"), node("n2")]);
    let mut body = pod("p");
    body["spec"]["nodeName"] = "n2".into();
    create_known(&mut cluster, Kind::Pod, body).unwrap();
    cluster.run_until(60_000);
    let pod = stored(&cluster, &known(Kind::Pod, "p"));
    assert_eq!((&pod["spec"]["nodeName"], &pod["status"]["phase"]), (&json!("n2"), &json!("Running")));
}

/// What clients could not read back is not taken (`resource.ErrFormatWrong`).
#[test]
fn an_amount_that_is_none_is_refused() {
    let mut cluster = cluster("1.34", vec![]);
    let mut body = pod("p");
    body["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "abc"}});
    let error = create_known(&mut cluster, Kind::Pod, body).unwrap_err();
    assert_eq!(error.code(), 400);
    assert!(error.to_string().contains("quantities must match the regular expression"), "{error}");
}

#[test]
fn a_config_map_that_is_immutable_keeps_its_data() {
    let mut cluster = cluster("1.34", vec![]);
    let with = |data: &str, immutable: bool| {
        let mut body = config("settings");
        body["data"]["a"] = json!(data);
        body["immutable"] = json!(immutable);
        body
    };
    create_known(&mut cluster, Kind::ConfigMap, with("1", true)).unwrap();
    let target = known(Kind::ConfigMap, "settings");
    let why = "ConfigMap \"settings\" is invalid: data: Forbidden: field is immutable when `immutable` is set";
    refused(replace(&mut cluster, &target, with("2", true)), 422, why);
    replace(&mut cluster, &target, with("1", true)).unwrap();
}

#[test]
fn taints_that_no_server_takes_are_refused() {
    let mut cluster = cluster("1.30", vec![node("n1")]);
    let target = known(Kind::Node, "n1");
    let taint = |effect: &str| json!({"spec": {"taints": [{"key": "a", "effect": effect}]}});
    let why = "Node \"n1\" is invalid: metadata.taints[0].effect: Unsupported value: \"Foo\": \
               supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"";
    refused(patch(&mut cluster, &target, Patch::Merge(taint("Foo"))), 422, why);
    patch(&mut cluster, &target, Patch::Merge(taint("NoSchedule"))).unwrap();
}
