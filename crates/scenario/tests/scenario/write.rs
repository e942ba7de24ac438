//! YAML as kubectl writes it, against what kubectl 1.27 and 1.37 made of the same objects (`kubectl annotate --local -f
//! FILE x- -o yaml`, and `-o json` for the other).

use serde_json::Value;
use sim_scenario::{to_json, to_yaml};

#[test]
fn yaml_is_kubectl_s_to_the_letter() {
    let objects = serde_json::Deserializer::from_str(include_str!("kubectl/objects.json")).into_iter::<Value>();
    let expected = include_str!("kubectl/objects.yaml");
    let written: Vec<String> = objects.map(|object| to_yaml(&object.unwrap())).collect();
    let written = written.join("---\n");
    for (ours, theirs) in written.split('\n').zip(expected.split('\n')) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(written.len(), expected.len());
}

#[test]
fn json_is_kubectl_s_to_the_letter() {
    let text = include_str!("kubectl/objects.json");
    let objects = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let written: String = objects.map(|object| to_json(&object.unwrap())).collect();
    for (ours, theirs) in written.split('\n').zip(text.split('\n')) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(written.len(), text.len());
}

#[test]
fn what_is_no_mapping_is_written_too() {
    for (value, expected) in [
        (serde_json::json!({}), "{}\n"),
        (serde_json::json!([]), "[]\n"),
        (serde_json::json!([[1], {"a": null}]), "- - 1\n- a: null\n"),
        (serde_json::json!("x: y"), "'x: y'\n"),
        (serde_json::json!("a\nb"), "|-\n  a\n  b\n"),
        (Value::Null, "null\n"),
    ] {
        assert_eq!(to_yaml(&value), expected);
    }
}
