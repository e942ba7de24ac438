//! A Secret as the store keeps it: its keys count, its values are kept as they were written. Dumps blacken them, so that
//! they need not be base64.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A Secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    #[serde(default = "api_version")]
    api_version: String,
    #[serde(default = "kind")]
    kind: String,
    /// Name, namespace and the like.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The values by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, Value>>,
    /// Values that the API server has not taken over yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_data: Option<BTreeMap<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Secret {
    /// Its `type`.
    pub(crate) fn type_(&self) -> &str {
        self.rest.get("type").and_then(Value::as_str).unwrap_or("Opaque")
    }

    /// A Secret that says nothing of its type is of no special one (`SetDefaults_Secret`).
    pub(crate) fn default_type(&mut self) {
        let type_ = self.rest.entry("type").or_insert(Value::Null);
        if type_.as_str().is_none_or(str::is_empty) {
            *type_ = "Opaque".into();
        }
    }

    /// Whether it has a value of this name.
    pub(crate) fn has(&self, key: &str) -> bool {
        [&self.data, &self.string_data].into_iter().flatten().any(|values| values.contains_key(key))
    }
}

fn api_version() -> String {
    <api::Secret as k8s_openapi::Resource>::API_VERSION.to_owned()
}

fn kind() -> String {
    <api::Secret as k8s_openapi::Resource>::KIND.to_owned()
}

impl k8s_openapi::Resource for Secret {
    const API_VERSION: &'static str = api::Secret::API_VERSION;
    const GROUP: &'static str = api::Secret::GROUP;
    const KIND: &'static str = api::Secret::KIND;
    const VERSION: &'static str = api::Secret::VERSION;
    const URL_PATH_SEGMENT: &'static str = api::Secret::URL_PATH_SEGMENT;
    type Scope = k8s_openapi::NamespaceResourceScope;
}

impl k8s_openapi::Metadata for Secret {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
