//! `kubectl describe` of Roles, ClusterRoles and their bindings (kubectl `describe.go`, component-helpers `rbac`).

use serde_json::Value;

use super::describe::Page;
use super::describe_workload::labels;
use super::verbatim::{items, text};
use crate::object::Unstructured;

/// One line of a role's table: what may be done, broken down to one resource or one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    verbs: Vec<String>,
    /// Group and resource; absent of a URL.
    resource: Option<(String, String)>,
    resource_name: Option<String>,
    url: Option<String>,
}

/// The page of a Role or ClusterRole (`describeRole`).
pub(super) fn describe_role(role: &Unstructured) -> String {
    let mut page = Page::default();
    page.field(0, "Name", role.metadata.name.as_deref().unwrap_or_default());
    labels(&mut page, &role.metadata);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for rule in compact(role.rest.get("rules").unwrap_or(&Value::Null)) {
        page.line(1, &rule.line());
    }
    page.finish()
}

/// The page of a RoleBinding or ClusterRoleBinding (`describeRoleBinding`).
pub(super) fn describe_binding(binding: &Unstructured) -> String {
    let mut page = Page::default();
    let nothing = Value::Null;
    let role = binding.rest.get("roleRef").unwrap_or(&nothing);
    page.field(0, "Name", binding.metadata.name.as_deref().unwrap_or_default());
    labels(&mut page, &binding.metadata);
    page.line(0, "Role:");
    page.field(1, "Kind", &text(&role["kind"]));
    page.field(1, "Name", &text(&role["name"]));
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in items(binding.rest.get("subjects").unwrap_or(&nothing)) {
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|field| text(&subject[field]));
        page.line(1, &format!("{kind}\t{name}\t{namespace}"));
    }
    page.finish()
}

/// The rules with one resource or URL each, what may be done to one resource on one line, in the order of their texts
/// (`BreakdownRule`, `CompactRules`, `SortableRuleSlice`).
fn compact(rules: &Value) -> Vec<Rule> {
    let mut compact: Vec<Rule> = Vec::new();
    let texts = |value: &Value| items(value).map(text).collect::<Vec<String>>();
    for rule in items(rules) {
        let verbs = texts(&rule["verbs"]);
        let names: Vec<Option<String>> = match texts(&rule["resourceNames"]) {
            names if names.is_empty() => vec![None],
            names => names.into_iter().map(Some).collect(),
        };
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for name in &names {
                    let same = |rule: &&mut Rule| {
                        rule.resource.as_ref().is_some_and(|(of, own)| *of == group && *own == resource)
                            && rule.resource_name == *name
                    };
                    if let Some(rule) = compact.iter_mut().find(same) {
                        for verb in &verbs {
                            if !rule.verbs.contains(verb) {
                                rule.verbs.push(verb.clone());
                            }
                        }
                    } else {
                        compact.push(Rule {
                            verbs: verbs.clone(),
                            resource: Some((group.clone(), resource.clone())),
                            resource_name: name.clone(),
                            url: None,
                        });
                    }
                }
            }
        }
        for url in texts(&rule["nonResourceURLs"]) {
            compact.extend(verbs.iter().map(|verb| Rule {
                verbs: vec![verb.clone()],
                resource: None,
                resource_name: None,
                url: Some(url.clone()),
            }));
        }
    }
    compact.sort_by_key(Rule::go_text);
    compact
}

impl Rule {
    fn line(&self) -> String {
        let resource = self.resource.as_ref().map_or(String::new(), |(group, resource)| {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let group = if group.is_empty() { String::new() } else { format!(".{group}") };
            let subresource = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
            format!("{resource}{group}{subresource}")
        });
        let [url, name] = [&self.url, &self.resource_name].map(|text| text.as_deref().unwrap_or_default());
        format!("{resource}\t[{url}]\t[{name}]\t[{}]", self.verbs.join(" "))
    }

    /// As Go prints the rule: by that the lines are sorted.
    fn go_text(&self) -> String {
        let (group, resource) = self.resource.clone().unwrap_or_default();
        let [url, name] = [&self.url, &self.resource_name].map(|text| text.as_deref().unwrap_or_default());
        format!(
            "Verbs:[{}],APIGroups:[{group}],Resources:[{resource}],ResourceNames:[{name}],NonResourceURLs:[{url}]",
            self.verbs.join(" ")
        )
    }
}
