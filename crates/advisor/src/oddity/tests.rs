use std::path::Path;

use sim_cluster::{Cluster, Setup};

use super::{Oddity, OddityKind, oddities};
use crate::testing::Fixture;

fn sentences(oddities: &[Oddity]) -> Vec<&str> {
    oddities.iter().map(|oddity| oddity.sentence.as_str()).collect()
}

#[track_caller]
fn check(nodes: &str, yaml: &str, expected: &[&str]) {
    let cluster = Fixture::of("1.34").nodes(nodes).yaml(yaml).cluster();
    assert_eq!(sentences(&oddities(&cluster)), expected);
}

/// The control plane and the nodes as kubeadm leaves them, with what it installs.
const KUBEADM: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver-cp, namespace: kube-system, annotations: {kubernetes.io/config.source: file}}\nspec: {nodeName: cp, containers: [{name: c, image: i, resources: {requests: {cpu: 250m}}}]}\nstatus: {phase: Running}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-proxy, namespace: kube-system, uid: kp, generation: 1}
spec:
  selector: {matchLabels: {k8s-app: kube-proxy}}
  template:
    metadata: {labels: {k8s-app: kube-proxy}}
    spec: {nodeSelector: {kubernetes.io/os: linux}, tolerations: [{operator: Exists}], priorityClassName: system-node-critical, containers: [{name: c, image: i}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system, uid: cd, generation: 1}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 25%}, type: RollingUpdate}
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec: {tolerations: [{key: CriticalAddonsOnly, operator: Exists}, {key: node-role.kubernetes.io/control-plane, effect: NoSchedule}], containers: [{name: c, image: i, resources: {requests: {cpu: 100m, memory: 70Mi}}}]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: system-node-critical}
value: 2000001000
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: system-cluster-critical}
value: 2000000000";

#[test]
fn a_healthy_cluster_has_none() {
    let nodes = "cp kubernetes.io/os=linux node-role.kubernetes.io/control-plane= taint=node-role.kubernetes.io/control-plane:NoSchedule kubeletVersion:=v1.34.0 machineID:=1 systemUUID:=1 podCIDR:=10.0.0.0/24 ip:=10.1.0.1\n\
                 w1 kubernetes.io/os=linux kubeletVersion:=v1.34.0 machineID:=2 systemUUID:=2 podCIDR:=10.0.1.0/24 ip:=10.1.0.2\n\
                 w2 kubernetes.io/os=linux kubeletVersion:=v1.33.2 machineID:=3 systemUUID:=3 podCIDR:=10.0.2.0/24 ip:=10.1.0.3";
    let mut cluster = Fixture::of("1.34").nodes(nodes).yaml(KUBEADM).cluster();
    cluster.settle(10 * 60 * 1000);
    assert_eq!(sentences(&oddities(&cluster)), Vec::<&str>::new());
}

#[test]
fn the_article_s_cluster_shares_address_and_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/kubespray-uninitialized.yaml");
    let input = sim_scenario::load(&[path], &mut std::io::empty());
    let setup = Setup::of("1.16".parse().expect("a version"));
    let mut cluster = Cluster::new(setup, input.objects.into_iter().map(|loaded| loaded.object));
    cluster.run_until(60_000);
    let found = oddities(&cluster);
    let kinds: Vec<OddityKind> = found.iter().map(|oddity| oddity.kind).collect();
    for kind in [OddityKind::SharedInternalIP, OddityKind::SharedMachineID, OddityKind::Uninitialized] {
        assert!(kinds.contains(&kind), "{:?}", sentences(&found));
    }
    let address = found.iter().find(|oddity| oddity.kind == OddityKind::SharedInternalIP).expect("an oddity");
    assert_eq!(address.sentence, "2 nodes have the InternalIP 172.21.20.50: kubemaster, kubeworker");
    assert_eq!(address.objects, ["node/kubemaster", "node/kubeworker"]);
}

#[test]
fn what_identifies_a_machine() {
    for (field, name) in [
        ("ip", "InternalIP"),
        ("machineID", "machine ID"),
        ("systemUUID", "system UUID"),
        ("providerID", "provider ID"),
        ("podCIDR", "pod CIDR"),
    ] {
        let nodes = format!("n1 {field}:=10.0.0.1\nn2 {field}:=10.0.0.1\nn3 {field}:=10.0.0.2\nn4");
        check(&nodes, "", &[&format!("2 nodes have the {name} 10.0.0.1: n1, n2")]);
    }
}

#[test]
fn versions() {
    check("n1 kubeletVersion:=v1.31.9\nn2 kubeletVersion:=v1.34.0", "", &[]);
    check(
        "n1 kubeletVersion:=v1.30.1",
        "",
        &["kubelets are 4 minor versions older (1.30) than the API server (v1.34.0), where 3 are supported: n1"],
    );
    check("n1 kubeletVersion:=v1.35.0", "", &["kubelets are newer (1.35) than the API server (v1.34.0): n1"]);
    check(
        "n1 kubeletVersion:=v1.32.0\nn2 kubeletVersion:=v1.33.0\nn3 kubeletVersion:=v1.34.0",
        "",
        &["kubelets are of 3 minor versions: 1.32 on 1 node, 1.33 on 1 node, 1.34 on 1 node"],
    );
}

#[test]
fn states_of_nodes() {
    check("n1 cordoned\nn2", "", &["1 node cordoned: n1"]);
    check("n1 condition=Ready:False\nn2", "", &["1 node is not ready: n1"]);
    check("n1 condition=MemoryPressure:True\nn2", "", &["1 node is under MemoryPressure: n1"]);
    let uninitialized = "taint=node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule";
    check(
        &format!("n1 {uninitialized}\nn2"),
        "",
        &["1 node is tainted node.cloudprovider.kubernetes.io/uninitialized and without a provider ID: n1"],
    );
    check(&format!("n1 {uninitialized} providerID:=aws:///a/1"), "", &[]);
    check("n1 topology.kubernetes.io/zone=a\nn2", "", &["1 node without a zone label, which 1 node has: n2"]);
}

#[test]
fn priority_classes() {
    let class = |name: &str, rest: &str| {
        format!("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\n{rest}")
    };
    check("n1", &class("high", "value: 1000000000"), &[]);
    check(
        "n1",
        &class("higher", "value: 1000000001"),
        &["the PriorityClass higher has the value 1000000001, above what users may define (1000000000)"],
    );
    check(
        "n1",
        &class("system-mine", "value: 5"),
        &["the PriorityClass system-mine has a name that is reserved for the system"],
    );
    let two = format!(
        "{}\n---\n{}",
        class("a", "value: 1\nglobalDefault: true"),
        class("b", "value: 2\nglobalDefault: true")
    );
    check("n1", &two, &["2 PriorityClasses are each the default: a, b"]);
}

fn budget(name: &str, rule: &str, status: &str) -> String {
    format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: default, generation: 1}}\nspec: {{selector: {{matchLabels: {{app: web}}}}, {rule}}}\nstatus: {status}"
    )
}

#[track_caller]
fn check_budgets(pods: &str, budgets: &str, expected: &[&str]) {
    let mut cluster = Fixture::of("1.34").nodes("n1").pods(pods).yaml(budgets).cluster();
    cluster.settle(10 * 60 * 1000);
    assert_eq!(sentences(&oddities(&cluster)), expected);
}

#[test]
fn budgets() {
    let one = "a n1 {labels: {app: web}}";
    let two = "a n1 {labels: {app: web}}\nb n1 {labels: {app: web}}";
    let min = |min: &str| {
        budget(
            "b",
            &format!("minAvailable: {min}"),
            "{currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0}",
        )
    };
    check_budgets(
        one,
        &min("1"),
        &["the budget default/b can never allow a disruption: its one replica must stay (minAvailable: 1)"],
    );
    check_budgets(
        two,
        &min("2"),
        &["the budget default/b can never allow a disruption: 2 of 2 pods must stay (minAvailable: 2)"],
    );
    check_budgets("", &min("1"), &[]);
    check_budgets(two, &min("1"), &[]);
}

#[test]
fn several_budgets_for_one_pod() {
    let status = "{currentHealthy: 1, desiredHealthy: 0, disruptionsAllowed: 1, expectedPods: 1}";
    let both = format!("{}\n---\n{}", budget("a", "minAvailable: 0", status), budget("b", "minAvailable: 0", status));
    check_budgets(
        "p n1 {labels: {app: web}}",
        &both,
        &["2 budgets of the namespace default select the same pods, such as p: a, b"],
    );
    check_budgets("p n1 {labels: {app: db}}", &both, &[]);
}

#[test]
fn daemon_sets_that_leave_nodes_out() {
    let set = |spec: &str| {
        format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: logs, namespace: default, uid: u, generation: 1}}\nspec: {{selector: {{matchLabels: {{app: logs}}}}, template: {{metadata: {{labels: {{app: logs}}}}, spec: {{{spec}containers: [{{name: c, image: i}}]}}}}}}"
        )
    };
    let run = |nodes: &str, spec: &str, expected: &[&str]| {
        let mut cluster = Fixture::of("1.34").nodes(nodes).yaml(&set(spec)).cluster();
        cluster.settle(60_000);
        assert_eq!(sentences(&oddities(&cluster)), expected);
    };
    run(
        "n1\nn2 taint=dedicated=db:NoSchedule",
        "",
        &[
            "the DaemonSet default/logs leaves out 1 of 2 nodes, whose taints it does not tolerate: dedicated=db:NoSchedule on n2",
        ],
    );
    run("n1\nn2 taint=dedicated=db:NoSchedule", "tolerations: [{operator: Exists}], ", &[]);
    run("n1 disk=ssd\nn2", "nodeSelector: {disk: ssd}, ", &[]);
    run(
        "n1\nn2",
        "nodeSelector: {disk: ssd}, ",
        &["the DaemonSet default/logs runs nowhere: no node has the labels that it selects"],
    );
    run(
        "n1 disktype=ssd",
        "nodeSelector: {disktype: sdd}, ",
        &[
            "the DaemonSet default/logs runs nowhere: the pod asks for nodes with disktype=sdd, which no node has; 1 node has disktype=ssd: the difference is a letter",
        ],
    );
}

#[test]
fn rollouts_that_need_a_place_more() {
    let deployment = |replicas: u32, strategy: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: default, uid: u, generation: 1}}\nspec: {{replicas: {replicas}, {strategy}selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: web}}}}}}]}}}}, containers: [{{name: c, image: i}}]}}}}}}"
        )
    };
    let stuck = "the Deployment default/web cannot roll out: 2 replicas are apart by spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0], there are 2 places for them, and maxUnavailable is 0";
    check("n1\nn2", &deployment(2, ""), &[stuck]);
    check("n1\nn2\nn3 taint=a:NoSchedule", &deployment(2, ""), &[stuck]);
    check("n1\nn2\nn3", &deployment(2, ""), &[]);
    check("n1\nn2", &deployment(2, "strategy: {rollingUpdate: {maxUnavailable: 1}}, "), &[]);
    check("n1\nn2", &deployment(2, "strategy: {type: Recreate}, "), &[]);
}

#[test]
fn volumes_of_lost_places() {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: default, uid: u, annotations: {pv.kubernetes.io/bind-completed: 'yes'}}\nspec: {accessModes: [ReadWriteOnce], volumeName: pv, resources: {requests: {storage: 1Gi}}}\nstatus: {phase: Bound}";
    let volume = |zone: &str, phase: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: pv}}\nspec: {{capacity: {{storage: 1Gi}}, accessModes: [ReadWriteOnce], claimRef: {{namespace: default, name: data, uid: u}}, nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: zone, operator: In, values: [{zone}]}}]}}]}}}}, hostPath: {{path: /d}}}}\nstatus: {{phase: {phase}}}"
        )
    };
    let with_claim = |zone: &str| format!("{}\n---\n{claim}", volume(zone, "Bound"));
    check("n1 zone=a", &with_claim("a"), &[]);
    check(
        "n1 zone=a",
        &with_claim("b"),
        &["the volume pv of the claim default/data can be reached from no node: it needs zone In b"],
    );
    check("n1 zone=a", &volume("b", "Released"), &[]);
}

#[test]
fn pods_that_ask_for_nothing() {
    let pods = |requests: &str| {
        (0..10).map(|index| format!("p{index} n1 {{requests: {requests}}}")).collect::<Vec<_>>().join("\n")
    };
    let check = |pods: &str, expected: &[&str]| {
        let cluster = Fixture::of("1.34").nodes("n1").pods(pods).cluster();
        assert_eq!(sentences(&oddities(&cluster)), expected);
    };
    check(&pods("{}"), &["10 of 10 pods outside kube-system ask for neither CPU nor memory (100 %)"]);
    check(&pods("{cpu: 0}"), &["10 of 10 pods outside kube-system ask for neither CPU nor memory (100 %)"]);
    check(&pods("{cpu: 10m}"), &[]);
    check("p n1", &[]);
}

#[test]
fn pods_that_tolerate_everything() {
    let check = |tolerations: &str, expected: &[&str]| {
        let pods = format!("p n1 {{tolerations: [{tolerations}]}}");
        let cluster = Fixture::of("1.34").nodes("n1").pods(&pods).cluster();
        assert_eq!(sentences(&oddities(&cluster)), expected);
    };
    let all = "every taint is tolerated by Pod default/p";
    check("{operator: Exists}", &[all]);
    check("{operator: Exists, effect: NoSchedule}, {operator: Exists, effect: NoExecute}", &[all]);
    check("{operator: Exists, effect: NoSchedule}", &[]);
    check("{key: a, operator: Exists}", &[]);
}
