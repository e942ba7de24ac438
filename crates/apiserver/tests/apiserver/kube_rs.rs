//! kube-rs, which knows nothing of this server: watcher, reflector and Controller, with both ways to list, and a small
//! scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Binding, ConfigMap, Event as CoreEvent, Node, Pod};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams};
use kube::core::Status;
use kube::core::response::StatusSummary;
use kube::runtime::controller::Action;
use kube::runtime::events::{Event as News, EventType, Recorder, Reporter};
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{Controller, watcher as watch};
use kube::{Client, Config, Error, Resource, ResourceExt};
use serde_json::{Value, json};
use sim_apiserver::Guard;

use crate::client::Server;

fn client(server: &Server) -> Client {
    Client::try_from(Config::new(format!("http://{}", server.address).parse().unwrap())).unwrap()
}

async fn in_time<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it comes in time")
}

fn object<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn map(name: &str, mine: &str) -> ConfigMap {
    object(json!({"metadata": {"name": name, "labels": {"mine": mine}}, "data": {"a": "b"}}))
}

type Configure = fn(watcher::Config) -> watcher::Config;

/// Both ways to begin a watch.
const STRATEGIES: [(&str, Configure); 2] =
    [("pages", |config| config.page_size(2)), ("streaming", watcher::Config::streaming_lists)];

type Told = watcher::Result<Event<ConfigMap>>;

/// The names of what there is, once all is told. A watcher begins anew after an error.
async fn listed(stream: &mut (impl Stream<Item = Told> + Unpin)) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    loop {
        match stream.next().await.unwrap() {
            Ok(Event::InitApply(map)) => drop(names.insert(map.name_any())),
            Ok(Event::InitDone) => return names,
            _ => {}
        }
    }
}

/// So many changes after that.
async fn changed(stream: &mut (impl Stream<Item = Told> + Unpin), count: usize) -> Vec<String> {
    let mut changes = Vec::new();
    while changes.len() < count {
        match stream.next().await.unwrap().unwrap() {
            Event::Apply(map) => changes.push(format!("apply {}", map.name_any())),
            Event::Delete(map) => changes.push(format!("delete {}", map.name_any())),
            other => panic!("{other:?}"),
        }
    }
    changes
}

#[test]
fn watcher_and_reflector_follow_what_changes_and_survive_a_reset() {
    let server = Server::start(Guard::default());
    server.block_on(async {
        for (strategy, configure) in STRATEGIES {
            let maps: Api<ConfigMap> = Api::namespaced(client(&server), "default");
            for name in ["a", "b", "c"] {
                maps.create(&PostParams::default(), &map(name, strategy)).await.unwrap();
            }
            let config = configure(watcher::Config::default().labels(&format!("mine={strategy}")));
            let (reader, writer) = reflector::store();
            let mut stream = pin!(reflector::reflector(writer, watch(maps.clone(), config)));
            assert_eq!(in_time(listed(&mut stream)).await.into_iter().collect::<String>(), "abc", "{strategy}");
            maps.create(&PostParams::default(), &map("d", strategy)).await.unwrap();
            let patch = Patch::Merge(json!({"data": {"a": "c"}}));
            maps.patch("a", &PatchParams::default(), &patch).await.unwrap();
            maps.delete("b", &Default::default()).await.unwrap();
            assert_eq!(in_time(changed(&mut stream, 3)).await, ["apply d", "apply a", "delete b"], "{strategy}");
            let kept: BTreeMap<String, String> = reader
                .state()
                .iter()
                .map(|map| (map.name_any(), map.data.clone().unwrap_or_default().remove("a").unwrap_or_default()))
                .collect();
            assert_eq!(kept, [("a", "c"), ("c", "b"), ("d", "b")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
            // The server says 410, and the watcher lists anew.
            server.reset();
            assert!(in_time(listed(&mut stream)).await.is_empty() && reader.state().is_empty(), "{strategy}");
        }
    });
}

#[test]
fn a_controller_reconciles_what_there_is() {
    let server = Server::start(Guard::default());
    server.block_on(async {
        for (strategy, configure) in STRATEGIES {
            let maps: Api<ConfigMap> = Api::namespaced(client(&server), "default");
            for number in 0..5 {
                maps.create(&PostParams::default(), &map(&format!("{strategy}-{number}"), strategy)).await.unwrap();
            }
            let config = configure(watcher::Config::default().labels(&format!("mine={strategy}")));
            let reconcile = |map: Arc<ConfigMap>, maps: Arc<Api<ConfigMap>>| async move {
                let name = map.name_any();
                let applied = json!({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": name, "annotations": {"seen": "yes"}}});
                maps.patch(&name, &PatchParams::apply("seer").force(), &Patch::Apply(&applied)).await?;
                Ok::<_, Error>(Action::await_change())
            };
            let controller = Controller::new(maps.clone(), config).run(
                reconcile,
                |_, _, _| Action::requeue(Duration::from_secs(1)),
                Arc::new(maps.clone()),
            );
            let mut reconciled = BTreeSet::new();
            let mut controller = pin!(controller);
            while reconciled.len() < 5 {
                let (ObjectRef { name, .. }, _) = in_time(controller.try_next()).await.unwrap().unwrap();
                reconciled.insert(name);
            }
            let mine = ListParams::default().labels(&format!("mine={strategy}"));
            for map in maps.list(&mine).await.unwrap() {
                assert_eq!(map.annotations().get("seen").map(String::as_str), Some("yes"), "{}", map.name_any());
            }
        }
    });
}

/// What the informers of kube-scheduler v1.34 list and watch (`pkg/scheduler/eventhandlers.go`).
const INFORMED: &[(&str, &str)] = &[
    ("v1", "Pod"),
    ("v1", "Node"),
    ("v1", "Namespace"),
    ("v1", "Service"),
    ("v1", "ReplicationController"),
    ("v1", "PersistentVolume"),
    ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("policy/v1", "PodDisruptionBudget"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("storage.k8s.io/v1", "CSINode"),
    ("storage.k8s.io/v1", "CSIDriver"),
    ("storage.k8s.io/v1", "CSIStorageCapacity"),
    ("storage.k8s.io/v1", "VolumeAttachment"),
    ("resource.k8s.io/v1", "ResourceClaim"),
    ("resource.k8s.io/v1", "ResourceSlice"),
    ("resource.k8s.io/v1", "DeviceClass"),
];

fn bind(pod: &str, node: &str) -> Binding {
    object(json!({"metadata": {"name": pod}, "target": {"kind": "Node", "name": node}}))
}

#[test]
fn an_outside_scheduler_takes_over() {
    let server = Server::without_scheduler();
    server.block_on(async {
        let client = client(&server);
        for (api_version, kind) in INFORMED {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
            for (strategy, configure) in STRATEGIES {
                let all: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
                let mut stream = pin!(watch(all, configure(watcher::Config::default())));
                loop {
                    match in_time(stream.try_next()).await.unwrap_or_else(|error| panic!("{strategy} {kind}: {error}")) {
                        Some(Event::InitDone) => break,
                        Some(_) => {}
                        None => panic!("{strategy} {kind}: it ends"),
                    }
                }
            }
        }
        // It leads.
        let lease = json!({"metadata": {"name": "kube-scheduler"}, "spec": {"holderIdentity": "me",
            "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}});
        let leases: Api<Lease> = Api::namespaced(client.clone(), "kube-system");
        leases.create(&PostParams::default(), &object(lease)).await.unwrap();
        let mut held = leases.get("kube-scheduler").await.unwrap();
        held.spec.as_mut().unwrap().lease_transitions = Some(1);
        leases.replace("kube-scheduler", &PostParams::default(), &held).await.unwrap();
        let late = leases.replace("kube-scheduler", &PostParams::default(), &held).await.unwrap_err();
        assert!(matches!(&late, Error::Api(status) if status.code == 409), "{late}");
        // There is something to place.
        let web = json!({"metadata": {"name": "web"}, "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), "default");
        deployments.create(&PostParams::default(), &object(web)).await.unwrap();
        server.advance("5s");
        let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
        let nodes: Api<Node> = Api::all(client.clone());
        let names: Vec<String> = nodes.list(&Default::default()).await.unwrap().iter().map(ResourceExt::name_any).collect();
        let unplaced = watcher::Config::default().fields("spec.nodeName=,status.phase!=Succeeded,status.phase!=Failed");
        let mut unplaced = pin!(watch(pods.clone(), unplaced));
        let recorder = Recorder::new(client.clone(), Reporter { controller: "my-scheduler".into(), instance: None });
        let mut placed = Vec::new();
        while placed.len() < 4 {
            let Some(Event::InitApply(pod) | Event::Apply(pod)) = in_time(unplaced.try_next()).await.unwrap() else {
                continue;
            };
            let node = &names[placed.len() % names.len()];
            let name = pod.name_any();
            let bound: Status =
                pods.create_subresource("binding", &name, &PostParams::default(), &bind(&name, node)).await.unwrap();
            assert!(matches!(bound.status, Some(StatusSummary::Success)));
            let news = News {
                type_: EventType::Normal,
                reason: "Scheduled".into(),
                note: Some(format!("Successfully assigned default/{name} to {node}")),
                action: "Binding".into(),
                secondary: None,
            };
            recorder.publish(&news, &pod.object_ref(&())).await.unwrap();
            placed.push((name, node.clone()));
        }
        let (first, there) = &placed[0];
        let again: Result<Status, Error> =
            pods.create_subresource("binding", first, &PostParams::default(), &bind(first, "n1")).await;
        let said = again.unwrap_err().to_string();
        assert!(said.contains(&format!("pod {first} is already assigned to node \"{there}\"")), "{said}");
        server.advance("1m");
        for pod in pods.list(&Default::default()).await.unwrap() {
            assert_eq!(pod.status.unwrap().phase.as_deref(), Some("Running"));
        }
        let events: Api<CoreEvent> = Api::namespaced(client, "default");
        let reported = events.list(&ListParams::default().fields("reason=Scheduled")).await.unwrap();
        assert_eq!(reported.items.len(), 4);
    });
}

#[test]
fn refusals_are_statuses() {
    let server = Server::start(Guard::default());
    server.block_on(async {
        let pods: Api<Pod> = Api::namespaced(client(&server), "default");
        let missing = pods.get("nobody").await.unwrap_err();
        let Error::Api(status) = missing else { panic!("{missing}") };
        assert_eq!((status.code, status.reason.as_str()), (404, "NotFound"));
        assert!(pods.get_opt("nobody").await.unwrap().is_none());
    });
}
