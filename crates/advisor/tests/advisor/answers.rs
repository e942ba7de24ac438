//! What answers are worth: whether they last, what they leave, and edits that people think of.

use serde_json::{Value, json};
use sim_advisor::{Answer, CureClass, FixResult, Goal, diagnose, fix};
use sim_cluster::{Cluster, Setup};

use crate::common::{containers, deployment, node, object, settle};

fn cluster(objects: impl IntoIterator<Item = Value>) -> Cluster {
    let setup = Setup::of("v1.30.0".parse().unwrap());
    let mut cluster = Cluster::new(setup, objects.into_iter().map(object));
    settle(&mut cluster);
    cluster
}

fn labelled(mut node: Value, key: &str, value: &str) -> Value {
    node["metadata"]["labels"][key] = json!(value);
    node
}

fn selecting(name: &str, key: &str, value: &str) -> Value {
    deployment(name, 1, json!({"containers": containers(100), "nodeSelector": {key: value}}))
}

fn daemon_set(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}})
}

fn fixed(cluster: &Cluster) -> FixResult {
    fix(cluster, &Goal::AllWell, &mut |_| true).unwrap()
}

#[track_caller]
fn answer<'a>(found: &'a FixResult, part: &str) -> &'a Answer {
    let titles: Vec<String> = found.answers.iter().map(|answer| answer.edits.join("; and ")).collect();
    let answer = found.answers.iter().find(|answer| answer.edits.join("; and ").contains(part));
    answer.unwrap_or_else(|| panic!("no {part:?} in {titles:#?}, vain: {:#?}", found.vain))
}

#[test]
fn a_label_set_by_hand_is_lost_with_the_machine() {
    let found = fixed(&cluster([node(0, 2000, false, 0), selecting("web", "disk", "ssd")]));
    let by_hand = answer(&found, "label n0 with disk=ssd");
    assert_eq!(by_hand.class, CureClass::HidesCause);
    let returns = by_hand.returns.as_deref().unwrap_or_default();
    assert_eq!(returns, "the machine that replaces n0 comes up without disk=ssd, and the pods wait as before");
    let asked_for_less = answer(&found, "take disk out of the nodeSelector");
    assert_eq!(asked_for_less.class, CureClass::LivesWithCause, "the rule is given up, nothing meets it");
}

/// A StatefulSet waits for its pod to be ready before it replaces it (k/k#67250), and a ReplicaSet never does.
#[test]
fn pods_that_their_owner_does_not_replace_are_deleted_with_the_change_of_the_template() {
    let owned = |kind: &str, spec: Value| {
        let template = json!({"metadata": {"labels": {"app": "db"}},
            "spec": {"containers": containers(100), "nodeSelector": {"disktype": "sdd"}}});
        let mut object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "db", "namespace": "default"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "db"}}, "template": template}});
        object["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        object
    };
    for (set, deleted) in [
        (owned("StatefulSet", json!({"serviceName": "db"})), 1),
        (owned("StatefulSet", json!({"serviceName": "db", "podManagementPolicy": "Parallel"})), 0),
        (owned("StatefulSet", json!({"podManagementPolicy": "Parallel", "updateStrategy": {"type": "OnDelete"}})), 2),
        (owned("ReplicaSet", json!({})), 2),
    ] {
        let found = fixed(&cluster([labelled(node(0, 2000, false, 0), "disktype", "ssd"), set]));
        let meant = answer(&found, "say disktype=ssd instead of disktype=sdd");
        assert_eq!((meant.class, meant.after.pending), (CureClass::RemovesCause, 0), "{meant:#?}");
        let commands = meant.commands.iter().filter(|command| command.line.contains("delete pod"));
        assert_eq!(commands.count(), deleted, "{meant:#?}");
    }
}

#[test]
fn a_gate_taken_from_the_pods_is_on_the_next_ones() {
    let gated = json!({"containers": containers(100), "schedulingGates": [{"name": "example.com/wait"}]});
    let found = fixed(&cluster([node(0, 2000, false, 0), deployment("web", 1, gated.clone())]));
    let removed = answer(&found, "remove the scheduling gate");
    assert_eq!(removed.class, CureClass::HidesCause, "{removed:#?}");
    assert_eq!(removed.returns.as_deref(), Some("the next pods of the same owners wait as these did"));
    let bare =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": gated});
    let found = fixed(&cluster([node(0, 2000, false, 0), bare]));
    // Whoever should remove it does not: the next pod with this gate waits as this one did.
    assert_eq!(answer(&found, "remove the scheduling gate").class, CureClass::LivesWithCause);
}

#[test]
fn what_no_answer_cures_does_not_hide_the_cures_of_the_rest() {
    let huge = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "huge", "namespace": "default"},
        "spec": {"containers": containers(64_000)}});
    let cluster = cluster([node(0, 2000, false, 0), huge, selecting("web", "disk", "ssd")]);
    let found = fixed(&cluster);
    let asked_for_less = answer(&found, "take disk out of the nodeSelector");
    assert_eq!((asked_for_less.before.pending, asked_for_less.after.pending), (2, 1));
    let left: Vec<&str> =
        found.stays.iter().flat_map(|cause| &cause.affected).map(|affected| affected.owner.as_str()).collect();
    assert_eq!(left, ["pod/huge"]);
}

#[test]
fn of_one_cause_the_pods_that_can_be_cured_are() {
    let pod = |name: &str, cpu: u32| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
            "spec": {"containers": containers(cpu)}})
    };
    let found =
        fixed(&cluster([node(0, 2000, false, 0), pod("first", 1500), pod("huge", 64_000), pod("second", 1500)]));
    let added = answer(&found, "add a node like n0");
    assert_eq!((added.before.pending, added.after.pending), (2, 1));
    assert_eq!(found.stays.iter().map(|cause| cause.pods).sum::<usize>(), 1, "{:#?}", found.stays);
}

#[test]
fn problems_that_have_nothing_in_common_are_searched_one_by_one() {
    let works: Vec<Value> =
        (0..6).map(|index| selecting(&format!("w{index}"), &format!("label-{index}"), "x")).collect();
    let cluster = cluster([vec![node(0, 4000, false, 0)], works].concat());
    let found = fixed(&cluster);
    let best = found.answers.first().unwrap();
    assert_eq!(best.edits.len(), 6, "more than any one search would try together: {:?}", best.edits);
    assert_eq!(best.after.pending, 0);
    assert!(!found.is_cut && found.runs < 100, "{} runs", found.runs);
}

/// Three problems; one edit cures two of them, though neither on its own needs it.
#[test]
fn an_edit_that_serves_two_of_three_problems_is_found() {
    let mut dark = node(0, 4000, false, 0);
    dark["spec"] = json!({"unschedulable": true});
    let on = |name: &str, key: &str, value: &str| {
        deployment(name, 1, json!({"containers": containers(100), "nodeSelector": {key: value}}))
    };
    let dark = labelled(labelled(dark, "disk", "ssd"), "net", "fast");
    let works = [on("a", "disk", "ssd"), on("b", "net", "fast"), on("c", "gpu", "yes")];
    let found = fixed(&cluster([vec![dark, node(1, 4000, false, 0)], works.to_vec()].concat()));
    let sizes: Vec<usize> = found.answers.iter().map(|answer| answer.edits.len()).collect();
    let both = found.answers.iter().find(|answer| answer.edits.len() == 2).unwrap_or_else(|| panic!("{sizes:?}"));
    assert!(both.edits.iter().any(|edit| edit.contains("uncordon")), "{:?}", both.edits);
}

/// Each can be labelled a node for, and no node has room for both.
#[test]
fn problems_that_have_cures_apart_and_no_room_together_are_cured_together() {
    let on = |name: &str| deployment(name, 1, json!({"containers": containers(1500), "nodeSelector": {(name): "yes"}}));
    let found = fixed(&cluster([node(0, 2000, false, 0), on("a"), on("b")]));
    assert!(!found.answers.is_empty() && found.stays.is_empty(), "{:#?}", found.stays);
    assert!(found.answers.iter().all(|answer| answer.after.pending == 0));
}

#[test]
fn kubelets_may_take_more_pods() {
    let small = deployment("small", 9, json!({"containers": containers(10)}));
    let found = fixed(&cluster([node(0, 4000, false, 0), small]));
    let more = answer(&found, "run the kubelets of n0 with --max-pods=110");
    assert_eq!((more.class, more.after.pending), (CureClass::RemovesCause, 0));
    assert!(more.commands.iter().any(|command| command.line.contains("--max-pods=110")), "{:?}", more.commands);
}

#[test]
fn a_resource_that_no_node_has_wants_its_device_plugin() {
    let spec = json!({"containers": [{"name": "c", "image": "i", "resources": {"limits": {"example.com/chip": "2"}}}],
        "nodeSelector": {"chips": "yes"}});
    let with = labelled(node(0, 4000, false, 0), "chips", "yes");
    let found = fixed(&cluster([with, node(1, 4000, false, 0), deployment("train", 1, spec)]));
    let installed = answer(&found, "install the device plugin of example.com/chip");
    assert_eq!(installed.after.pending, 0);
    assert!(installed.limits.iter().any(|limit| limit.contains("n0 is taken to have 2")), "{:?}", installed.limits);
}

#[test]
fn another_pod_moved_away_makes_a_hole() {
    let ssd = |number| labelled(node(number, 2000, false, 0), "disk", "ssd");
    let small = deployment("small", 1, json!({"containers": containers(1000)}));
    // The small pod is on the only node where the large one may go.
    let mut cluster = cluster([ssd(0), small]);
    let apply = |cluster: &mut Cluster, objects: Vec<Value>| {
        let objects = objects.into_iter().map(object).collect();
        cluster.make(&sim_cluster::Change::Apply(objects)).unwrap();
        settle(cluster);
    };
    apply(&mut cluster, vec![node(1, 2000, false, 0)]);
    let large = json!({"containers": containers(1500), "nodeSelector": {"disk": "ssd"}});
    apply(&mut cluster, vec![deployment("large", 1, large)]);
    let found = fixed(&cluster);
    let moved = answer(&found, "so that it goes elsewhere");
    assert_eq!((moved.after.pending, moved.cost.pods), (0, 1), "{:#?}", moved.pods);
}

#[test]
fn pods_of_several_causes_say_so_under_each() {
    let mut tainted = node(0, 2000, true, 0);
    tainted["metadata"]["labels"]["disk"] = json!("ssd");
    let mut cordoned = node(1, 2000, false, 0);
    cordoned["spec"] = json!({"unschedulable": true});
    let found = diagnose(&cluster([tainted, cordoned, deployment("web", 1, json!({"containers": containers(3000)}))]));
    for cause in &found.causes {
        let others = found.causes.iter().filter(|other| other.title != cause.title).map(|other| other.title.clone());
        assert_eq!(cause.affected[0].also_waits_for, others.collect::<Vec<_>>());
    }
}

#[test]
fn a_daemon_set_that_wants_no_pod_was_meant_for_the_nodes_it_selects() {
    let with = labelled(node(0, 2000, true, 0), "chips", "yes");
    let also = labelled(node(1, 2000, true, 0), "chips", "yes");
    let set = daemon_set("plugin", json!({"containers": containers(10), "nodeSelector": {"chips": "yes"}}));
    let cluster = cluster([with, also, node(2, 2000, false, 0), set]);
    let diagnosis = diagnose(&cluster);
    assert_eq!(diagnosis.causes[0].affected[0].meant_for, ["n0", "n1"]);
    let found = fixed(&cluster);
    answer(&found, "tolerate dedicated:NoSchedule in default/daemonset/plugin");
    for part in ["label n2", "n0 alone", "n1 alone", "take chips out"] {
        let is_it = |answer: &&Answer| answer.edits.len() == 1 && answer.edits[0].contains(part);
        assert!(found.answers.iter().find(is_it).is_none(), "{part} does not serve n0 and n1");
    }
}

#[test]
fn nodes_that_came_after_a_label_was_renamed_have_the_new_name() {
    let old = labelled(node(0, 2000, false, 0), "failure-domain.beta.kubernetes.io/zone", "z0");
    let mut full = deployment("full", 1, json!({"containers": containers(1800)}));
    full["spec"]["template"]["spec"]["nodeSelector"] = json!({"failure-domain.beta.kubernetes.io/zone": "z0"});
    let work = deployment(
        "web",
        1,
        json!({"containers": containers(1000),
        "nodeSelector": {"failure-domain.beta.kubernetes.io/zone": "z0"}}),
    );
    let found = fixed(&cluster([old, node(1, 2000, false, 0), full, work]));
    let renamed =
        answer(&found, "say topology.kubernetes.io/zone instead of failure-domain.beta.kubernetes.io/zone=z0");
    assert_eq!((renamed.class, renamed.after.pending), (CureClass::RemovesCause, 0));
}

fn bare(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

/// A pod that somebody has made whom nobody knows here: there is no template to change, and no pod to make anew.
fn of_operator(name: &str, spec: Value) -> Value {
    let mut pod = bare(name, spec);
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "name": name, "uid": name, "controller": true}]);
    pod
}

/// What conflicts, for each owner.
fn conflicts(found: &FixResult) -> Vec<(String, Vec<String>)> {
    let told = found.conflicts.iter().map(|conflict| {
        let says = conflict.constraints.iter().map(|constraint| constraint.says.clone());
        (conflict.owner.clone(), says.collect())
    });
    told.collect()
}

#[test]
fn what_cannot_be_is_told_by_the_smallest_set_that_conflicts() {
    let spec = json!({"nodeSelector": {"kubernetes.io/hostname": "n0", "topology.kubernetes.io/zone": "z0"},
        "containers": containers(4000)});
    let alone = json!({"nodeSelector": {"topology.kubernetes.io/zone": "z0"}, "containers": containers(64_000)});
    let nodes = [node(0, 2000, false, 0), node(1, 8000, false, 0), node(2, 8000, true, 0)];
    let cluster = cluster(nodes.into_iter().chain([of_operator("pinned", spec), of_operator("huge", alone)]));
    let goal = Goal::Pod("default/pinned".to_owned());
    let found = fix(&cluster, &goal, &mut |_| true).unwrap();
    assert!(found.answers.is_empty());
    let expected = vec!["the label kubernetes.io/hostname=n0".to_owned(), "4000m of cpu".to_owned()];
    assert_eq!(conflicts(&found), [("workflow/pinned".to_owned(), expected.clone())]);
    let of_all = conflicts(&fixed(&cluster));
    let huge = ("workflow/huge".to_owned(), vec!["64000m of cpu".to_owned()]);
    assert_eq!(of_all, [huge, ("workflow/pinned".to_owned(), expected)]);
}

/// A pod may be part of a conflict that names what others hold: only where its own constraints could be met without them.
#[test]
fn what_others_hold_is_part_of_a_conflict() {
    let pinned = |name: &str, node: &str, cpu: u32, more: Value| {
        let mut spec = json!({"nodeSelector": {"kubernetes.io/hostname": node}, "containers": containers(cpu)});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of_operator(name, spec)
    };
    let beside = |name: &str| {
        let term = json!({"labelSelector": {"matchLabels": {"app": name}}, "topologyKey": "kubernetes.io/hostname"});
        json!({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
    };
    let mut first = pinned("first", "n0", 1500, json!({}));
    first["metadata"]["labels"] = json!({"app": "first"});
    let mut cluster = cluster([node(0, 2000, false, 0), node(1, 2000, false, 0), first]);
    let mut apply = |pod: Value| {
        cluster.make(&sim_cluster::Change::Apply(vec![object(pod)])).unwrap();
        settle(&mut cluster);
    };
    apply(pinned("full", "n0", 1500, json!({})));
    apply(pinned("apart", "n1", 100, beside("first")));
    let of = |name: &str| {
        let found = fix(&cluster, &Goal::Pod(format!("default/{name}")), &mut |_| true).unwrap();
        let mut told = conflicts(&found);
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0).1
    };
    let first = "the pod of workflow/first in default where it is";
    assert_eq!(of("full"), ["the label kubernetes.io/hostname=n0", "1500m of cpu", first]);
    assert_eq!(
        of("apart"),
        ["the label kubernetes.io/hostname=n1", "to be beside other pods by kubernetes.io/hostname", first]
    );
}

#[test]
fn a_taint_is_part_of_a_conflict_where_its_node_would_do_otherwise() {
    let spec = json!({"nodeSelector": {"kubernetes.io/hostname": "n1"}, "containers": containers(100)});
    let cluster = cluster([node(0, 2000, false, 0), node(1, 2000, true, 0), bare("pinned", spec)]);
    let found = fixed(&cluster);
    assert!(!found.answers.is_empty(), "the taint can be removed");
    assert!(found.conflicts.is_empty(), "{:?}", found.conflicts);
}

#[test]
fn each_answer_says_which_missing_kinds_could_overturn_it() {
    let big = deployment("big", 1, json!({"containers": containers(1500)}));
    let found = fixed(&cluster([
        node(0, 2000, false, 0),
        deployment("small", 1, json!({"containers": containers(1000)})),
        big,
    ]));
    let added = answer(&found, "add a node like n0");
    assert_eq!(added.limits, ["no DaemonSet is in the input: the pods of one take room on every new node"]);
    let asked = answer(&found, "of cpu, what is free on n0");
    assert!(
        asked.limits.iter().any(|limit| limit.starts_with("no ResourceQuota, no LimitRange and no admission webhook"))
    );
    assert!(!asked.limits.iter().any(|limit| limit.contains("DaemonSet")), "{:?}", asked.limits);
}

/// Label and toleration have an old name: neither correction is of use without the other.
#[test]
fn two_slips_of_one_pod_are_corrected_together() {
    let old = "node-role.kubernetes.io/master";
    let new = "node-role.kubernetes.io/control-plane";
    let mut control_plane = labelled(node(0, 2000, false, 0), new, "");
    control_plane["spec"] = json!({"taints": [{"key": new, "effect": "NoSchedule"}]});
    let spec = json!({"containers": containers(100), "nodeSelector": {(old): ""},
        "tolerations": [{"key": old, "operator": "Exists", "effect": "NoSchedule"}]});
    let found = fixed(&cluster([control_plane, node(1, 2000, false, 0), deployment("op", 1, spec)]));
    let both = found
        .answers
        .iter()
        .find(|answer| answer.edits.len() == 2 && answer.edits.iter().all(|edit| edit.contains(&format!("say {new}"))));
    let titles: Vec<_> = found.answers.iter().map(|answer| &answer.edits).collect();
    assert_eq!(both.map(|answer| answer.class), Some(CureClass::RemovesCause), "{titles:#?} {:#?}", found.vain);
}
