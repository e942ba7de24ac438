//! Faults that come together, and things that only look like cures: found by people who tried them.

use serde_json::{Value, json};
use sim_advisor::{Answer, CureClass, FixResult, Goal, diagnose, fix};
use sim_cluster::{Change, Cluster, Setup};

use crate::common::{containers, deployment, node, object, settle};

fn cluster(objects: impl IntoIterator<Item = Value>) -> Cluster {
    let setup = Setup::of("v1.30.0".parse().unwrap());
    let mut cluster = Cluster::new(setup, objects.into_iter().map(object));
    settle(&mut cluster);
    cluster
}

fn fixed(cluster: &Cluster) -> FixResult {
    fix(cluster, &Goal::AllWell, &mut |_| true).unwrap()
}

fn titles(found: &FixResult) -> Vec<String> {
    found.answers.iter().map(|answer| answer.edits.join("; and ")).collect()
}

#[track_caller]
fn answer<'a>(found: &'a FixResult, parts: &[&str]) -> &'a Answer {
    let is_it = |answer: &&Answer| {
        let title = answer.edits.join("; and ");
        answer.edits.len() == parts.len() && parts.iter().all(|part| title.contains(part))
    };
    found.answers.iter().find(is_it).unwrap_or_else(|| panic!("no {parts:?} in {:#?}", titles(found)))
}

fn with(mut object: Value, field: &str, value: Value) -> Value {
    *object.pointer_mut(field).unwrap_or_else(|| panic!("no {field}")) = value;
    object
}

fn cordoned(number: usize) -> Value {
    let mut node = node(number, 2000, false, 0);
    node["spec"] = json!({"unschedulable": true});
    node
}

fn bare(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

fn apply(cluster: &mut Cluster, object_: Value) {
    cluster.make(&Change::Apply(vec![object(object_)])).unwrap();
    settle(cluster);
}

/// What is wrong with a node that the pod was never meant for is not why it waits.
#[test]
fn nothing_on_nodes_that_the_pod_does_not_select_is_blamed() {
    let spec = json!({"containers": containers(100), "nodeSelector": {"kubernetes.io/hostname": "n1"}});
    let cluster = cluster([cordoned(0), node(1, 2000, true, 0), deployment("web", 1, spec)]);
    let causes: Vec<String> = diagnose(&cluster).causes.into_iter().map(|cause| cause.title).collect();
    assert_eq!(causes, ["taint dedicated:NoSchedule on n1 is not tolerated"]);
}

#[test]
fn a_taint_removed_from_one_of_two_equal_nodes_is_the_same_whichever() {
    let nodes = [node(0, 2000, true, 0), node(1, 2000, true, 0)];
    let found =
        fixed(&cluster(nodes.into_iter().chain([deployment("web", 1, json!({"containers": containers(100)}))])));
    let classes = ["n0 alone", "n1 alone"].map(|part| answer(&found, &[part]).class);
    assert_eq!(classes[0], classes[1]);
}

/// A pod that nobody owns does not come back when it gives way.
#[test]
fn a_pod_that_is_gone_for_good_is_a_loss() {
    let mut cluster = cluster([node(0, 2000, false, 0), bare("old", json!({"containers": containers(1500)}))]);
    apply(&mut cluster, deployment("urgent", 1, json!({"containers": containers(1500)})));
    let found = fixed(&cluster);
    let promoted = answer(&found, &["priority class"]);
    assert_eq!(promoted.class, CureClass::LivesWithCause);
    assert!(
        promoted.weakens.iter().any(|loss| loss.contains("default/old is gone for good")),
        "{:?}",
        promoted.weakens
    );
}

/// In a dump without ReplicaSets nobody makes a pod anew: that it is gone is no cure.
#[test]
fn a_pod_whose_owner_is_not_in_the_input_is_not_moved() {
    let mut known = cluster([node(0, 2000, false, 0), deployment("old", 1, json!({"containers": containers(1500)}))]);
    apply(&mut known, node(1, 1600, false, 0));
    apply(&mut known, deployment("new", 1, json!({"containers": containers(1900)})));
    answer(&fixed(&known), &["delete the pod default/old-"]);
    let mut old = bare("old", json!({"containers": containers(1500)}));
    old["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "old", "uid": "u", "controller": true}]);
    let mut cluster = cluster([node(0, 2000, false, 0), old]);
    apply(&mut cluster, deployment("new", 1, json!({"containers": containers(1500)})));
    let found = fixed(&cluster);
    assert!(!titles(&found).iter().any(|title| title.contains("delete the pod")), "{:#?}", titles(&found));
}

#[test]
fn a_gate_is_taken_out_of_the_template() {
    let gated = json!({"containers": containers(100), "schedulingGates": [{"name": "example.com/wait"}]});
    let found = fixed(&cluster([node(0, 2000, false, 0), deployment("web", 1, gated)]));
    let out = answer(&found, &["out of the template"]);
    assert_eq!((out.class, out.after.pending), (CureClass::LivesWithCause, 0));
}

#[test]
fn a_pod_that_nobody_owns_is_made_anew_with_the_correction() {
    let spec = json!({"containers": containers(100), "nodeSelector": {"kubernetes.io/hostname": "N0"}});
    let found = fixed(&cluster([node(0, 2000, false, 0), bare("one", spec)]));
    let anew = answer(&found, &["say kubernetes.io/hostname=n0"]);
    assert_eq!((anew.class, anew.after.pending, anew.after.ready), (CureClass::RemovesCause, 0, 1), "{anew:#?}");
    let commands: Vec<&str> = anew.commands.iter().map(|command| command.line.as_str()).collect();
    assert!(commands[0].contains("delete pod one") && commands[1].contains("apply -f"), "{commands:?}");
}

/// A CronJob's template is that of the next Job: the one that waits keeps its own.
#[test]
fn the_jobs_that_wait_go_when_their_cron_job_is_corrected() {
    let pod = json!({"containers": containers(100), "restartPolicy": "Never", "nodeSelector": {"disktype": "sdd"}});
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": "default"},
        "spec": {"schedule": "*/5 * * * *", "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"template": {"spec": pod}}}}});
    let labelled = with(node(0, 2000, false, 0), "/metadata/labels", json!({"disktype": "ssd"}));
    let setup = Setup::of("v1.30.0".parse().unwrap());
    let mut cluster = Cluster::new(setup, [labelled, cron].into_iter().map(object));
    cluster.run_until(11 * 60 * 1000);
    let found = fixed(&cluster);
    let corrected = answer(&found, &["say disktype=ssd"]);
    assert!(corrected.edits[0].contains("delete the Jobs that wait"), "{:?}", corrected.edits);
}

#[test]
fn a_config_map_that_is_missing_is_made_or_named_rightly() {
    let spec = json!({"containers": [{"name": "c", "image": "nginx:1", "envFrom": [{"configMapRef": {"name": "app-confg"}}]}]});
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-config", "namespace": "default"}});
    let cluster = cluster([node(0, 2000, false, 0), map, deployment("web", 1, spec)]);
    let found = fixed(&cluster);
    assert_eq!(answer(&found, &["say app-config instead of app-confg"]).class, CureClass::RemovesCause);
    answer(&found, &["create the ConfigMap default/app-confg"]);
    let clues = diagnose(&cluster).causes[0].affected[0].clues.clone().unwrap_or_default();
    assert_eq!(clues.near_misses.len(), 1, "{clues:?}");
}

#[test]
fn a_key_that_is_missing_is_added_and_no_other_is_touched() {
    let from = json!({"configMapKeyRef": {"name": "app", "key": "mode"}});
    let spec = json!({"containers": [{"name": "c", "image": "nginx:1", "env": [{"name": "MODE", "valueFrom": from}]}]});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "default"},
        "data": {"other": "kept"}});
    let found = fixed(&cluster([node(0, 2000, false, 0), map, deployment("web", 1, spec)]));
    let given = answer(&found, &["give the ConfigMap default/app its keys: mode"]);
    assert!(!given.commands[0].line.contains("other"), "{:?}", given.commands);
}

/// Pods that keep others off by their own rule can be asked to prefer it, as those that wait can.
#[test]
fn the_other_side_of_a_rule_is_tried_too() {
    let rule = |kind: &str, of: &str| {
        let term = json!({"labelSelector": {"matchLabels": {"app": of}}, "topologyKey": "kubernetes.io/hostname"});
        json!({"containers": containers(100), "affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
    };
    let mut cluster = cluster([node(0, 2000, false, 0), deployment("web", 1, rule("podAntiAffinity", "cache"))]);
    apply(&mut cluster, deployment("cache", 1, json!({"containers": containers(100)})));
    let found = fixed(&cluster);
    answer(&found, &["have default/deployment/web prefer to be apart"]);
    let causes = diagnose(&cluster).causes;
    assert!(causes[0].why.contains("deployment/web in default"), "{}", causes[0].why);
}

#[test]
fn who_has_a_host_port_is_named() {
    let spec =
        json!({"containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80, "hostPort": 80}]}]});
    let mut cluster = cluster([node(0, 2000, false, 0), deployment("old", 1, spec.clone())]);
    apply(&mut cluster, deployment("new", 1, spec));
    let why = diagnose(&cluster).causes[0].why.clone();
    assert!(why.starts_with("default/old-") && why.ends_with("has it on n0"), "{why}");
}

/// The pods have their node once it is uncordoned, and still do not run.
#[test]
fn a_cordon_and_an_image_are_cured_together() {
    let mut cluster = cluster([cordoned(0)]);
    cluster.make(&Change::ImageBroken("shop/*".to_owned())).unwrap();
    apply(
        &mut cluster,
        deployment("web", 1, with(json!({"containers": containers(100)}), "/containers/0/image", json!("shop/web:1"))),
    );
    let found = fixed(&cluster);
    let both = answer(&found, &["uncordon n0", "put the image shop/web:1"]);
    assert_eq!((both.class, both.after.ready), (CureClass::RemovesCause, 1));
}

/// The scheduler has placed one pod, and it has not started; another waits for a node.
#[test]
fn a_pod_that_has_not_started_waits_still() {
    let needs =
        json!({"containers": [{"name": "c", "image": "nginx:1", "envFrom": [{"configMapRef": {"name": "none"}}]}]});
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "known", "namespace": "default"}});
    let picky = json!({"containers": containers(100), "nodeSelector": {"disk": "ssd"}});
    let found = fixed(&cluster([node(0, 2000, false, 0), other, deployment("a", 1, needs), deployment("b", 1, picky)]));
    assert_eq!(answer(&found, &["create the ConfigMap default/none", "take disk out"]).after.pending, 0);
}

/// What is asked for by a wrong name is told though the right one is used up as well.
#[test]
fn a_slip_is_told_behind_another_fault() {
    let gpu = |name: &str, resource: &str| {
        deployment(
            name,
            1,
            json!({"containers": [{"name": "c", "image": "i", "resources": {"limits": {resource: "1"}}}]}),
        )
    };
    let mut with_gpu = node(0, 4000, false, 0);
    for list in ["capacity", "allocatable"] {
        with_gpu["status"][list]["nvidia.com/gpu"] = json!("1");
    }
    let mut cluster = cluster([with_gpu, gpu("first", "nvidia.com/gpu")]);
    apply(&mut cluster, gpu("second", "nvidia.com/gpus"));
    let clues = diagnose(&cluster).causes[0].affected[0].clues.clone().unwrap_or_default();
    assert!(clues.near_misses.iter().any(|miss| miss.there == "nvidia.com/gpu"), "{clues:#?}");
}

/// A container that fails over and over is not well because it runs at the moment.
#[test]
fn a_crash_loop_is_seen_while_the_container_runs() {
    let ended = json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}});
    let mut pod = bare("p", json!({"containers": containers(100), "nodeName": "n0"}));
    let running = json!({"running": {"startedAt": "2026-01-01T00:05:00Z"}});
    pod["status"] = json!({"phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
        "containerStatuses": [{"name": "c", "image": "nginx:1", "imageID": "", "ready": true, "restartCount": 6,
            "state": running, "lastState": ended}]});
    let mut setup = Setup::of("v1.30.0".parse().unwrap());
    setup.start = "2026-01-01T00:05:30Z".parse().unwrap();
    let cluster = Cluster::new(setup, [node(0, 2000, false, 0), pod].into_iter().map(object));
    let causes: Vec<String> = diagnose(&cluster).causes.into_iter().map(|cause| cause.title).collect();
    assert_eq!(causes, ["container c of default/p exits with code 1 (Error), 6 restarts"]);
}

/// Where nothing can be cured there is no answer, not one without edits.
#[test]
fn there_is_no_answer_without_edits() {
    let huge = |name: &str| {
        let mut pod = bare(name, json!({"containers": containers(64_000)}));
        pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "example.com/v1", "kind": "Flow", "name": name,
            "uid": name, "controller": true}]);
        pod
    };
    let spec = |cpu: u32| json!({"containers": [{"name": "c", "image": "i", "resources": {"requests": {"ephemeral-storage": format!("{cpu}Gi")}}}]});
    let mut other = bare("other", spec(500));
    other["metadata"]["ownerReferences"] = huge("other")["metadata"]["ownerReferences"].clone();
    let found = fixed(&cluster([node(0, 2000, false, 0), huge("one"), other]));
    assert!(found.answers.is_empty() && !found.stays.is_empty(), "{:#?}", titles(&found));
}

fn group(name: &str, max: usize, template: Value) -> sim_cluster::NodeGroup {
    let template = serde_json::from_value(template).unwrap();
    sim_cluster::NodeGroup { name: name.to_owned(), max, template, delay_ms: 60_000 }
}

/// A cluster with an autoscaler that has looked.
fn scaled(group: sim_cluster::NodeGroup, objects: impl IntoIterator<Item = Value>) -> Cluster {
    let setup = Setup::of("v1.30.0".parse().unwrap());
    let mut cluster = Cluster::new(setup, objects.into_iter().map(object));
    cluster.set_node_groups(vec![group]);
    settle(&mut cluster);
    cluster
}

#[test]
fn what_keeps_pods_off_the_machines_of_a_group_is_seen_and_cured() {
    let web = deployment("web", 2, json!({"containers": containers(1500)}));
    let found = fixed(&scaled(group("big", 3, node(9, 4000, true, 0)), [node(0, 1000, false, 0), web]));
    let tolerated = answer(&found, &["tolerate dedicated:NoSchedule"]);
    assert_eq!((tolerated.after.pending, tolerated.after.ready), (0, 2));
    let bare = answer(&found, &["have new nodes of group big come without the taint dedicated:NoSchedule"]);
    assert!(
        bare.commands[0].line.contains("# node group big: its new nodes come with no taint dedicated:NoSchedule"),
        "{:?}",
        bare.commands
    );
}

#[test]
fn a_group_at_its_maximum_is_a_cause_and_may_be_let_grow() {
    let web = deployment("web", 3, json!({"containers": containers(1500)}));
    let cluster = scaled(group("std", 2, node(9, 2000, false, 0)), [web]);
    assert!(diagnose(&cluster).causes.iter().any(|cause| cause.title == "node group std may not grow"));
    let grown = answer(&fixed(&cluster), &["let node group std have up to 3 nodes"]).clone();
    assert_eq!((grown.after.pending, grown.cost.machines), (0, 1));
}

#[test]
fn a_new_node_is_one_that_the_pods_select() {
    let with_disk =
        with(node(1, 2000, false, 0), "/metadata/labels", json!({"disk": "ssd", "kubernetes.io/hostname": "n1"}));
    let term = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"});
    let only =
        json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]});
    let spec = json!({"containers": containers(100), "affinity": {
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": only}}});
    let found = fixed(&cluster([node(0, 2000, false, 0), with_disk, deployment("web", 2, spec)]));
    assert_eq!(answer(&found, &["add a node like n1"]).class, CureClass::RemovesCause);
}

/// `kubectl get nodes,pods` shows no claims: that a pod names one is not why it waits.
#[test]
fn claims_of_a_dump_without_any_are_taken_to_exist() {
    let waiting = |message: &str| {
        let mut pod = bare(
            "db-0",
            json!({"containers": containers(100), "volumes":
            [{"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}}]}),
        );
        pod["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": message}]});
        let causes = diagnose(&cluster([cordoned(0), pod])).causes;
        causes.into_iter().map(|cause| cause.title).collect::<Vec<_>>()
    };
    assert_eq!(waiting("0/1 nodes are available: 1 node(s) were unschedulable."), ["n0 is cordoned"]);
    let denied = waiting("0/1 nodes are available: persistentvolumeclaim \"data-0\" not found.");
    assert_eq!(denied, ["claim default/data-0 has no volume"]);
}

/// Each problem has a cure, and no set of them goes together: the one of more pods is cured.
#[test]
fn what_cannot_be_cured_together_is_cured_in_part() {
    let flow = |name: &str, spec: Value| {
        let mut pod = bare(name, spec);
        pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "example.com/v1", "kind": "Flow", "name": name,
            "uid": name, "controller": true}]);
        pod
    };
    let selects = |key: &str| json!({"containers": containers(1500), "nodeSelector": {(key): "yes", "kubernetes.io/hostname": "n0"}});
    let found = fixed(&cluster([node(0, 2000, false, 0), flow("a", selects("a")), flow("b", selects("b"))]));
    assert!(!found.answers.is_empty() && !found.stays.is_empty(), "{:#?}", titles(&found));
    assert!(found.answers.iter().all(|answer| answer.after.pending == 1));
}

/// What somebody else keeps as it is declared elsewhere is changed there.
#[test]
fn an_answer_says_who_would_take_it_back() {
    let mut web = deployment("web", 3, json!({"containers": containers(1500)}));
    web["metadata"]["annotations"] = json!({"meta.helm.sh/release-name": "shop"});
    let scaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}});
    let scaler = sim_cluster::Object::Other(std::sync::Arc::new(serde_json::from_value(scaler).unwrap()));
    let setup = Setup::of("v1.30.0".parse().unwrap());
    let objects = [node(0, 2000, false, 0), web].into_iter().map(object).chain([scaler]);
    let mut cluster = Cluster::new(setup, objects);
    settle(&mut cluster);
    let limits = answer(&fixed(&cluster), &["scale default/deployment/web to 1"]).limits.join("; ");
    for part in ["of the Helm release shop", "scaled by the HorizontalPodAutoscaler web"] {
        assert!(limits.contains(part), "{limits}");
    }
}

/// A quota is raised by what the missing pods ask for, each by its own.
#[test]
fn a_quota_is_raised_by_no_more_than_the_pods_ask_for() {
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": {"requests.cpu": "1", "limits.memory": "2Gi"}}});
    let limited = |cpu: &str, limits: Value| json!({"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}, "limits": limits}}]});
    let found = fixed(&cluster([
        node(0, 8000, false, 0),
        quota,
        deployment("x", 2, limited("600m", json!({"memory": "512Mi"}))),
        deployment("y", 2, limited("200m", json!({}))),
    ]));
    answer(&found, &["to requests.cpu=1600m", "state requests and limits in default/deployment/y"]);
}

/// A sibling that has failed of late and runs again is not what the pod waits for.
#[test]
fn a_cure_is_not_held_against_a_crash_of_late() {
    let ended = json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}});
    let mut sibling = bare("sibling", json!({"containers": containers(100), "nodeName": "n0"}));
    sibling["status"] = json!({"phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
        "containerStatuses": [{"name": "c", "image": "nginx:1", "imageID": "", "ready": true, "restartCount": 6,
            "state": {"running": {"startedAt": "2026-01-01T00:05:00Z"}}, "lastState": ended}]});
    let waiting = bare("waiting", json!({"containers": containers(100)}));
    let mut setup = Setup::of("v1.30.0".parse().unwrap());
    setup.start = "2026-01-01T00:05:30Z".parse().unwrap();
    let mut objects = vec![node(0, 2000, true, 0), sibling, waiting];
    for pod in &mut objects[1..] {
        pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web",
            "uid": "u", "controller": true}]);
    }
    let mut cluster = Cluster::new(setup, objects.into_iter().map(object));
    cluster.run_until(1000);
    answer(&fixed(&cluster), &["remove the taint dedicated:NoSchedule"]);
}

#[test]
fn a_job_tolerates_by_being_made_anew() {
    let pod = json!({"containers": containers(100), "restartPolicy": "Never"});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "load", "namespace": "default"},
        "spec": {"template": {"spec": pod.clone()}}});
    let web = deployment("web", 1, json!({"containers": containers(100)}));
    let found = fixed(&cluster([node(0, 2000, true, 0), job, web]));
    let tolerated = answer(&found, &["tolerate dedicated:NoSchedule in"]);
    assert!(tolerated.edits[0].ends_with("deleted and made anew"), "{:?}", tolerated.edits);
    assert_eq!(tolerated.after.pending, 0);
}

/// Two edits of one group are two edits: neither hides in the other.
#[test]
fn a_group_that_is_changed_twice_says_both() {
    let web = deployment("web", 2, json!({"containers": containers(1500), "nodeSelector": {"pool": "gpu"}}));
    let found = fixed(&scaled(group("big", 3, node(9, 4000, true, 0)), [node(0, 1000, false, 0), web]));
    let label = "come with pool=gpu";
    let both = answer(&found, &[label, "come without the taint"]);
    assert_eq!(both.commands.len(), 2, "{:?}", both.commands);
    assert!(!titles(&found).iter().any(|title| title.ends_with(label)), "{:#?}", titles(&found));
}

#[test]
fn a_stateful_set_whose_pod_waits_tolerates_once_that_is_deleted() {
    let template = json!({"metadata": {"labels": {"app": "db"}}, "spec": {"containers": containers(100)}});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "default"},
        "spec": {"replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": template}});
    let found = fixed(&cluster([node(0, 2000, true, 0), set]));
    assert_eq!(answer(&found, &["tolerate dedicated:NoSchedule"]).after.ready, 1);
}
