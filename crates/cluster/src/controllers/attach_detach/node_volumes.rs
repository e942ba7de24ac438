//! What a node's status says of volumes: those that are attached, which the controller writes
//! (pkg/controller/volume/attachdetach/statusupdater), and those in use, which the kubelet does.

use k8s_openapi::api::core::v1::{AttachedVolume, Node, NodeStatus, PersistentVolume};

use crate::cluster::Cluster;
use crate::kubelet;
use crate::store::ObjectKey;

/// Says in a node's status how a volume stands there. A node that does not answer goes on saying that it is in use.
pub(super) fn report(cluster: &mut Cluster, node: &str, volume: &str, is_attached: bool, is_wanted: bool) {
    let key = ObjectKey::new("", node);
    let Some(unique) = cluster.store.find::<PersistentVolume>("", volume).and_then(|volume| unique_name(volume)) else {
        return;
    };
    let Some(status) = cluster.store.get::<Node>(&key).map(|node| node.status.clone().unwrap_or_default()) else {
        return;
    };
    let was = (says_attached(&status, &unique), says_in_use(&status, &unique));
    let is_in_use = if kubelet::is_alive(cluster, node) { is_wanted } else { was.1 };
    if was == (is_attached, is_in_use) {
        return;
    }
    cluster.store.update::<Node>(&key, |node| {
        let status = node.status.get_or_insert_default();
        let mut attached = status.volumes_attached.take().unwrap_or_default();
        attached.retain(|volume| volume.name != unique);
        let mut in_use = status.volumes_in_use.take().unwrap_or_default();
        in_use.retain(|volume| *volume != unique);
        if is_attached {
            // A CSI driver names no device.
            attached.push(AttachedVolume { name: unique.clone(), device_path: String::new() });
            attached.sort_by(|one, other| one.name.cmp(&other.name));
        }
        if is_in_use {
            in_use.push(unique);
            in_use.sort();
        }
        status.volumes_attached = Some(attached).filter(|attached| !attached.is_empty());
        status.volumes_in_use = Some(in_use).filter(|in_use| !in_use.is_empty());
    });
}

fn says_attached(status: &NodeStatus, unique: &str) -> bool {
    status.volumes_attached.iter().flatten().any(|volume| volume.name == unique)
}

fn says_in_use(status: &NodeStatus, unique: &str) -> bool {
    status.volumes_in_use.iter().flatten().any(|volume| volume == unique)
}

/// The name by which kubelet and controller know a CSI volume: plugin, driver and handle
/// (`GetUniqueVolumeName` of pkg/volume/util, `GetVolumeName` of pkg/volume/csi).
fn unique_name(volume: &PersistentVolume) -> Option<String> {
    let csi = volume.spec.as_ref()?.csi.as_ref()?;
    Some(format!("kubernetes.io/csi/{}^{}", csi.driver, csi.volume_handle))
}
