//! Custom resources as their definition wants them: what is checked, pruned and filled in.

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_cluster::{
    Cluster, FieldValidation, Object, Patch, ResourceRef, Setup, Subresource, Target, Unstructured, WriteOptions,
};

fn other(value: Value) -> Object {
    let object: Unstructured = serde_json::from_value(value).unwrap();
    Object::Other(object.into())
}

fn definition(schema: &Value, subresources: &Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [
                {"name": "v1beta1", "served": true, "storage": false, "schema": {"openAPIV3Schema": schema}},
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
                    "subresources": subresources}]}})
}

fn defined(version: &str, schema: &Value, subresources: &Value) -> Cluster {
    Cluster::new(Setup::of(version.parse().unwrap()), [other(definition(schema, subresources))])
}

fn schema_of_spec(spec: Value) -> Value {
    json!({"type": "object", "properties": {"spec": spec, "status": {"type": "object",
        "properties": {"replicas": {"type": "integer"}, "ready": {"type": "string"}}}}})
}

fn resource() -> ResourceRef {
    ResourceRef::Other {
        api_version: "example.com/v1".to_owned(),
        kind: "Widget".to_owned(),
        plural: "widgets".to_owned(),
        namespaced: true,
    }
}

fn target() -> Target {
    Target { resource: resource(), namespace: "default".to_owned(), name: "w".to_owned() }
}

fn widget(spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
}

fn create(cluster: &mut Cluster, body: Value) -> Result<Value, String> {
    let made = cluster.create(&resource(), "default", body, &WriteOptions::default());
    made.map(|written| written.object).map_err(|error| error.to_string())
}

fn patch(cluster: &mut Cluster, part: Option<Subresource>, patch: Value) -> Result<Value, String> {
    let made = cluster.patch_object(&target(), part, &Patch::Merge(patch), &WriteOptions::default());
    made.map(|written| written.object).map_err(|error| error.to_string())
}

/// What is said after `Widget.example.com "w" is invalid: ` of a field of the spec.
#[track_caller]
fn refused(version: &str, field: &Value, value: Value, why: &str) {
    let schema = schema_of_spec(json!({"type": "object", "properties": {"a": field}}));
    let mut cluster = defined(version, &schema, &json!({}));
    let said = create(&mut cluster, widget(json!({"a": value}))).unwrap_err();
    assert_eq!(said.replacen("Widget.example.com \"w\" is invalid: ", "", 1), why);
}

#[test]
fn values_are_checked_by_the_schema() {
    let check = |field: Value, value: Value, why: &str| refused("v1.31.0", &field, value, why);
    let integer = json!({"type": "integer"});
    check(
        integer.clone(),
        json!("two"),
        "spec.a: Invalid value: \"string\": spec.a in body must be of type integer: \"string\"",
    );
    check(integer, json!(1.5), "spec.a: Invalid value: \"number\": spec.a in body must be of type integer: \"number\"");
    check(
        json!({"x-kubernetes-int-or-string": true}),
        json!(true),
        "spec.a: Invalid value: \"boolean\": spec.a in body must be of type integer,string: \"boolean\"",
    );
    check(
        json!({"type": "string", "enum": ["red", "blue"]}),
        json!("green"),
        "spec.a: Unsupported value: \"green\": supported values: \"red\", \"blue\"",
    );
    check(
        json!({"type": "integer", "enum": [1, 2]}),
        json!(3),
        "spec.a: Unsupported value: 3: supported values: \"1\", \"2\"",
    );
    check(
        json!({"type": "integer", "minimum": 1}),
        json!(0),
        "spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1",
    );
    check(
        json!({"type": "number", "maximum": 1.5, "exclusiveMaximum": true}),
        json!(1.5),
        "spec.a: Invalid value: 1.5: spec.a in body should be less than 1.5",
    );
    check(
        json!({"type": "integer", "multipleOf": 5}),
        json!(7),
        "spec.a: Invalid value: 7: spec.a in body should be a multiple of 5",
    );
    check(
        json!({"type": "string", "pattern": "^[a-z]+$"}),
        json!("A1"),
        "spec.a: Invalid value: \"A1\": spec.a in body should match '^[a-z]+$'",
    );
    check(
        json!({"type": "string", "minLength": 1}),
        json!(""),
        "spec.a: Invalid value: \"\": spec.a in body should be at least 1 chars long",
    );
    check(json!({"type": "string", "maxLength": 3}), json!("abcd"), "spec.a: Too long: may not be longer than 3");
    check(
        json!({"type": "string", "format": "ipv4"}),
        json!("x"),
        "spec.a: Invalid value: \"x\": spec.a in body must be of type ipv4: \"x\"",
    );
    let list = json!({"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}});
    check(list.clone(), json!([]), "spec.a: Invalid value: 0: spec.a in body should have at least 1 items");
    check(list.clone(), json!(["a", "b", "c"]), "spec.a: Too many: 3: must have at most 2 items");
    check(
        list,
        json!([1]),
        "spec.a[0]: Invalid value: \"integer\": spec.a[0] in body must be of type string: \"integer\"",
    );
    let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
    check(
        map,
        json!({"k": 1}),
        "spec.a.k: Invalid value: \"integer\": spec.a.k in body must be of type string: \"integer\"",
    );
    let object = json!({"type": "object", "required": ["x", "y"], "properties": {"x": {"type": "string"}}});
    check(object, json!({}), "[spec.a.x: Required value, spec.a.y: Required value]");
    check(
        json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
        json!(["a", "b", "a", "a"]),
        "spec.a[2]: Duplicate value: \"a\"",
    );
    let keyed = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}});
    let twice = json!([{"name": "x"}, {"name": "x"}]);
    check(keyed.clone(), twice.clone(), "spec.a[1]: Duplicate value: map[string]interface {}{\"name\":\"x\"}");
    refused("v1.34.0", &keyed, twice, "spec.a[1]: Duplicate value: {\"name\":\"x\"}");
    check(
        json!({"type": "object", "properties": {"x": {"type": "string"}, "y": {"type": "string"}},
            "oneOf": [{"required": ["x"]}, {"required": ["y"]}]}),
        json!({"x": "1", "y": "2"}),
        "<nil>: Invalid value: \"\": \"spec.a\" must validate one and only one schema (oneOf). Found 2 valid \
         alternatives",
    );
    check(
        json!({"type": "integer", "anyOf": [{"minimum": 5}, {"enum": [1]}]}),
        json!(2),
        "[<nil>: Invalid value: \"\": \"spec.a\" must validate at least one schema (anyOf), spec.a: Invalid value: 2: \
         spec.a in body should be greater than or equal to 5]",
    );
}

#[test]
fn old_servers_tell_it_otherwise() {
    let long = json!({"type": "string", "maxLength": 3});
    let value = || json!("abcd");
    let old = "spec.a: Invalid value: \"abcd\": spec.a in body should be at most 3 chars long";
    refused("v1.23.0", &long, value(), old);
    refused("v1.33.0", &long, value(), "spec.a: Too long: may not be more than 3 bytes");
    let list = json!({"type": "array", "maxItems": 1, "items": {"type": "string"}});
    let two = || json!(["a", "b"]);
    refused("v1.23.0", &list, two(), "spec.a: Invalid value: 2: spec.a in body should have at most 1 items");
    refused("v1.37.0", &list, two(), "spec.a: Too many: 2: must have at most 1 item");
}

/// Rules in CEL are not looked at; upstream says so of a resource that is wrong otherwise.
#[test]
fn rules_are_not_looked_at_when_something_else_is_wrong() {
    let field = json!({"type": "integer", "x-kubernetes-validations": [{"rule": "self > 1"}]});
    let wrong = "spec.a: Invalid value: \"string\": spec.a in body must be of type integer: \"string\"";
    let rest = "some validation rules were not checked because the object was invalid; correct the existing errors to \
                complete validation";
    refused("v1.24.0", &field, json!("x"), wrong);
    refused("v1.31.0", &field, json!("x"), &format!("[{wrong}, <nil>: Invalid value: \"null\": {rest}]"));
    refused("v1.34.0", &field, json!("x"), &format!("[{wrong}, <nil>: Invalid value: null: {rest}]"));
}

#[test]
fn what_is_required_at_the_top_is_named_without_a_dot() {
    let mut schema = schema_of_spec(json!({"type": "object"}));
    schema["required"] = json!(["spec"]);
    let mut cluster = defined("v1.31.0", &schema, &json!({}));
    let bare = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}});
    let said = create(&mut cluster, bare).unwrap_err();
    assert_eq!(said, "Widget.example.com \"w\" is invalid: spec: Required value");
}

#[test]
fn unknown_fields_go_and_defaults_come() {
    let spec = json!({"type": "object", "properties": {
        "size": {"type": "integer", "default": 3},
        "mode": {"type": "string", "nullable": true},
        "plain": {"type": "string"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"known": {"type": "object", "properties": {}}}},
        "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": {"type": "object"}}}}});
    let schema = schema_of_spec(spec);
    let mut cluster = defined("v1.31.0", &schema, &json!({}));
    let mut body = widget(json!({"typo": 1, "mode": null, "plain": null,
        "free": {"anything": {"goes": 1}, "known": {"not": 1}},
        "list": [{}, {"a": 2, "b": 3}],
        "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "what": 1}}));
    body["extra"] = json!(true);
    let strict = WriteOptions { strict: FieldValidation::Strict, ..WriteOptions::default() };
    let said = cluster.create(&resource(), "default", body.clone(), &strict).unwrap_err().to_string();
    assert_eq!(
        said,
        "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown field \"extra\", unknown \
         field \"spec.free.known.not\", unknown field \"spec.list[1].b\", unknown field \"spec.template.what\", unknown \
         field \"spec.typo\""
    );
    let written = cluster.create(&resource(), "default", body, &WriteOptions::default()).unwrap();
    assert_eq!(written.warnings.len(), 5, "{:?}", written.warnings);
    assert_eq!(
        written.object["spec"],
        json!({"mode": null, "free": {"anything": {"goes": 1}, "known": {}}, "list": [{"a": 1}, {"a": 2}],
            "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}, "size": 3})
    );
    assert!(written.object.get("extra").is_none());
    // An apply says it otherwise.
    let applies = WriteOptions { field_manager: "me".to_owned(), ..WriteOptions::default() };
    let applied = Patch::Apply(widget(json!({"typo": 1})));
    let said = cluster.patch_object(&target(), None, &applied, &applies).unwrap_err().to_string();
    assert_eq!(
        said,
        "failed to create typed patch object (default/w; example.com/v1, Kind=Widget): .spec.typo: field not declared in \
         schema"
    );
}

#[test]
fn what_an_update_leaves_alone_is_not_checked_again() {
    let schema = schema_of_spec(json!({"type": "object", "properties": {
        "a": {"type": "integer"}, "b": {"type": "string"}}}));
    let update = |version: &str| {
        let wrong = json!({"apiVersion": "example.com/v1", "kind": "Widget",
            "metadata": {"name": "w", "namespace": "default"}, "spec": {"a": "x", "b": "y"}});
        let objects = [other(definition(&schema, &json!({}))), other(wrong)];
        let mut cluster = Cluster::new(Setup::of(version.parse().unwrap()), objects);
        patch(&mut cluster, None, json!({"spec": {"b": "z"}})).map(|_| ())
    };
    update("v1.30.0").unwrap();
    assert!(update("v1.29.0").unwrap_err().contains("spec.a in body must be of type integer"));
}

#[test]
fn a_status_is_a_part_of_its_own_where_the_definition_says_so() {
    let schema = schema_of_spec(json!({"type": "object", "properties": {"a": {"type": "integer"}}}));
    let mut apart = defined("v1.31.0", &schema, &json!({"status": {}}));
    let mut body = widget(json!({"a": 1}));
    body["status"] = json!({"ready": "yes"});
    let made = create(&mut apart, body.clone()).unwrap();
    assert!(made.get("status").is_none());
    let made =
        patch(&mut apart, Some(Subresource::Status), json!({"status": {"ready": "yes"}, "spec": {"a": 2}})).unwrap();
    assert_eq!((&made["status"]["ready"], &made["spec"]["a"]), (&json!("yes"), &json!(1)));
    assert_eq!(made["metadata"]["generation"], 1);
    let said = patch(&mut apart, Some(Subresource::Status), json!({"status": {"ready": 1}})).unwrap_err();
    assert_eq!(
        said,
        "Widget.example.com \"w\" is invalid: status.ready: Invalid value: \"integer\": ready in body must be of type \
         string: \"integer\""
    );
    let mut whole = defined("v1.31.0", &schema, &json!({}));
    let made = create(&mut whole, body).unwrap();
    assert_eq!(made["status"]["ready"], "yes");
    let made = patch(&mut whole, None, json!({"status": {"ready": "no"}})).unwrap();
    assert_eq!((&made["status"]["ready"], &made["metadata"]["generation"]), (&json!("no"), &json!(2)));
}

#[test]
fn a_custom_resource_is_scaled_where_its_definition_says() {
    let schema = schema_of_spec(json!({"type": "object", "properties": {"size": {"type": "integer", "maximum": 9}}}));
    let paths = json!({"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.replicas"});
    let mut cluster = defined("v1.31.0", &schema, &json!({"status": {}, "scale": paths}));
    create(&mut cluster, widget(json!({"size": 2}))).unwrap();
    let scale = cluster.scale_of(&target()).unwrap();
    assert_eq!(
        (&scale["kind"], &scale["spec"], &scale["status"]),
        (&json!("Scale"), &json!({"replicas": 2}), &json!({"replicas": 0}))
    );
    let scale = patch(&mut cluster, Some(Subresource::Scale), json!({"spec": {"replicas": 5}})).unwrap();
    assert_eq!(scale["spec"]["replicas"], 5);
    let said = patch(&mut cluster, Some(Subresource::Scale), json!({"spec": {"replicas": 10}})).unwrap_err();
    assert_eq!(
        said,
        "Widget.example.com \"w\" is invalid: spec.size: Invalid value: 10: spec.size in body should be less than or \
         equal to 9"
    );
    let said = patch(&mut cluster, None, json!({"spec": {"size": -1}})).unwrap_err();
    assert_eq!(
        said,
        "Widget.example.com \"w\" is invalid: .spec.size: Invalid value: -1: should be a non-negative integer"
    );
}

#[test]
fn an_object_is_one_in_all_versions() {
    let schema = schema_of_spec(json!({"type": "object", "properties": {"a": {"type": "integer"}}}));
    let mut cluster = defined("v1.31.0", &schema, &json!({}));
    let options = WriteOptions { api_version: Some("example.com/v1beta1".to_owned()), ..WriteOptions::default() };
    let mut body = widget(json!({"a": 1}));
    body["apiVersion"] = json!("example.com/v1beta1");
    let made = cluster.create(&resource(), "default", body, &options).unwrap().object;
    assert_eq!(made["apiVersion"], "example.com/v1beta1");
    let made = patch(&mut cluster, None, json!({"spec": {"a": 2}})).unwrap();
    assert_eq!((&made["apiVersion"], &made["spec"]["a"]), (&json!("example.com/v1"), &json!(2)));
    // So are those that a cluster starts with.
    let old = json!({"apiVersion": "example.com/v1beta1", "kind": "Widget",
        "metadata": {"name": "w", "namespace": "default"}, "spec": {"a": 1}});
    let objects = [other(old), other(definition(&schema, &json!({})))];
    let cluster = Cluster::new(Setup::of("v1.31.0".parse().unwrap()), objects);
    assert_eq!(cluster.object_at(&target()).unwrap().to_value()["apiVersion"], "example.com/v1");
}

fn definitions() -> ResourceRef {
    ResourceRef::Other {
        api_version: "apiextensions.k8s.io/v1".to_owned(),
        kind: "CustomResourceDefinition".to_owned(),
        plural: "customresourcedefinitions".to_owned(),
        namespaced: false,
    }
}

#[test]
fn a_definition_says_what_is_to_be_served() {
    let check = |change: &dyn Fn(&mut Value), why: &str| {
        let mut body = definition(&json!({"type": "object"}), &json!({}));
        change(&mut body);
        let mut cluster = Cluster::new(Setup::of("v1.31.0".parse().unwrap()), []);
        let made = cluster.create(&definitions(), "", body, &WriteOptions::default());
        let said = made.map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        let (_, said) = said.split_once(" is invalid: ").unwrap_or_default();
        assert_eq!(said, why);
    };
    check(&|_| {}, "");
    check(
        &|body| body["metadata"]["name"] = json!("widget"),
        "metadata.name: Invalid value: \"widget\": must be spec.names.plural+\".\"+spec.group",
    );
    check(&|body| body["spec"]["scope"] = json!(null), "spec.scope: Required value");
    check(
        &|body| body["spec"]["versions"][0]["storage"] = json!(true),
        "spec.versions: Invalid value: []apiextensions.CustomResourceDefinitionVersion{…}: must have exactly one version \
         marked as storage version",
    );
    check(
        &|body| body["spec"]["versions"][1]["schema"] = json!(null),
        "spec.versions[1].schema.openAPIV3Schema: Required value",
    );
    check(&|body| body["spec"]["names"]["kind"] = json!(""), "spec.names.kind: Required value");
}

/// A definition that is there and established, and what is said of a change of it.
fn changed(version: &str, change: &dyn Fn(&mut Value)) -> Result<Value, String> {
    let mut body = definition(&json!({"type": "object"}), &json!({}));
    body["status"] = json!({"conditions": [{"type": "Established", "status": "True"}], "storedVersions": ["v1"]});
    let mut cluster = Cluster::new(Setup::of(version.parse().unwrap()), [other(body)]);
    let target = Target { resource: definitions(), namespace: String::new(), name: "widgets.example.com".to_owned() };
    let mut now = cluster.object_at(&target).unwrap().to_value();
    change(&mut now);
    let made = cluster.replace(&target, None, now, &WriteOptions::default());
    made.map(|written| written.object)
        .map_err(|error| error.to_string().split_once(" is invalid: ").unwrap_or_default().1.to_owned())
}

#[test]
fn what_counts_for_what_is_stored_stays_as_it_is() {
    let refused = |change: &dyn Fn(&mut Value)| changed("v1.34.0", change).unwrap_err();
    assert_eq!(
        refused(&|body| body["spec"]["scope"] = json!("Cluster")),
        "spec.scope: Invalid value: \"Cluster\": field is immutable"
    );
    assert_eq!(
        refused(&|body| body["spec"]["names"]["kind"] = json!("Gadget")),
        "spec.names.kind: Invalid value: \"Gadget\": field is immutable"
    );
    assert_eq!(
        refused(&|body| body["spec"]["names"]["plural"] = json!("gadgets")),
        "spec.names.plural: Invalid value: \"gadgets\": field is immutable"
    );
    let unestablished = |body: &mut Value| {
        body["spec"]["scope"] = json!("Cluster");
        body["status"] = json!(null);
    };
    // What it says of its status is not asked.
    assert_eq!(refused(&unestablished), "spec.scope: Invalid value: \"Cluster\": field is immutable");
}

#[test]
fn versions_in_which_objects_may_be_stored_remain() {
    let flip = |body: &mut Value| {
        body["spec"]["versions"][0]["storage"] = json!(true);
        body["spec"]["versions"][1]["storage"] = json!(false);
    };
    let now = changed("v1.34.0", &flip).unwrap();
    assert_eq!(now["status"]["storedVersions"], json!(["v1", "v1beta1"]));
    let drop = |body: &mut Value| {
        body["spec"]["versions"].as_array_mut().unwrap().pop();
        body["spec"]["versions"][0]["storage"] = json!(true);
    };
    assert_eq!(
        changed("v1.34.0", &drop).unwrap_err(),
        "status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions; v1 was previously a storage \
         version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and \
         removes v1 from status.storedVersions"
    );
    assert_eq!(
        changed("v1.32.0", &drop).unwrap_err(),
        "status.storedVersions[0]: Invalid value: \"v1\": must appear in spec.versions"
    );
}

#[test]
fn a_definition_is_completed() {
    let mut cluster = Cluster::new(Setup::of("v1.34.0".parse().unwrap()), []);
    let body = definition(&json!({"type": "object"}), &json!({}));
    let made = cluster.create(&definitions(), "", body, &WriteOptions::default()).unwrap().object;
    assert_eq!(
        made["spec"]["names"],
        json!({"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"})
    );
    assert_eq!(made["spec"]["conversion"], json!({"strategy": "None"}));
    assert_eq!(made["status"], json!({"storedVersions": ["v1"]}));
}

#[test]
fn groups_of_the_community_are_reviewed() {
    let made = |group: &str, approved: Option<&str>| {
        let mut body = definition(&json!({"type": "object"}), &json!({}));
        body["metadata"]["name"] = json!(format!("widgets.{group}"));
        body["spec"]["group"] = json!(group);
        if let Some(approved) = approved {
            body["metadata"]["annotations"] = json!({"api-approved.kubernetes.io": approved});
        }
        let mut cluster = Cluster::new(Setup::of("v1.34.0".parse().unwrap()), []);
        let made = cluster.create(&definitions(), "", body, &WriteOptions::default());
        made.map(drop).map_err(|error| error.to_string().split_once(" is invalid: ").unwrap_or_default().1.to_owned())
    };
    assert_eq!(made("notk8s.io", None), Ok(()));
    assert_eq!(made("x.k8s.io", Some("https://github.com/kubernetes/kubernetes/pull/1")), Ok(()));
    assert_eq!(made("x.kubernetes.io", Some("unapproved, experimental")), Ok(()));
    assert_eq!(
        made("x.k8s.io", None).unwrap_err(),
        "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation \
         \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111"
    );
    assert_eq!(
        made("x.kubernetes.io", Some("yes")).unwrap_err(),
        "metadata.annotations[api-approved.kubernetes.io]: Invalid value: \"yes\": protected groups must have approval \
         annotation \"api-approved.kubernetes.io\" with either a URL or a reason starting with \"unapproved\", see \
         https://github.com/kubernetes/enhancements/pull/1111"
    );
}

#[test]
fn lists_are_applied_as_the_definition_says() {
    let items = |fields: Value| json!({"type": "object", "properties": fields});
    let schema = schema_of_spec(json!({"type": "object", "properties": {
        "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id", "port"],
            "items": items(json!({"id": {"type": "string"}, "port": {"type": "integer", "default": 1},
                "size": {"type": "integer"}, "tags": {"type": "array", "x-kubernetes-list-type": "set",
                    "items": {"type": "string"}}}))},
        "colours": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "steps": {"type": "array", "items": {"type": "string"}},
        "place": {"type": "object", "x-kubernetes-map-type": "atomic",
            "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}}}}));
    let mut cluster = defined("v1.34.0", &schema, &json!({}));
    let mut apply = |manager: &str, spec: Value| {
        let options = WriteOptions { field_manager: manager.to_owned(), ..WriteOptions::default() };
        let made = cluster.patch_object(&target(), None, &Patch::Apply(widget(spec)), &options);
        made.map(|written| written.object).map_err(|error| error.to_string())
    };
    let fields = |object: &Value, manager: &str| {
        let entries = object["metadata"]["managedFields"].as_array().unwrap();
        entries.iter().find(|entry| entry["manager"] == manager).unwrap()["fieldsV1"]["f:spec"].clone()
    };
    apply("one", json!({"parts": [{"id": "a", "size": 1, "tags": ["x"]}], "colours": ["red"]})).unwrap();
    let now = apply(
        "two",
        json!({"parts": [{"id": "b", "port": 2}, {"id": "a", "port": 1, "tags": ["y"]}],
        "colours": ["blue"]}),
    )
    .unwrap();
    assert_eq!(
        now["spec"],
        json!({"parts": [{"id": "b", "port": 2}, {"id": "a", "port": 1, "size": 1, "tags": ["x", "y"]}],
            "colours": ["red", "blue"]})
    );
    assert_eq!(
        fields(&now, "two"),
        json!({"f:colours": {"v:\"blue\"": {}}, "f:parts": {
            "k:{\"id\":\"a\",\"port\":1}": {".": {}, "f:id": {}, "f:port": {}, "f:tags": {"v:\"y\"": {}}},
            "k:{\"id\":\"b\",\"port\":2}": {".": {}, "f:id": {}, "f:port": {}}}})
    );
    // What the first no longer names goes, and nothing of the second's.
    let now = apply("one", json!({"steps": ["do"], "place": {"x": 1}})).unwrap();
    assert_eq!(
        now["spec"],
        json!({"parts": [{"id": "b", "port": 2}, {"id": "a", "port": 1, "tags": ["y"]}], "colours": ["blue"],
            "steps": ["do"], "place": {"x": 1}})
    );
    assert_eq!(fields(&now, "one"), json!({"f:place": {}, "f:steps": {}}));
    // What is one field is somebody's as a whole.
    assert_eq!(
        apply("two", json!({"place": {"y": 2}})).unwrap_err(),
        "Apply failed with 1 conflict: conflict with \"one\": .spec.place"
    );
    assert_eq!(
        apply("two", json!({"steps": ["rest"]})).unwrap_err(),
        "Apply failed with 1 conflict: conflict with \"one\": .spec.steps"
    );
}

#[test]
fn numbers_fit_in_their_format() {
    refused(
        "v1.34.0",
        &json!({"type": "integer", "format": "int32"}),
        json!(3_000_000_000_u64),
        "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.a",
    );
    refused(
        "v1.34.0",
        &json!({"type": "integer"}),
        json!(1u64 << 63),
        "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in spec.a",
    );
}

#[test]
fn objects_within_objects_say_what_they_are() {
    let embedded = json!({"type": "object", "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true});
    let schema = schema_of_spec(json!({"type": "object", "properties": {"a": embedded.clone(),
        "list": {"type": "array", "items": embedded}}}));
    let mut cluster = defined("v1.34.0", &schema, &json!({}));
    let said = create(&mut cluster, widget(json!({"a": {"kind": "", "x": 1}, "list": [{"apiVersion": 1}]})));
    assert_eq!(
        said.unwrap_err(),
        "Widget.example.com \"w\" is invalid: [spec.a.apiVersion: Required value, spec.a.kind: Required value, \
         spec.list[0].apiVersion: Invalid value: 1: must be a string, spec.list[0].kind: Required value]"
    );
    let body = widget(json!({"a": {"apiVersion": "v1", "kind": "Pod",
        "metadata": {"labels": {"a": "b"}, "name": "p", "zz": 1}, "zz": 1}}));
    let made = cluster.create(&resource(), "default", body, &WriteOptions::default()).unwrap();
    assert_eq!(
        made.object["spec"]["a"],
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "b"}, "name": "p"}, "zz": 1})
    );
    assert_eq!(made.warnings, ["unknown field \"spec.a.metadata.zz\""]);
}

/// Any value for what a schema may say.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..9).prop_map(Value::from),
        Just(json!(1.5)),
        proptest::sample::select(vec![
            "a", "object", "array", "string", "integer", "set", "map", "ipv4", "(", ".spec.a"
        ])
        .prop_map(Value::from),
    ];
    let key = proptest::sample::select(vec![
        "type",
        "properties",
        "items",
        "additionalProperties",
        "required",
        "enum",
        "pattern",
        "format",
        "default",
        "nullable",
        "minimum",
        "maxLength",
        "maxItems",
        "minProperties",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "a",
        "b",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-validations",
        "spec",
        "status",
        "metadata",
        "specReplicasPath",
        "statusReplicasPath",
    ]);
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever a definition and its objects say, the answer is an object or a refusal; one that was taken is taken again.
    #[test]
    fn no_definition_breaks_the_server(
        schema in anything(), subresources in anything(), spec in anything(), change in anything(),
    ) {
        let schema = json!({"type": "object", "properties": {"spec": schema}});
        let mut cluster = defined("v1.34.0", &schema, &subresources);
        let made = create(&mut cluster, widget(spec));
        if made.is_ok() {
            let _ = patch(&mut cluster, None, json!({"spec": change.clone()}));
            let _ = patch(&mut cluster, Some(Subresource::Status), json!({"status": change.clone()}));
            let _ = patch(&mut cluster, Some(Subresource::Scale), json!({"spec": {"replicas": 2}}));
            let whole = Patch::Json(json!([{"op": "replace", "path": "", "value": change}]));
            let _ = cluster.patch_object(&target(), None, &whole, &WriteOptions::default());
            let now = cluster.object_at(&target()).map(|object| object.to_value());
            if let Some(now) = now {
                let again = cluster.replace(&target(), None, now.clone(), &WriteOptions::default());
                prop_assert_eq!(again.map(|written| written.object["spec"].clone()).ok(), Some(now["spec"].clone()));
            }
        }
        let mut body = definition(&schema, &subresources);
        body["spec"]["names"] = subresources;
        let _ = cluster.create(&definitions(), "", body, &WriteOptions::default());
    }
}
