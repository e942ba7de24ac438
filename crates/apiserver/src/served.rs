//! Which resources are served in which versions of their groups, by the simulated minor version. Upstream: the
//! deprecation guide and `pkg/controlplane/instance.go` of each minor.

use sim_cluster::{Kind, Resource, ResourceRef};
use sim_core::version::Version;

use crate::behaviour::Behaviour;
use crate::route::Path;

/// A resource in one version of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) resource: Resource,
    /// The version in its group, e.g. `v1`.
    pub(crate) version: String,
    /// Whether the version is the first of those that serve it.
    pub(crate) is_preferred: bool,
}

/// A version of a group, from which minor on it serves a resource, and from which on no longer.
type Since = (&'static str, u32, u32);

/// Past all minors.
const NOW: u32 = u32::MAX;

/// Where it is not `v1` in every minor: group, resource (all of the group when empty), versions with the newest first.
const VERSIONS: &[(&str, &str, &[Since])] = &[
    ("batch", "cronjobs", &[("v1", 21, NOW), ("v1beta1", 0, 25)]),
    ("policy", "poddisruptionbudgets", &[("v1", 21, NOW), ("v1beta1", 0, 25)]),
    ("node.k8s.io", "runtimeclasses", &[("v1", 20, NOW), ("v1beta1", 0, 25)]),
    ("storage.k8s.io", "csinodes", &[("v1", 17, NOW), ("v1beta1", 0, 22)]),
    ("storage.k8s.io", "csidrivers", &[("v1", 18, NOW), ("v1beta1", 0, 22)]),
    ("storage.k8s.io", "csistoragecapacities", &[("v1", 24, NOW), ("v1beta1", 21, 27)]),
    ("storage.k8s.io", "volumeattributesclasses", &[("v1", 34, NOW)]),
    ("discovery.k8s.io", "endpointslices", &[("v1", 21, NOW), ("v1beta1", 17, 25)]),
    ("networking.k8s.io", "ingresses", &[("v1", 19, NOW), ("v1beta1", 0, 22)]),
    ("networking.k8s.io", "ingressclasses", &[("v1", 19, NOW), ("v1beta1", 18, 22)]),
    (
        "autoscaling",
        "horizontalpodautoscalers",
        &[("v2", 23, NOW), ("v1", 0, NOW), ("v2beta2", 0, 26), ("v2beta1", 0, 25)],
    ),
    ("certificates.k8s.io", "certificatesigningrequests", &[("v1", 19, NOW), ("v1beta1", 0, 22)]),
    ("apiextensions.k8s.io", "customresourcedefinitions", &[("v1", 16, NOW), ("v1beta1", 0, 22)]),
    ("resource.k8s.io", "", &[("v1", 34, NOW)]),
];

/// The groups in the order in which an API server lists them (`apiVersionPriorities` of the aggregator); others follow by
/// name.
const GROUPS: [&str; 19] = [
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
];

/// Everything that is served, group by group, the preferred version of each first.
pub(crate) fn served(version: Version, resources: Vec<Resource>) -> Vec<Served> {
    let minor = version.minor();
    let mut all: Vec<Served> = Vec::new();
    for resource in resources {
        let events = (resource.known == Some(Kind::Event))
            .then(|| Resource { group: "events.k8s.io".to_owned(), ..resource.clone() });
        for resource in [Some(resource), events].into_iter().flatten() {
            for (index, version) in versions(&resource, minor).into_iter().enumerate() {
                let mut resource = resource.clone();
                if let Some(defined) = resource.versions.iter().find(|defined| defined.name == version) {
                    resource.columns.clone_from(&defined.columns);
                }
                all.push(Served { resource, version, is_preferred: index == 0 });
            }
        }
    }
    let rank = |served: &Served| {
        let group = served.resource.group.as_str();
        let rank = GROUPS.iter().position(|known| *known == group).unwrap_or(GROUPS.len());
        (rank, group.to_owned(), age(&served.version), served.resource.plural.clone())
    };
    all.sort_by_cached_key(rank);
    all
}

fn versions(resource: &Resource, minor: u32) -> Vec<String> {
    if resource.group == "events.k8s.io" {
        let all: &[Since] = &[("v1", 19, NOW), ("v1beta1", 0, 25)];
        return pick(all, minor);
    }
    let told = VERSIONS
        .iter()
        .find(|(group, plural, _)| *group == resource.group && (plural.is_empty() || *plural == resource.plural));
    match told {
        Some((_, _, all)) => pick(all, minor),
        None if resource.versions.is_empty() => vec!["v1".to_owned()],
        None => resource.versions.iter().map(|version| version.name.clone()).collect(),
    }
}

fn pick(all: &[Since], minor: u32) -> Vec<String> {
    let now = all.iter().filter(|(_, since, before)| (*since..*before).contains(&minor));
    now.map(|(version, ..)| (*version).to_owned()).collect()
}

/// Versions in the order of apimachinery's `version.CompareKubeAwareVersionStrings`: stable ones first, newer first.
fn age(version: &str) -> (u8, std::cmp::Reverse<u32>, std::cmp::Reverse<u32>) {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let rest = version.trim_start_matches('v');
    let major: u32 = digits(rest);
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let (rank, minor) = match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
        (Some(minor), _) => (1, digits(minor)),
        (_, Some(minor)) => (2, digits(minor)),
        _ => (0, 0),
    };
    (rank, std::cmp::Reverse(major), std::cmp::Reverse(minor))
}

impl Served {
    /// Whether a path is one of its objects'.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        self.resource.group == path.group && self.version == path.version && self.resource.plural == path.resource
    }

    /// The resource as writes name it.
    pub(crate) fn reference(&self) -> ResourceRef {
        match self.resource.known {
            Some(kind) => ResourceRef::Known(kind),
            None => ResourceRef::Other {
                api_version: self.in_version(self.resource.stored_version.as_ref().unwrap_or(&self.version)),
                kind: self.resource.kind.clone(),
                plural: self.resource.plural.clone(),
                namespaced: self.resource.is_namespaced,
            },
        }
    }

    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        self.in_version(&self.version)
    }

    fn in_version(&self, version: &str) -> String {
        match self.resource.group.as_str() {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        }
    }

    /// Its subresources: name, the kind they speak and its group and version.
    pub(crate) fn subresources(&self, behaviour: &Behaviour) -> Vec<Subresource> {
        let own = |name, verbs| Subresource { name, group: "", version: "", kind: "", verbs };
        let streamed = |name, kind| Subresource { name, group: "", version: "v1", kind, verbs: &["create", "get"] };
        let status = || own("status", UPDATES);
        let scale =
            || Subresource { name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: UPDATES };
        match self.resource.known {
            Some(Kind::Pod) => {
                vec![
                    Subresource { name: "binding", group: "", version: "v1", kind: "Binding", verbs: &["create"] },
                    Subresource {
                        name: "eviction",
                        group: "policy",
                        version: behaviour.eviction,
                        kind: "Eviction",
                        verbs: &["create"],
                    },
                    streamed("attach", "PodAttachOptions"),
                    streamed("exec", "PodExecOptions"),
                    own("log", &["get"]),
                    streamed("portforward", "PodPortForwardOptions"),
                    status(),
                ]
            }
            Some(Kind::ServiceAccount) => vec![Subresource {
                name: "token",
                group: "authentication.k8s.io",
                version: "v1",
                kind: "TokenRequest",
                verbs: &["create"],
            }],
            Some(Kind::Namespace) => vec![own("finalize", &["update"]), status()],
            Some(Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController) => {
                vec![scale(), status()]
            }
            Some(
                Kind::Node
                | Kind::Service
                | Kind::DaemonSet
                | Kind::Job
                | Kind::CronJob
                | Kind::PodDisruptionBudget
                | Kind::PersistentVolume
                | Kind::PersistentVolumeClaim
                | Kind::ResourceQuota
                | Kind::VolumeAttachment,
            ) => vec![status()],
            Some(_) => Vec::new(),
            None if self.resource.plural == "certificatesigningrequests" => vec![own("approval", UPDATES), status()],
            None if STATUS_OF_OTHERS.contains(&self.resource.plural.as_str()) => vec![status()],
            None => {
                let mut defined = self.resource.versions.iter();
                let defined = defined.find(|defined| defined.name == self.version);
                let scale = defined.filter(|defined| defined.has_scale).map(|_| scale());
                scale.into_iter().chain(defined.filter(|defined| defined.has_status).map(|_| status())).collect()
            }
        }
    }

    /// The categories that kubectl resolves: `all`, and those of a definition.
    pub(crate) fn categories(&self) -> Vec<&str> {
        const ALL: [&str; 10] = [
            "pods",
            "replicationcontrollers",
            "services",
            "daemonsets",
            "deployments",
            "replicasets",
            "statefulsets",
            "horizontalpodautoscalers",
            "cronjobs",
            "jobs",
        ];
        match self.resource.plural.as_str() {
            plural if ALL.contains(&plural) && self.resource.known.is_some() => vec!["all"],
            "horizontalpodautoscalers" if self.resource.group == "autoscaling" => vec!["all"],
            "customresourcedefinitions"
            | "mutatingwebhookconfigurations"
            | "validatingwebhookconfigurations"
            | "apiservices" => vec!["api-extensions"],
            _ => self.resource.categories.iter().map(String::as_str).collect(),
        }
    }
}

const UPDATES: &[&str] = &["get", "patch", "update"];
/// Kinds that are kept as they are, and have a status of its own.
const STATUS_OF_OTHERS: [&str; 4] =
    ["ingresses", "horizontalpodautoscalers", "customresourcedefinitions", "apiservices"];

/// A subresource, and the kind it speaks where that is not the resource's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subresource {
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) verbs: &'static [&'static str],
}
