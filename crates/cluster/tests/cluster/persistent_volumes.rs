//! Claims and volumes: bound, made on demand, protected, released and lost.

use k8s_openapi::api::core::v1::{Event, PersistentVolume, PersistentVolumeClaim};
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectRef, Setup};

const MINUTE: u64 = 60 * 1000;

fn read(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

fn cluster(version: &str, objects: Vec<Value>) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    Cluster::new(setup, objects.into_iter().map(read))
}

fn node(name: &str, zone: &str) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "status": {"capacity": resources},
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}}})
}

fn claim(name: &str, spec: Value) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}});
    value["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    value
}

fn volume(name: &str, size: &str, spec: Value) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, "labels": {"name": name}},
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "hostPath": {"path": "/d"}}});
    value["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    value
}

fn class(name: &str, provisioner: &str, mode: &str, conduct: &str) -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": provisioner, "volumeBindingMode": mode,
        "metadata": {"name": name, "annotations": {"sim/provisioner": conduct}}})
}

fn pod(name: &str, claim: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": {
        "containers": [{"name": "c", "image": "nginx:1.25"}],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]}})
}

/// The claim's phase and volume.
fn state(cluster: &Cluster, name: &str) -> String {
    let Some(claim) = cluster.store().find::<PersistentVolumeClaim>("default", name) else { return "gone".to_owned() };
    let phase = claim.status.as_ref().unwrap().phase.clone().unwrap();
    format!("{phase} {}", claim.spec.as_ref().unwrap().volume_name.as_deref().unwrap_or("-"))
}

fn volume_phase(cluster: &Cluster, name: &str) -> String {
    let volume = cluster.store().find::<PersistentVolume>("", name);
    volume.map_or("gone".to_owned(), |volume| volume.status.as_ref().unwrap().phase.clone().unwrap())
}

fn has_event(cluster: &Cluster, wanted: &str) -> bool {
    let text = |event: &Event| format!("{} {}", event.reason.as_deref().unwrap(), event.message.as_deref().unwrap());
    cluster.store().list::<Event>().any(|event| text(event) == wanted)
}

fn delete(cluster: &mut Cluster, what: &str) {
    cluster.make(&Change::Delete(ObjectRef::parse(what).unwrap())).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
}

fn is_ready(cluster: &Cluster, name: &str) -> bool {
    cluster.store().find::<Pod>("default", name).is_some_and(|pod| pod::is_ready(pod))
}

#[test]
fn the_smallest_volume_that_is_enough() {
    let selects = json!({"selector": {"matchLabels": {"name": "special"}}});
    let mut cluster = cluster(
        "v1.30.0",
        vec![
            volume("large", "50Gi", json!({})),
            volume("enough", "6Gi", json!({})),
            volume("small", "1Gi", json!({})),
            volume("special", "90Gi", json!({})),
            volume("other-class", "5Gi", json!({"storageClassName": "x"})),
            volume("block", "5Gi", json!({"volumeMode": "Block"})),
            volume("kept", "5Gi", json!({"claimRef": {"namespace": "default", "name": "mine"}})),
            claim("any", json!({})),
            claim("selects", selects),
            claim("mine", json!({})),
            claim("named", json!({"volumeName": "small"})),
            claim("none", json!({"accessModes": ["ReadWriteMany"]})),
        ],
    );
    cluster.settle(60 * MINUTE);
    let states = ["any", "selects", "mine", "named", "none"].map(|name| state(&cluster, name));
    assert_eq!(states, ["Bound enough", "Bound special", "Bound kept", "Pending small", "Pending -"]);
    assert!(has_event(
        &cluster,
        "FailedBinding no persistent volumes available for this claim and no storage class is set"
    ));
    assert!(has_event(&cluster, "VolumeMismatch Cannot bind to requested volume \"small\": requested PV is too small"));
    // A volume that comes later is found when the controller looks at everything again.
    cluster.make(&Change::Apply(vec![read(volume("late", "5Gi", json!({"accessModes": ["ReadWriteMany"]})))])).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(state(&cluster, "none"), "Bound late");
}

#[test]
fn a_pod_waits_until_its_volume_is_made_where_it_goes() {
    let csi_node = json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n1"}, "spec": {"drivers": [
        {"name": "disk.example.com", "nodeID": "1", "topologyKeys": ["topology.kubernetes.io/zone"]}]}});
    let mut cluster = cluster(
        "v1.30.0",
        vec![
            node("n1", "a"),
            csi_node,
            class("late", "disk.example.com", "WaitForFirstConsumer", "after 20s"),
            claim("data", json!({"storageClassName": "late"})),
        ],
    );
    cluster.settle(60 * MINUTE);
    assert_eq!(state(&cluster, "data"), "Pending -");
    assert!(has_event(&cluster, "WaitForFirstConsumer waiting for first consumer to be created before binding"));
    cluster.make(&Change::Apply(vec![read(pod("p", "data"))])).unwrap();
    let start = cluster.now_ms();
    cluster.run_until(start + 10_000);
    let waiting = cluster.store().find::<Pod>("default", "p").unwrap();
    assert_eq!(pod::node_name(waiting), None, "it is bound when its volume is");
    cluster.settle(start + 60 * MINUTE);
    assert!(is_ready(&cluster, "p"));
    let uid = cluster.store().find::<PersistentVolumeClaim>("default", "data").unwrap().metadata.uid.clone().unwrap();
    assert_eq!(state(&cluster, "data"), format!("Bound pvc-{uid}"));
    assert!(has_event(&cluster, "Provisioning External provisioner is provisioning volume for claim \"default/data\""));
    assert!(has_event(&cluster, &format!("ProvisioningSucceeded Successfully provisioned volume pvc-{uid}")));
    let made = cluster.store().list::<PersistentVolume>().next().unwrap();
    let made = serde_json::to_value(made.as_ref()).unwrap();
    let term = &made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0];
    assert_eq!((&term["key"], &term["values"][0]), (&json!("topology.kubernetes.io/zone"), &json!("a")));
}

#[test]
fn what_a_claim_waits_for_is_told_as_the_version_tells_it() {
    for (version, text) in [
        (
            "v1.27.0",
            "ExternalProvisioning waiting for a volume to be created, either by external provisioner \"d.example.com\" or manually created by system administrator",
        ),
        (
            "v1.28.0",
            "ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'd.example.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
        ),
    ] {
        let objects = vec![
            node("n1", "a"),
            class("now", "d.example.com", "Immediate", "absent"),
            class("local", "kubernetes.io/no-provisioner", "Immediate", ""),
            claim("waits", json!({"storageClassName": "now"})),
            claim("static", json!({"storageClassName": "local"})),
            claim("lacks", json!({"storageClassName": "nowhere"})),
            pod("p", "waits"),
        ];
        let mut cluster = cluster(version, objects);
        cluster.run_until(2 * MINUTE);
        assert_eq!(state(&cluster, "waits"), "Pending -");
        assert!(has_event(&cluster, text), "{version}");
        assert!(has_event(&cluster, "ProvisioningFailed storageclass.storage.k8s.io \"nowhere\" not found"));
        assert!(has_event(&cluster, "ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner"));
        let seen =
            cluster.store().list::<Event>().find(|event| event.reason.as_deref() == Some("ExternalProvisioning"));
        assert!(seen.unwrap().count.unwrap() >= 5, "told again every 15 s");
        let waiting = cluster.store().find::<Pod>("default", "p").unwrap();
        let message = pod::condition(waiting, "PodScheduled").unwrap().message.clone().unwrap();
        assert!(message.contains("pod has unbound immediate PersistentVolumeClaims"), "{message}");
    }
}

#[test]
fn a_provisioner_that_never_comes_makes_the_scheduler_give_up() {
    let objects = vec![
        node("n1", "a"),
        class("late", "d.example.com", "WaitForFirstConsumer", "absent"),
        claim("data", json!({"storageClassName": "late"})),
        pod("p", "data"),
    ];
    let mut cluster = cluster("v1.30.0", objects);
    cluster.run_until(11 * MINUTE);
    assert!(!is_ready(&cluster, "p"));
    assert!(has_event(
        &cluster,
        "FailedScheduling running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded"
    ));
}

#[test]
fn claims_in_use_and_their_volumes_are_protected_and_reclaimed() {
    for (policy, left) in [("Delete", "gone"), ("Retain", "Released")] {
        let mut class = class("now", "d.example.com", "Immediate", "");
        class["reclaimPolicy"] = json!(policy);
        let objects = vec![node("n1", "a"), class, claim("data", json!({"storageClassName": "now"})), pod("p", "data")];
        let mut cluster = cluster("v1.30.0", objects);
        cluster.settle(60 * MINUTE);
        assert!(is_ready(&cluster, "p"));
        let name = state(&cluster, "data").split_once(' ').unwrap().1.to_owned();
        delete(&mut cluster, "pvc/data");
        let claim = cluster.store().find::<PersistentVolumeClaim>("default", "data").unwrap();
        assert!(claim.metadata.deletion_timestamp.is_some(), "held by the pod");
        assert_eq!(volume_phase(&cluster, &name), "Bound");
        delete(&mut cluster, "pod/p");
        assert_eq!(state(&cluster, "data"), "gone");
        assert_eq!(volume_phase(&cluster, &name), left);
    }
}

#[test]
fn a_claim_whose_volume_is_deleted_is_lost() {
    let mut cluster = cluster("v1.30.0", vec![volume("pv", "5Gi", json!({})), claim("data", json!({}))]);
    cluster.settle(60 * MINUTE);
    delete(&mut cluster, "pv/pv");
    assert_eq!((state(&cluster, "data").as_str(), volume_phase(&cluster, "pv").as_str()), ("Bound pv", "Bound"));
    // Somebody takes the finalizer off by hand.
    let mut forced = volume("pv", "5Gi", json!({}));
    forced["metadata"]["finalizers"] = json!([]);
    cluster.make(&Change::Apply(vec![read(forced)])).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    if volume_phase(&cluster, "pv") == "gone" {
        assert_eq!(state(&cluster, "data"), "Lost pv");
        assert!(has_event(
            &cluster,
            "ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!"
        ));
    }
}

#[test]
fn a_partial_dump_loses_nothing() {
    let mut bound = claim("data", json!({"volumeName": "elsewhere"}));
    bound["metadata"]["annotations"] = json!({"pv.kubernetes.io/bind-completed": "yes"});
    bound["status"] = json!({"phase": "Bound"});
    let claimed = json!({"claimRef": {"namespace": "other", "name": "data", "uid": "u1"}, "persistentVolumeReclaimPolicy": "Delete"});
    let mut taken = volume("taken", "5Gi", claimed);
    taken["status"] = json!({"phase": "Bound"});
    let mut cluster = cluster("v1.30.0", vec![bound, taken]);
    cluster.run_until(5 * MINUTE);
    assert_eq!(state(&cluster, "data"), "Bound elsewhere");
    assert_eq!(volume_phase(&cluster, "taken"), "Bound");
}

#[test]
fn ephemeral_volumes_come_and_go_with_their_pod() {
    let mut pod = pod("p", "unused");
    pod["spec"]["volumes"] = json!([{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {
        "storageClassName": "now", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}]);
    let mut cluster = cluster("v1.30.0", vec![node("n1", "a"), class("now", "d.example.com", "Immediate", ""), pod]);
    cluster.settle(60 * MINUTE);
    assert!(is_ready(&cluster, "p"));
    assert!(state(&cluster, "p-scratch").starts_with("Bound pvc-"));
    delete(&mut cluster, "pod/p");
    assert_eq!(state(&cluster, "p-scratch"), "gone");
    assert_eq!(cluster.store().list::<PersistentVolume>().count(), 0);
}

#[test]
fn in_tree_plugins_provision_until_a_driver_takes_over() {
    for (version, event) in
        [("v1.22.0", "using kubernetes.io/aws-ebs"), ("v1.23.0", "either by external provisioner \"ebs.csi.aws.com\"")]
    {
        let class = class("gp2", "kubernetes.io/aws-ebs", "Immediate", "");
        let mut cluster = cluster(version, vec![class, claim("data", json!({"storageClassName": "gp2"}))]);
        cluster.settle(60 * MINUTE);
        assert!(state(&cluster, "data").starts_with("Bound pvc-"), "{version}");
        let told = |event: &Event, part: &str| event.message.as_deref().unwrap().contains(part);
        assert!(cluster.store().list::<Event>().any(|found| told(found, event)), "{version}");
    }
}
