//! In-tree volumes whose work CSI drivers have taken over (`csi-translation-lib` and
//! `plugins/nodevolumelimits/utils.go`, v1.34).

use crate::behaviour::Behaviour;
use crate::model::{
    CsiNode, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm, PersistentVolume,
    PersistentVolumeSource, VolumeSource,
};

/// An in-tree volume plugin whose volumes can be handed to a CSI driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTreePlugin {
    /// AWS disks.
    AwsEbs,
    /// GCE disks.
    GcePd,
    /// Azure disks.
    AzureDisk,
    /// OpenStack disks.
    Cinder,
    /// Portworx volumes.
    Portworx,
}

/// Where one CSI driver keeps a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CsiVolume {
    pub(crate) driver: String,
    pub(crate) handle: String,
}

const ALL: [InTreePlugin; 5] =
    [InTreePlugin::AwsEbs, InTreePlugin::GcePd, InTreePlugin::AzureDisk, InTreePlugin::Cinder, InTreePlugin::Portworx];

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";
const BETA_ZONE: &str = "failure-domain.beta.kubernetes.io/zone";
const BETA_REGION: &str = "failure-domain.beta.kubernetes.io/region";

impl InTreePlugin {
    /// The plugin's name, as StorageClasses and CSINodes give it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            InTreePlugin::AwsEbs => "kubernetes.io/aws-ebs",
            InTreePlugin::GcePd => "kubernetes.io/gce-pd",
            InTreePlugin::AzureDisk => "kubernetes.io/azure-disk",
            InTreePlugin::Cinder => "kubernetes.io/cinder",
            InTreePlugin::Portworx => "kubernetes.io/portworx-volume",
        }
    }

    /// The CSI driver that takes over.
    pub(crate) fn driver(self) -> &'static str {
        match self {
            InTreePlugin::AwsEbs => "ebs.csi.aws.com",
            InTreePlugin::GcePd => "pd.csi.storage.gke.io",
            InTreePlugin::AzureDisk => "disk.csi.azure.com",
            InTreePlugin::Cinder => "cinder.csi.openstack.org",
            InTreePlugin::Portworx => "pxd.portworx.com",
        }
    }

    /// The node label by which the driver says in which zone a node is; `None` where the translation leaves zones be.
    fn topology_key(self) -> Option<&'static str> {
        match self {
            InTreePlugin::AwsEbs => Some("topology.ebs.csi.aws.com/zone"),
            InTreePlugin::GcePd => Some("topology.gke.io/zone"),
            InTreePlugin::Cinder => Some("topology.cinder.csi.openstack.org/zone"),
            InTreePlugin::AzureDisk | InTreePlugin::Portworx => None,
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|plugin| plugin.name() == name)
    }

    pub(crate) fn of_volume(volume: &PersistentVolume) -> Option<Self> {
        match volume.source {
            PersistentVolumeSource::AwsElasticBlockStore { .. } => Some(InTreePlugin::AwsEbs),
            PersistentVolumeSource::GcePersistentDisk { .. } => Some(InTreePlugin::GcePd),
            PersistentVolumeSource::AzureDisk { .. } => Some(InTreePlugin::AzureDisk),
            PersistentVolumeSource::Cinder { .. } => Some(InTreePlugin::Cinder),
            PersistentVolumeSource::PortworxVolume { .. } => Some(InTreePlugin::Portworx),
            PersistentVolumeSource::Csi { .. } | PersistentVolumeSource::Other => None,
        }
    }

    pub(crate) fn of_inline(source: &VolumeSource) -> Option<Self> {
        match source {
            VolumeSource::AwsElasticBlockStore { .. } => Some(InTreePlugin::AwsEbs),
            VolumeSource::GcePersistentDisk { .. } => Some(InTreePlugin::GcePd),
            VolumeSource::AzureDisk { .. } => Some(InTreePlugin::AzureDisk),
            VolumeSource::Cinder { .. } => Some(InTreePlugin::Cinder),
            VolumeSource::PortworxVolume { .. } => Some(InTreePlugin::Portworx),
            _ => None,
        }
    }

    /// Whether the version hands the plugin's volumes over, and the node's kubelet does so too.
    pub(crate) fn is_migrated(self, behaviour: &Behaviour, csi_node: Option<&CsiNode>) -> bool {
        behaviour.volumes.migrated.contains(&self)
            && csi_node.is_some_and(|node| node.migrated_plugins.iter().any(|name| name == self.name()))
    }
}

/// The driver and handle of an in-tree volume; an error as upstream words it.
pub(crate) fn translate(volume: &PersistentVolume) -> Result<Option<CsiVolume>, String> {
    let Some(plugin) = InTreePlugin::of_volume(volume) else { return Ok(None) };
    let handle = match &volume.source {
        PersistentVolumeSource::AwsElasticBlockStore { volume_id } => ebs_volume_id(volume_id)?,
        PersistentVolumeSource::GcePersistentDisk { pd_name } => gce_handle(volume, pd_name)?,
        PersistentVolumeSource::AzureDisk { data_disk_uri, kind, .. } => {
            managed(kind.as_deref())?;
            data_disk_uri.clone()
        }
        PersistentVolumeSource::Cinder { volume_id } | PersistentVolumeSource::PortworxVolume { volume_id } => {
            volume_id.clone()
        }
        PersistentVolumeSource::Csi { .. } | PersistentVolumeSource::Other => return Ok(None),
    };
    Ok(Some(CsiVolume { driver: plugin.driver().to_owned(), handle }))
}

/// The same for a volume written into the pod.
pub(crate) fn translate_inline(source: &VolumeSource) -> Result<Option<CsiVolume>, String> {
    let Some(plugin) = InTreePlugin::of_inline(source) else { return Ok(None) };
    let handle = match source {
        VolumeSource::AwsElasticBlockStore { volume_id } => ebs_volume_id(volume_id)?,
        VolumeSource::GcePersistentDisk { pd_name, .. } => {
            format!("projects/UNSPECIFIED/zones/UNSPECIFIED/disks/{pd_name}")
        }
        VolumeSource::AzureDisk { data_disk_uri, kind, .. } => {
            managed(kind.as_deref())?;
            data_disk_uri.clone()
        }
        VolumeSource::Cinder { volume_id } | VolumeSource::PortworxVolume { volume_id } => volume_id.clone(),
        _ => return Ok(None),
    };
    Ok(Some(CsiVolume { driver: plugin.driver().to_owned(), handle }))
}

/// From where a translated volume can be reached: its zones under the driver's own label.
pub(crate) fn translated_affinity(plugin: InTreePlugin, volume: &PersistentVolume) -> Option<NodeSelector> {
    let Some(key) = plugin.topology_key() else { return volume.node_affinity.clone() };
    let (zone, region) = topology_labels(volume);
    let mut affinity = volume.node_affinity.clone();
    if has_values(affinity.as_ref(), zone) {
        rename(&mut affinity, zone, key);
    } else if let Some(zones) = volume.labels.get(zone) {
        let mut values: Vec<String> = zones.split("__").map(|zone| zone.trim().to_owned()).collect();
        values.retain(|zone| !zone.is_empty());
        values.sort();
        values.dedup();
        if !values.is_empty() {
            let terms = &mut affinity.get_or_insert_default().node_selector_terms;
            if terms.is_empty() {
                terms.push(NodeSelectorTerm::default());
            }
            for term in terms {
                term.match_expressions.push(NodeSelectorRequirement {
                    key: key.to_owned(),
                    operator: NodeSelectorOperator::In,
                    values: values.clone(),
                });
            }
        }
    }
    if region == BETA_REGION && has_values(affinity.as_ref(), region) {
        rename(&mut affinity, region, REGION);
    }
    affinity
}

/// The zone and region labels that a volume goes by.
fn topology_labels(volume: &PersistentVolume) -> (&'static str, &'static str) {
    let in_affinity = |key: &str| {
        let terms = volume.node_affinity.iter().flat_map(|affinity| &affinity.node_selector_terms);
        terms.into_iter().flat_map(|term| &term.match_expressions).any(|requirement| requirement.key == key)
    };
    let stable = (ZONE, REGION);
    let beta = (BETA_ZONE, BETA_REGION);
    let labelled = |key: &str| volume.labels.contains_key(key);
    let by_beta = in_affinity(BETA_ZONE) || (!labelled(ZONE) && labelled(BETA_ZONE));
    if !in_affinity(ZONE) && by_beta { beta } else { stable }
}

fn has_values(affinity: Option<&NodeSelector>, key: &str) -> bool {
    let terms = affinity.into_iter().flat_map(|affinity| &affinity.node_selector_terms);
    terms
        .into_iter()
        .flat_map(|term| &term.match_expressions)
        .any(|requirement| requirement.key == key && !requirement.values.is_empty())
}

fn rename(affinity: &mut Option<NodeSelector>, from: &str, to: &str) {
    let terms = affinity.iter_mut().flat_map(|affinity| &mut affinity.node_selector_terms);
    for requirement in terms.flat_map(|term| &mut term.match_expressions) {
        if requirement.key == from {
            to.clone_into(&mut requirement.key);
        }
    }
}

/// `aws://ZONE/vol-ID` and the like become `vol-ID`.
fn ebs_volume_id(id: &str) -> Result<String, String> {
    let Some(rest) = id.strip_prefix("aws://") else { return Ok(id.to_owned()) };
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_matches('/');
    if path.starts_with("vol-") && !path.contains('/') {
        return Ok(path.to_owned());
    }
    Err(format!("failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume ({id})"))
}

fn gce_handle(volume: &PersistentVolume, name: &str) -> Result<String, String> {
    let label = [BETA_ZONE, ZONE].into_iter().filter_map(|key| volume.labels.get(key)).find(|zones| !zones.is_empty());
    let zones: Vec<&str> = label.map(|zones| zones.split("__").collect()).unwrap_or_default();
    match zones.as_slice() {
        [] => Ok(format!("projects/UNSPECIFIED/zones/UNSPECIFIED/disks/{name}")),
        [zone] => Ok(format!("projects/UNSPECIFIED/zones/{zone}/disks/{name}")),
        several => {
            let region = gce_region(several).map_err(|error| format!("failed to get region from zones: {error}"))?;
            Ok(format!("projects/UNSPECIFIED/regions/{region}/disks/{name}"))
        }
    }
}

fn gce_region(zones: &[&str]) -> Result<String, String> {
    let mut regions = Vec::new();
    for zone in zones {
        let parts: Vec<&str> = zone.split('-').collect();
        let [location, region, _] = parts.as_slice() else {
            return Err(format!("zone in unexpected format, expected: {{locale}}-{{region}}-{{zone}}, got: {zone}"));
        };
        let region = format!("{location}-{region}");
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    match regions.as_slice() {
        [region] => Ok(region.clone()),
        several => {
            let listed: Vec<String> = several.iter().map(|region| format!("{region}:{{}}")).collect();
            Err(format!("multiple or no regions gotten from zones, got: map[{}]", listed.join(" ")))
        }
    }
}

fn managed(kind: Option<&str>) -> Result<(), String> {
    match kind {
        Some(kind) if !kind.eq_ignore_ascii_case("Managed") => {
            Err(format!("kind({kind}) is not supported in csi migration"))
        }
        _ => Ok(()),
    }
}
