//! In-tree volumes whose work CSI drivers have taken over (`csi-translation-lib` and
//! `plugins/nodevolumelimits/utils.go`, v1.34).

use std::collections::BTreeSet;

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
    let mut regions = BTreeSet::new();
    for zone in zones {
        let parts: Vec<&str> = zone.split('-').collect();
        let [location, region, _] = parts.as_slice() else {
            return Err(format!("zone in unexpected format, expected: {{locale}}-{{region}}-{{zone}}, got: {zone}"));
        };
        regions.insert(format!("{location}-{region}"));
    }
    match regions.first() {
        Some(region) if regions.len() == 1 => Ok(region.clone()),
        _ => {
            let listed: Vec<String> = regions.iter().map(|region| format!("{region}:{{}}")).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::testing::read_pod;
    use crate::scheduler::testing::storage::persistent_volume;

    fn volume(line: &str) -> PersistentVolume {
        let words = line.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, "")));
        persistent_volume("disk".to_owned(), words)
    }

    /// `DRIVER HANDLE` of a volume, or the error.
    #[track_caller]
    fn check(line: &str, expected: &str) {
        let actual = match translate(&volume(line)) {
            Ok(Some(csi)) => format!("{} {}", csi.driver, csi.handle),
            Ok(None) => String::new(),
            Err(error) => error,
        };
        assert_eq!(actual, expected);
    }

    #[test]
    fn volumes_that_no_driver_takes_over_stay_as_they_are() {
        check("csi=d/h", "");
        check("", "");
    }

    #[test]
    fn aws_volumes_are_known_by_their_bare_id() {
        check("ebs=vol-1", "ebs.csi.aws.com vol-1");
        check("ebs=aws://us-a/vol-1", "ebs.csi.aws.com vol-1");
        check("ebs=aws:///vol-1", "ebs.csi.aws.com vol-1");
        for id in ["aws://vol-1", "aws://us-a/disk", "aws://us-a/vol-1/part"] {
            let said =
                format!("failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume ({id})");
            check(&format!("ebs={id}"), &said);
        }
    }

    #[test]
    fn gce_disks_are_known_by_their_zone_or_region() {
        check("gce=d", "pd.csi.storage.gke.io projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d");
        check("gce=d zone=us-a-1", "pd.csi.storage.gke.io projects/UNSPECIFIED/zones/us-a-1/disks/d");
        check("gce=d zone=x beta-zone=us-b-1", "pd.csi.storage.gke.io projects/UNSPECIFIED/zones/us-b-1/disks/d");
        check("gce=d zone=us-a-1__us-a-2", "pd.csi.storage.gke.io projects/UNSPECIFIED/regions/us-a/disks/d");
        check(
            "gce=d zone=us-a-1__here",
            "failed to get region from zones: zone in unexpected format, expected: {locale}-{region}-{zone}, got: here",
        );
    }

    /// Go prints a map in the order of its keys.
    #[test]
    fn regions_that_differ_are_told_in_order() {
        check(
            "gce=d zone=us-b-1__us-a-1",
            "failed to get region from zones: multiple or no regions gotten from zones, got: map[us-a:{} us-b:{}]",
        );
    }

    #[test]
    fn azure_disks_are_handed_over_if_they_are_managed() {
        check("azure=d", "disk.csi.azure.com /disks/d");
        check("azure=d:managed", "disk.csi.azure.com /disks/d");
        check("azure=d:Dedicated", "kind(Dedicated) is not supported in csi migration");
    }

    #[test]
    fn other_disks_keep_their_id() {
        check("cinder=d", "cinder.csi.openstack.org d");
        check("portworx=d", "pxd.portworx.com d");
    }

    #[test]
    fn disks_written_into_a_pod_have_no_zone() {
        let inline = |word: &str| translate_inline(&read_pod(&format!("pod p {word}")).spec.volumes[0].source);
        let csi =
            |driver: &str, handle: &str| Ok(Some(CsiVolume { driver: driver.to_owned(), handle: handle.to_owned() }));
        let gce = "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d";
        assert_eq!(inline("gce=d"), csi("pd.csi.storage.gke.io", gce));
        assert_eq!(inline("ebs=aws://us-a/vol-1"), csi("ebs.csi.aws.com", "vol-1"));
        assert_eq!(inline("azure=d:Shared"), Err("kind(Shared) is not supported in csi migration".to_owned()));
        assert_eq!(inline("portworx=d"), csi("pxd.portworx.com", "d"));
        assert_eq!(inline("iscsi=iqn"), Ok(None));
    }

    /// `KEY in VALUES`, terms apart by `|`.
    #[track_caller]
    fn check_affinity(line: &str, expected: &str) {
        let volume = volume(line);
        let plugin = InTreePlugin::of_volume(&volume).expect("an in-tree volume");
        let affinity = translated_affinity(plugin, &volume).unwrap_or_default();
        let of_term = |term: &NodeSelectorTerm| {
            let requirements = term.match_expressions.iter();
            requirements.map(|of| format!("{} in {}", of.key, of.values.join(","))).collect::<Vec<_>>().join(" ")
        };
        let terms: Vec<String> = affinity.node_selector_terms.iter().map(of_term).collect();
        assert_eq!(terms.join(" | "), expected);
    }

    #[test]
    fn zones_become_the_driver_s_own() {
        check_affinity("ebs=d", "");
        check_affinity("ebs=d zone=b__a__a", "topology.ebs.csi.aws.com/zone in a,b");
        check_affinity("gce=d beta-zone=a", "topology.gke.io/zone in a");
        check_affinity(
            "cinder=d reach=topology.kubernetes.io/zone:In:a",
            "topology.cinder.csi.openstack.org/zone in a",
        );
        // The affinity speaks before the labels, and what else it asks for stays.
        check_affinity("ebs=d zone=b reach=topology.kubernetes.io/zone:In:a", "topology.ebs.csi.aws.com/zone in a");
        check_affinity("ebs=d zone=a reach=disk:In:x", "disk in x topology.ebs.csi.aws.com/zone in a");
        check_affinity("portworx=d zone=a reach=disk:In:x", "disk in x");
    }

    #[test]
    fn beta_regions_become_stable_ones_where_the_zone_is_beta() {
        let region = "reach=failure-domain.beta.kubernetes.io/region:In:r";
        check_affinity(
            &format!("ebs=d beta-zone=a {region}"),
            "topology.kubernetes.io/region in r topology.ebs.csi.aws.com/zone in a",
        );
        check_affinity(
            &format!("ebs=d zone=a {region}"),
            "failure-domain.beta.kubernetes.io/region in r topology.ebs.csi.aws.com/zone in a",
        );
    }
}
