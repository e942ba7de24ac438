//! The definitions of kinds: of built-in ones from their types, of custom ones from what defines them.

use std::borrow::Cow;

use k8s_openapi::Resource;
use k8s_openapi::api::{
    admissionregistration, apps, autoscaling, batch, certificates, coordination, core, discovery, events, networking,
    node, policy, rbac, resource, scheduling, storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use sim_cluster::Store;

use super::kind_of;
use super::patch_keys::PATCH_KEYS;
use crate::served::Served;

/// What references begin with.
pub(super) const REF: &str = "#/definitions/";

/// A kind that has a type.
struct Typed {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    name: fn() -> Cow<'static, str>,
    describe: fn(&mut SchemaGenerator),
}

macro_rules! typed {
    ($($kind:ty,)*) => {
        &[$(Typed {
            group: <$kind as Resource>::GROUP,
            version: <$kind as Resource>::VERSION,
            kind: <$kind as Resource>::KIND,
            name: <$kind as JsonSchema>::schema_name,
            describe: |generator| { generator.subschema_for::<$kind>(); },
        },)*]
    };
}

static TYPED: &[Typed] = typed![
    core::v1::ComponentStatus,
    core::v1::ConfigMap,
    core::v1::Endpoints,
    core::v1::Event,
    core::v1::LimitRange,
    core::v1::Namespace,
    core::v1::Node,
    core::v1::PersistentVolume,
    core::v1::PersistentVolumeClaim,
    core::v1::Pod,
    core::v1::PodTemplate,
    core::v1::ReplicationController,
    core::v1::ResourceQuota,
    core::v1::Secret,
    core::v1::Service,
    core::v1::ServiceAccount,
    admissionregistration::v1::MutatingWebhookConfiguration,
    admissionregistration::v1::ValidatingWebhookConfiguration,
    apiextensions::v1::CustomResourceDefinition,
    apiregistration::v1::APIService,
    apps::v1::ControllerRevision,
    apps::v1::DaemonSet,
    apps::v1::Deployment,
    apps::v1::ReplicaSet,
    apps::v1::StatefulSet,
    autoscaling::v1::HorizontalPodAutoscaler,
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::CronJob,
    batch::v1::Job,
    certificates::v1::CertificateSigningRequest,
    coordination::v1::Lease,
    discovery::v1::EndpointSlice,
    events::v1::Event,
    networking::v1::Ingress,
    networking::v1::IngressClass,
    networking::v1::NetworkPolicy,
    node::v1::RuntimeClass,
    policy::v1::PodDisruptionBudget,
    rbac::v1::ClusterRole,
    rbac::v1::ClusterRoleBinding,
    rbac::v1::Role,
    rbac::v1::RoleBinding,
    resource::v1::DeviceClass,
    resource::v1::ResourceClaim,
    resource::v1::ResourceClaimTemplate,
    resource::v1::ResourceSlice,
    scheduling::v1::PriorityClass,
    storage::v1::CSIDriver,
    storage::v1::CSINode,
    storage::v1::CSIStorageCapacity,
    storage::v1::StorageClass,
    storage::v1::VolumeAttachment,
    storage::v1::VolumeAttributesClass,
];

impl Typed {
    /// The type of a kind: in this version of its group, else in the one that there is.
    fn of(served: &Served) -> Option<&'static Self> {
        let is_of = |typed: &&Self| typed.group == served.resource.group && typed.kind == served.resource.kind;
        TYPED.iter().find(|typed| is_of(typed) && typed.version == served.version).or(TYPED.iter().find(is_of))
    }
}

/// The definitions of these kinds and of whatever they refer to, by name, as v2 has them.
pub(super) fn definitions(all: &[&Served], store: &Store) -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/definitions".into();
    let mut generator = settings.into_generator();
    // Custom resources refer to it.
    generator.subschema_for::<ObjectMeta>();
    all.iter().filter_map(|served| Typed::of(served)).for_each(|typed| (typed.describe)(&mut generator));
    let mut definitions = generator.take_definitions(false);
    for (name, format) in [
        ("io.k8s.apimachinery.pkg.api.resource.Quantity", None),
        ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", Some("int-or-string")),
    ] {
        let Some(definition) = definitions.get_mut(name).and_then(Value::as_object_mut) else { continue };
        definition.shift_remove("x-kubernetes-int-or-string");
        definition.insert("type".to_owned(), "string".into());
        definition.extend(format.map(|format| ("format".to_owned(), format.into())));
    }
    // Whatever stands there: a type would have clients refuse the rest.
    for name in ["JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"] {
        let name = format!("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.{name}");
        if let Some(definition) = definitions.get_mut(&name).and_then(Value::as_object_mut) {
            definition.retain(|field, _| field == "description");
        }
    }
    for (name, field, strategy, key) in PATCH_KEYS {
        let Some(field) = definitions.get_mut(*name).and_then(|schema| schema["properties"].get_mut(*field)) else {
            continue;
        };
        field["x-kubernetes-patch-strategy"] = (*strategy).into();
        if !key.is_empty() {
            field["x-kubernetes-patch-merge-key"] = (*key).into();
        }
    }
    for served in all {
        let (name, mut definition) = match Typed::of(served) {
            Some(typed) => {
                let name = (typed.name)();
                let mut definition = definitions.get(name.as_ref()).cloned().unwrap_or_default();
                // The types want it; upstream's definitions do not.
                if let Some(required) = definition.get_mut("required").and_then(Value::as_array_mut) {
                    required.retain(|field| field != "metadata");
                }
                (name.replace(&format!(".{}.", typed.version), &format!(".{}.", served.version)), definition)
            }
            None => (custom_name(served), custom(served, store)),
        };
        definition["x-kubernetes-group-version-kind"] = json!([kind_of(served)]);
        definitions.insert(name, definition);
    }
    definitions
}

/// The name of a custom kind's definition, the group's words turned round.
fn custom_name(served: &Served) -> String {
    let words: Vec<&str> = served.resource.group.rsplit('.').chain([served.version.as_str()]).collect();
    format!("{}.{}", words.join("."), served.resource.kind)
}

/// What its definition says of a custom kind; of one that nobody defines there is nothing to say.
fn custom(served: &Served, store: &Store) -> Value {
    let resource = &served.resource;
    let specs = store.others().filter(|object| object.kind == "CustomResourceDefinition");
    let mut specs = specs.filter_map(|object| object.rest.get("spec"));
    let spec = specs.find(|spec| spec["group"] == *resource.group && spec["names"]["plural"] == *resource.plural);
    let schema = spec.and_then(|spec| {
        let mut versions = spec["versions"].as_array().into_iter().flatten();
        let version = versions.find(|version| version["name"] == *served.version);
        version.and_then(|version| version["schema"].get("openAPIV3Schema"))
    });
    let Some(Value::Object(schema)) = schema else {
        return json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    };
    let mut schema = schema.clone();
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if !properties.is_object() {
        *properties = json!({});
    }
    // `addTypeMetaProperties`: as every kind has them.
    let any = core::v1::ConfigMap::json_schema(&mut SchemaGenerator::default());
    for name in ["apiVersion", "kind"] {
        properties[name] = json!({"description": any_description(&any, name), "type": "string"});
    }
    properties["metadata"] = json!({
        "description": any_description(&any, "metadata"),
        "$ref": format!("{REF}{}", ObjectMeta::schema_name()),
    });
    Value::Object(schema)
}

fn any_description(kind: &schemars::Schema, field: &str) -> Value {
    kind.as_value()["properties"][field]["description"].clone()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use sim_cluster::{Resource, Store};

    use super::{PATCH_KEYS, TYPED, Typed, definitions};
    use crate::served::served;

    /// Nobody has checked what a definition says of its kind.
    #[test]
    fn a_custom_kind_with_a_broken_schema_is_defined_all_the_same() {
        for properties in [json!("none"), json!([]), json!(null), json!({"metadata": 1})] {
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": "widgets.example.com"},
                "spec": {
                    "group": "example.com",
                    "scope": "Namespaced",
                    "names": {"kind": "Widget", "plural": "widgets"},
                    "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": properties}}}],
                },
            });
            let mut store = Store::default();
            store.put_other(Arc::new(serde_json::from_value(definition).unwrap()));
            let all = served("v1.30.0".parse().unwrap(), Resource::all(&store));
            let definitions = definitions(&all.iter().collect::<Vec<_>>(), &store);
            let widget = &definitions["com.example.v1.Widget"];
            assert_eq!(widget["properties"]["kind"]["type"], "string", "{widget}");
            let said = |field: &str| widget["properties"][field]["description"].as_str().unwrap_or_default();
            assert!(said("apiVersion").starts_with("APIVersion defines the versioned schema"), "{widget}");
            assert!(said("kind").starts_with("Kind is a string value representing"), "{widget}");
            assert!(said("metadata").contains("api-conventions.md#metadata"), "{widget}");
        }
    }

    #[test]
    fn every_built_in_kind_is_defined_and_every_key_has_its_field() {
        for minor in [20, 27, 37] {
            let all = served(format!("v1.{minor}.0").parse().unwrap(), Resource::all(&Store::default()));
            let untyped: Vec<String> = all
                .iter()
                .filter(|served| Typed::of(served).is_none())
                .map(|served| format!("{} {}", served.api_version(), served.resource.kind))
                .collect();
            assert!(untyped.is_empty(), "{untyped:?}");
            let definitions = definitions(&all.iter().collect::<Vec<_>>(), &Store::default());
            for served in &all {
                let kind = super::kind_of(served);
                let named = definitions.iter().filter(|(_, of)| of["x-kubernetes-group-version-kind"][0] == kind);
                assert_eq!(named.count(), 1, "{kind}");
            }
        }
        let newest = served("v1.37.0".parse().unwrap(), Resource::all(&Store::default()));
        let definitions = definitions(&newest.iter().collect::<Vec<_>>(), &Store::default());
        for (name, field, ..) in PATCH_KEYS {
            assert!(definitions[*name]["properties"].get(*field).is_some(), "{name}.{field}");
        }
        assert!(TYPED.len() > 50);
    }
}
