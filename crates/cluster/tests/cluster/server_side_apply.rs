//! Server-side apply: whose fields are whose, conflicts, and what goes when its owner no longer names it.

use serde_json::{Value, json};
use sim_cluster::{ApiError, Cluster, Kind, Patch, ResourceRef, Target, WriteOptions, Written};

use crate::common::{cluster, web};

fn target(kind: Kind, name: &str) -> Target {
    Target { resource: ResourceRef::Known(kind), namespace: "default".to_owned(), name: name.to_owned() }
}

fn by(manager: &str) -> WriteOptions {
    WriteOptions { field_manager: manager.to_owned(), ..WriteOptions::default() }
}

fn config(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
}

fn apply(cluster: &mut Cluster, manager: &str, configuration: Value, force: bool) -> Result<Written, ApiError> {
    let kind = Kind::of(configuration["apiVersion"].as_str().unwrap(), configuration["kind"].as_str().unwrap());
    let target = target(kind.unwrap(), configuration["metadata"]["name"].as_str().unwrap());
    let options = WriteOptions { force, ..by(manager) };
    cluster.patch_object(&target, None, &Patch::Apply(configuration), &options)
}

fn managers(object: &Value) -> Vec<(String, String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .iter()
        .map(|entry| (text(&entry["manager"]), text(&entry["operation"]), entry["fieldsV1"].clone()))
        .collect()
}

fn owner(name: &str, operation: &str, fields: Value) -> (String, String, Value) {
    (name.to_owned(), operation.to_owned(), fields)
}

#[test]
fn what_is_applied_is_created_owned_and_taken_back() {
    let mut cluster = cluster("1.34", vec![]);
    let made = apply(&mut cluster, "one", config(json!({"a": "1", "b": "2"})), false).unwrap();
    assert!(made.created);
    assert_eq!(managers(&made.object), [owner("one", "Apply", json!({"f:data": {"f:a": {}, "f:b": {}}}))]);
    let entry = &made.object["metadata"]["managedFields"][0];
    assert_eq!((&entry["apiVersion"], &entry["fieldsType"]), (&json!("v1"), &json!("FieldsV1")));
    assert_eq!(entry["time"], "1970-01-01T00:00:00Z");
    // Another applier of the same value owns it too; what only the first wanted goes with it.
    apply(&mut cluster, "two", config(json!({"b": "2"})), false).unwrap();
    let now = apply(&mut cluster, "one", config(json!({"c": "3"})), false).unwrap().object;
    assert_eq!(now["data"], json!({"b": "2", "c": "3"}));
    let fields = |field: &str| json!({"f:data": {field: {}}});
    assert_eq!(managers(&now), [owner("one", "Apply", fields("f:c")), owner("two", "Apply", fields("f:b"))]);
}

#[test]
fn applying_the_same_again_writes_nothing() {
    let mut cluster = cluster("1.34", vec![]);
    let mut body = web(1, "i", json!({}), json!({}));
    body["metadata"] = json!({"name": "web"});
    let made = apply(&mut cluster, "one", body.clone(), false).unwrap().object;
    cluster.run_until(60_000);
    let version = cluster.store().resource_version();
    let again = apply(&mut cluster, "one", body, false).unwrap();
    assert!(!again.created);
    assert_eq!(cluster.store().resource_version(), version);
    assert_eq!(again.object["metadata"]["managedFields"], made["metadata"]["managedFields"]);
}

#[test]
fn fields_of_others_are_a_conflict_unless_forced() {
    let mut cluster = cluster("1.34", vec![]);
    let resource = ResourceRef::Known(Kind::Deployment);
    let body = web(1, "i", json!({}), json!({}));
    let made = cluster.create(&resource, "default", body, &by("kubectl-client-side-apply")).unwrap().object;
    let fields = &made["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields["f:spec"]["f:replicas"], json!({}));
    assert_eq!(fields["f:spec"]["f:selector"], json!({}));
    assert_eq!(fields["f:spec"].get("."), None);
    let container = &fields["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"c\"}"];
    assert_eq!((&container["."], &container["f:image"]), (&json!({}), &json!({})));
    let mut wanted =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 3}});
    let error = apply(&mut cluster, "two", wanted.clone(), false).unwrap_err();
    let message =
        "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas";
    assert_eq!((error.message.as_str(), error.code()), (message, 409));
    let cause = json!({"reason": "FieldManagerConflict", "message": "conflict with \"kubectl-client-side-apply\" using apps/v1", "field": ".spec.replicas"});
    assert_eq!(error.status()["details"], json!({"causes": [cause]}));
    wanted["spec"]["template"] = json!({"spec": {"containers": [{"name": "c", "image": "j"}]}});
    let error = apply(&mut cluster, "two", wanted.clone(), false).unwrap_err();
    let message = "Apply failed with 2 conflicts: conflicts with \"kubectl-client-side-apply\" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name=\"c\"].image";
    assert_eq!(error.message, message);
    let now = apply(&mut cluster, "two", wanted, true).unwrap().object;
    assert_eq!((&now["spec"]["replicas"], &now["metadata"]["generation"]), (&json!(3), &json!(2)));
    assert_eq!(now["spec"]["template"]["spec"]["containers"][0]["image"], "j");
    let names: Vec<String> = managers(&now).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["two", "kubectl-client-side-apply"]);
    assert_eq!(now["metadata"]["managedFields"][1]["fieldsV1"]["f:spec"].get("f:replicas"), None);
    // The last to want the replicas no longer does: they go, and their default comes.
    let bare = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"paused": true, "template": {"spec": {"containers": [{"name": "c", "image": "j"}]}}}});
    let now = apply(&mut cluster, "two", bare, false).unwrap().object;
    assert_eq!((&now["spec"]["replicas"], &now["spec"]["paused"]), (&json!(1), &json!(true)));
}

#[test]
fn items_of_lists_have_owners_of_their_own() {
    let mut cluster = cluster("1.34", vec![]);
    let mut body = web(1, "i", json!({}), json!({}));
    body["metadata"] = json!({"name": "web"});
    apply(&mut cluster, "one", body.clone(), false).unwrap();
    let sidecar = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [{"name": "side", "image": "s", "ports": [{"containerPort": 80}]}]}}}});
    let now = apply(&mut cluster, "two", sidecar.clone(), false).unwrap().object;
    let names = |object: &Value| -> Vec<String> {
        let containers = object["spec"]["template"]["spec"]["containers"].as_array().unwrap();
        containers.iter().map(|container| container["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut both = names(&now);
    both.sort();
    assert_eq!(both, ["c", "side"]);
    let own = &managers(&now).into_iter().find(|(name, ..)| name == "two").unwrap().2;
    let item = &own["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"side\"}"];
    let port = json!({"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}});
    assert_eq!((&item["f:ports"], &item["f:image"]), (&port, &json!({})));
    let mut none = sidecar;
    none["spec"]["template"]["spec"]["containers"] = json!([]);
    let now = apply(&mut cluster, "two", none, false).unwrap().object;
    assert_eq!(names(&now), ["c"]);
}

#[test]
fn kubectl_may_take_what_it_applied_on_its_own_side() {
    let mut cluster = cluster("1.34", vec![]);
    let last = config(json!({"a": "1"}));
    let mut body = last.clone();
    body["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": format!("{last}\n")});
    cluster.create(&ResourceRef::Known(Kind::ConfigMap), "default", body, &by("kubectl-client-side-apply")).unwrap();
    apply(&mut cluster, "else", config(json!({"a": "2"})), false).unwrap_err();
    let now = apply(&mut cluster, "kubectl", config(json!({"a": "2"})), false).unwrap().object;
    assert_eq!(now["data"], json!({"a": "2"}));
    let kept = now["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].as_str().unwrap();
    assert!(kept.contains("\"a\":\"2\""), "{kept}");
}

#[test]
fn what_was_there_before_belongs_to_whoever_made_it() {
    let mut cluster = cluster(
        "1.34",
        vec![{
            let mut body = config(json!({"a": "1"}));
            body["metadata"]["namespace"] = "default".into();
            body
        }],
    );
    let error = apply(&mut cluster, "one", config(json!({"a": "2"})), false).unwrap_err();
    let message = "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a";
    assert_eq!(error.message, message);
    apply(&mut cluster, "one", config(json!({"b": "2"})), false).unwrap();
    // What is not tracked from the start is not tracked by updates.
    let mut other = cluster.clone();
    let data = Patch::Merge(json!({"data": {"c": "3"}}));
    let now = other.patch_object(&target(Kind::ConfigMap, "c"), None, &data, &by("me")).unwrap().object;
    let names: Vec<String> = managers(&now).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["one", "before-first-apply", "me"]);
}

#[test]
fn a_configuration_must_be_one_of_the_object() {
    let mut cluster = cluster("1.34", vec![]);
    let object = target(Kind::ConfigMap, "c");
    let mut send = |configuration: Value, options: &WriteOptions| {
        cluster.patch_object(&object, None, &Patch::Apply(configuration), options).unwrap_err()
    };
    let error = send(config(json!({})), &WriteOptions::default());
    let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
    assert_eq!((error.message.as_str(), error.code()), (message, 422));
    let error = send(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "c"}}), &by("one"));
    assert_eq!((error.message.as_str(), error.code()), ("invalid object type: apps/v1, Kind=Deployment", 400));
    let mut owned = config(json!({}));
    owned["metadata"]["managedFields"] = json!([]);
    assert_eq!(send(owned, &by("one")).message, "metadata.managedFields must be nil");
    let mut unknown = config(json!({}));
    unknown["daata"] = json!({});
    let message =
        "failed to create typed patch object (default/c; /v1, Kind=ConfigMap): .daata: field not declared in schema";
    assert_eq!(send(unknown, &by("one")).message, message);
    let mut another = config(json!({}));
    another["metadata"]["uid"] = "u".into();
    let message = "Operation cannot be fulfilled on configmaps \"c\": uid mismatch: the provided object specified uid u, and no existing object was found";
    assert_eq!(send(another, &by("one")).message, message);
    let forced = WriteOptions { force: true, ..by("one") };
    let error = cluster.patch_object(&object, None, &Patch::Merge(json!({})), &forced).unwrap_err();
    let message =
        "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch";
    assert_eq!(error.message, message);
}

#[test]
fn custom_resources_are_applied_too() {
    let mut cluster = cluster("1.34", vec![]);
    let resource = ResourceRef::Other {
        api_version: "example.com/v1".to_owned(),
        kind: "Widget".to_owned(),
        plural: "widgets".to_owned(),
        namespaced: true,
    };
    let target = Target { resource, namespace: "default".to_owned(), name: "w".to_owned() };
    let body = |list: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"containers": list}});
    let made = cluster.patch_object(&target, None, &Patch::Apply(body(json!([{"name": "a"}]))), &by("one")).unwrap();
    assert!(made.created);
    assert_eq!(managers(&made.object)[0].2, json!({"f:spec": {"f:containers": {}}}));
    let now = cluster.patch_object(&target, None, &Patch::Apply(body(json!([{"name": "b"}]))), &by("one")).unwrap();
    assert_eq!(now.object["spec"]["containers"], json!([{"name": "b"}]));
}

#[test]
fn many_updaters_are_not_told_apart_for_ever() {
    let mut cluster = cluster("1.34", vec![]);
    apply(&mut cluster, "one", config(json!({})), false).unwrap();
    for index in 0..14 {
        let data = Patch::Merge(json!({"data": {format!("k{index}"): "v"}}));
        let options = by(&format!("m{index:02}"));
        cluster.patch_object(&target(Kind::ConfigMap, "c"), None, &data, &options).unwrap();
        cluster.run_until(cluster.now_ms() + 1000);
    }
    let object = cluster.object_at(&target(Kind::ConfigMap, "c")).unwrap().to_value();
    let updaters: Vec<String> = managers(&object)
        .into_iter()
        .filter(|(_, operation, _)| operation == "Update")
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(updaters.len(), 10, "{updaters:?}");
    assert!(updaters.contains(&"ancient-changes".to_owned()) && updaters.contains(&"m13".to_owned()));
}
