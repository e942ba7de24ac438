//! The pages of `kubectl describe` against those of kubectl 1.27, 1.33 and 1.37, which were given the same objects by an
//! API server that did nothing but serve them. `t0` in `kubectl/objects.json` is when that was.

use k8s_openapi::jiff::{Timestamp, tz::Offset};
use serde_json::Value;
use sim_cluster::print::{PrintContext, describe};
use sim_cluster::{Kind, Object, Resource, Store, Unstructured};

/// Pages in which kubectl follows no order: that of a map in memory.
const UNORDERED: [(&str, &str); 4] = [
    ("1.27", "default/configmap/cm"),
    ("1.33", "default/configmap/cm"),
    ("1.27", "default/secret/sec"),
    ("1.33", "default/secret/sec"),
];

fn store(objects: &str) -> (Store, Timestamp) {
    let list: Value = serde_json::from_str(objects).unwrap();
    let mut store = Store::default();
    for value in list["items"].as_array().unwrap() {
        let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap());
        store.put_object(match kind {
            Some(kind) => Object::read(kind, value.clone()).unwrap(),
            None => Object::Other(serde_json::from_value::<Unstructured>(value.clone()).unwrap().into()),
        });
    }
    (store, Timestamp::from_second(list["t0"].as_i64().unwrap()).unwrap())
}

#[track_caller]
fn check(version: &str, objects: &str, recorded: &str, expected: usize) {
    let (store, now) = store(objects);
    let context = PrintContext::new(format!("v{version}.0").parse().unwrap(), now, Offset::UTC);
    let mut pages = 0;
    let mut wrong = Vec::new();
    for part in recorded.split("=== ").skip(1) {
        let (place, page) = part.split_once('\n').unwrap();
        let [namespace, kind, name] = place.split('/').collect::<Vec<_>>()[..] else { panic!("{place}") };
        let resource = Resource::named(&store, kind).remove(0);
        let objects = resource.objects(&store);
        let is_it = |object: &&Object| object.name() == name && object.namespace().unwrap_or_default() == namespace;
        let object = objects.iter().find(is_it).unwrap();
        if UNORDERED.contains(&(version, place)) {
            continue;
        }
        let shown = describe(&store, object, &context);
        pages += 1;
        if shown != page {
            let first = shown.lines().zip(page.lines()).find(|(ours, theirs)| ours != theirs);
            wrong.push(format!("{place}: {first:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{version}: {} of {pages}\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(pages, expected);
}

const OBJECTS: &str = include_str!("kubectl/objects.json");
/// Of kinds that nothing acts on. `sim serve` gave kubectl these.
const MORE: &str = include_str!("kubectl/more-objects.json");

#[test]
fn pages_are_those_of_kubectl_1_27() {
    check("1.27", OBJECTS, include_str!("kubectl/describe-1.27.txt"), 46);
    check("1.27", MORE, include_str!("kubectl/describe-more-1.27.txt"), 18);
}

#[test]
fn pages_are_those_of_kubectl_1_33() {
    check("1.33", OBJECTS, include_str!("kubectl/describe-1.33.txt"), 46);
    check("1.33", MORE, include_str!("kubectl/describe-more-1.33.txt"), 18);
}

#[test]
fn pages_are_those_of_kubectl_1_37() {
    check("1.37", OBJECTS, include_str!("kubectl/describe-1.37.txt"), 48);
    check("1.37", MORE, include_str!("kubectl/describe-more-1.37.txt"), 18);
}
