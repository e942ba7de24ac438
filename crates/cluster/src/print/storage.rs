//! `kubectl get` of volumes, claims, classes and attachments (`printPersistentVolume` and its neighbours).

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::context::PrintContext;
use super::table::{Column, Table, cells as of};
use super::template::canonical;
use crate::admission::is_default;

/// The annotation that named the class before the field did.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
/// The table of PersistentVolumes, in the order given.
pub(super) fn persistent_volumes(volumes: &[&PersistentVolume], context: &PrintContext) -> Table {
    let mut columns = vec![
        Column::NAME,
        Column::text("Capacity"),
        Column::text("Access Modes"),
        Column::text("Reclaim Policy"),
        Column::text("Status"),
        Column::text("Claim"),
        Column::text("StorageClass"),
        Column::text("Reason"),
        Column::AGE,
        Column::text("VolumeMode").wide(),
    ];
    if context.layout.attributes_class {
        columns.insert(7, Column::text("VolumeAttributesClass"));
    }
    Table::of_objects(
        columns,
        volumes.iter().copied(),
        |volume| &volume.metadata,
        |volume| {
            let (spec, status) = (volume.spec.clone().unwrap_or_default(), volume.status.clone().unwrap_or_default());
            let claim = spec.claim_ref.as_ref().map(|claim| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                format!("{}/{}", text(&claim.namespace), text(&claim.name))
            });
            let capacity = spec.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
            let mut cells = of![
                volume.metadata.name.clone().unwrap_or_default(),
                capacity.map(canonical).unwrap_or_default(),
                access_modes(spec.access_modes.as_deref()),
                spec.persistent_volume_reclaim_policy.clone().unwrap_or_default(),
                phase(&volume.metadata, status.phase.as_deref()),
                claim.unwrap_or_default(),
                class(&volume.metadata, spec.storage_class_name.as_ref()),
                status.reason.unwrap_or_default(),
                context.age(volume.metadata.creation_timestamp.as_ref()),
                spec.volume_mode.clone().unwrap_or_else(|| "<unset>".to_owned()),
            ];
            if context.layout.attributes_class {
                cells.insert(7, spec.volume_attributes_class_name.unwrap_or_else(|| "<unset>".to_owned()).into());
            }
            cells
        },
    )
}

/// The table of PersistentVolumeClaims, in the order given.
pub(super) fn persistent_volume_claims(claims: &[&PersistentVolumeClaim], context: &PrintContext) -> Table {
    let mut columns = vec![
        Column::NAME,
        Column::text("Status"),
        Column::text("Volume"),
        Column::text("Capacity"),
        Column::text("Access Modes"),
        Column::text("StorageClass"),
        Column::AGE,
        Column::text("VolumeMode").wide(),
    ];
    if context.layout.attributes_class {
        columns.insert(6, Column::text("VolumeAttributesClass"));
    }
    Table::of_objects(
        columns,
        claims.iter().copied(),
        |claim| &claim.metadata,
        |claim| {
            let (spec, status) = (claim.spec.clone().unwrap_or_default(), claim.status.clone().unwrap_or_default());
            let volume = spec.volume_name.clone().unwrap_or_default();
            let is_bound = !volume.is_empty();
            let capacity = status.capacity.as_ref().and_then(|capacity| capacity.get("storage")).filter(|_| is_bound);
            let modes = status.access_modes.as_deref().filter(|_| is_bound);
            let mut cells = of![
                claim.metadata.name.clone().unwrap_or_default(),
                phase(&claim.metadata, status.phase.as_deref()),
                volume,
                capacity.map(canonical).unwrap_or_default(),
                access_modes(modes),
                class(&claim.metadata, spec.storage_class_name.as_ref()),
                context.age(claim.metadata.creation_timestamp.as_ref()),
                spec.volume_mode.clone().unwrap_or_else(|| "<unset>".to_owned()),
            ];
            if context.layout.attributes_class {
                cells.insert(6, spec.volume_attributes_class_name.unwrap_or_else(|| "<unset>".to_owned()).into());
            }
            cells
        },
    )
}

/// The table of StorageClasses, in the order given.
pub(super) fn storage_classes(classes: &[&StorageClass], context: &PrintContext) -> Table {
    let columns: &[Column] = if context.layout.storage_class_details {
        &[
            Column::NAME,
            Column::text("Provisioner"),
            Column::text("ReclaimPolicy"),
            Column::text("VolumeBindingMode"),
            Column::text("AllowVolumeExpansion"),
            Column::AGE,
        ]
    } else {
        &[Column::NAME, Column::text("Provisioner"), Column::AGE]
    };
    Table::of_objects(
        columns.iter().cloned(),
        classes.iter().copied(),
        |class| &class.metadata,
        |class| {
            let mut name = class.metadata.name.clone().unwrap_or_default();
            if is_default(class) {
                name.push_str(" (default)");
            }
            let age = context.age(class.metadata.creation_timestamp.as_ref());
            if !context.layout.storage_class_details {
                return of![name, class.provisioner.clone(), age];
            }
            let or = |text: &Option<String>, default: &str| text.clone().unwrap_or_else(|| default.to_owned());
            of![
                name,
                class.provisioner.clone(),
                or(&class.reclaim_policy, "Delete"),
                or(&class.volume_binding_mode, "Immediate"),
                class.allow_volume_expansion.unwrap_or(false),
                age,
            ]
        },
    )
}

/// The table of VolumeAttachments, in the order given.
pub(super) fn volume_attachments(attachments: &[&VolumeAttachment], context: &PrintContext) -> Table {
    Table::of_objects(
        [
            Column::NAME,
            Column::text("Attacher"),
            Column::text("PV"),
            Column::text("Node"),
            Column::boolean("Attached"),
            Column::AGE,
        ],
        attachments.iter().copied(),
        |attachment| &attachment.metadata,
        |attachment| {
            of![
                attachment.metadata.name.clone().unwrap_or_default(),
                attachment.spec.attacher.clone(),
                attachment.spec.source.persistent_volume_name.clone().unwrap_or_default(),
                attachment.spec.node_name.clone(),
                attachment.status.as_ref().is_some_and(|status| status.attached),
                context.age(attachment.metadata.creation_timestamp.as_ref()),
            ]
        },
    )
}

/// The table of CSINodes, in the order given.
pub(super) fn csi_nodes(nodes: &[&CSINode], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::integer("Drivers"), Column::AGE],
        nodes.iter().copied(),
        |node| &node.metadata,
        |node| {
            of![
                node.metadata.name.clone().unwrap_or_default(),
                node.spec.drivers.len(),
                context.age(node.metadata.creation_timestamp.as_ref()),
            ]
        },
    )
}

/// The table of CSIDrivers, in the order given.
pub(super) fn csi_drivers(drivers: &[&CSIDriver], context: &PrintContext) -> Table {
    let mut columns = vec![
        Column::NAME,
        Column::boolean("AttachRequired"),
        Column::boolean("PodInfoOnMount"),
        Column::text("Modes"),
        Column::AGE,
    ];
    if context.layout.csi_driver_details {
        let details =
            [Column::boolean("StorageCapacity"), Column::text("TokenRequests"), Column::boolean("RequiresRepublish")];
        columns.splice(3..3, details);
    }
    Table::of_objects(
        columns,
        drivers.iter().copied(),
        |driver| &driver.metadata,
        |driver| {
            let spec = &driver.spec;
            let modes = spec.volume_lifecycle_modes.clone().unwrap_or_default();
            let mut cells = of![
                driver.metadata.name.clone().unwrap_or_default(),
                spec.attach_required.unwrap_or(true),
                spec.pod_info_on_mount.unwrap_or(false),
                if modes.is_empty() { "<none>".to_owned() } else { modes.join(",") },
                context.age(driver.metadata.creation_timestamp.as_ref()),
            ];
            if context.layout.csi_driver_details {
                let audiences = spec.token_requests.as_ref().map(|requests| {
                    requests.iter().map(|request| request.audience.as_str()).collect::<Vec<_>>().join(",")
                });
                let details = of![
                    spec.storage_capacity.unwrap_or(false),
                    audiences.unwrap_or_else(|| "<unset>".to_owned()),
                    spec.requires_republish.unwrap_or(false),
                ];
                cells.splice(3..3, details);
            }
            cells
        },
    )
}

/// The table of CSIStorageCapacities, in the order given.
pub(super) fn csi_storage_capacities(capacities: &[&CSIStorageCapacity]) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("StorageClassName"), Column::text("Capacity")],
        capacities.iter().copied(),
        |capacity| &capacity.metadata,
        |capacity| {
            of![
                capacity.metadata.name.clone().unwrap_or_default(),
                capacity.storage_class_name.clone(),
                capacity.capacity.as_ref().map_or_else(|| "<unset>".to_owned(), canonical),
            ]
        },
    )
}

pub(super) fn phase(metadata: &ObjectMeta, phase: Option<&str>) -> String {
    if metadata.deletion_timestamp.is_some() { "Terminating" } else { phase.unwrap_or_default() }.to_owned()
}

pub(super) fn class(metadata: &ObjectMeta, class: Option<&String>) -> String {
    let annotated = metadata.annotations.as_ref().and_then(|annotations| annotations.get(CLASS_ANNOTATION));
    annotated.or(class).cloned().unwrap_or_default()
}

/// `RWO,ROX`: in this order, whatever the order in the object (`GetAccessModesAsString`).
pub(super) fn access_modes(modes: Option<&[String]>) -> String {
    let short =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let has = |mode: &str| modes.is_some_and(|modes| modes.iter().any(|other| other == mode));
    short.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}
