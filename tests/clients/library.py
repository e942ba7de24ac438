"""What Python's client library does with a served cluster: typed, dynamic, watches. SIM is the sim to steer it with."""

import os
import subprocess
import threading

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException

TAINT = "node.cloudprovider.kubernetes.io/uninitialized"


def sim_ctl(*words):
    subprocess.run([os.environ["SIM"], "ctl", *words], check=True, stdout=subprocess.DEVNULL)


def refused(ask):
    try:
        ask()
    except ApiException as refusal:
        return f"{refusal.status} {refusal.reason}"
    return "not refused"


config.load_kube_config()
core, apps, policy = client.CoreV1Api(), client.AppsV1Api(), client.PolicyV1Api()
print("version", client.VersionApi().get_code().git_version)

# Typed.
print("nodes", *[node.metadata.name for node in core.list_node().items])
pending = core.list_pod_for_all_namespaces(field_selector="status.phase=Pending", label_selector="k8s-app")
print("pending", *sorted(pod.metadata.labels["k8s-app"] for pod in pending.items))
calico = next(pod for pod in pending.items if pod.metadata.labels["k8s-app"].startswith("calico"))
print("condition", calico.status.conditions[0].message)
first = core.list_pod_for_all_namespaces(limit=5)
rest = core.list_pod_for_all_namespaces(limit=500, _continue=first.metadata._continue)
print("pages", len(first.items), len(rest.items))
print("missing", refused(lambda: core.read_namespaced_pod("nobody", "default")))
print("log", refused(lambda: core.read_namespaced_pod_log(calico.metadata.name, "kube-system")))

# A watch sees what the cure does.
seen = []


def follow():
    dns = {"namespace": "kube-system", "label_selector": "k8s-app=kube-dns", "timeout_seconds": 20}
    follower = watch.Watch()
    for event in follower.stream(core.list_namespaced_pod, **dns):
        seen.append((event["type"], event["object"].status.phase))
        if event["object"].status.phase == "Running":
            ready = [c for c in event["object"].status.conditions if c.type == "Ready" and c.status == "True"]
            if ready:
                follower.stop()


follower = threading.Thread(target=follow)
follower.start()
for node in core.list_node().items:
    kept = [taint for taint in node.spec.taints or [] if taint.key != TAINT]
    core.patch_node(node.metadata.name, {"spec": {"taints": kept or None}})
sim_ctl("advance", "1m")
follower.join(timeout=30)
print("watched", seen[0], seen[-1])

# What is made typed.
labels = {"app": "web"}
container = client.V1Container(name="nginx", image="nginx", resources=client.V1ResourceRequirements(requests={"cpu": "100m"}))
web = client.V1Deployment(
    metadata=client.V1ObjectMeta(name="web"),
    spec=client.V1DeploymentSpec(
        replicas=2,
        selector=client.V1LabelSelector(match_labels=labels),
        template=client.V1PodTemplateSpec(
            metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
        ),
    ),
)
apps.create_namespaced_deployment("default", web)
print("again", refused(lambda: apps.create_namespaced_deployment("default", web)))
apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 3}})
sim_ctl("advance", "1m")
print("ready", apps.read_namespaced_deployment_status("web", "default").status.ready_replicas)
budget = client.V1PodDisruptionBudget(
    metadata=client.V1ObjectMeta(name="web"),
    spec=client.V1PodDisruptionBudgetSpec(min_available=3, selector=client.V1LabelSelector(match_labels=labels)),
)
policy.create_namespaced_pod_disruption_budget("default", budget)
sim_ctl("advance", "1s")
pod = core.list_namespaced_pod("default", label_selector="app=web").items[0].metadata.name
eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=pod))
print("evict", refused(lambda: core.create_namespaced_pod_eviction(pod, "default", eviction)))

# Dynamic: whatever discovery tells.
anything = dynamic.DynamicClient(client.ApiClient())
deployments = anything.resources.get(api_version="apps/v1", kind="Deployment")
print("dynamic", deployments.get(name="web", namespace="default").spec.replicas)
patched = deployments.patch(
    body={"metadata": {"labels": {"tier": "front"}}},
    name="web",
    namespace="default",
    content_type="application/merge-patch+json",
)
print("labelled", patched.metadata.labels.tier)
maps = anything.resources.get(api_version="v1", kind="ConfigMap")
applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}
anything.server_side_apply(maps, body=applied, name="settings", namespace="default", field_manager="python")
print("applied", maps.get(name="settings", namespace="default").metadata.managedFields[0].manager)
for event in maps.watch(namespace="default", name="settings", timeout=10):
    print("dynamic watch", event["type"], event["object"].data.a)
    break
core.delete_namespaced_config_map("settings", "default")
print("deleted", refused(lambda: maps.get(name="settings", namespace="default")))
