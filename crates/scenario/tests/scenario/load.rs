//! Reading never panics, whatever the bytes are; what kubectl reads, we read the same.

use proptest::prelude::*;
use sim_cluster::Object;
use sim_scenario::{Input, Severity, load};

fn read(text: &str) -> Input {
    load(&["-"], &mut text.as_bytes())
}

#[track_caller]
fn error(text: &str, message: &str) {
    let input = read(text);
    let errors: Vec<String> = input
        .faults
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .map(|fault| format!("{fault} {}", fault.hint.as_deref().unwrap_or_default()))
        .collect();
    assert!(errors.iter().any(|error| error.contains(message)), "{message:?} is not in {errors:?}");
}

#[track_caller]
fn fine(text: &str) -> Vec<Object> {
    let input = read(text);
    assert!(input.is_usable(), "{:?}", input.faults);
    input.objects.into_iter().map(|loaded| loaded.object).collect()
}

fn pod(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers: [{{name: c, image: c}}]\n  {spec}\n"
    )
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let config = |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  k: {data}\n");
    for (written, read) in [("'0644'", "0644"), ("~x", "~x"), ("\"\\u00e9\"", "é"), ("|\n    a\n    b", "a\nb\n")] {
        let objects = fine(&config(written));
        assert_eq!(objects[0].to_value()["data"]["k"], read, "{written}");
    }
    error(&config("5"), "expected a string");
    error(&config("true"), "expected a string");
    let volume = |mode: &str| pod(&format!("volumes: [{{name: v, secret: {{secretName: s, defaultMode: {mode}}}}}]"));
    for mode in ["0644", "420", "0o644"] {
        let value = fine(&volume(mode))[0].to_value();
        assert_eq!(value["spec"]["volumes"][0]["secret"]["defaultMode"], 420, "{mode}");
    }
    error(&volume("0899"), "expected i32");
    let merged =
        "apiVersion: v1\nkind: Node\nmetadata:\n  name: n\n  labels: &l {a: b}\n  annotations:\n    <<: *l\n    c: d\n";
    assert_eq!(fine(merged)[0].metadata().annotations.as_ref().map(std::collections::BTreeMap::len), Some(2));
    let cpu = |cpu: &str| {
        format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nstatus: {{capacity: {{cpu: {cpu}, memory: 1Gi}}}}\n"
        )
    };
    for text in ["4", "0.5", "500m", "'2'", "1e3"] {
        fine(&cpu(text));
    }
    error(&cpu("-1"), "is negative");
    error(&cpu("12Gx"), "is no quantity");
}

#[test]
fn lists_and_old_api_versions() {
    let list = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a, uid: a}\n- metadata: {name: b, namespace: x, uid: b}\n";
    let objects = fine(list);
    assert_eq!((objects.len(), objects[0].namespace()), (2, Some("default")));
    let old = "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: c}]}}}\n";
    assert_eq!(fine(old)[0].to_value()["spec"]["selector"]["matchLabels"]["a"], "b");
    assert!(fine("apiVersion: v1\nkind: List\nitems: []\n").is_empty());
    let event = "apiVersion: events.k8s.io/v1\nkind: Event\nmetadata: {name: e, namespace: x}\nnote: hello\nregarding: {kind: Pod, name: p}\n";
    assert_eq!(fine(event)[0].to_value()["message"], "hello");
    assert_eq!(fine("{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"n\"}}").len(), 1);
    assert_eq!(fine("{apiVersion: v1, kind: Node, metadata: {name: n}}").len(), 1);
}

#[test]
fn what_an_api_server_refuses_is_refused() {
    error(&pod("tolerations: [{key: a, operator: exists}]"), "did you mean");
    error(&pod("tolerations: [{operator: Equal, value: x}]"), "operator must be Exists when `key` is empty");
    error(&pod("tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 5}]"), "effect must be 'NoExecute'");
    error(
        &pod("affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {}}]}}"),
        "topologyKey",
    );
    let term = |requirement: &str| {
        pod(&format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{{matchExpressions: [{requirement}]}}]}}}}}}"
        ))
    };
    error(&term("{key: a, operator: in, values: [b]}"), "\"in\" is not known");
    error(&term("{key: a, operator: In}"), "must be specified");
    error(&term("{key: a, operator: Gt, values: [x]}"), "must be one integer");
    error(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}]}\n",
        "must be less than or equal to cpu limit",
    );
    error(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {}}}\n",
        "`selector` does not match template `labels`",
    );
    error("apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\n", "has no name");
    let workload =
        |kind: &str, spec: &str| format!("apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: w}}\nspec: {spec}\n");
    let template =
        "selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c}]}}";
    error(
        &workload("Deployment", &format!("{{{template}}}")),
        "spec.template.spec.containers[0].image: Required value",
    );
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {containers: [{name: c, image: c}]}}}\n";
    error(job, "Job j: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"");
    // What a server has taken is right.
    fine("apiVersion: v1\nkind: Pod\nmetadata: {name: p, uid: u}\nspec: {containers: [{name: c}]}\n");
    // No server takes a workload that does not select its own pods.
    error(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, uid: u}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {}}}\n",
        "`selector` does not match template `labels`",
    );
    // One fault is told once.
    let one = read("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: c}]}\n");
    assert_eq!(one.faults.len(), 1, "{:?}", one.faults);
    error("- a\n- b\n", "is a list: expected a manifest");
    error("kind: Pod\nmetadata: {name: {{ .Values.name }}}\n", "");
}

#[test]
fn scenarios_are_checked_as_strictly() {
    let scenario = |spec: &str| format!("apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: s}}\nspec:\n  {spec}\n");
    error(&scenario("untill: 5m"), "unknown field `untill`");
    error(&scenario("until: 5"), "expected");
    error(&scenario("until: 5x"), "is no duration");
    error(&scenario("kubernetesVersion: v1.12"), "expected 1.16 to 1.37");
    error(&scenario("start: yesterday"), "is no point in time");
    error(&scenario("timeline: [{at: 1m, steps: [{explode: n1}]}]"), "unknown variant `explode`");
    for (spec, hint) in [
        ("timeline: [{at: 1m, steps: [{drian: {node: n1}}]}]", Some("did you mean drain?")),
        ("timeline: [{at: 1m, steps: [{nodeDwon: n1}]}]", Some("did you mean nodeDown?")),
        ("timeline: [{at: 1m, steps: [{explode: n1}]}]", None),
        ("untill: 5m", Some("did you mean until?")),
    ] {
        let faults = read(&scenario(spec)).faults;
        assert_eq!(faults[0].hint.as_deref(), hint, "{spec}");
    }
    error(
        &scenario("timeline: [{at: 1m, steps: [{taint: {taint: 'a:Sometimes'}}]}]"),
        "invalid taint effect: Sometimes",
    );
    error(&scenario("expectations: [{expect: {count: 1}}]"), "expected one of `pods`, `nodes`, `events` and `objects`");
    error(&scenario("expectations: [{pods: {}, expect: {taints: []}}]"), "`taints` cannot be expected of pods");
    error(&scenario("until: 1m\n  expectations: [{at: 2m, pods: {}, expect: {count: 1}}]"), "after the end of the run");
    error(&(scenario("until: 1m") + "---\n" + &scenario("until: 1m")), "second Scenario");
    let good = read(&scenario(
        "start: 2019-10-25T04:01:30-04:00\n  timeline: [{at: 1m, steps: [{apply: {objects: [{apiVersion: v1, kind: Node, metadata: {name: n}}]}}]}]",
    ));
    assert!(good.is_usable(), "{:?}", good.faults);
    let scenario = good.scenario.unwrap();
    assert_eq!(scenario.start.unwrap().1.seconds(), -4 * 3600);
    assert_eq!(scenario.timeline[0].at_ms, 60_000);
}

#[test]
fn a_written_list_is_read_again_the_same() {
    let objects = fine(&pod("nodeSelector: {a: b}"));
    let items: Vec<_> = objects.iter().map(Object::to_value).collect();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
    let again = fine(&serde_yaml::to_string(&list).unwrap());
    assert_eq!(again.iter().map(Object::to_value).collect::<Vec<_>>(), items);
}

/// Texts near to manifests: a real one with a few bytes changed, cut or doubled.
fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let text = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/kubespray-uninitialized.yaml"))
        .expect("the scenario");
    // A part of it, so that a case takes a millisecond.
    let text = text[..4000.min(text.len())].to_vec();
    let length = text.len();
    let edits = proptest::collection::vec(
        (0..length, proptest::sample::select(b"{}[]:-&*!|>'\"#%@\t\n \xff0a".to_vec())),
        1..12,
    );
    (edits, 0..length, any::<bool>()).prop_map(move |(edits, cut, doubled)| {
        let mut text = text.clone();
        for (at, byte) in edits {
            text[at] = byte;
        }
        if doubled {
            text.extend_from_slice(&text.clone()[cut..]);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        load(&["-"], &mut bytes.as_slice());
    }

    #[test]
    fn yaml_like_text_never_panics(text in "(apiVersion: v1\nkind: (Pod|Node|List|Deployment)\n)?[-a-z:{}\\[\\]&*|>\"'# \n\t0-9~.,!%]{0,200}") {
        read(&text);
    }

    #[test]
    fn mangled_manifests_never_panic(bytes in mangled()) {
        load(&["-"], &mut bytes.as_slice());
    }
}

#[test]
fn several_json_documents_in_one_file() {
    let one = |name: &str| {
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n\"metadata\": {{\"name\": \"{name}\"}}}}")
    };
    for between in ["", "\n", "\n---\n", "\n---\n---\n\n", "\r\n--- \r\n"] {
        let input = read(&format!("{}{between}{}{between}", one("a"), one("b")));
        let names: Vec<&str> = input.objects.iter().map(|loaded| loaded.object.name()).collect();
        assert_eq!(names, ["a", "b"], "{between:?}: {:?}", input.faults);
    }
    // YAML may follow, and what is wrong with it has its place.
    let input =
        read(&format!("{}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b}}\ndata: [x]\n", one("a")));
    assert_eq!(input.objects.len(), 1);
    let location = input.faults[0].location.as_ref().map(|location| location.line);
    assert_eq!((input.faults.len(), location), (1, Some(7)), "{:?}", input.faults);
    error(&format!("{}\n---\n{{\"apiVersion\": ]", one("a")), "");
}
