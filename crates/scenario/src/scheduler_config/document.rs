//! The parts of a configuration as they are written. What a list or a mapping is decoded from later, with the place it
//! is in, is left as it is here.

use k8s_openapi::api::core::v1 as api;
use serde::Deserialize;
use serde_json::Value;

/// KubeSchedulerConfiguration.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct Document {
    pub(super) profiles: Vec<Value>,
    pub(super) percentage_of_nodes_to_score: Option<i32>,
    pub(super) pod_initial_backoff_seconds: Option<i64>,
    pub(super) pod_max_backoff_seconds: Option<i64>,
    pub(super) parallelism: Option<i32>,
    pub(super) extenders: Vec<Value>,
    pub(super) leader_election: Option<Value>,
    pub(super) client_connection: Option<Value>,
    pub(super) healthz_bind_address: Option<String>,
    pub(super) metrics_bind_address: Option<String>,
    /// v1alpha1 has one profile, and it is the document itself.
    pub(super) scheduler_name: Option<String>,
    pub(super) plugins: serde_json::Map<String, Value>,
    pub(super) plugin_config: Vec<PluginConfigDocument>,
    pub(super) hard_pod_affinity_symmetric_weight: Option<i32>,
    pub(super) disable_preemption: bool,
    pub(super) algorithm_source: Option<AlgorithmSource>,
    // What follows decides nothing here; `kind` and `apiVersion` are looked at first.
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
    #[serde(rename = "enableProfiling")]
    _profiling: Option<bool>,
    #[serde(rename = "enableContentionProfiling")]
    _contention: Option<bool>,
    #[serde(rename = "bindTimeoutSeconds")]
    _bind_timeout: Option<i64>,
    #[serde(rename = "delayCacheUntilActive")]
    _delay_cache: Option<bool>,
}

#[derive(Deserialize)]
#[serde(expecting = "a mapping")]
pub(super) struct AlgorithmSource {
    pub(super) provider: Option<String>,
    pub(super) policy: Option<Value>,
}

/// KubeSchedulerProfile.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct ProfileDocument {
    pub(super) scheduler_name: Option<String>,
    pub(super) percentage_of_nodes_to_score: Option<i32>,
    pub(super) plugins: serde_json::Map<String, Value>,
    pub(super) plugin_config: Vec<PluginConfigDocument>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct PluginConfigDocument {
    pub(super) name: String,
    pub(super) args: Value,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct PluginSetDocument {
    pub(super) enabled: Vec<PluginDocument>,
    pub(super) disabled: Vec<PluginDocument>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct PluginDocument {
    pub(super) name: String,
    pub(super) weight: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct FitDocument {
    pub(super) ignored_resources: Vec<String>,
    pub(super) ignored_resource_groups: Vec<String>,
    pub(super) scoring_strategy: Option<StrategyDocument>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct StrategyDocument {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) resources: Vec<ResourceDocument>,
    pub(super) requested_to_capacity_ratio: Option<RatioDocument>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct RatioDocument {
    pub(super) shape: Vec<PointDocument>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct ResourcesDocument {
    pub(super) resources: Vec<ResourceDocument>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct RatioArgsDocument {
    pub(super) resources: Vec<ResourceDocument>,
    pub(super) shape: Vec<PointDocument>,
}

/// ResourceSpec.
#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct ResourceDocument {
    pub(super) name: String,
    pub(super) weight: i64,
}

/// UtilizationShapePoint.
#[derive(Deserialize, Default)]
#[serde(default, expecting = "a mapping")]
pub(super) struct PointDocument {
    pub(super) utilization: i32,
    pub(super) score: i32,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct InterPodAffinityDocument {
    pub(super) hard_pod_affinity_weight: Option<i32>,
    pub(super) ignore_preferred_terms_of_existing_pods: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct NodeAffinityDocument {
    pub(super) added_affinity: Option<api::NodeAffinity>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct SpreadDocument {
    pub(super) default_constraints: Vec<api::TopologySpreadConstraint>,
    pub(super) defaulting_type: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct PreemptionDocument {
    pub(super) min_candidate_nodes_percentage: Option<i32>,
    pub(super) min_candidate_nodes_absolute: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct VolumeBindingDocument {
    pub(super) bind_timeout_seconds: Option<i64>,
    pub(super) shape: Option<Vec<PointDocument>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct DynamicResourcesDocument {
    pub(super) filter_timeout: Option<String>,
}

/// LeaderElectionConfiguration, with what v1alpha1 adds to it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct LeaderElectionDocument {
    pub(super) leader_elect: Option<bool>,
    pub(super) lease_duration: Option<String>,
    pub(super) renew_deadline: Option<String>,
    pub(super) retry_period: Option<String>,
    pub(super) resource_lock: Option<String>,
    #[serde(rename = "resourceName")]
    _resource_name: Option<String>,
    #[serde(rename = "resourceNamespace")]
    _resource_namespace: Option<String>,
    #[serde(rename = "lockObjectName")]
    _lock_object_name: Option<String>,
    #[serde(rename = "lockObjectNamespace")]
    _lock_object_namespace: Option<String>,
}

/// ClientConnectionConfiguration.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct ClientConnectionDocument {
    pub(super) burst: i32,
    #[serde(rename = "qps")]
    _qps: Option<f32>,
    #[serde(rename = "kubeconfig")]
    _kubeconfig: Option<String>,
    #[serde(rename = "acceptContentTypes")]
    _accept_content_types: Option<String>,
    #[serde(rename = "contentType")]
    _content_type: Option<String>,
}

/// Extender.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct ExtenderDocument {
    pub(super) prioritize_verb: String,
    pub(super) bind_verb: String,
    pub(super) weight: i64,
    pub(super) http_timeout: Option<String>,
    pub(super) managed_resources: Vec<ManagedResourceDocument>,
    #[serde(rename = "urlPrefix")]
    _url_prefix: Option<String>,
    #[serde(rename = "filterVerb")]
    _filter_verb: Option<String>,
    #[serde(rename = "preemptVerb")]
    _preempt_verb: Option<String>,
    #[serde(rename = "enableHTTPS", alias = "enableHttps")]
    _enable_https: Option<bool>,
    #[serde(rename = "tlsConfig")]
    _tls: Option<TlsDocument>,
    #[serde(rename = "nodeCacheCapable")]
    _node_cache_capable: Option<bool>,
    #[serde(rename = "ignorable")]
    _ignorable: Option<bool>,
}

/// ExtenderManagedResource.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
pub(super) struct ManagedResourceDocument {
    pub(super) name: String,
    #[serde(rename = "ignoredByScheduler")]
    _ignored_by_scheduler: Option<bool>,
}

/// ExtenderTLSConfig.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "a mapping")]
struct TlsDocument {
    #[serde(rename = "insecure")]
    _insecure: Option<bool>,
    #[serde(rename = "serverName")]
    _server_name: Option<String>,
    #[serde(rename = "certFile")]
    _cert_file: Option<String>,
    #[serde(rename = "keyFile")]
    _key_file: Option<String>,
    #[serde(rename = "caFile")]
    _ca_file: Option<String>,
    #[serde(rename = "certData")]
    _cert_data: Option<String>,
    #[serde(rename = "keyData")]
    _key_data: Option<String>,
    #[serde(rename = "caData")]
    _ca_data: Option<String>,
}
