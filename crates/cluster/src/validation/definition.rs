//! CustomResourceDefinitions (apiextensions-apiserver `pkg/apis/apiextensions/validation`): what must be said for anything
//! to be served. Schemas are taken as they are.

use serde_json::Value;

use super::field::{Faults, Path};
use super::names;
use crate::behaviour::Behaviour;
use crate::custom_resource;
use crate::object::Unstructured;

/// `validateCustomResourceDefinitionSpec`, and the name that follows from it.
pub(super) fn definition(faults: &mut Faults, object: &Unstructured, is_new: bool, rules: &Behaviour) {
    let nothing = Value::Null;
    let spec = object.rest.get("spec").unwrap_or(&nothing);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, plural, kind) = (text(&spec["group"]), text(&spec["names"]["plural"]), text(&spec["names"]["kind"]));
    let name = object.metadata.name.clone().unwrap_or_default();
    if is_new && name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        faults.invalid(&Path::new("metadata").child("name"), format!("{name:?}"), why);
    }
    let path = Path::new("spec");
    if group.is_empty() {
        faults.required(&path.child("group"), "");
    } else {
        names::subdomain(faults, &path.child("group"), &group, rules.rfc_1123);
        if !group.contains('.') {
            let why = "should be a domain with at least one dot";
            faults.invalid(&path.child("group"), format!("{group:?}"), why);
        }
    }
    match text(&spec["scope"]).as_str() {
        "" => faults.required(&path.child("scope"), ""),
        scope => faults.one_of(&path.child("scope"), Some(scope), &["Cluster", "Namespaced"]),
    }
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let field = path.child("versions");
    if spec["preserveUnknownFields"] != true {
        for (index, _) in
            versions.iter().enumerate().filter(|(_, version)| !version["schema"]["openAPIV3Schema"].is_object())
        {
            faults.required(&field.index(index).child("schema").child("openAPIV3Schema"), "");
        }
    }
    for (index, version) in versions.iter().enumerate() {
        names::dns_1035_label(faults, &field.index(index).child("name"), &text(&version["name"]));
    }
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        // Go prints all of them.
        let value = "[]apiextensions.CustomResourceDefinitionVersion{…}";
        faults.invalid(&field, value, "must have exactly one version marked as storage version");
    }
    let field = path.child("names");
    if plural.is_empty() {
        faults.required(&field.child("plural"), "");
    } else {
        names::dns_1035_label(faults, &field.child("plural"), &plural);
    }
    if kind.is_empty() {
        faults.required(&field.child("kind"), "");
    }
    if is_new {
        approval(faults, object, None);
    }
}

/// `ValidateCustomResourceDefinitionUpdate`: what counts for what is stored stays as it is.
pub(super) fn definition_update(faults: &mut Faults, before: &Unstructured, after: &Unstructured, rules: &Behaviour) {
    let nothing = Value::Null;
    let spec_of = |object: &Unstructured| object.rest.get("spec").cloned().unwrap_or_default();
    let (old, new) = (spec_of(before), spec_of(after));
    let spec = Path::new("spec");
    let names = spec.child("names");
    let mut fixed = |path: &Path<'_>, old: &Value, new: &Value| {
        if old != new {
            faults.invalid(path, new, "field is immutable");
        }
    };
    if custom_resource::is_established(before) {
        fixed(&spec.child("scope"), &old["scope"], &new["scope"]);
        fixed(&names.child("kind"), &old["names"]["kind"], &new["names"]["kind"]);
    }
    fixed(&spec.child("group"), &old["group"], &new["group"]);
    fixed(&names.child("plural"), &old["names"]["plural"], &new["names"]["plural"]);
    let status = after.rest.get("status").unwrap_or(&nothing);
    let versions = || new["versions"].as_array().into_iter().flatten().map(|version| &version["name"]);
    for (index, stored) in status["storedVersions"].as_array().into_iter().flatten().enumerate() {
        if let Some(name) = stored.as_str().filter(|_| !versions().any(|version| version == stored)) {
            let migration = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {name} and removes {name} from \
                 status.storedVersions"
            );
            let why = if rules.custom_resources.tells_of_migration {
                migration.as_str()
            } else {
                "must appear in spec.versions"
            };
            faults.invalid(&Path::new("status").child("storedVersions").index(index), stored, why);
        }
    }
    approval(faults, after, Some(before));
}

/// Where the groups of Kubernetes' own community say that their API was reviewed (`KubeAPIApprovedAnnotation`).
const APPROVED: &str = "api-approved.kubernetes.io";

/// What that says (`APIApprovalState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Approval {
    Missing,
    Bypassed,
    Approved,
    Invalid,
}

impl Approval {
    fn of(object: &Unstructured) -> Self {
        let text = said_approval(object);
        match text.split_once("://") {
            _ if text.is_empty() => Self::Missing,
            _ if text.starts_with("unapproved") => Self::Bypassed,
            Some((scheme, rest))
                if !scheme.is_empty() && rest.split('/').next().is_some_and(|host| !host.is_empty()) =>
            {
                Self::Approved
            }
            _ => Self::Invalid,
        }
    }
}

fn said_approval(object: &Unstructured) -> &str {
    object.metadata.annotations.as_ref().and_then(|all| all.get(APPROVED)).map_or("", String::as_str)
}

/// `validateAPIApproval`. Only v1 asks for it; that a definition came as one of v1beta1 is told by what v1 refuses.
fn approval(faults: &mut Faults, object: &Unstructured, before: Option<&Unstructured>) {
    let spec = object.rest.get("spec");
    let group = spec.and_then(|spec| spec["group"].as_str()).unwrap_or_default();
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|own| group.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let is_old = spec.is_some_and(|spec| spec["preserveUnknownFields"] == true);
    let now = Approval::of(object);
    if !is_protected || is_old || before.is_some_and(|before| Approval::of(before) == now) {
        return;
    }
    let annotations = Path::new("metadata");
    let annotations = annotations.child("annotations");
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let must = format!("protected groups must have approval annotation {APPROVED:?}");
    match now {
        Approval::Missing => faults.required(&annotations.key(APPROVED), &format!("{must}, {see}")),
        Approval::Invalid => {
            let why = format!("{must} with either a URL or a reason starting with \"unapproved\", {see}");
            faults.invalid(&annotations.key(APPROVED), format!("{:?}", said_approval(object)), &why);
        }
        Approval::Approved | Approval::Bypassed => {}
    }
}
