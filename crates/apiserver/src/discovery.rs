//! What is there: `/version`, and the lists of groups and resources, legacy and aggregated.

use crate::behaviour::Behaviour;
use crate::served::{Served, Subresource};
use serde_json::{Value, json};

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Resources that are asked and not stored: group, version, name, kind.
const REVIEWS: [(&str, &str, &str, &str, bool); 6] = [
    ("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false),
    ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false),
    ("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
    ("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false),
];

/// The aggregated form that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregated {
    /// `apidiscovery.k8s.io/v2`, since v1.30.
    V2,
    /// `apidiscovery.k8s.io/v2beta1`, since v1.27.
    V2Beta1,
}

impl Aggregated {
    /// The first form among what a client accepts that a server of this version has; nothing is the legacy form.
    pub(crate) fn accepted(accept: &str, behaviour: &Behaviour) -> Option<Self> {
        accept.split(',').find_map(|wanted| {
            let has = |part: &str| wanted.split(';').any(|given| given.trim() == part);
            if !has("g=apidiscovery.k8s.io") || !has("as=APIGroupDiscoveryList") {
                return None;
            }
            match () {
                () if has("v=v2") && behaviour.discovers_v2 => Some(Self::V2),
                () if has("v=v2beta1") && behaviour.discovers_v2beta1 => Some(Self::V2Beta1),
                () => None,
            }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V2Beta1 => "v2beta1",
        }
    }

    /// The type that the answer says it has.
    pub(crate) fn content_type(self) -> String {
        format!("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", self.name())
    }
}

/// `/version`.
pub(crate) fn version(behaviour: &Behaviour) -> Value {
    let text = behaviour.version.to_string();
    let minor = text.split('.').nth(1).unwrap_or_default().to_owned();
    json!({
        "major": "1",
        "minor": minor,
        "gitVersion": text,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// `/api`.
pub(crate) fn core_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// `/apis`.
pub(crate) fn groups(all: &[Served], behaviour: &Behaviour) -> Value {
    let groups: Vec<Value> =
        group_versions(all, behaviour).iter().map(|(group, versions)| of_group(group, versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub(crate) fn group(all: &[Served], behaviour: &Behaviour, name: &str) -> Option<Value> {
    let versions = group_versions(all, behaviour);
    let (group, versions) = versions.iter().find(|(group, _)| group == name)?;
    let mut value = of_group(group, versions);
    value["kind"] = "APIGroup".into();
    value["apiVersion"] = "v1".into();
    Some(value)
}

fn of_group(group: &str, versions: &[String]) -> Value {
    let of = |version: &String| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({
        "name": group,
        "versions": versions.iter().map(of).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(of),
    })
}

/// The groups but the core's, and their versions, the preferred one first.
fn group_versions(all: &[Served], behaviour: &Behaviour) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |group: &str, version: &str| match groups.iter_mut().find(|(known, _)| known == group) {
        Some((_, versions)) if versions.iter().any(|known| known == version) => {}
        Some((_, versions)) => versions.push(version.to_owned()),
        None => groups.push((group.to_owned(), vec![version.to_owned()])),
    };
    let named = all.iter().filter(|served| !served.resource.group.is_empty());
    named.for_each(|served| add(&served.resource.group, &served.version));
    reviews(behaviour).for_each(|(group, version, ..)| add(group, version));
    groups
}

fn reviews(
    behaviour: &Behaviour,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str, bool)> {
    let tells = behaviour.tells_who_asks;
    REVIEWS.into_iter().filter(move |(_, _, name, ..)| *name != "selfsubjectreviews" || tells)
}

/// `/api/v1`, `/apis/GROUP/VERSION`.
pub(crate) fn resources(all: &[Served], behaviour: &Behaviour, group: &str, version: &str) -> Option<Value> {
    let own = all.iter().filter(|served| served.resource.group == group && served.version == version);
    let mut list: Vec<Value> = Vec::new();
    for served in own {
        let resource = &served.resource;
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.is_namespaced,
            "kind": resource.kind,
            "verbs": VERBS,
        });
        if !resource.short_names.is_empty() {
            entry["shortNames"] = json!(resource.short_names);
        }
        if !served.categories().is_empty() {
            entry["categories"] = json!(served.categories());
        }
        list.push(entry);
        for Subresource { name, group, version, kind, verbs } in served.subresources(behaviour) {
            let mut entry = json!({
                "name": format!("{}/{name}", resource.plural),
                "singularName": "",
                "namespaced": resource.is_namespaced,
                "kind": if kind.is_empty() { resource.kind.as_str() } else { kind },
                "verbs": verbs,
            });
            if !group.is_empty() {
                entry["group"] = group.into();
                entry["version"] = version.into();
            }
            list.push(entry);
        }
    }
    let asked = reviews(behaviour).filter(|(of, at, ..)| *of == group && *at == version);
    list.extend(asked.map(|(_, _, name, kind, namespaced)| {
        json!({"name": name, "singularName": kind.to_lowercase(), "namespaced": namespaced, "kind": kind, "verbs": ["create"]})
    }));
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!list.is_empty())
        .then(|| json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": list}))
}

/// `/api` or `/apis` in one document.
pub(crate) fn aggregated(all: &[Served], behaviour: &Behaviour, of_core: bool, form: Aggregated) -> Value {
    let groups = if of_core { vec![(String::new(), vec!["v1".to_owned()])] } else { group_versions(all, behaviour) };
    let items: Vec<Value> = groups
        .iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| {
                    json!({
                        "version": version,
                        "resources": aggregated_resources(all, behaviour, group, version),
                        "freshness": "Current",
                    })
                })
                .collect();
            json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{}", form.name()),
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resources(all: &[Served], behaviour: &Behaviour, group: &str, version: &str) -> Vec<Value> {
    let scope = |namespaced| if namespaced { "Namespaced" } else { "Cluster" };
    let own = all.iter().filter(|served| served.resource.group == group && served.version == version);
    let mut list: Vec<Value> = own
        .map(|served| {
            let resource = &served.resource;
            let kind =
                |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
            let mut entry = json!({
                "resource": resource.plural,
                "responseKind": kind(group, version, &resource.kind),
                "scope": scope(resource.is_namespaced),
                "singularResource": resource.singular,
                "verbs": VERBS,
            });
            if !resource.short_names.is_empty() {
                entry["shortNames"] = json!(resource.short_names);
            }
            if !served.categories().is_empty() {
                entry["categories"] = json!(served.categories());
            }
            let below: Vec<Value> = served
                .subresources(behaviour)
                .into_iter()
                .map(|sub| {
                    let response = if sub.kind.is_empty() {
                        kind(group, version, &resource.kind)
                    } else {
                        kind(sub.group, sub.version, sub.kind)
                    };
                    json!({"subresource": sub.name, "responseKind": response, "verbs": sub.verbs})
                })
                .collect();
            if !below.is_empty() {
                entry["subresources"] = below.into();
            }
            entry
        })
        .collect();
    let asked = reviews(behaviour).filter(|(of, at, ..)| *of == group && *at == version);
    list.extend(asked.map(|(group, version, name, kind, namespaced)| {
        json!({
            "resource": name,
            "responseKind": {"group": group, "version": version, "kind": kind},
            "scope": scope(namespaced),
            "singularResource": kind.to_lowercase(),
            "verbs": ["create"],
        })
    }));
    list
}
