//! Volumes made on demand: by a plugin of the controller itself, or by an external provisioner (`provisionClaim`, and
//! sig-storage-lib-external-provisioner for what the other side says).
//!
//! Whether an external provisioner runs is nothing that objects tell. It is taken to run and to need a few seconds,
//! unless its StorageClass says otherwise in the annotation `sim/provisioner`: `absent`, `after 30s`, `fails MESSAGE`.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, CSIPersistentVolumeSource, CinderPersistentVolumeSource,
    GCEPersistentDiskVolumeSource, HostPathVolumeSource, Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm,
    ObjectReference, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec, VolumeNodeAffinity,
};
use k8s_openapi::api::storage::v1::{CSINode, StorageClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{PROVISIONED_BY, SELECTED_NODE, annotate, annotation, class_of, tell, volume_name};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::KnownKind;
use crate::store::ObjectKey;

/// What a provisioner needs for a volume unless its class says otherwise, in milliseconds.
pub(super) const DELAY_MS: u64 = 3_000;
/// After a failure a provisioner tries again so much later, in milliseconds.
const RETRY_MS: u64 = 15_000;
/// The annotation of a StorageClass that says how its provisioner does.
const CONDUCT: &str = "sim/provisioner";
/// The annotations that hand a claim to its provisioner; the second from 1.23 on.
const PROVISIONER_ANNOTATIONS: [&str; 2] =
    ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
/// Provisioners whose volumes are directories of one node.
const LOCAL_PROVISIONERS: [&str; 3] = ["rancher.io/local-path", "openebs.io/local", "microk8s.io/hostpath"];
/// In-tree plugins that the controller can provision with itself.
const IN_TREE: [&str; 6] = [
    "kubernetes.io/aws-ebs",
    "kubernetes.io/azure-disk",
    "kubernetes.io/azure-file",
    "kubernetes.io/cinder",
    "kubernetes.io/gce-pd",
    "kubernetes.io/vsphere-volume",
];

/// The labels with a node's zone, the present one first.
const ZONE_LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// Who makes a volume.
enum Provisioner {
    /// The controller, with a plugin.
    InTree(&'static str),
    External(String),
    Unknown(String),
}

/// How an external provisioner does.
enum Conduct {
    Absent,
    After(u64),
    Fails(String),
}

/// Asks for a volume for the claim, and says so.
pub(super) fn ask(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>, class_name: &str) {
    let Some(class) = cluster.store.find::<StorageClass>("", class_name).cloned() else {
        let message = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
        tell(cluster, claim, "Warning", "ProvisioningFailed", &message);
        return;
    };
    match provisioner(cluster, &class) {
        Provisioner::Unknown(name) => {
            let message = format!("no volume plugin matched name: {name}");
            tell(cluster, claim, "Warning", "ProvisioningFailed", &message);
        }
        Provisioner::InTree(_) => plan(cluster, key, DELAY_MS),
        Provisioner::External(name) => {
            hand_over(cluster, key, claim, &name);
            let message = match cluster.behaviour.external_provisioning_advises {
                false => format!(
                    "waiting for a volume to be created, either by external provisioner \"{name}\" or manually created \
                     by system administrator"
                ),
                true => format!(
                    "Waiting for a volume to be created either by the external provisioner '{name}' or manually by the \
                     system administrator. If volume creation is delayed, please verify that the provisioner is running \
                     and correctly registered."
                ),
            };
            tell(cluster, claim, "Normal", "ExternalProvisioning", &message);
            match conduct(&class) {
                Conduct::Absent => {}
                Conduct::After(delay) => begin(cluster, key, claim, &name, delay),
                Conduct::Fails(_) => begin(cluster, key, claim, &name, DELAY_MS),
            }
        }
    }
}

/// The provisioner hears of the claim and starts, once.
fn begin(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>, name: &str, delay: u64) {
    if cluster.volumes.provisioning.contains_key(key) {
        return;
    }
    let message = format!("External provisioner is provisioning volume for claim \"{key}\"");
    tell_as(cluster, name, claim, "Normal", "Provisioning", &message);
    plan(cluster, key, delay);
}

fn plan(cluster: &mut Cluster, key: &ObjectKey, delay: u64) {
    if !cluster.volumes.provisioning.contains_key(key) {
        let at = cluster.clock.now_ms().saturating_add(delay);
        cluster.volumes.provisioning.insert(key.clone(), at);
        cluster.agenda.add(at, Event::Provision(key.clone()));
    }
}

fn hand_over(cluster: &mut Cluster, key: &ObjectKey, claim: &PersistentVolumeClaim, name: &str) {
    let wanted = if cluster.behaviour.ga_provisioner_annotation { 2 } else { 1 };
    let missing = PROVISIONER_ANNOTATIONS.iter().take(wanted).any(|key| annotation(&claim.metadata, key) != Some(name));
    if missing {
        cluster.store.update::<PersistentVolumeClaim>(key, |claim| {
            for annotation in PROVISIONER_ANNOTATIONS.iter().take(wanted) {
                annotate(&mut claim.metadata, annotation, name);
            }
        });
    }
}

/// The provisioner is done with a claim.
pub(crate) fn provision(cluster: &mut Cluster, key: &ObjectKey) {
    if cluster.volumes.provisioning.get(key).is_none_or(|at| *at > cluster.clock.now_ms()) {
        return;
    }
    cluster.volumes.provisioning.remove(key);
    let Some(claim) = cluster.store.get::<PersistentVolumeClaim>(key).cloned() else { return };
    if volume_name(&claim).is_some() || claim.metadata.deletion_timestamp.is_some() {
        return;
    }
    let spec = claim.spec.clone().unwrap_or_default();
    let class = class_of(&claim.metadata, spec.storage_class_name.as_ref());
    let Some(class) = cluster.store.find::<StorageClass>("", class).cloned() else { return };
    let by = provisioner(cluster, &class);
    if let (Provisioner::External(name), Conduct::Fails(why)) = (&by, conduct(&class)) {
        let class = class.metadata.name.clone().unwrap_or_default();
        let message = format!("failed to provision volume with StorageClass \"{class}\": {why}");
        tell_as(cluster, name, &claim, "Warning", "ProvisioningFailed", &message);
        plan(cluster, key, RETRY_MS);
        return;
    }
    let volume = new_volume(cluster, key, &claim, &class, &by);
    let name = volume.metadata.name.clone().unwrap_or_default();
    cluster.admit_typed(volume);
    match by {
        Provisioner::External(by) => {
            let message = format!("Successfully provisioned volume {name}");
            tell_as(cluster, &by, &claim, "Normal", "ProvisioningSucceeded", &message);
            cluster.volumes.provisioned.entry(by).or_default().insert(key.clone());
        }
        Provisioner::InTree(plugin) => {
            let message = format!("Successfully provisioned volume {name} using {plugin}");
            tell(cluster, &claim, "Normal", "ProvisioningSucceeded", &message);
        }
        Provisioner::Unknown(_) => {}
    }
}

fn new_volume(
    cluster: &Cluster,
    key: &ObjectKey,
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
    by: &Provisioner,
) -> PersistentVolume {
    let uid = claim.metadata.uid.clone().unwrap_or_default();
    let name = format!("pvc-{uid}");
    let spec = claim.spec.clone().unwrap_or_default();
    let driver = match by {
        Provisioner::InTree(name) => (*name).to_owned(),
        Provisioner::External(name) | Provisioner::Unknown(name) => name.clone(),
    };
    let requests = spec.resources.and_then(|resources| resources.requests);
    let mut metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
    annotate(&mut metadata, PROVISIONED_BY, &driver);
    let claim_ref = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("PersistentVolumeClaim".to_owned()),
        namespace: Some(key.namespace.to_string()),
        name: Some(key.name.to_string()),
        uid: Some(uid),
        resource_version: claim.metadata.resource_version.clone(),
        ..ObjectReference::default()
    };
    let mut volume = PersistentVolumeSpec {
        access_modes: spec.access_modes,
        capacity: requests.map(|requests| requests.into_iter().filter(|(name, _)| name == "storage").collect()),
        claim_ref: Some(claim_ref),
        mount_options: class.mount_options.clone(),
        node_affinity: node_affinity(cluster, claim, class, &driver),
        persistent_volume_reclaim_policy: class.reclaim_policy.clone().or_else(|| Some("Delete".to_owned())),
        storage_class_name: class.metadata.name.clone(),
        volume_mode: spec.volume_mode.or_else(|| Some("Filesystem".to_owned())),
        ..PersistentVolumeSpec::default()
    };
    set_source(&mut volume, &driver, name);
    PersistentVolume { metadata, spec: Some(volume), status: None }
}

/// What is behind a new volume: a disk of a cloud, a directory of a node, or something of a CSI driver.
fn set_source(volume: &mut PersistentVolumeSpec, driver: &str, name: String) {
    match driver {
        "kubernetes.io/aws-ebs" => {
            let disk = AWSElasticBlockStoreVolumeSource { volume_id: name, ..Default::default() };
            volume.aws_elastic_block_store = Some(disk);
        }
        "kubernetes.io/gce-pd" => {
            volume.gce_persistent_disk = Some(GCEPersistentDiskVolumeSource { pd_name: name, ..Default::default() });
        }
        "kubernetes.io/azure-disk" => {
            volume.azure_disk = Some(AzureDiskVolumeSource { disk_name: name, ..Default::default() });
        }
        "kubernetes.io/cinder" => {
            volume.cinder = Some(CinderPersistentVolumeSource { volume_id: name, ..Default::default() });
        }
        local if LOCAL_PROVISIONERS.contains(&local) => {
            let path = format!("/opt/local-path-provisioner/{name}");
            volume.host_path = Some(HostPathVolumeSource { path, type_: Some("DirectoryOrCreate".to_owned()) });
        }
        driver => {
            let driver = driver.to_owned();
            volume.csi =
                Some(CSIPersistentVolumeSource { driver, volume_handle: name, ..CSIPersistentVolumeSource::default() });
        }
    }
}

/// From where a new volume can be reached: from the chosen node's place in the driver's topology; without a chosen node
/// from that of the first node that has one; else from where the class allows.
fn node_affinity(
    cluster: &Cluster,
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
    driver: &str,
) -> Option<VolumeNodeAffinity> {
    let selected = annotation(&claim.metadata, SELECTED_NODE);
    let place = match selected {
        Some(node) => place_of(cluster, node, driver),
        None => cluster.store.list::<Node>().find_map(|node| place_of(cluster, node.metadata.name.as_deref()?, driver)),
    };
    let allowed = || {
        let term = class.allowed_topologies.as_ref()?.first()?;
        let labels = term.match_label_expressions.iter().flatten();
        Some(labels.map(|label| (label.key.clone(), label.values.clone())).collect::<BTreeMap<_, _>>())
    };
    let place = place.map(|place| place.into_iter().map(|(key, value)| (key, vec![value])).collect());
    let requirements = place.or_else(allowed)?.into_iter().map(|(key, values)| NodeSelectorRequirement {
        key,
        operator: "In".to_owned(),
        values: Some(values),
    });
    let term = NodeSelectorTerm { match_expressions: Some(requirements.collect()), match_fields: None };
    Some(VolumeNodeAffinity { required: Some(NodeSelector { node_selector_terms: vec![term] }) })
}

/// The node's labels under the keys that its CSINode names for the driver.
fn place_of(cluster: &Cluster, node: &str, driver: &str) -> Option<BTreeMap<String, String>> {
    let labels = cluster.store.find::<Node>("", node)?.metadata.labels.clone().unwrap_or_default();
    let registered = cluster.store.find::<CSINode>("", node);
    let keys = registered
        .and_then(|registered| registered.spec.drivers.iter().find(|known| known.name == driver))
        .and_then(|known| known.topology_keys.clone());
    let keys = match keys {
        Some(keys) => keys,
        None if LOCAL_PROVISIONERS.contains(&driver) => vec!["kubernetes.io/hostname".to_owned()],
        None if IN_TREE.contains(&driver) => {
            ZONE_LABELS.iter().filter(|key| labels.contains_key(**key)).take(1).map(|key| (*key).to_owned()).collect()
        }
        None => Vec::new(),
    };
    let place: BTreeMap<String, String> =
        keys.into_iter().filter_map(|key| labels.get(&key).map(|value| (key.clone(), value.clone()))).collect();
    Some(place).filter(|place| !place.is_empty())
}

fn provisioner(cluster: &Cluster, class: &StorageClass) -> Provisioner {
    let name = class.provisioner.as_str();
    if let Some((_, driver)) = cluster.behaviour.migrated_provisioners.iter().find(|(plugin, _)| *plugin == name) {
        return Provisioner::External((*driver).to_owned());
    }
    match IN_TREE.iter().find(|plugin| **plugin == name) {
        Some(plugin) => Provisioner::InTree(plugin),
        None if name.starts_with("kubernetes.io/") => Provisioner::Unknown(name.to_owned()),
        None => Provisioner::External(name.to_owned()),
    }
}

fn conduct(class: &StorageClass) -> Conduct {
    let text = annotation(&class.metadata, CONDUCT).unwrap_or_default().trim();
    match text.split_once(' ') {
        None if text == "absent" => Conduct::Absent,
        Some(("after", time)) => Conduct::After(milliseconds(time).unwrap_or(DELAY_MS)),
        Some(("fails", why)) => Conduct::Fails(why.trim().to_owned()),
        _ => Conduct::After(DELAY_MS),
    }
}

/// `30s`, `5m`, `1h`.
fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit = match text.chars().last()? {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        _ => return None,
    };
    text.get(..text.len() - 1)?.parse::<u64>().ok()?.checked_mul(unit)
}

/// Says something as an external provisioner does.
fn tell_as(
    cluster: &mut Cluster,
    provisioner: &str,
    claim: &Arc<PersistentVolumeClaim>,
    type_: &str,
    reason: &str,
    message: &str,
) {
    let object = PersistentVolumeClaim::wrap(Arc::clone(claim));
    cluster.event_from(&format!("{provisioner}_sim"), None, &object, type_, reason, message);
}
