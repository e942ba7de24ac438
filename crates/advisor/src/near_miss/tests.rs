use proptest::prelude::*;

use super::{NearMiss, corrected, near_misses};
use crate::ask::{Filters, waiting};
use crate::testing::Fixture;
use sim_core::scheduler::PluginName;

fn lines(misses: &[NearMiss]) -> Vec<String> {
    misses.iter().map(|miss| format!("{}: {} for {}", miss.path, miss.there, miss.says)).collect()
}

#[track_caller]
fn check(nodes: &str, pod: &str, expected: &[&str]) {
    check_with("1.34", nodes, "", "", pod, expected);
}

#[track_caller]
fn check_with(version: &str, nodes: &str, pods: &str, yaml: &str, pod: &str, expected: &[&str]) {
    let cluster = Fixture::of(version).nodes(nodes).pods(pods).yaml(yaml).cluster();
    assert_eq!(lines(&near_misses(&cluster, &Fixture::pod(pod))), expected);
}

#[test]
fn labels_of_nodes() {
    let nodes = "n1 disktype=ssd\nn2 disktype=ssd";
    check(nodes, "{nodeSelector: {disktype: sdd}}", &["spec.nodeSelector.disktype: disktype=ssd for disktype=sdd"]);
    check(nodes, "{nodeSelector: {disktype: SSD}}", &["spec.nodeSelector.disktype: disktype=ssd for disktype=SSD"]);
    check(nodes, "{nodeSelector: {disktpye: ssd}}", &["spec.nodeSelector.disktpye: disktype for disktpye=ssd"]);
    check(
        nodes,
        "{nodeSelector: {example.com/disktype: ssd}}",
        &["spec.nodeSelector[\"example.com/disktype\"]: disktype for example.com/disktype=ssd"],
    );
    // What is there is no near miss, and neither is what is far.
    check(nodes, "{nodeSelector: {disktype: ssd}}", &[]);
    check(nodes, "{nodeSelector: {disktype: nvme}}", &[]);
    check("n1 zone=us-east-1a", "{nodeSelector: {zone: us-east-1b}}", &[]);
}

#[test]
fn required_node_affinity() {
    let affinity = |expression: &str| {
        format!(
            "{{affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{{{expression}}}]}}}}}}}}"
        )
    };
    let place = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]";
    check(
        "n1 disktype=ssd",
        &affinity("matchExpressions: [{key: disktype, operator: In, values: [nvme, sdd]}]"),
        &[&format!("{place}.matchExpressions[0].values[1]: disktype=ssd for disktype=sdd")],
    );
    check(
        "n1 disktype=ssd",
        &affinity("matchExpressions: [{key: disk-type, operator: Exists}]"),
        &[&format!("{place}.matchExpressions[0].key: disktype for disk-type")],
    );
    check(
        "storage\nworker",
        &affinity("matchFields: [{key: metadata.name, operator: In, values: [wroker]}]"),
        &[&format!("{place}.matchFields[0].values[0]: worker for wroker")],
    );
    check("n1 disktype=ssd", &affinity("matchExpressions: [{key: disktype, operator: NotIn, values: [sdd]}]"), &[]);
}

#[test]
fn two_slips_are_corrected_together() {
    let cluster = Fixture::of("1.34").nodes("n1 disktype=ssd team=platform").cluster();
    let misses = near_misses(&cluster, &Fixture::pod("{nodeSelector: {disktype: sdd, team: plattform}}"));
    assert_eq!(misses.len(), 2);
    assert!(misses.iter().all(|miss| miss.correction.patch.0.len() == 2 && miss.opens == Some(1)), "{misses:?}");
    // Where a correction alone would do nothing, nothing is told.
    check("n1 disktype=ssd", "{nodeSelector: {disktype: sdd, gpu: a100}}", &[]);
}

#[test]
fn renamed_keys() {
    // The new name with another value is no use.
    check("n1 node-role.kubernetes.io/control-plane=no", "{nodeSelector: {node-role.kubernetes.io/master: ''}}", &[]);
    let cluster = "n1 node-role.kubernetes.io/control-plane= taint=node-role.kubernetes.io/control-plane:NoSchedule";
    check(
        cluster,
        "{nodeSelector: {node-role.kubernetes.io/master: ''}, tolerations: [{key: node-role.kubernetes.io/master, effect: NoSchedule}]}",
        &[
            "spec.nodeSelector[\"node-role.kubernetes.io/master\"]: node-role.kubernetes.io/control-plane for node-role.kubernetes.io/master",
            "spec.tolerations[0].key: node-role.kubernetes.io/control-plane:NoSchedule for node-role.kubernetes.io/master:NoSchedule",
        ],
    );
    check(
        "n1 kubernetes.io/os=linux",
        "{nodeSelector: {beta.kubernetes.io/os: linux}}",
        &["spec.nodeSelector[\"beta.kubernetes.io/os\"]: kubernetes.io/os for beta.kubernetes.io/os=linux"],
    );
    check_with(
        "1.16",
        "n1 node-role.kubernetes.io/master= taint=node-role.kubernetes.io/master:NoSchedule",
        "",
        "",
        "{tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]}",
        &[
            "spec.tolerations[0].key: node-role.kubernetes.io/master:NoSchedule for node-role.kubernetes.io/control-plane op=Exists",
        ],
    );
}

#[test]
fn tolerations() {
    let check = |taint: &str, toleration: &str, expected: &[&str]| {
        check(&format!("n1 taint={taint}"), &format!("{{tolerations: [{{{toleration}}}]}}"), expected);
    };
    let taint = "dedicated=database:NoSchedule";
    check(
        taint,
        "key: dedicated, value: databse, effect: NoSchedule",
        &["spec.tolerations[0].value: dedicated=database:NoSchedule for dedicated=databse:NoSchedule"],
    );
    check(
        taint,
        "key: dedicatd, value: database, effect: NoSchedule",
        &["spec.tolerations[0].key: dedicated=database:NoSchedule for dedicatd=database:NoSchedule"],
    );
    check(
        taint,
        "key: dedicated, effect: NoSchedule",
        &["spec.tolerations[0].operator: dedicated=database:NoSchedule for dedicated:NoSchedule"],
    );
    check(
        "dedicated:NoSchedule",
        "key: dedicated, value: 'true', effect: NoSchedule",
        &["spec.tolerations[0].operator: dedicated:NoSchedule for dedicated=true:NoSchedule"],
    );
    check(
        "dedicated=database:NoExecute",
        "key: dedicated, value: database, effect: NoSchedule",
        &["spec.tolerations[0].effect: dedicated=database:NoExecute for dedicated=database:NoSchedule"],
    );
    check(taint, "key: dedicated, value: frontend, effect: NoSchedule", &[]);
    check(taint, "key: dedicated, value: database, effect: NoSchedule", &[]);
    // What admission gives every pod is not meant for the condition's other effect.
    check(
        "node.kubernetes.io/not-ready:NoSchedule",
        "key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300",
        &[],
    );
}

#[test]
fn a_toleration_that_covers_something_was_meant_for_that() {
    check(
        "n1 taint=team=alpha:NoSchedule cpu=1\nn2 taint=team=alphas:NoSchedule",
        "{tolerations: [{key: team, value: alpha, effect: NoSchedule}], requests: {cpu: 2}}",
        &[],
    );
}

#[test]
fn topologies() {
    let spread = |when: &str| {
        format!(
            "{{labels: {{app: web}}, topologySpreadConstraints: [{{maxSkew: 1, topologyKey: topology.kubernetes.io/zones, whenUnsatisfiable: {when}, labelSelector: {{matchLabels: {{app: web}}}}}}]}}"
        )
    };
    let nodes = "n1 topology.kubernetes.io/zone=a";
    let expected =
        "spec.topologySpreadConstraints[0].topologyKey: topology.kubernetes.io/zone for topology.kubernetes.io/zones";
    check(nodes, &spread("DoNotSchedule"), &[expected]);
    check(nodes, &spread("ScheduleAnyway"), &[]);
}

#[test]
fn pod_affinity() {
    let affinity = |term: &str| {
        format!("{{affinity: {{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{{term}}}]}}}}}}")
    };
    let place = "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]";
    let check = |term: &str, expected: &[&str]| {
        check_with("1.34", "n1 zone=a", "db n1 {labels: {app: database}}", "", &affinity(term), expected);
    };
    check(
        "topologyKey: zone, labelSelector: {matchLabels: {app: databse}}",
        &[&format!("{place}.labelSelector.matchLabels.app: app=database for app=databse")],
    );
    check(
        "topologyKey: zone, labelSelector: {matchLabels: {apps: database}}",
        &[&format!("{place}.labelSelector.matchLabels.apps: app for apps=database")],
    );
    check(
        "topologyKey: zones, labelSelector: {matchLabels: {app: database}}",
        &[&format!("{place}.topologyKey: zone for zones")],
    );
    check(
        "topologyKey: zone, namespaces: [defualt], labelSelector: {matchLabels: {app: database}}",
        &[&format!("{place}.namespaces[0]: default for defualt")],
    );
    check("topologyKey: zone, labelSelector: {matchLabels: {app: database}}", &[]);
    check("topologyKey: zone, labelSelector: {matchLabels: {app: cache}}", &[]);
}

#[test]
fn resources() {
    check(
        "n1 has=nvidia.com/gpu=4",
        "{requests: {nvidia.com/gpus: 1}}",
        &["spec.containers[0].resources.requests[\"nvidia.com/gpus\"]: nvidia.com/gpu for nvidia.com/gpus"],
    );
    // More than there is does not fit by another name either.
    check("n1 has=nvidia.com/gpu=4", "{requests: {nvidia.com/gpus: 5}}", &[]);
    check("n1 has=nvidia.com/gpu=4", "{requests: {amd.com/fpga: 1}}", &[]);
}

#[test]
fn objects_by_name() {
    let check = |yaml: &str, pod: &str, expected: &[&str]| check_with("1.34", "n1", "", yaml, pod, expected);
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: database, namespace: default}\nspec: {accessModes: [ReadWriteOnce], storageClassName: standrad, resources: {requests: {storage: 1Gi}}}";
    let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: standard}\nprovisioner: example.com/disk\nvolumeBindingMode: WaitForFirstConsumer";
    check(
        &format!("{}\n---\n{class}", claim.replace("standrad", "standard")),
        "{volumes: [{name: v, persistentVolumeClaim: {claimName: databse}}]}",
        &["spec.volumes[0].persistentVolumeClaim.claimName: database for databse"],
    );
    check(
        &format!("{claim}\n---\n{class}"),
        "{volumes: [{name: v, persistentVolumeClaim: {claimName: database}}]}",
        &["spec.storageClassName: standard for standrad"],
    );
    check("", "{schedulerName: default-schedular}", &["spec.schedulerName: default-scheduler for default-schedular"]);
    check("", "{schedulerName: volcano}", &[]);
    let classes = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: important}\nvalue: 10";
    check(classes, "{priorityClassName: imporant}", &["spec.priorityClassName: important for imporant"]);
    check(classes, "{priorityClassName: important}", &[]);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}";
    check(
        map,
        "{volumes: [{name: v, configMap: {name: setings}}]}",
        &["spec.volumes[0].configMap.name: settings for setings"],
    );
    check(map, "{volumes: [{name: v, configMap: {name: setings, optional: true}}]}", &[]);
}

#[test]
fn the_sentence_says_what_is_there_and_on_how_many_nodes() {
    let cluster = Fixture::of("1.34").nodes("n1 disktype=ssd\nn2 disktype=ssd\nn3").cluster();
    let misses = near_misses(&cluster, &Fixture::pod("{nodeSelector: {disktype: sdd}}"));
    let miss = misses.first().expect("a near miss");
    assert_eq!(
        miss.sentence,
        "the pod asks for nodes with disktype=sdd, which no node has; 2 nodes have disktype=ssd: the difference is a letter"
    );
    assert_eq!((miss.nodes, miss.opens, miss.filter.as_deref()), (Some(2), Some(2), Some("NodeAffinity")));
    assert_eq!(
        serde_json::to_string(&miss.correction.patch).expect("JSON"),
        r#"[{"op":"replace","path":"/spec/nodeSelector/disktype","value":"ssd"}]"#
    );
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ssd"),
        Just("sdd"),
        Just("hdd"),
        Just("database"),
        Just("databse"),
        Just("Database"),
        Just("zone-a")
    ]
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_correction_opens_as_many_nodes_as_it_says(
        labels in prop::collection::vec((word(), word(), word()), 1..5),
        (key, value, taint, effect) in (word(), word(), word(), prop_oneof![Just("NoSchedule"), Just("NoExecute")]),
    ) {
        let nodes: Vec<String> = labels
            .iter()
            .enumerate()
            .map(|(index, (key, value, taint))| format!("n{index} {key}={value} taint={taint}={value}:NoSchedule"))
            .collect();
        let cluster = Fixture::of("1.34").nodes(&nodes.join("\n")).cluster();
        let pod = Fixture::pod(&format!(
            "{{nodeSelector: {{{key}: {value}}}, tolerations: [{{key: {taint}, value: {value}, effect: {effect}}}]}}"
        ));
        let filters = Filters::new(&cluster, cluster.scheduling().snapshot());
        for miss in near_misses(&cluster, &pod) {
            let plugin: PluginName = miss.filter.as_deref().expect("a filter").parse().expect("a plugin");
            let after = waiting(&corrected(&pod, &miss.correction.patch).expect("a pod"));
            let (before, after) = (filters.passing(&waiting(&pod), &[plugin]), filters.passing(&after, &[plugin]));
            prop_assert!(after > before, "{}", miss.sentence);
            prop_assert_eq!(Some(after - before), miss.opens);
        }
    }
}
