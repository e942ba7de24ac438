//! What clouds add to a cluster: IDs of machines, and machines that are ordered.

use crate::common::{MINUTE, apply, cluster, messages, node};
use k8s_openapi::api::core::v1::Node;
use serde_json::{Value, json};
use sim_cluster::NodeGroup;

#[test]
fn a_node_that_is_initialised_has_the_id_of_its_machine() {
    for (arguments, expected) in
        [(json!([]), "cloud://n1"), (json!(["--v=2", "--cloud-provider=vsphere"]), "vsphere://n1")]
    {
        let mut first = node("n1");
        let key = "node.cloudprovider.kubernetes.io/uninitialized";
        first["spec"] = json!({"taints": [{"key": key, "value": "true", "effect": "NoSchedule"}]});
        let mut known = first.clone();
        known["metadata"]["name"] = json!("n2");
        known["spec"]["providerID"] = json!("aws:///eu-1a/i-7");
        let manager = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ccm", "namespace": "default"},
            "spec": {"nodeName": "n1", "containers": [
                {"name": "cloud-controller-manager", "image": "ccm:1", "args": arguments}]}});
        let mut cluster = cluster("v1.30.0", vec![first, known, manager]);
        cluster.run_until(MINUTE);
        let id = |name: &str| cluster.store().find::<Node>("", name).unwrap().spec.clone().unwrap().provider_id;
        assert_eq!(id("n1").as_deref(), Some(expected));
        assert_eq!(id("n2").as_deref(), Some("aws:///eu-1a/i-7"));
    }
}

#[test]
fn the_cluster_autoscaler_does_nothing_for_daemon_sets() {
    let mut template = node("");
    template["metadata"] = json!({});
    let group =
        NodeGroup { name: "pool".to_owned(), max: 2, template: serde_json::from_value(template).unwrap(), delay_ms: 0 };
    let large = json!([{"name": "c", "image": "x", "resources": {"requests": {"cpu": "3"}}}]);
    let of_set = |name: &str| -> Value {
        json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": large}}}})
    };
    let mut cluster = cluster("v1.30.0", vec![node("n1"), of_set("first"), of_set("second")]);
    cluster.set_node_groups(vec![group]);
    cluster.run_until(5 * MINUTE);
    assert_eq!(messages(&cluster, "FailedScheduling").len(), 1);
    assert_eq!(messages(&cluster, "NotTriggerScaleUp"), Vec::<String>::new());
    assert_eq!(cluster.store().list::<Node>().count(), 1);
    // A pod that any node would do for gets one, with a kubelet of a version.
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}});
    pod["spec"] = json!({"containers": large});
    apply(&mut cluster, pod);
    cluster.run_until(10 * MINUTE);
    let made = cluster.store().find::<Node>("", "pool-1").unwrap();
    let version = made.status.as_ref().and_then(|status| Some(status.node_info.as_ref()?.kubelet_version.clone()));
    assert_eq!(version.as_deref(), Some("v1.30.0"));
}
