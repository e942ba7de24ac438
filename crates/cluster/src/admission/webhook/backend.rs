//! Whether a webhook's Service leads to somebody who answers (apiserver `pkg/util/proxy`, kube-aggregator's resolvers).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;

use super::hook::{Backend, Hook};
use crate::cluster::Cluster;
use crate::pod::{self, Pod};
use crate::service::is_kubernetes;
use crate::store::ObjectKey;

/// How the API server gets from a Service to who answers for it (`--enable-aggregator-routing`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    /// By one of its endpoints.
    Endpoints,
    /// By its cluster IP, as kube-proxy serves it.
    ClusterIp,
}

impl Cluster {
    /// Whether a webhook answers, and why not. Of what the input does not show it is taken to be there.
    pub(super) fn reach(&mut self, hook: &Hook) -> Result<(), String> {
        let Some(backend) = &hook.service else { return Ok(()) };
        let Backend { namespace, name, port, .. } = backend;
        let key = ObjectKey::new(namespace, name);
        let Some(service) = self.store.get::<Service>(&key) else {
            return if self.shows_services_of(namespace) { Err(format!("service {name:?} not found")) } else { Ok(()) };
        };
        let spec = service.spec.clone().unwrap_or_default();
        if spec.type_.as_deref() == Some("ExternalName") {
            return Ok(());
        }
        if !spec.ports.iter().flatten().any(|served| served.port == *port) {
            return Err(format!("no service port {port} found for service {name:?}"));
        }
        // Whose endpoints somebody else keeps.
        let Some(selector) = spec.selector.filter(|selector| !selector.is_empty()) else { return Ok(()) };
        let unready_too = spec.publish_not_ready_addresses == Some(true);
        let answers = |pod: &Pod| {
            let labels = pod.metadata.labels.as_ref();
            let is_up = pod::is_ready(pod) || (unready_too && pod::node_name(pod).is_some());
            is_up
                && !pod::is_terminal(pod)
                && !pod::is_terminating(pod)
                && selector.iter().all(|(label, value)| labels.and_then(|labels| labels.get(label)) == Some(value))
        };
        let last = self.webhooks.answering.get(&key);
        if last.and_then(|pod| self.store.get::<Pod>(pod)).is_some_and(|pod| answers(pod)) {
            return Ok(());
        }
        let mut pods = self.store.list_in::<Pod>(namespace).filter(|pod| answers(pod));
        if let Some(found) = pods.next().map(|pod| ObjectKey::of(pod.as_ref())) {
            self.webhooks.answering.insert(key, found);
            return Ok(());
        }
        if !self.shows_workloads_of(namespace) {
            return Ok(());
        }
        let cluster_ip = spec.cluster_ip.filter(|address| !address.is_empty());
        Err(match (self.route(), cluster_ip) {
            (Route::ClusterIp, Some(address)) if address == "None" => {
                r#"cannot route to service with ClusterIP \"None\""#.to_owned()
            }
            (Route::ClusterIp, Some(address)) => format!("dial tcp {address}:{port}: connect: connection refused"),
            (Route::Endpoints, _) | (_, None) => format!("no endpoints available for service {name:?}"),
        })
    }

    /// Whether a Service of this namespace that is not shown is not there.
    fn shows_services_of(&self, namespace: &str) -> bool {
        let is_shown = |service: &Arc<Service>| !is_kubernetes(service);
        let shows_any = || self.store.list::<Service>().any(is_shown);
        self.setup.input_is_complete
            || self.store.list_in::<Service>(namespace).any(is_shown)
            || (shows_any() && self.shows_workloads_of(namespace))
    }

    /// Whether the input speaks of what runs in this namespace.
    fn shows_workloads_of(&self, namespace: &str) -> bool {
        let store = &self.store;
        self.setup.input_is_complete
            || store.list_in::<Pod>(namespace).next().is_some()
            || store.list_in::<Deployment>(namespace).next().is_some()
            || store.list_in::<DaemonSet>(namespace).next().is_some()
            || store.list_in::<StatefulSet>(namespace).next().is_some()
    }

    /// As the API server's own pod says it. One that is not shown is somebody else's, and providers route to endpoints.
    fn route(&self) -> Route {
        let pods = self.store.list_in::<Pod>("kube-system");
        let mut containers =
            pods.flat_map(|pod| &pod.spec.containers).filter(|container| container.name == "kube-apiserver");
        let Some(server) = containers.next() else { return Route::Endpoints };
        let mut words = server.command.iter().flatten().chain(server.args.iter().flatten());
        let routes = words
            .any(|word| matches!(word.as_str(), "--enable-aggregator-routing" | "--enable-aggregator-routing=true"));
        if routes { Route::Endpoints } else { Route::ClusterIp }
    }
}
