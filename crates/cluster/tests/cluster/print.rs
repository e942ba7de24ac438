//! The layouts against outputs of real kubectl 1.27 and 1.33 (recorded by running it on these very objects).

use k8s_openapi::api::core::v1::{Event, Node};
use k8s_openapi::jiff::{Timestamp, tz::Offset};
use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::print::{PrintContext, TableOptions, describe_deployment, describe_node, describe_pod, pods};

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// 2026-11-24, when the recordings were made.
fn context(version: &str) -> PrintContext {
    PrintContext::new(version.parse().unwrap(), "2026-11-24T00:00:00Z".parse().unwrap(), Offset::UTC)
}

fn ago(seconds: i64) -> String {
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    Timestamp::from_second(now.as_second() - seconds).unwrap().to_string()
}

fn pod() -> Pod {
    read(json!({
        "metadata": {"name": "p1", "namespace": "default", "creationTimestamp": ago(327 * 86_400),
            "labels": {"app": "web", "pod-template-hash": "abc"}, "annotations": {"x": "y"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-abc", "uid": "u", "controller": true}]},
        "spec": {
            "priority": 1000, "priorityClassName": "high", "serviceAccountName": "default",
            "containers": [{"name": "c", "image": "nginx",
                "resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "500m", "memory": "64Mi"}},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [
                {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
                {"operator": "Exists"},
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
            "topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a": "b"}}}]},
        "status": {"phase": "Pending", "nominatedNodeName": "n1", "qosClass": "Burstable",
            "conditions": [{"type": "PodScheduled", "status": "False"}]},
    }))
}

fn events() -> Vec<Event> {
    let event = |type_: &str, reason: &str, message: &str, component: &str, more: Value| {
        let mut event = json!({"metadata": {"name": reason, "namespace": "default"}, "involvedObject": {"name": "p1"},
            "type": type_, "reason": reason, "message": message, "source": {"component": component}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read::<Event>(event)
    };
    vec![
        event(
            "Warning",
            "FailedScheduling",
            "0/1 nodes are available",
            "default-scheduler",
            json!({"eventTime": ago(300).replace('Z', ".000000Z"), "series": {"count": 2, "lastObservedTime": ago(60).replace('Z', ".000000Z")}}),
        ),
        event(
            "Normal",
            "Scheduled",
            "Successfully assigned default/p1 to n1",
            "default-scheduler",
            json!({"firstTimestamp": ago(400), "lastTimestamp": ago(400), "count": 1}),
        ),
        event(
            "Warning",
            "BackOff",
            "Back-off restarting failed container",
            "kubelet",
            json!({"firstTimestamp": ago(220), "lastTimestamp": ago(10), "count": 7}),
        ),
    ]
}

const POD: &str = "\
Name:                 p1
Namespace:            default
Priority:             1000
Priority Class Name:  high
Service Account:      default
Node:                 <none>
Labels:               app=web
                      pod-template-hash=abc
Annotations:          x: y
Status:               Pending
IP:                   
IPs:                  <none>
Controlled By:        ReplicaSet/web-abc
NominatedNodeName:    n1
Containers:
  c:
    Image:      nginx
    Port:       <none>
    Host Port:  <none>
    Limits:
      memory:  128Mi
    Requests:
      cpu:        500m
      memory:     64Mi
    Environment:  <none>
    Mounts:
      /v from v (rw)
Conditions:
  Type           Status
  PodScheduled   False 
Volumes:
  v:
    Type:                     EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:                   
    SizeLimit:                <unset>
QoS Class:                    Burstable
Node-Selectors:               disk=ssd
Tolerations:                  op=Exists
                              gpu=yes:NoSchedule
                              node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                              node.kubernetes.io/unreachable:NoExecute op=Exists for 300s
Topology Spread Constraints:  zone:DoNotSchedule when max skew 1 is exceeded for selector a=b
Events:
  Type     Reason            Age                  From               Message
  ----     ------            ----                 ----               -------
  Warning  FailedScheduling  60s (x2 over 5m)     default-scheduler  0/1 nodes are available
  Normal   Scheduled         6m40s                default-scheduler  Successfully assigned default/p1 to n1
  Warning  BackOff           10s (x7 over 3m40s)  kubelet            Back-off restarting failed container
";

#[test]
fn describe_pod_is_kubectl_s() {
    let events = events();
    let events: Vec<&Event> = events.iter().collect();
    for version in ["v1.27.0", "v1.33.0"] {
        assert_eq!(describe_pod(&pod(), &events, &context(version)), POD, "{version}");
    }
}

const NODE: &str = "\
Name:               n1
Roles:              <none>
Labels:             kubernetes.io/hostname=n1
Annotations:        <none>
CreationTimestamp:  Thu, 01 Jan 2026 00:00:00 +0000
Taints:             a=b:NoSchedule
Unschedulable:      false
";

const NODE_END: &str = "\
Conditions:
  Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason         Message
  ----    ------  -----------------                 ------------------                ------         -------
  Ready   True    Thu, 01 Jan 2026 00:00:00 +0000   Thu, 01 Jan 2026 00:00:00 +0000   KubeletReady   kubelet is posting ready status
Addresses:
Capacity:
  cpu:     2
  memory:  4Gi
  pods:    110
Allocatable:
  cpu:     2
  memory:  4Gi
  pods:    110
System Info:
  Machine ID:                 
  System UUID:                
  Boot ID:                    
  Kernel Version:             
  OS Image:                   
  Operating System:           
  Architecture:               
  Container Runtime Version:  
  Kubelet Version:            v1.33.0
  Kube-Proxy Version:         
Non-terminated Pods:          (1 in total)
  Namespace                   Name    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
  ---------                   ----    ------------  ----------  ---------------  -------------  ---
  default                     p1      500m (25%)    0 (0%)      64Mi (1%)        128Mi (3%)     327d
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  Resource           Requests    Limits
  --------           --------    ------
  cpu                500m (25%)  0 (0%)
  memory             64Mi (1%)   128Mi (3%)
  ephemeral-storage  0 (0%)      0 (0%)
";

#[test]
fn describe_node_is_kubectl_s() {
    let resources = json!({"cpu": "2", "memory": "4Gi", "pods": "110"});
    let node: Node = read(json!({
        "metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]},
        "status": {"capacity": resources, "allocatable": resources, "nodeInfo": {"kubeletVersion": "v1.33.0",
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""},
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
                "lastHeartbeatTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}]},
    }));
    for version in ["v1.27.0", "v1.33.0"] {
        let shown = describe_node(&node, &[&pod()], None, &[], &context(version));
        assert!(shown.starts_with(NODE), "{version}: {shown}");
        let rest = &shown[NODE.len()..];
        assert!(rest.starts_with("Lease:"), "{version}: {shown}");
        let rest = rest.split_once('\n').unwrap().1;
        assert!(rest.starts_with(NODE_END), "{version}: {shown}");
        assert_eq!(&rest[NODE_END.len()..], "Events:              <none>\n");
    }
}

#[test]
fn the_table_of_pods_is_kubectl_s() {
    let pod: Pod = read(json!({
        "metadata": {"name": "p1", "creationTimestamp": ago(3 * 86_400 + 60)}, "spec": {"containers": [{"name": "c"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "c", "ready": true, "restartCount": 0, "image": "", "imageID": "", "state": {"running": {}}}]},
    }));
    let shown = pods(&[&pod], &context("v1.33.0")).render(&TableOptions::default());
    assert_eq!(shown, "NAME   READY   STATUS    RESTARTS   AGE\np1     1/1     Running   0          3d\n");
}

const TEMPLATE_27: &str = "    Image:        nginx\n    Port:         <none>\n    Host Port:    <none>\n    Environment:  <none>\n    Mounts:       <none>\n  Volumes:        <none>\n";
const TEMPLATE_33: &str = "    Image:         nginx\n    Port:          <none>\n    Host Port:     <none>\n    Environment:   <none>\n    Mounts:        <none>\n  Volumes:         <none>\n  Node-Selectors:  <none>\n  Tolerations:     <none>\n";

#[test]
fn describe_deployment_is_kubectl_s() {
    let deployment = read(json!({
        "metadata": {"name": "d1", "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}},
        "status": {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
    }));
    let head = "\
Name:                   d1
Namespace:              default
CreationTimestamp:      Thu, 01 Jan 2026 00:00:00 +0000
Labels:                 <none>
Annotations:            <none>
Selector:               a=b
Replicas:               1 desired | 1 updated | 1 total | 1 available | 0 unavailable
StrategyType:           RollingUpdate
MinReadySeconds:        0
RollingUpdateStrategy:  25% max unavailable, 25% max surge
Pod Template:
  Labels:  a=b
  Containers:
   c:
";
    for (version, template) in [("v1.27.0", TEMPLATE_27), ("v1.33.0", TEMPLATE_33)] {
        let events = events();
        let shown = describe_deployment(&deployment, &[], &[], &events.iter().collect::<Vec<_>>(), &context(version));
        assert!(shown.starts_with(&format!("{head}{template}Events:\n")), "{version}:\n{shown}");
    }
}
