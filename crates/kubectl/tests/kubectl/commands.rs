//! What is typed for a change, and what takes it back.

use std::collections::BTreeMap;

use serde_json::json;
use sim_cluster::{
    Change, Conduct, Declaration, DeleteOptions, DrainOptions, KubeletRestart, Object, PatchType, PodPattern,
    Propagation, TaintPattern, UpgradeOptions, WorkloadRef, parse_taint, parse_toleration,
};
use sim_core::model::LabelSelector;
use sim_kubectl::commands;

use crate::fixture::{cluster, named, object};

/// The commands of a change, the way back after each, and its note.
#[track_caller]
fn check(change: Change, expected: &[(&str, Option<&str>, Option<&str>)]) {
    let commands = commands(&cluster(), &change);
    let found: Vec<_> = commands
        .iter()
        .map(|command| (command.line.as_str(), command.undo.as_deref(), command.note.as_deref()))
        .collect();
    assert_eq!(found, expected);
}

/// A change without a note, and without a namespace.
#[track_caller]
fn plain(change: Change, line: &str, undo: &str) {
    check(change, &[(line, Some(undo), None)]);
}

/// The lines of something that kubectl does not do.
#[track_caller]
fn by_hand(change: Change, lines: &[&str], undo: Option<&str>, note: Option<&str>) {
    check(change, &[(&lines.join("\n"), undo, note)]);
}

/// A change that kubectl or the API server would refuse.
#[track_caller]
fn refused(change: Change, words: &str) {
    by_hand(change, &[&format!("# {words}")], None, None);
}

fn untaint(node: Option<&str>, pattern: &str) -> Change {
    Change::Untaint { node: node.map(str::to_owned), taint: TaintPattern::parse(pattern).unwrap() }
}

fn toleration(workload: &str) -> Change {
    Change::AddToleration {
        workload: WorkloadRef::parse(workload).unwrap(),
        toleration: parse_toleration("dedicated=gpu:NoSchedule").unwrap(),
    }
}

#[test]
fn taints() {
    let taint = |node: Option<&str>, text: &str| Change::Taint {
        node: node.map(str::to_owned),
        taint: parse_taint(text).unwrap(),
    };
    plain(
        taint(Some("n1"), "k=v:NoSchedule"),
        "kubectl taint nodes n1 k=v:NoSchedule",
        "kubectl taint nodes n1 k=v:NoSchedule-",
    );
    check(
        taint(None, "k:NoExecute"),
        &[(
            "kubectl taint nodes --all k:NoExecute",
            Some("kubectl taint nodes --all k:NoExecute-"),
            Some("the pods that are evicted do not come back to the node"),
        )],
    );
    refused(
        taint(Some("n2"), "dedicated=x:NoSchedule"),
        "error: node n2 already has dedicated taint(s) with same effect(s) and --overwrite is false",
    );
    check(
        untaint(None, "dedicated:NoSchedule"),
        &[(
            "kubectl taint nodes n2 dedicated=gpu:NoSchedule-",
            Some("kubectl taint nodes n2 dedicated=gpu:NoSchedule"),
            Some("the undo keeps new pods away; those that have come since stay"),
        )],
    );
    check(
        untaint(Some("n2"), "dedicated"),
        &[(
            "kubectl taint nodes n2 dedicated=gpu:NoSchedule- dedicated=gpu:NoExecute-",
            Some("kubectl taint nodes n2 dedicated=gpu:NoSchedule dedicated=gpu:NoExecute"),
            Some("the undo evicts the pods that have come since and do not tolerate the taint"),
        )],
    );
    refused(untaint(Some("n2"), "dedicated=cpu"), "error: taint \"dedicated=cpu\" not found");
    refused(untaint(Some("n9"), "dedicated"), "Error from server (NotFound): nodes \"n9\" not found");
}

#[test]
fn tolerations_are_whole_lists() {
    let added = r#"{"key":"dedicated","operator":"Equal","value":"gpu","effect":"NoSchedule"}"#;
    let old = r#"{"key":"old","operator":"Exists"}"#;
    let patch = |workload: &str, list: &str| {
        format!(
            "kubectl -n default patch {workload} --type=strategic -p '{{\"spec\":{{\"template\":{{\"spec\":{{\"tolerations\":{list}}}}}}}}}'"
        )
        .replace(added, r#"{"effect":"NoSchedule","key":"dedicated","operator":"Equal","value":"gpu"}"#)
    };
    for workload in ["deployment/web", "default/deployment/web", "pending"] {
        let name = if workload == "pending" { "deployment waits" } else { "deployment web" };
        plain(toleration(workload), &patch(name, &format!("[{added}]")), &patch(name, "null"));
    }
    plain(
        toleration("ds/agent"),
        &patch("daemonset agent", &format!("[{old},{added}]")),
        &patch("daemonset agent", &format!("[{old}]")),
    );
    refused(toleration("job/once"), "error: jobs has no pod template to add a toleration to");
    let commands = commands(&cluster(), &toleration("pod/bare"));
    assert!(
        commands[0]
            .line
            .starts_with("kubectl -n default patch pod bare --type=strategic -p '{\"spec\":{\"tolerations\":[{")
    );
    assert_eq!(commands[0].undo, None);
    assert_eq!(commands[0].note.as_deref(), Some("a pod's tolerations can be added to, and not taken away"));
}

#[test]
fn labels_and_annotations() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let label = |set: &[(String, String)], remove: &[&str]| Change::Label {
        target: named("node/n1"),
        set: set.to_vec(),
        remove: remove.iter().map(|key| (*key).to_owned()).collect(),
    };
    plain(label(&[pair("zone", "a")], &[]), "kubectl label node n1 zone=a", "kubectl label node n1 zone-");
    plain(
        label(&[pair("disk", "hdd"), pair("zone", "a")], &[]),
        "kubectl label node n1 --overwrite disk=hdd zone=a",
        "kubectl label node n1 --overwrite disk=ssd zone-",
    );
    plain(label(&[], &["disk"]), "kubectl label node n1 disk-", "kubectl label node n1 disk=ssd");
    plain(label(&[pair("disk", "x")], &["disk"]), "kubectl label node n1 disk-", "kubectl label node n1 disk=ssd");
    refused(label(&[], &["zone"]), "label \"zone\" not found.");
    let annotate =
        Change::Annotate { target: named("deploy/web"), set: vec![pair("note", "it's ours")], remove: vec![] };
    plain(
        annotate,
        "kubectl -n default annotate deployment web \"note=it's ours\"",
        "kubectl -n default annotate deployment web note-",
    );
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let node = || named("node/n1");
    for change in [
        Change::Label { target: node(), set: Vec::new(), remove: Vec::new() },
        Change::Label { target: node(), set: vec![pair("disk", "ssd")], remove: Vec::new() },
        Change::Annotate { target: node(), set: Vec::new(), remove: vec!["x".to_owned()] },
        Change::Annotate { target: node(), set: vec![pair("x", "")], remove: vec!["x".to_owned()] },
        Change::AddToleration {
            workload: WorkloadRef::parse("ds/agent").unwrap(),
            toleration: parse_toleration("old").unwrap(),
        },
    ] {
        let mut cluster = cluster();
        let before = cluster.store().resource_version();
        cluster.make(&change).unwrap();
        assert_eq!(cluster.store().resource_version(), before, "{change}");
    }
}

#[test]
fn workloads() {
    let workload = named("deployment/web");
    plain(
        Change::Scale { workload: workload.clone(), replicas: 5 },
        "kubectl -n default scale deployment web --replicas=5",
        "kubectl -n default scale deployment web --replicas=2",
    );
    let images = |images: &[(&str, &str)]| Change::SetImage {
        workload: workload.clone(),
        images: images.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned())).collect(),
    };
    plain(
        images(&[("c", "nginx:3")]),
        "kubectl -n default set image deployment web c=nginx:3",
        "kubectl -n default set image deployment web c=nginx:1",
    );
    plain(
        images(&[("*", "nginx:1")]),
        "kubectl -n default set image deployment web '*=nginx:1'",
        "kubectl -n default set image deployment web log=fluentd:2",
    );
    check(
        Change::RolloutRestart(workload.clone()),
        &[(
            "kubectl -n default rollout restart deployment web",
            Some(
                "kubectl -n default patch deployment web --type=merge -p \
                 '{\"spec\":{\"template\":{\"metadata\":{\"annotations\":null}}}}'",
            ),
            Some("the undo replaces the pods once more"),
        )],
    );
    let undo = Change::RolloutUndo { workload: workload.clone(), to_revision: 3 };
    refused(undo, "error: unable to find specified revision 3 in history");
    let patch = Change::Patch {
        target: workload,
        type_: PatchType::Strategic,
        patch: json!({"spec": {"paused": true, "template": {"spec": {"containers": [{"name": "c", "image": "x"}]}}}}),
    };
    let commands = commands(&cluster(), &patch);
    let undo = commands[0].undo.as_deref().unwrap();
    // Lists have no keys in a merge patch: the containers come back whole.
    assert!(
        undo.starts_with("kubectl -n default patch deployment web --type=merge -p '{\"spec\":{\"paused\":null,"),
        "{undo}"
    );
    assert!(undo.contains("nginx:1") && undo.contains("fluentd:2"), "{undo}");
}

#[test]
fn nodes() {
    plain(Change::Cordon("n1".to_owned()), "kubectl cordon n1", "kubectl uncordon n1");
    check(Change::Cordon("n2".to_owned()), &[("kubectl cordon n2", None, Some("the node is cordoned already"))]);
    plain(Change::Uncordon("n2".to_owned()), "kubectl uncordon n2", "kubectl cordon n2");
    let not_back = Some("the pods that are evicted do not come back to the node");
    let drain = DrainOptions {
        node: "n1".to_owned(),
        force: true,
        ignore_daemonsets: true,
        delete_emptydir_data: true,
        disable_eviction: true,
        grace_period_seconds: Some(30),
        timeout_ms: Some(90_000),
        pod_selector: Some(LabelSelector::parse("app=a,tier!=x,!y").unwrap()),
    };
    check(
        Change::Drain(drain),
        &[(
            "kubectl drain n1 --force --ignore-daemonsets --delete-emptydir-data --disable-eviction --grace-period=30 \
             --timeout=90000ms '--pod-selector=app in (a),tier notin (x),!y'",
            Some("kubectl uncordon n1"),
            not_back,
        )],
    );
    let drain = DrainOptions { node: "n2".to_owned(), ignore_daemonsets: true, ..DrainOptions::default() };
    check(Change::Drain(drain), &[("kubectl drain n2 --ignore-daemonsets", None, not_back)]);
    check(
        Change::RemoveNode("n2".to_owned()),
        &[(
            "kubectl delete node n2",
            Some("# on node n2: systemctl restart kubelet"),
            Some("the Node registers anew, without the labels and taints that others gave it"),
        )],
    );
    refused(Change::Cordon("n3".to_owned()), "Error from server (NotFound): nodes \"n3\" not found");
}

#[test]
fn deletions() {
    let with = |target: &str, propagation, grace_period_seconds, force| Change::DeleteWith {
        target: named(target),
        options: DeleteOptions { propagation, grace_period_seconds },
        force,
    };
    let gone = Some("the pod does not come back, and no controller makes another");
    check(Change::Delete(named("po/bare")), &[("kubectl -n default delete pod bare", None, gone)]);
    check(
        with("pod/bare", Some(Propagation::Background), Some(0), true),
        &[("kubectl -n default delete pod bare --cascade=background --force --grace-period=0", None, gone)],
    );
    check(
        with("pod/bare", None, Some(5), false),
        &[("kubectl -n default delete pod bare --grace-period=5", None, gone)],
    );
    let commands = commands(&cluster(), &with("deploy/web", Some(Propagation::Orphan), None, false));
    assert_eq!(commands[0].line, "kubectl -n default delete deployment web --cascade=orphan");
    let undo = commands[0].undo.as_deref().unwrap();
    assert!(undo.starts_with("kubectl apply -f - <<'EOF'\napiVersion: apps/v1\nkind: Deployment\n"), "{undo}");
    assert!(undo.ends_with("\nEOF"), "{undo}");
    for written_by_the_server in
        ["status:", "uid:", "resourceVersion:", "creationTimestamp:", "deployment.kubernetes.io"]
    {
        assert!(!undo.contains(written_by_the_server), "{undo}");
    }
    refused(Change::Delete(named("pod/none")), "Error from server (NotFound): pods \"none\" not found");
}

#[test]
fn manifests() {
    let config = |data: &str| {
        object(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"},
            "data": {"text": data}}))
    };
    let line = "kubectl apply -f - <<'EOF'\napiVersion: v1\nkind: ConfigMap\ndata:\n  text: a\nmetadata:\n  name: c\n  \
                namespace: default\nEOF";
    plain(Change::Apply(vec![config("a")]), line, "kubectl -n default delete configmap c");
    let mut there = cluster();
    there.make(&Change::Apply(vec![config("b")])).unwrap();
    let undo = commands(&there, &Change::Apply(vec![config("a")]))[0].undo.clone();
    assert_eq!(
        undo.as_deref(),
        Some("kubectl -n default patch configmap c --type=merge -p '{\"data\":{\"text\":\"b\"}}'")
    );
    let custom = json!({"apiVersion": "example.com/v1", "kind": "Custom", "metadata": {"name": "x", "namespace": "a"},
        "spec": {"field": 1}});
    let custom = Object::Other(std::sync::Arc::new(serde_json::from_value(custom).unwrap()));
    let commands = commands(&cluster(), &Change::Apply(vec![config("a"), custom]));
    assert!(commands[0].line.contains("\n---\napiVersion: example.com/v1\n"), "{}", commands[0].line);
    assert_eq!(
        commands[0].undo.as_deref(),
        Some("kubectl -n a delete custom x\nkubectl -n default delete configmap c")
    );
}

#[test]
fn what_kubectl_cannot_do_is_a_comment() {
    let restart = KubeletRestart {
        node: "n1".to_owned(),
        register_with_taints: None,
        cloud_provider_external: None,
        node_labels: None,
        allocatable: None,
        version: None,
    };
    let old_flags = Some("# on node n1: give the kubelet its old flags, then: systemctl restart kubelet");
    by_hand(
        Change::KubeletRestart(KubeletRestart { cloud_provider_external: Some(false), ..restart.clone() }),
        &[
            "# on node n1: take --cloud-provider=external away (kubeadm: nodeRegistration.kubeletExtraArgs, on a node that \
             is there KUBELET_KUBEADM_ARGS in /var/lib/kubelet/kubeadm-flags.env; kubespray: cloud_provider: \"\" in \
             group_vars/all/all.yml)",
            "# on node n1: systemctl restart kubelet",
            "# taints and labels of these flags count when a Node registers, not for one that is there",
        ],
        old_flags,
        None,
    );
    by_hand(
        Change::KubeletRestart(KubeletRestart {
            allocatable: Some(BTreeMap::from([("cpu".to_owned(), "4".to_owned())])),
            version: Some("v1.31.0".parse().unwrap()),
            ..restart
        }),
        &[
            "# on node n1: set --kube-reserved and --system-reserved (KubeletConfiguration: kubeReserved, systemReserved) so \
             that cpu=4 is left for pods",
            "# on node n1: install the kubelet of v1.31.0",
            "# on node n1: systemctl restart kubelet",
        ],
        old_flags,
        None,
    );
    by_hand(
        Change::AddNode { from: "n1".to_owned(), count: 2 },
        &["# add 2 machines like n1, and join to the cluster (kubeadm join; kubespray: scale.yml)"],
        Some("kubectl delete node n1-2\nkubectl delete node n1-3"),
        Some("then take the machines away"),
    );
    by_hand(
        Change::NodeDown("n1".to_owned()),
        &["# on node n1: the machine goes down"],
        Some("# on node n1: start the machine or mend its network, then: systemctl start kubelet"),
        None,
    );
    by_hand(
        Change::StopController("kube-scheduler".to_owned()),
        &["# on the control plane: move kube-scheduler.yaml out of /etc/kubernetes/manifests"],
        Some("# on the control plane: put kube-scheduler.yaml back into /etc/kubernetes/manifests"),
        None,
    );
    by_hand(
        Change::StartController("deployment".to_owned()),
        &["# on the control plane: take -deployment out of --controllers of its controller manager"],
        Some("# on the control plane: add -deployment to --controllers of its controller manager"),
        None,
    );
    by_hand(
        Change::Upgrade(UpgradeOptions { to: "v1.31.0".parse().unwrap(), nodes: None, drain_timeout_ms: None }),
        &[
            "# on the control plane: kubeadm upgrade apply v1.31.0 (from v1.30.0)",
            "# on every node, the control plane's first: drain, kubeadm upgrade node, install the new kubelet, systemctl \
             restart kubelet, uncordon",
        ],
        None,
        Some("a control plane cannot go back to an older minor version"),
    );
    by_hand(
        Change::Behaviour(Declaration {
            pods: PodPattern { owner: Some("deployment/web".to_owned()), ..PodPattern::default() },
            container: None,
            conduct: Conduct::parse("never ready").unwrap(),
        }),
        &["# in owner=deployment/web: the programs behave differently from now on"],
        None,
        Some("there is nothing to type for it"),
    );
    refused(Change::ImageFixed("nginx:1".to_owned()), "error: image nginx:1 is not broken");
    by_hand(
        Change::ImageBroken("nginx:1".to_owned()),
        &["# no registry hands out nginx:1 any more"],
        Some("# push nginx:1 to its registry, or let the nodes pull it again"),
        None,
    );
}

#[test]
fn a_name_in_several_namespaces_is_nobody_s() {
    let mut two = cluster();
    let config = |namespace: &str| {
        object(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}}))
    };
    let namespace = object(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}));
    two.make(&Change::Apply(vec![namespace, config("a"), config("default")])).unwrap();
    let commands = commands(&two, &Change::Delete(named("configmap/c")));
    assert!(commands[0].line.starts_with("# error: configmap/c is in several namespaces (a, default)"), "{commands:?}");
    assert!(!commands[0].is_kubectl());
}
