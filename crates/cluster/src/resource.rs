//! The resources that people name: of the kinds we simulate, of those that are kept as they were read, and of those that
//! CustomResourceDefinitions of the input define.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::custom_resource;
use crate::object::{Kind, Object, Unstructured};
use crate::store::{ObjectKey, Store};

/// A resource of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The kind that is simulated, when it is one.
    pub known: Option<Kind>,
    /// The API group; empty for the core's.
    pub group: String,
    /// The kind as written in manifests, e.g. `ReplicaSet`.
    pub kind: String,
    /// The name in URLs, e.g. `replicasets`.
    pub plural: String,
    /// The name of one, e.g. `replicaset`.
    pub singular: String,
    /// The short names kubectl accepts, e.g. `rs`.
    pub short_names: Vec<String>,
    /// The groups of resources that its definition puts it into, e.g. `all`.
    pub categories: Vec<String>,
    /// Whether its objects live in a namespace.
    pub is_namespaced: bool,
    /// The versions of its group that its definition serves, in their order there; empty for what is built in.
    pub versions: Vec<DefinedVersion>,
    /// The version in which its objects are kept, where a definition says it.
    pub stored_version: Option<String>,
    /// The columns its definition asks for (`additionalPrinterColumns`) in the version in which its objects are kept.
    pub columns: Option<Value>,
}

/// One version of a kind that a CustomResourceDefinition defines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefinedVersion {
    /// Its name, e.g. `v1`.
    pub name: String,
    /// The columns it asks for.
    pub columns: Option<Value>,
    /// Whether the status is a subresource.
    pub has_status: bool,
    /// Whether its objects can be scaled.
    pub has_scale: bool,
}

/// What every API server has and the cluster does not simulate: group, kind, plural, short name, whether namespaced.
const OTHERS: &[(&str, &str, &str, &str, bool)] = &[
    ("", "Endpoints", "endpoints", "ep", true),
    ("", "PodTemplate", "podtemplates", "", true),
    ("", "ComponentStatus", "componentstatuses", "cs", false),
    ("discovery.k8s.io", "EndpointSlice", "endpointslices", "", true),
    ("networking.k8s.io", "Ingress", "ingresses", "ing", true),
    ("networking.k8s.io", "IngressClass", "ingressclasses", "", false),
    ("networking.k8s.io", "NetworkPolicy", "networkpolicies", "netpol", true),
    ("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", true),
    ("rbac.authorization.k8s.io", "Role", "roles", "", true),
    ("rbac.authorization.k8s.io", "RoleBinding", "rolebindings", "", true),
    ("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", "", false),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", "", false),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", "crd,crds", false),
    ("apiregistration.k8s.io", "APIService", "apiservices", "", false),
    ("certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", "csr", false),
    ("storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", "vac", false),
    ("resource.k8s.io", "DeviceClass", "deviceclasses", "", false),
    ("resource.k8s.io", "ResourceClaim", "resourceclaims", "", true),
    ("resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates", "", true),
    ("resource.k8s.io", "ResourceSlice", "resourceslices", "", false),
];

/// kubectl's `all`, in its order.
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

impl Resource {
    /// The resource of a kind that is simulated.
    pub fn of(kind: Kind) -> Self {
        let group = kind.api_version().split_once('/').map_or("", |(group, _)| group);
        Self {
            known: Some(kind),
            group: group.to_owned(),
            kind: kind.name().to_owned(),
            plural: kind.plural().to_owned(),
            singular: kind.name().to_lowercase(),
            categories: Vec::new(),
            short_names: kind.short_names().iter().map(|name| (*name).to_owned()).collect(),
            is_namespaced: kind.is_namespaced(),
            versions: Vec::new(),
            stored_version: None,
            columns: None,
        }
    }

    /// The name in URLs of a kind that is not simulated.
    pub(crate) fn plural_of(store: &Store, group: &str, kind: &str) -> String {
        let named = OTHERS.iter().find(|(of, name, ..)| *of == group && *name == kind);
        if let Some((_, _, plural, ..)) = named {
            return (*plural).to_owned();
        }
        let definitions = custom_resource::all(store).filter(|object| custom_resource::is_established(object));
        let mut defined = definitions.filter_map(|object| Self::defined(object));
        let defined = defined.find(|resource| resource.group == group && resource.kind == kind);
        defined.map_or_else(|| plural(&kind.to_lowercase()), |resource| resource.plural)
    }

    /// Every resource of a cluster: the simulated ones first.
    pub fn all(store: &Store) -> Vec<Self> {
        let mut all: Vec<Self> = Kind::ALL.iter().map(|kind| Self::of(*kind)).collect();
        all.extend(OTHERS.iter().map(|(group, kind, plural, short, is_namespaced)| Self {
            known: None,
            group: (*group).to_owned(),
            kind: (*kind).to_owned(),
            plural: (*plural).to_owned(),
            singular: kind.to_lowercase(),
            categories: Vec::new(),
            short_names: short.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            is_namespaced: *is_namespaced,
            versions: Vec::new(),
            stored_version: (*kind == custom_resource::DEFINITION).then(|| "v1".to_owned()),
            columns: None,
        }));
        let definitions = custom_resource::all(store).filter(|object| custom_resource::is_established(object));
        let defined: Vec<Self> = definitions.filter_map(|object| Self::defined(object)).collect();
        all.extend(defined);
        // Of kinds that nobody defines there is what their objects show.
        let told: BTreeSet<(String, String)> =
            all.iter().map(|resource| (resource.group.clone(), resource.kind.clone())).collect();
        let mut guessed: BTreeMap<(String, String), (bool, BTreeSet<String>)> = BTreeMap::new();
        for object in store.others() {
            let key = (group_of(&object.api_version).to_owned(), object.kind.clone());
            let (is_namespaced, versions) = guessed.entry(key).or_default();
            *is_namespaced |= object.metadata.namespace.is_some();
            versions.extend(object.api_version.rsplit('/').next().map(str::to_owned));
        }
        all.extend(guessed.into_iter().filter(|(key, _)| !told.contains(key)).map(
            |((group, kind), (is_namespaced, versions))| {
                Self {
                    known: None,
                    plural: plural(&kind.to_lowercase()),
                    singular: kind.to_lowercase(),
                    categories: Vec::new(),
                    group,
                    kind,
                    short_names: Vec::new(),
                    is_namespaced,
                    versions: versions
                        .into_iter()
                        .map(|name| DefinedVersion { name, has_status: true, ..DefinedVersion::default() })
                        .collect(),
                    stored_version: None,
                    columns: None,
                }
            },
        ));
        all
    }

    /// The resource that a CustomResourceDefinition defines.
    fn defined(definition: &Unstructured) -> Option<Self> {
        let spec = definition.rest.get("spec")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let version = |version: &Value, name: String| {
            let has = |name: &str| !version["subresources"][name].is_null();
            DefinedVersion {
                name,
                columns: version.get("additionalPrinterColumns").cloned(),
                has_status: has("status"),
                has_scale: has("scale"),
            }
        };
        let listed = spec["versions"].as_array().into_iter().flatten();
        let listed = listed.filter(|version| version["served"] != false);
        let served: Vec<DefinedVersion> = listed.filter_map(|one| Some(version(one, text(&one["name"])?))).collect();
        let stored_version = custom_resource::stored_version(definition).map(str::to_owned);
        let shown = served.iter().find(|version| Some(&version.name) == stored_version.as_ref()).or(served.first());
        let columns = shown.and_then(|version| version.columns.clone());
        let kind = text(&spec["names"]["kind"])?;
        let singular = text(&spec["names"]["singular"]).filter(|name| !name.is_empty());
        Some(Self {
            known: None,
            group: text(&spec["group"])?,
            singular: singular.unwrap_or_else(|| kind.to_lowercase()),
            kind,
            categories: spec["names"]["categories"].as_array().into_iter().flatten().filter_map(text).collect(),
            plural: text(&spec["names"]["plural"])?,
            short_names: spec["names"]["shortNames"].as_array().into_iter().flatten().filter_map(text).collect(),
            is_namespaced: spec["scope"] != "Cluster",
            columns,
            stored_version,
            versions: served,
        })
    }

    /// Those that a word means, as kubectl resolves it: `pods`, `pod`, `po`, `pods.v1.`, `deployments.apps`, `all`.
    /// Nothing when there are none.
    pub fn named(store: &Store, word: &str) -> Vec<Self> {
        let all = Self::all(store);
        if word.eq_ignore_ascii_case("all") {
            let of_all = |name: &&str| all.iter().find(|resource| resource.plural == *name).cloned();
            let defined = all.iter().filter(|resource| resource.categories.iter().any(|one| one == "all")).cloned();
            return ALL.iter().filter_map(of_all).chain(defined).collect();
        }
        let word = word.to_lowercase();
        let of_category: Vec<Self> =
            all.iter().filter(|resource| resource.categories.contains(&word)).cloned().collect();
        if !of_category.is_empty() {
            return of_category;
        }
        let (name, group) = word.split_once('.').unwrap_or((&word, ""));
        let answers = |resource: &&Self| {
            let is_named = resource.plural == name
                || resource.singular == name
                || resource.kind.to_lowercase() == name
                || resource.short_names.iter().any(|short| short == name);
            // `deployments.apps`, and with the version `deployments.v1.apps`.
            let of_group = group.is_empty()
                || group == resource.group
                || group
                    .split_once('.')
                    .is_some_and(|(version, group)| version.starts_with('v') && group == resource.group);
            is_named && of_group
        };
        all.iter().find(answers).cloned().into_iter().collect()
    }

    /// Its objects, by namespace and name.
    pub fn objects(&self, store: &Store) -> Vec<Object> {
        if let Some(kind) = self.known {
            return store.objects(kind);
        }
        let group = |api_version: &str| match group_of(api_version) {
            "extensions" => "networking.k8s.io".to_owned(),
            group => group.to_owned(),
        };
        let own = store.others().filter(|object| object.kind == self.kind && group(&object.api_version) == self.group);
        let mut objects: Vec<Object> = own.map(|object| Object::Other(object.clone())).collect();
        objects.sort_by(|left, right| (left.namespace(), left.name()).cmp(&(right.namespace(), right.name())));
        objects
    }

    /// Its objects one by one, by namespace and name: of one namespace or of all, after a key or from the first.
    pub fn each<'a>(
        &self,
        store: &'a Store,
        namespace: Option<&'a str>,
        after: Option<&'a ObjectKey>,
    ) -> Box<dyn Iterator<Item = Object> + 'a> {
        if let Some(kind) = self.known {
            return store.each(kind, namespace, after);
        }
        let follows = move |object: &Object| {
            let place = (object.namespace().unwrap_or_default(), object.name());
            namespace.is_none_or(|namespace| place.0 == namespace)
                && after.is_none_or(|after| place > (&*after.namespace, &*after.name))
        };
        Box::new(self.objects(store).into_iter().filter(follows))
    }

    /// How kubectl names one object of it: `deployment.apps`, `node`.
    pub fn qualified(&self) -> String {
        with_group(&self.kind.to_lowercase(), &self.group)
    }

    /// The resource and its group, as the API server names it in its messages: `deployments.apps`, `nodes`.
    pub fn resource(&self) -> String {
        with_group(&self.plural, &self.group)
    }
}

fn with_group(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The plural that a kind has when nobody says another one (`meta.UnsafeGuessKindToResource`).
fn plural(singular: &str) -> String {
    if singular.ends_with("endpoints") {
        return singular.to_owned();
    }
    match singular.chars().last() {
        Some('s') => format!("{singular}es"),
        Some('y') => format!("{}ies", singular.trim_end_matches('y')),
        _ => format!("{singular}s"),
    }
}
