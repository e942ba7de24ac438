use k8s_openapi::api::{
    apps::v1 as apps, authentication::v1 as authentication, authorization::v1 as authorization,
    autoscaling::v1 as autoscaling_v1, autoscaling::v2 as autoscaling_v2, batch::v1 as batch,
    coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery, events::v1 as events,
    networking::v1 as networking, node::v1 as node, policy::v1 as policy, rbac::v1 as rbac,
    scheduling::v1 as scheduling, storage::v1 as storage,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schema::{KINDS, Message, Shape, Type, message_of};
use super::{Unread, read};

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn number(field: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(field) << 3), varint(value)].concat()
}

fn bytes(field: u32, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [varint((u64::from(field) << 3) | 2), varint(value.len() as u64), value.to_vec()].concat()
}

fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let type_meta = [bytes(1, api_version), bytes(2, kind)].concat();
    [b"k8s\0".to_vec(), bytes(1, type_meta), bytes(2, raw), bytes(3, ""), bytes(4, "")].concat()
}

#[test]
fn a_deployment_is_read_as_go_would_write_it() {
    // As Go writes: empty texts, zeros and times that are zero are there.
    let meta = [bytes(1, "web"), bytes(2, ""), bytes(3, "shop"), number(7, 0), bytes(8, "")].concat();
    let meta = [meta, bytes(11, [bytes(1, "app"), bytes(2, "")].concat())].concat();
    let limits = bytes(1, [bytes(1, "cpu"), bytes(2, bytes(1, "500m"))].concat());
    let port = [bytes(1, ""), number(2, 0), number(3, 80), bytes(4, "TCP"), bytes(5, "")].concat();
    let container = [bytes(1, "nginx"), bytes(2, "nginx"), bytes(5, ""), bytes(6, port), bytes(8, limits)].concat();
    let key = [bytes(1, bytes(1, "settings")), bytes(2, "a"), number(3, 0)].concat();
    let variable = [bytes(1, "A"), bytes(2, ""), bytes(3, bytes(3, key))].concat();
    let container = [container, bytes(7, variable)].concat();
    let volume = [bytes(1, "tmp"), bytes(2, bytes(2, bytes(1, "")))].concat();
    let pod = [bytes(1, volume), bytes(2, container), number(4, 0), number(11, 0)].concat();
    let template = [bytes(1, bytes(8, "")), bytes(2, pod)].concat();
    let surge = bytes(2, [number(1, 1), number(2, 0), bytes(3, "25%")].concat());
    let strategy = [bytes(1, "RollingUpdate"), bytes(2, surge)].concat();
    let spec = [number(1, 0), bytes(3, template), bytes(4, strategy), number(5, 0), number(7, 0)].concat();
    let raw = [bytes(1, meta), bytes(2, spec), bytes(3, number(1, 0))].concat();
    let expected = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": ""}},
        "spec": {
            // A pointer in Go: no replicas is not the same as none said.
            "replicas": 0,
            "template": {"metadata": {}, "spec": {
                "volumes": [{"name": "tmp", "emptyDir": {}}],
                "containers": [{
                    "name": "nginx",
                    "image": "nginx",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "resources": {"limits": {"cpu": "500m"}},
                    "env": [{"name": "A", "valueFrom": {
                        "configMapKeyRef": {"name": "settings", "key": "a", "optional": false}}}],
                }],
                "terminationGracePeriodSeconds": 0,
            }},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
        },
        "status": {},
    });
    assert_eq!(read(&body("apps/v1", "Deployment", &raw)), Ok(expected));
}

#[test]
fn special_fields_are_what_they_are_in_json() {
    let object = |api_version: &str, kind: &str, raw: Vec<u8>| read(&body(api_version, kind, &raw)).unwrap();
    let secret = bytes(2, [bytes(1, "a"), bytes(2, "b")].concat());
    assert_eq!(object("v1", "Secret", secret)["data"], json!({"a": "Yg=="}));
    let time = |seconds: i64, nanos: u64| [number(1, seconds as u64), number(2, nanos)].concat();
    let renewed = bytes(2, bytes(4, time(1_560_000_000, 1_999)));
    assert_eq!(object("coordination.k8s.io/v1", "Lease", renewed)["spec"]["renewTime"], "2019-06-08T13:20:00.000001Z");
    let made = bytes(1, bytes(8, time(1_560_000_000, 0)));
    assert_eq!(object("v1", "Pod", made)["metadata"]["creationTimestamp"], "2019-06-08T13:20:00Z");
    let groups = |groups: Vec<u8>| bytes(2, bytes(14, groups));
    let expected = json!([1, -2]);
    let apart = groups([number(4, 1), number(4, -2_i64 as u64)].concat());
    let packed = groups(bytes(4, [varint(1), varint(-2_i64 as u64)].concat()));
    for raw in [apart, packed] {
        assert_eq!(object("v1", "Pod", raw)["spec"]["securityContext"]["supplementalGroups"], expected);
    }
    let managed = bytes(1, bytes(17, [bytes(1, "x"), bytes(7, bytes(1, "{\"f:spec\":{}}"))].concat()));
    assert_eq!(
        object("v1", "Pod", managed)["metadata"]["managedFields"],
        json!([{"manager": "x", "fieldsV1": {"f:spec": {}}}])
    );
    let port = bytes(2, bytes(1, [number(3, 80), bytes(4, [number(1, 0), number(2, 8080)].concat())].concat()));
    assert_eq!(object("v1", "Service", port)["spec"]["ports"], json!([{"port": 80, "targetPort": 8080}]));
    // A message that comes in two parts.
    let parts = [bytes(1, bytes(1, "a")), bytes(1, bytes(3, "b"))].concat();
    assert_eq!(object("v1", "Pod", parts)["metadata"], json!({"name": "a", "namespace": "b"}));
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let unknown = |what: &str| Err(Unread::Unknown(what.to_owned()));
    let pod = |spec: Vec<u8>| read(&body("v1", "Pod", &bytes(2, spec)));
    assert_eq!(pod(number(999, 1)), unknown("field 999 of PodSpec is not known"));
    assert_eq!(pod(bytes(2, bytes(777, ""))), unknown("field 777 of Container is not known"));
    let quantity = bytes(1, [bytes(1, "cpu"), bytes(2, bytes(9, "1"))].concat());
    assert_eq!(pod(bytes(2, bytes(8, quantity))), unknown("field 9 of Quantity is not known"));
    assert_eq!(
        read(&body("example.com/v1", "Widget", b"")),
        unknown("kind \"Widget\" of \"example.com/v1\" is not known")
    );
}

#[test]
fn what_is_malformed_says_where() {
    let malformed = |why: &str| Err(Unread::Malformed(why.to_owned()));
    assert_eq!(read(b"{}"), malformed("it does not begin as Kubernetes' protobuf does"));
    let raw = |raw: &[u8]| read(&body("v1", "Pod", raw));
    assert_eq!(raw(&[0x0a, 0x05, 0x0a]), malformed("unexpected EOF"));
    assert_eq!(raw(&bytes(1, [0x0a, 0x05])), malformed("metadata: unexpected EOF"));
    assert_eq!(raw(&bytes(1, bytes(1, [0xff]))), malformed("metadata: name: it is not UTF-8"));
    assert_eq!(raw(&number(1, 1)), malformed("metadata: wrong wire type"));
    assert_eq!(raw(&[0xff; 11]), malformed("integer overflow"));
    assert_eq!(
        raw(&bytes(1, bytes(8, number(1, u64::MAX / 2)))),
        malformed("metadata: creationTimestamp: 9223372036854775807.000000000 s is no time")
    );
}

/// A message in which every field says something.
fn full(message: &Message) -> Vec<u8> {
    let mut all = Vec::new();
    for field in message.fields {
        let one = |number_: u32| match field.type_ {
            Type::Int32 | Type::Int64 | Type::Bool => number(number_, 1),
            Type::Text | Type::Bytes => bytes(number_, "x"),
            Type::Object(message) => bytes(number_, full(message)),
            Type::Quantity | Type::Texts => bytes(number_, bytes(1, "1")),
            Type::Time | Type::MicroTime => bytes(number_, number(1, 1)),
            Type::IntOrString => bytes(number_, [number(1, 1), bytes(3, "x")].concat()),
            Type::Raw => bytes(number_, bytes(1, "{\"a\":1}")),
        };
        all.extend(match field.shape {
            Shape::Map => bytes(field.number, [bytes(1, "k"), one(2)].concat()),
            _ => one(field.number),
        });
    }
    all
}

fn is_whole<T: DeserializeOwned + Serialize>(api_version: &str, kind: &str) {
    let message = message_of(api_version, kind).unwrap();
    let read = read(&body(api_version, kind, &full(message))).unwrap();
    let typed: T = serde_json::from_value(read.clone()).unwrap_or_else(|error| panic!("{kind}: {error}: {read}"));
    same(kind, &read, &serde_json::to_value(typed).unwrap());
}

/// Compares field by field, to name the one that differs.
fn same(path: &str, read: &Value, typed: &Value) {
    match (read, typed) {
        (Value::Object(read), Value::Object(typed)) => {
            // A claim in a template says its kind there, and not in Go.
            let is_said = |name: &&String| read.contains_key(*name) || !["apiVersion", "kind"].contains(&name.as_str());
            let names = |map: &serde_json::Map<String, Value>| {
                let mut names: Vec<String> = map.keys().filter(is_said).cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(read), names(typed), "{path}");
            read.iter().for_each(|(name, value)| same(&format!("{path}.{name}"), value, &typed[name]));
        }
        (Value::Array(read), Value::Array(typed)) => {
            assert_eq!(read.len(), typed.len(), "{path}");
            read.iter().zip(typed).for_each(|(read, typed)| same(path, read, typed));
        }
        (read, typed) => assert_eq!(read, typed, "{path}"),
    }
}

/// The tables against another's reading of the API: no field is called or typed otherwise.
#[test]
fn every_field_has_the_name_and_type_that_the_api_gives_it() {
    let mut seen = Vec::new();
    macro_rules! whole {
        ($api_version:literal: $($module:ident::$kind:ident),+) => {
            $(
                is_whole::<$module::$kind>($api_version, stringify!($kind));
                seen.push(($api_version, stringify!($kind)));
            )+
        };
    }
    whole!("v1": core::Binding, core::ComponentStatus, core::ConfigMap, core::Endpoints, core::Event, core::LimitRange,
        core::Namespace, core::Node, core::PersistentVolume, core::PersistentVolumeClaim, core::Pod, core::PodTemplate,
        core::ReplicationController, core::ResourceQuota, core::Secret, core::Service, core::ServiceAccount);
    whole!("apps/v1": apps::ControllerRevision, apps::DaemonSet, apps::Deployment, apps::ReplicaSet, apps::StatefulSet);
    whole!("authentication.k8s.io/v1": authentication::SelfSubjectReview, authentication::TokenRequest,
        authentication::TokenReview);
    whole!("authorization.k8s.io/v1": authorization::LocalSubjectAccessReview, authorization::SelfSubjectAccessReview,
        authorization::SelfSubjectRulesReview, authorization::SubjectAccessReview);
    whole!("autoscaling/v1": autoscaling_v1::HorizontalPodAutoscaler, autoscaling_v1::Scale);
    whole!("autoscaling/v2": autoscaling_v2::HorizontalPodAutoscaler);
    whole!("batch/v1": batch::CronJob, batch::Job);
    whole!("coordination.k8s.io/v1": coordination::Lease);
    whole!("discovery.k8s.io/v1": discovery::EndpointSlice);
    whole!("events.k8s.io/v1": events::Event);
    whole!("networking.k8s.io/v1": networking::IPAddress, networking::Ingress, networking::IngressClass,
        networking::NetworkPolicy, networking::ServiceCIDR);
    whole!("node.k8s.io/v1": node::RuntimeClass);
    whole!("policy/v1": policy::Eviction, policy::PodDisruptionBudget);
    whole!("rbac.authorization.k8s.io/v1": rbac::ClusterRole, rbac::ClusterRoleBinding, rbac::Role, rbac::RoleBinding);
    whole!("scheduling.k8s.io/v1": scheduling::PriorityClass);
    whole!("storage.k8s.io/v1": storage::CSIDriver, storage::CSINode, storage::CSIStorageCapacity,
        storage::StorageClass, storage::VolumeAttachment, storage::VolumeAttributesClass);
    // Of the beta there is nothing to compare with.
    let all: Vec<_> =
        KINDS.iter().map(|(of, kind, _)| (*of, *kind)).filter(|(of, _)| *of != "policy/v1beta1").collect();
    assert_eq!(seen, all);
}

/// A body, whole or broken, of a kind that is known.
fn some_body() -> impl Strategy<Value = Vec<u8>> {
    let junk = prop::collection::vec(any::<u8>(), 0..200);
    (0..KINDS.len(), any::<prop::sample::Index>(), any::<u8>(), junk.clone(), any::<bool>()).prop_map(
        |(kind, at, byte, junk, is_broken)| {
            let (api_version, kind, message) = KINDS[kind];
            if !is_broken {
                return body(api_version, kind, &junk);
            }
            let mut whole = body(api_version, kind, &full(message));
            let at = at.index(whole.len());
            whole[at] = byte;
            whole
        },
    )
}

proptest! {
    #[test]
    fn nothing_panics_and_all_ends(junk in prop::collection::vec(any::<u8>(), 0..400), broken in some_body()) {
        let _ = read(&junk);
        let _ = read(&[b"k8s\0".to_vec(), junk].concat());
        let _ = read(&broken);
    }
}
