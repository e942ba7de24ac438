//! Deployments and ReplicaSets through whole runs: rollouts, their deadline, their history, and who goes first.

use crate::common::{MINUTE, apply, cluster, messages, node, settle, web};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use serde_json::json;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Conduct, Declaration, Object, ObjectRef, PodPattern, Stop};

fn deployment(cluster: &Cluster) -> &Deployment {
    cluster.store().find::<Deployment>("default", "web").unwrap()
}

/// Type, status, reason and message of a condition.
fn condition(cluster: &Cluster, type_: &str) -> (String, String, String) {
    let conditions = deployment(cluster).status.as_ref().unwrap().conditions.as_ref().unwrap();
    let found = conditions.iter().find(|condition| condition.type_.as_deref() == Some(type_)).unwrap();
    (found.status.clone().unwrap(), found.reason.clone().unwrap(), found.message.clone().unwrap())
}

fn sets(cluster: &Cluster) -> Vec<(String, i32)> {
    let sets = cluster.store().list::<ReplicaSet>();
    let mut sets: Vec<_> = sets
        .map(|set| {
            let revision = set.metadata.annotations.as_ref().unwrap()["deployment.kubernetes.io/revision"].clone();
            (revision, set.spec.replicas.unwrap())
        })
        .collect();
    sets.sort();
    sets
}

#[test]
fn scaling_is_told_in_each_version_s_words() {
    for (version, first, second) in [
        ("v1.16.0", "to 1", "to 3"),
        ("v1.25.0", "to 1", "to 3"),
        ("v1.26.0", "to 1", "to 3 from 1"),
        ("v1.31.0", "to 1", "to 3 from 1"),
        ("v1.32.0", "from 0 to 1", "from 1 to 3"),
    ] {
        let mut cluster = cluster(version, vec![node("n1"), web(1, "nginx:1", json!({}), json!({}))]);
        settle(&mut cluster);
        let workload = ObjectRef::parse("deployment/web").unwrap();
        cluster.make(&Change::Scale { workload, replicas: 3 }).unwrap();
        settle(&mut cluster);
        let set = cluster.store().list::<ReplicaSet>().next().unwrap().metadata.name.clone().unwrap();
        let told = messages(&cluster, "ScalingReplicaSet");
        let expected = [first, second].map(|sizes| format!("Scaled up replica set {set} {sizes}"));
        assert_eq!(told, expected, "{version}");
    }
}

/// The controller looks at it once and no more: it has ReplicaSets of two templates with pods.
#[test]
fn a_deployment_that_is_paused_in_the_middle_of_a_rollout_comes_to_rest() {
    let mut cluster = cluster("v1.31.0", vec![node("n1"), web(4, "nginx:1", json!({}), json!({}))]);
    settle(&mut cluster);
    apply(&mut cluster, web(4, "nginx:2", json!({}), json!({})));
    let now = cluster.now_ms();
    cluster.run_until(now);
    apply(&mut cluster, web(4, "nginx:2", json!({"paused": true}), json!({})));
    let before = cluster.events_taken();
    cluster.run_until(now);
    assert!(cluster.events_taken() - before < 1_000, "{}", cluster.events_taken() - before);
    settle(&mut cluster);
    let with_pods = sets(&cluster).iter().filter(|(_, replicas)| *replicas > 0).count();
    assert_eq!(with_pods, 2, "{:?}", sets(&cluster));
}

/// Each time the old pod becomes ready is progress, and puts the deadline off.
#[test]
fn a_rollout_stuck_beside_a_crash_loop_comes_to_rest() {
    // A budget counts the pod in and out, which is no progress of anybody.
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"minAvailable": 0, "selector": {"matchLabels": {"app": "web"}}}});
    for (version, more) in [("v1.30.0", vec![]), ("v1.30.0", vec![budget.clone()]), ("v1.16.0", vec![budget])] {
        let objects = [vec![node("n1"), web(1, "nginx:1", json!({}), json!({}))], more].concat();
        let mut cluster = cluster(version, objects);
        let conduct = Conduct::parse("exits 1 after 20s").unwrap();
        cluster.declare([Declaration { pods: PodPattern::default(), container: None, conduct }]);
        settle(&mut cluster);
        apply(&mut cluster, web(1, "nginx:2", json!({}), json!({"nodeSelector": {"disk": "none"}})));
        settle(&mut cluster);
        assert_eq!(condition(&cluster, "Progressing").1, "ReplicaSetUpdated", "{version}");
    }
}

#[test]
fn a_rollout_that_cannot_get_on_times_out_and_recovers() {
    let mut cluster =
        cluster("v1.30.0", vec![node("n1"), web(2, "nginx:1", json!({"progressDeadlineSeconds": 120}), json!({}))]);
    settle(&mut cluster);
    let set = cluster.store().list::<ReplicaSet>().next().unwrap().metadata.name.clone().unwrap();
    let done = format!("ReplicaSet \"{set}\" has successfully progressed.");
    assert_eq!(condition(&cluster, "Progressing"), ("True".into(), "NewReplicaSetAvailable".into(), done));
    let stuck = json!({"nodeSelector": {"disk": "ssd"}});
    apply(&mut cluster, web(2, "nginx:2", json!({"progressDeadlineSeconds": 120}), stuck));
    let start = cluster.now_ms();
    cluster.run_until(start + 119_000);
    assert_eq!(condition(&cluster, "Progressing").1, "ReplicaSetUpdated");
    cluster.run_until(start + 125_000);
    let (status, reason, message) = condition(&cluster, "Progressing");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ProgressDeadlineExceeded"));
    assert!(
        message.starts_with("ReplicaSet \"web-") && message.ends_with("\" has timed out progressing."),
        "{message}"
    );
    assert_eq!(condition(&cluster, "Available").1, "MinimumReplicasAvailable", "the old pods are still there");
    assert_eq!(cluster.settle(start + 60 * MINUTE), Stop::Quiet);
    let target = ObjectRef::parse("node/n1").unwrap();
    cluster.make(&Change::Label { target, set: vec![("disk".into(), "ssd".into())], remove: vec![] }).unwrap();
    settle(&mut cluster);
    assert_eq!(condition(&cluster, "Progressing").1, "NewReplicaSetAvailable");
}

#[test]
fn applying_the_old_template_rolls_back_to_its_replica_set() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), web(2, "nginx:1", json!({}), json!({}))]);
    settle(&mut cluster);
    apply(&mut cluster, web(2, "nginx:2", json!({}), json!({})));
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("1".to_owned(), 0), ("2".to_owned(), 2)]);
    apply(&mut cluster, web(2, "nginx:1", json!({}), json!({})));
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("2".to_owned(), 0), ("3".to_owned(), 2)]);
    let back = cluster.store().list::<ReplicaSet>().find(|set| set.spec.replicas == Some(2)).unwrap();
    let annotations = back.metadata.annotations.as_ref().unwrap();
    assert_eq!(annotations["deployment.kubernetes.io/revision-history"], "1");
    let own = deployment(&cluster).metadata.annotations.as_ref().unwrap();
    assert_eq!(own["deployment.kubernetes.io/revision"], "3");
}

#[test]
fn only_so_much_history_is_kept() {
    let limit = json!({"revisionHistoryLimit": 2});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), web(1, "nginx:0", limit.clone(), json!({}))]);
    for image in 0..6 {
        apply(&mut cluster, web(1, &format!("nginx:{image}"), limit.clone(), json!({})));
        settle(&mut cluster);
    }
    assert_eq!(sets(&cluster), [("4".to_owned(), 0), ("5".to_owned(), 0), ("6".to_owned(), 1)]);
}

#[test]
fn recreate_starts_nothing_before_the_last_old_pod_is_gone() {
    let recreate = json!({"strategy": {"type": "Recreate"}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), web(3, "nginx:1", recreate.clone(), json!({}))]);
    settle(&mut cluster);
    apply(&mut cluster, web(3, "nginx:2", recreate, json!({})));
    let end = cluster.now_ms() + MINUTE;
    let image = |pod: &Pod| pod.spec.containers[0].image.clone().unwrap();
    while cluster.now_ms() < end {
        cluster.run_until(cluster.now_ms() + 100);
        let images: std::collections::BTreeSet<String> = cluster.store().list::<Pod>().map(|pod| image(pod)).collect();
        assert!(images.len() <= 1, "{images:?}");
    }
    assert!(cluster.store().list::<Pod>().all(|pod| image(pod) == "nginx:2" && pod::is_ready(pod)));
    let told = messages(&cluster, "ScalingReplicaSet");
    assert!(told[1].ends_with("to 0 from 3") && told[2].ends_with(" to 3"), "{told:?}");
}

#[test]
fn ready_is_not_yet_available() {
    let patient = json!({"minReadySeconds": 30});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), web(2, "nginx:1", patient.clone(), json!({}))]);
    cluster.run_until(20_000);
    let status = deployment(&cluster).status.clone().unwrap();
    assert_eq!((status.ready_replicas, status.available_replicas), (Some(2), None));
    assert_eq!(condition(&cluster, "Available").0, "False");
    cluster.run_until(40_000);
    assert_eq!(deployment(&cluster).status.clone().unwrap().available_replicas, Some(2));
    apply(&mut cluster, web(2, "nginx:2", patient, json!({})));
    // One surge pod at a time, each on trial for 30 s.
    cluster.run_until(65_000);
    assert_eq!(sets(&cluster), [("1".to_owned(), 2), ("2".to_owned(), 1)]);
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("1".to_owned(), 0), ("2".to_owned(), 2)]);
    assert!(cluster.now_ms() >= 100_000, "{}", cluster.now_ms());
}

#[test]
fn a_paused_deployment_scales_and_does_not_roll() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), web(2, "nginx:1", json!({}), json!({}))]);
    settle(&mut cluster);
    apply(&mut cluster, web(4, "nginx:2", json!({"paused": true}), json!({})));
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("1".to_owned(), 4)]);
    assert_eq!(
        condition(&cluster, "Progressing"),
        ("Unknown".into(), "DeploymentPaused".into(), "Deployment is paused".into())
    );
    apply(&mut cluster, web(4, "nginx:2", json!({"paused": false}), json!({})));
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("1".to_owned(), 0), ("2".to_owned(), 4)]);
    assert_eq!(condition(&cluster, "Progressing").1, "NewReplicaSetAvailable");
}

#[test]
fn a_new_size_in_the_middle_of_a_rollout_is_spread() {
    // As in the Kubernetes documentation: 10 replicas, surge 3, unavailable 2, a rollout that is stuck, scaled to 15.
    let strategy =
        json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), web(10, "nginx:1", strategy.clone(), json!({}))]);
    settle(&mut cluster);
    apply(&mut cluster, web(10, "nginx:2", strategy, json!({"nodeSelector": {"disk": "ssd"}})));
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("1".to_owned(), 8), ("2".to_owned(), 5)]);
    let workload = ObjectRef::parse("deployment/web").unwrap();
    cluster.make(&Change::Scale { workload, replicas: 15 }).unwrap();
    settle(&mut cluster);
    assert_eq!(sets(&cluster), [("1".to_owned(), 11), ("2".to_owned(), 7)]);
}

#[test]
fn a_replica_set_that_matches_is_adopted_and_one_that_no_longer_does_is_let_go() {
    let mut web = web(2, "nginx:1", json!({}), json!({}));
    let template = web["spec"]["template"].clone();
    let orphan = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web-old", "namespace": "default", "labels": {"app": "web"}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}});
    web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1");
    let mut cluster = cluster("v1.30.0", vec![node("n1"), orphan, web]);
    settle(&mut cluster);
    assert_eq!(cluster.store().list::<ReplicaSet>().count(), 1, "its template is the Deployment's");
    let set = cluster.store().list::<ReplicaSet>().next().unwrap();
    assert_eq!(pod::controller_of(&set.metadata).unwrap().name, "web");
    let pod = cluster.store().list::<Pod>().next().unwrap().metadata.name.clone().unwrap();
    let target = ObjectRef::parse(&format!("pod/{pod}")).unwrap();
    cluster.make(&Change::Label { target, set: vec![("app".into(), "other".into())], remove: vec![] }).unwrap();
    settle(&mut cluster);
    let freed = cluster.store().find::<Pod>("default", &pod).unwrap();
    assert!(pod::controller_of(&freed.metadata).is_none());
    assert_eq!(cluster.store().list::<Pod>().count(), 3, "the ReplicaSet made another");
}

#[test]
fn what_is_missed_least_goes_first() {
    let pods = |version: &str| {
        let mut cluster = cluster(version, vec![node("n1"), node("n2"), web(3, "nginx:1", json!({}), json!({}))]);
        settle(&mut cluster);
        let names: Vec<String> = cluster.store().list::<Pod>().map(|pod| pod.metadata.name.clone().unwrap()).collect();
        let set = cluster.store().list::<ReplicaSet>().next().unwrap().clone();
        let mut cheap = Pod::clone(cluster.store().list::<Pod>().next().unwrap());
        let cost = [("controller.kubernetes.io/pod-deletion-cost".to_owned(), "-5".to_owned())];
        cheap.metadata.annotations = Some(cost.into());
        apply(&mut cluster, Object::Pod(cheap.into()).to_value());
        let workload = ObjectRef::parse(&format!("replicaset/{}", set.metadata.name.as_deref().unwrap())).unwrap();
        cluster.make(&Change::Scale { workload, replicas: 2 }).unwrap();
        cluster.run_until(cluster.now_ms() + 1);
        let active = cluster.store().list::<Pod>().filter(|pod| pod::is_active(pod));
        let left: Vec<String> = active.map(|pod| pod.metadata.name.clone().unwrap()).collect();
        (names, left)
    };
    let (names, left) = pods("v1.22.0");
    assert!(!left.contains(&names[0]), "the cheap one went: {left:?}");
}

/// What is refused is not kept for later, either.
#[test]
fn a_behaviour_of_no_pod_is_refused_and_forgotten() {
    let mut cluster = cluster("v1.30.0", vec![node("n1")]);
    let conduct = Conduct::parse("exits 1 after 20s").unwrap();
    let crash = Declaration { pods: PodPattern::default(), container: None, conduct };
    cluster.make(&Change::Behaviour(crash)).unwrap_err();
    apply(&mut cluster, web(1, "nginx:1", json!({}), json!({})));
    settle(&mut cluster);
    assert!(cluster.store().list::<Pod>().all(|pod| pod::is_ready(pod)));
    assert_eq!(messages(&cluster, "BackOff"), [""; 0]);
}
