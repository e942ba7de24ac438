//! Volumes, claims, and where they come from.

use super::super::Type::{Bool, Int32, Int64, Object, Quantity, Text, Time};
use super::super::meta;
use super::super::{Message, field, inline, kept, list, map, message};
use super::{containers, pods};

pub(crate) static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Message = message(
    "AWSElasticBlockStoreVolumeSource",
    &[kept(1, "volumeID", Text), field(2, "fsType", Text), field(3, "partition", Int32), field(4, "readOnly", Bool)],
);
pub(crate) static AZURE_DISK_VOLUME_SOURCE: Message = message(
    "AzureDiskVolumeSource",
    &[
        kept(1, "diskName", Text),
        kept(2, "diskURI", Text),
        kept(3, "cachingMode", Text),
        kept(4, "fsType", Text),
        kept(5, "readOnly", Bool),
        kept(6, "kind", Text),
    ],
);
pub(crate) static AZURE_FILE_PERSISTENT_VOLUME_SOURCE: Message = message(
    "AzureFilePersistentVolumeSource",
    &[
        kept(1, "secretName", Text),
        kept(2, "shareName", Text),
        field(3, "readOnly", Bool),
        kept(4, "secretNamespace", Text),
    ],
);
pub(crate) static AZURE_FILE_VOLUME_SOURCE: Message = message(
    "AzureFileVolumeSource",
    &[kept(1, "secretName", Text), kept(2, "shareName", Text), field(3, "readOnly", Bool)],
);
pub(crate) static CSI_PERSISTENT_VOLUME_SOURCE: Message = message(
    "CSIPersistentVolumeSource",
    &[
        kept(1, "driver", Text),
        kept(2, "volumeHandle", Text),
        field(3, "readOnly", Bool),
        field(4, "fsType", Text),
        map(5, "volumeAttributes", Text),
        field(6, "controllerPublishSecretRef", Object(&super::SECRET_REFERENCE)),
        field(7, "nodeStageSecretRef", Object(&super::SECRET_REFERENCE)),
        field(8, "nodePublishSecretRef", Object(&super::SECRET_REFERENCE)),
        field(9, "controllerExpandSecretRef", Object(&super::SECRET_REFERENCE)),
        field(10, "nodeExpandSecretRef", Object(&super::SECRET_REFERENCE)),
    ],
);
pub(crate) static CSI_VOLUME_SOURCE: Message = message(
    "CSIVolumeSource",
    &[
        kept(1, "driver", Text),
        kept(2, "readOnly", Bool),
        kept(3, "fsType", Text),
        map(4, "volumeAttributes", Text),
        field(5, "nodePublishSecretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(crate) static CEPH_FS_PERSISTENT_VOLUME_SOURCE: Message = message(
    "CephFSPersistentVolumeSource",
    &[
        list(1, "monitors", Text),
        field(2, "path", Text),
        field(3, "user", Text),
        field(4, "secretFile", Text),
        field(5, "secretRef", Object(&super::SECRET_REFERENCE)),
        field(6, "readOnly", Bool),
    ],
);
pub(crate) static CEPH_FS_VOLUME_SOURCE: Message = message(
    "CephFSVolumeSource",
    &[
        list(1, "monitors", Text),
        field(2, "path", Text),
        field(3, "user", Text),
        field(4, "secretFile", Text),
        field(5, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
        field(6, "readOnly", Bool),
    ],
);
pub(crate) static CINDER_PERSISTENT_VOLUME_SOURCE: Message = message(
    "CinderPersistentVolumeSource",
    &[
        kept(1, "volumeID", Text),
        field(2, "fsType", Text),
        field(3, "readOnly", Bool),
        field(4, "secretRef", Object(&super::SECRET_REFERENCE)),
    ],
);
pub(crate) static CINDER_VOLUME_SOURCE: Message = message(
    "CinderVolumeSource",
    &[
        kept(1, "volumeID", Text),
        field(2, "fsType", Text),
        field(3, "readOnly", Bool),
        field(4, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(crate) static CLUSTER_TRUST_BUNDLE_PROJECTION: Message = message(
    "ClusterTrustBundleProjection",
    &[
        kept(1, "name", Text),
        kept(2, "signerName", Text),
        field(3, "labelSelector", Object(&meta::LABEL_SELECTOR)),
        kept(5, "optional", Bool),
        kept(4, "path", Text),
        kept(6, "user", Int64),
    ],
);
pub(crate) static CONFIG_MAP_PROJECTION: Message = message(
    "ConfigMapProjection",
    &[inline(1, &super::LOCAL_OBJECT_REFERENCE), list(2, "items", Object(&KEY_TO_PATH)), kept(4, "optional", Bool)],
);
pub(crate) static CONFIG_MAP_VOLUME_SOURCE: Message = message(
    "ConfigMapVolumeSource",
    &[
        inline(1, &super::LOCAL_OBJECT_REFERENCE),
        list(2, "items", Object(&KEY_TO_PATH)),
        kept(3, "defaultMode", Int32),
        kept(4, "optional", Bool),
        kept(5, "defaultUser", Int64),
    ],
);
pub(crate) static DOWNWARD_API_PROJECTION: Message =
    message("DownwardAPIProjection", &[list(1, "items", Object(&DOWNWARD_API_VOLUME_FILE))]);
pub(crate) static DOWNWARD_API_VOLUME_FILE: Message = message(
    "DownwardAPIVolumeFile",
    &[
        kept(1, "path", Text),
        field(2, "fieldRef", Object(&containers::OBJECT_FIELD_SELECTOR)),
        field(3, "resourceFieldRef", Object(&containers::RESOURCE_FIELD_SELECTOR)),
        kept(4, "mode", Int32),
        kept(5, "user", Int64),
    ],
);
pub(crate) static DOWNWARD_API_VOLUME_SOURCE: Message = message(
    "DownwardAPIVolumeSource",
    &[
        list(1, "items", Object(&DOWNWARD_API_VOLUME_FILE)),
        kept(2, "defaultMode", Int32),
        kept(3, "defaultUser", Int64),
    ],
);
pub(crate) static EMPTY_DIR_VOLUME_SOURCE: Message = message(
    "EmptyDirVolumeSource",
    &[field(1, "medium", Text), field(2, "sizeLimit", Quantity), kept(3, "mode", Int32)],
);
pub(crate) static EPHEMERAL_VOLUME_SOURCE: Message =
    message("EphemeralVolumeSource", &[field(1, "volumeClaimTemplate", Object(&PERSISTENT_VOLUME_CLAIM_TEMPLATE))]);
pub(crate) static FC_VOLUME_SOURCE: Message = message(
    "FCVolumeSource",
    &[
        list(1, "targetWWNs", Text),
        kept(2, "lun", Int32),
        field(3, "fsType", Text),
        field(4, "readOnly", Bool),
        list(5, "wwids", Text),
    ],
);
pub(crate) static FLEX_PERSISTENT_VOLUME_SOURCE: Message = message(
    "FlexPersistentVolumeSource",
    &[
        kept(1, "driver", Text),
        field(2, "fsType", Text),
        field(3, "secretRef", Object(&super::SECRET_REFERENCE)),
        field(4, "readOnly", Bool),
        map(5, "options", Text),
    ],
);
pub(crate) static FLEX_VOLUME_SOURCE: Message = message(
    "FlexVolumeSource",
    &[
        kept(1, "driver", Text),
        field(2, "fsType", Text),
        field(3, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
        field(4, "readOnly", Bool),
        map(5, "options", Text),
    ],
);
pub(crate) static FLOCKER_VOLUME_SOURCE: Message =
    message("FlockerVolumeSource", &[field(1, "datasetName", Text), field(2, "datasetUUID", Text)]);
pub(crate) static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Message = message(
    "GCEPersistentDiskVolumeSource",
    &[kept(1, "pdName", Text), field(2, "fsType", Text), field(3, "partition", Int32), field(4, "readOnly", Bool)],
);
pub(crate) static GIT_REPO_VOLUME_SOURCE: Message = message(
    "GitRepoVolumeSource",
    &[kept(1, "repository", Text), field(2, "revision", Text), field(3, "directory", Text)],
);
pub(crate) static GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Message = message(
    "GlusterfsPersistentVolumeSource",
    &[
        kept(1, "endpoints", Text),
        kept(2, "path", Text),
        field(3, "readOnly", Bool),
        kept(4, "endpointsNamespace", Text),
    ],
);
pub(crate) static GLUSTERFS_VOLUME_SOURCE: Message =
    message("GlusterfsVolumeSource", &[kept(1, "endpoints", Text), kept(2, "path", Text), field(3, "readOnly", Bool)]);
pub(crate) static HOST_PATH_VOLUME_SOURCE: Message =
    message("HostPathVolumeSource", &[kept(1, "path", Text), kept(2, "type", Text)]);
pub(crate) static ISCSI_PERSISTENT_VOLUME_SOURCE: Message = message(
    "ISCSIPersistentVolumeSource",
    &[
        kept(1, "targetPortal", Text),
        kept(2, "iqn", Text),
        kept(3, "lun", Int32),
        field(4, "iscsiInterface", Text),
        field(5, "fsType", Text),
        field(6, "readOnly", Bool),
        list(7, "portals", Text),
        field(8, "chapAuthDiscovery", Bool),
        field(11, "chapAuthSession", Bool),
        field(10, "secretRef", Object(&super::SECRET_REFERENCE)),
        kept(12, "initiatorName", Text),
    ],
);
pub(crate) static ISCSI_VOLUME_SOURCE: Message = message(
    "ISCSIVolumeSource",
    &[
        kept(1, "targetPortal", Text),
        kept(2, "iqn", Text),
        kept(3, "lun", Int32),
        field(4, "iscsiInterface", Text),
        field(5, "fsType", Text),
        field(6, "readOnly", Bool),
        list(7, "portals", Text),
        field(8, "chapAuthDiscovery", Bool),
        field(11, "chapAuthSession", Bool),
        field(10, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
        kept(12, "initiatorName", Text),
    ],
);
pub(crate) static IMAGE_VOLUME_SOURCE: Message =
    message("ImageVolumeSource", &[field(1, "reference", Text), field(2, "pullPolicy", Text)]);
pub(crate) static KEY_TO_PATH: Message = message(
    "KeyToPath",
    &[kept(1, "key", Text), kept(2, "path", Text), kept(3, "mode", Int32), kept(4, "user", Int64)],
);
pub(crate) static LOCAL_VOLUME_SOURCE: Message =
    message("LocalVolumeSource", &[kept(1, "path", Text), kept(2, "fsType", Text)]);
pub(crate) static MODIFY_VOLUME_STATUS: Message =
    message("ModifyVolumeStatus", &[field(1, "targetVolumeAttributesClassName", Text), kept(2, "status", Text)]);
pub(crate) static NFS_VOLUME_SOURCE: Message =
    message("NFSVolumeSource", &[kept(1, "server", Text), kept(2, "path", Text), field(3, "readOnly", Bool)]);
pub(crate) static PERSISTENT_VOLUME: Message = message(
    "PersistentVolume",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&PERSISTENT_VOLUME_SPEC)),
        field(3, "status", Object(&PERSISTENT_VOLUME_STATUS)),
    ],
);
pub(crate) static PERSISTENT_VOLUME_CLAIM: Message = message(
    "PersistentVolumeClaim",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&PERSISTENT_VOLUME_CLAIM_SPEC)),
        field(3, "status", Object(&PERSISTENT_VOLUME_CLAIM_STATUS)),
    ],
);
pub(crate) static PERSISTENT_VOLUME_CLAIM_CONDITION: Message = message(
    "PersistentVolumeClaimCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastProbeTime", Time),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
);
pub(crate) static PERSISTENT_VOLUME_CLAIM_SPEC: Message = message(
    "PersistentVolumeClaimSpec",
    &[
        list(1, "accessModes", Text),
        field(4, "selector", Object(&meta::LABEL_SELECTOR)),
        field(2, "resources", Object(&VOLUME_RESOURCE_REQUIREMENTS)),
        field(3, "volumeName", Text),
        kept(5, "storageClassName", Text),
        kept(6, "volumeMode", Text),
        field(7, "dataSource", Object(&super::TYPED_LOCAL_OBJECT_REFERENCE)),
        field(8, "dataSourceRef", Object(&super::TYPED_OBJECT_REFERENCE)),
        kept(9, "volumeAttributesClassName", Text),
    ],
);
pub(crate) static PERSISTENT_VOLUME_CLAIM_STATUS: Message = message(
    "PersistentVolumeClaimStatus",
    &[
        field(1, "phase", Text),
        list(2, "accessModes", Text),
        map(3, "capacity", Quantity),
        list(4, "conditions", Object(&PERSISTENT_VOLUME_CLAIM_CONDITION)),
        map(5, "allocatedResources", Quantity),
        map(7, "allocatedResourceStatuses", Text),
        kept(8, "currentVolumeAttributesClassName", Text),
        field(9, "modifyVolumeStatus", Object(&MODIFY_VOLUME_STATUS)),
        field(10, "healthStatus", Object(&VOLUME_HEALTH_STATUS)),
    ],
);
pub(crate) static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Message = message(
    "PersistentVolumeClaimTemplate",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&PERSISTENT_VOLUME_CLAIM_SPEC))],
);
pub(crate) static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Message =
    message("PersistentVolumeClaimVolumeSource", &[kept(1, "claimName", Text), field(2, "readOnly", Bool)]);
pub(crate) static PERSISTENT_VOLUME_SOURCE: Message = message(
    "PersistentVolumeSource",
    &[
        field(1, "gcePersistentDisk", Object(&GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(2, "awsElasticBlockStore", Object(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        field(3, "hostPath", Object(&HOST_PATH_VOLUME_SOURCE)),
        field(4, "glusterfs", Object(&GLUSTERFS_PERSISTENT_VOLUME_SOURCE)),
        field(5, "nfs", Object(&NFS_VOLUME_SOURCE)),
        field(6, "rbd", Object(&RBD_PERSISTENT_VOLUME_SOURCE)),
        field(7, "iscsi", Object(&ISCSI_PERSISTENT_VOLUME_SOURCE)),
        field(8, "cinder", Object(&CINDER_PERSISTENT_VOLUME_SOURCE)),
        field(9, "cephfs", Object(&CEPH_FS_PERSISTENT_VOLUME_SOURCE)),
        field(10, "fc", Object(&FC_VOLUME_SOURCE)),
        field(11, "flocker", Object(&FLOCKER_VOLUME_SOURCE)),
        field(12, "flexVolume", Object(&FLEX_PERSISTENT_VOLUME_SOURCE)),
        field(13, "azureFile", Object(&AZURE_FILE_PERSISTENT_VOLUME_SOURCE)),
        field(14, "vsphereVolume", Object(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
        field(15, "quobyte", Object(&QUOBYTE_VOLUME_SOURCE)),
        field(16, "azureDisk", Object(&AZURE_DISK_VOLUME_SOURCE)),
        field(17, "photonPersistentDisk", Object(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(18, "portworxVolume", Object(&PORTWORX_VOLUME_SOURCE)),
        field(19, "scaleIO", Object(&SCALE_IO_PERSISTENT_VOLUME_SOURCE)),
        field(20, "local", Object(&LOCAL_VOLUME_SOURCE)),
        field(21, "storageos", Object(&STORAGE_OS_PERSISTENT_VOLUME_SOURCE)),
        field(22, "csi", Object(&CSI_PERSISTENT_VOLUME_SOURCE)),
    ],
);
pub(crate) static PERSISTENT_VOLUME_SPEC: Message = message(
    "PersistentVolumeSpec",
    &[
        map(1, "capacity", Quantity),
        inline(2, &PERSISTENT_VOLUME_SOURCE),
        list(3, "accessModes", Text),
        field(4, "claimRef", Object(&super::OBJECT_REFERENCE)),
        field(5, "persistentVolumeReclaimPolicy", Text),
        field(6, "storageClassName", Text),
        list(7, "mountOptions", Text),
        kept(8, "volumeMode", Text),
        field(9, "nodeAffinity", Object(&VOLUME_NODE_AFFINITY)),
        kept(10, "volumeAttributesClassName", Text),
    ],
);
pub(crate) static PERSISTENT_VOLUME_STATUS: Message = message(
    "PersistentVolumeStatus",
    &[
        field(1, "phase", Text),
        field(2, "message", Text),
        field(3, "reason", Text),
        field(4, "lastPhaseTransitionTime", Time),
    ],
);
pub(crate) static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Message =
    message("PhotonPersistentDiskVolumeSource", &[kept(1, "pdID", Text), field(2, "fsType", Text)]);
pub(crate) static POD_CERTIFICATE_PROJECTION: Message = message(
    "PodCertificateProjection",
    &[
        field(1, "signerName", Text),
        field(2, "keyType", Text),
        kept(3, "maxExpirationSeconds", Int32),
        field(4, "credentialBundlePath", Text),
        field(5, "keyPath", Text),
        field(6, "certificateChainPath", Text),
        map(7, "userAnnotations", Text),
        kept(8, "user", Int64),
    ],
);
pub(crate) static POD_VOLUME_HEALTH: Message = message(
    "PodVolumeHealth",
    &[
        kept(1, "name", Text),
        list(2, "healthConditions", Object(&VOLUME_HEALTH_CONDITION)),
        field(3, "lastTransitionTime", Time),
    ],
);
pub(crate) static PORTWORX_VOLUME_SOURCE: Message =
    message("PortworxVolumeSource", &[kept(1, "volumeID", Text), field(2, "fsType", Text), field(3, "readOnly", Bool)]);
pub(crate) static PROJECTED_VOLUME_SOURCE: Message = message(
    "ProjectedVolumeSource",
    &[list(1, "sources", Object(&VOLUME_PROJECTION)), kept(2, "defaultMode", Int32), kept(3, "defaultUser", Int64)],
);
pub(crate) static QUOBYTE_VOLUME_SOURCE: Message = message(
    "QuobyteVolumeSource",
    &[
        kept(1, "registry", Text),
        kept(2, "volume", Text),
        field(3, "readOnly", Bool),
        field(4, "user", Text),
        field(5, "group", Text),
        field(6, "tenant", Text),
    ],
);
pub(crate) static RBD_PERSISTENT_VOLUME_SOURCE: Message = message(
    "RBDPersistentVolumeSource",
    &[
        list(1, "monitors", Text),
        kept(2, "image", Text),
        field(3, "fsType", Text),
        field(4, "pool", Text),
        field(5, "user", Text),
        field(6, "keyring", Text),
        field(7, "secretRef", Object(&super::SECRET_REFERENCE)),
        field(8, "readOnly", Bool),
    ],
);
pub(crate) static RBD_VOLUME_SOURCE: Message = message(
    "RBDVolumeSource",
    &[
        list(1, "monitors", Text),
        kept(2, "image", Text),
        field(3, "fsType", Text),
        field(4, "pool", Text),
        field(5, "user", Text),
        field(6, "keyring", Text),
        field(7, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
        field(8, "readOnly", Bool),
    ],
);
pub(crate) static SCALE_IO_PERSISTENT_VOLUME_SOURCE: Message = message(
    "ScaleIOPersistentVolumeSource",
    &[
        kept(1, "gateway", Text),
        kept(2, "system", Text),
        field(3, "secretRef", Object(&super::SECRET_REFERENCE)),
        field(4, "sslEnabled", Bool),
        field(5, "protectionDomain", Text),
        field(6, "storagePool", Text),
        field(7, "storageMode", Text),
        field(8, "volumeName", Text),
        field(9, "fsType", Text),
        field(10, "readOnly", Bool),
    ],
);
pub(crate) static SCALE_IO_VOLUME_SOURCE: Message = message(
    "ScaleIOVolumeSource",
    &[
        kept(1, "gateway", Text),
        kept(2, "system", Text),
        field(3, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
        field(4, "sslEnabled", Bool),
        field(5, "protectionDomain", Text),
        field(6, "storagePool", Text),
        field(7, "storageMode", Text),
        field(8, "volumeName", Text),
        field(9, "fsType", Text),
        field(10, "readOnly", Bool),
    ],
);
pub(crate) static SECRET_PROJECTION: Message = message(
    "SecretProjection",
    &[inline(1, &super::LOCAL_OBJECT_REFERENCE), list(2, "items", Object(&KEY_TO_PATH)), kept(4, "optional", Bool)],
);
pub(crate) static SECRET_VOLUME_SOURCE: Message = message(
    "SecretVolumeSource",
    &[
        field(1, "secretName", Text),
        list(2, "items", Object(&KEY_TO_PATH)),
        kept(3, "defaultMode", Int32),
        kept(4, "optional", Bool),
        kept(5, "defaultUser", Int64),
    ],
);
pub(crate) static SERVICE_ACCOUNT_TOKEN_PROJECTION: Message = message(
    "ServiceAccountTokenProjection",
    &[field(1, "audience", Text), kept(2, "expirationSeconds", Int64), kept(3, "path", Text), kept(4, "user", Int64)],
);
pub(crate) static STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Message = message(
    "StorageOSPersistentVolumeSource",
    &[
        field(1, "volumeName", Text),
        field(2, "volumeNamespace", Text),
        field(3, "fsType", Text),
        field(4, "readOnly", Bool),
        field(5, "secretRef", Object(&super::OBJECT_REFERENCE)),
    ],
);
pub(crate) static STORAGE_OS_VOLUME_SOURCE: Message = message(
    "StorageOSVolumeSource",
    &[
        field(1, "volumeName", Text),
        field(2, "volumeNamespace", Text),
        field(3, "fsType", Text),
        field(4, "readOnly", Bool),
        field(5, "secretRef", Object(&super::LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(crate) static TOPOLOGY_SELECTOR_LABEL_REQUIREMENT: Message =
    message("TopologySelectorLabelRequirement", &[kept(1, "key", Text), list(2, "values", Text)]);
pub(crate) static TOPOLOGY_SELECTOR_TERM: Message =
    message("TopologySelectorTerm", &[list(1, "matchLabelExpressions", Object(&TOPOLOGY_SELECTOR_LABEL_REQUIREMENT))]);
pub(crate) static VOLUME: Message = message("Volume", &[kept(1, "name", Text), inline(2, &VOLUME_SOURCE)]);
pub(crate) static VOLUME_HEALTH_CONDITION: Message =
    message("VolumeHealthCondition", &[kept(1, "status", Text), kept(2, "reason", Text), field(3, "message", Text)]);
pub(crate) static VOLUME_HEALTH_STATUS: Message = message(
    "VolumeHealthStatus",
    &[list(1, "healthConditions", Object(&VOLUME_HEALTH_CONDITION)), field(2, "lastTransitionTime", Time)],
);
pub(crate) static VOLUME_NODE_AFFINITY: Message =
    message("VolumeNodeAffinity", &[field(1, "required", Object(&pods::NODE_SELECTOR))]);
pub(crate) static VOLUME_PROJECTION: Message = message(
    "VolumeProjection",
    &[
        field(1, "secret", Object(&SECRET_PROJECTION)),
        field(2, "downwardAPI", Object(&DOWNWARD_API_PROJECTION)),
        field(3, "configMap", Object(&CONFIG_MAP_PROJECTION)),
        field(4, "serviceAccountToken", Object(&SERVICE_ACCOUNT_TOKEN_PROJECTION)),
        field(5, "clusterTrustBundle", Object(&CLUSTER_TRUST_BUNDLE_PROJECTION)),
        field(6, "podCertificate", Object(&POD_CERTIFICATE_PROJECTION)),
    ],
);
pub(crate) static VOLUME_RESOURCE_REQUIREMENTS: Message =
    message("VolumeResourceRequirements", &[map(1, "limits", Quantity), map(2, "requests", Quantity)]);
pub(crate) static VOLUME_SOURCE: Message = message(
    "VolumeSource",
    &[
        field(1, "hostPath", Object(&HOST_PATH_VOLUME_SOURCE)),
        field(2, "emptyDir", Object(&EMPTY_DIR_VOLUME_SOURCE)),
        field(3, "gcePersistentDisk", Object(&GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(4, "awsElasticBlockStore", Object(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        field(5, "gitRepo", Object(&GIT_REPO_VOLUME_SOURCE)),
        field(6, "secret", Object(&SECRET_VOLUME_SOURCE)),
        field(7, "nfs", Object(&NFS_VOLUME_SOURCE)),
        field(8, "iscsi", Object(&ISCSI_VOLUME_SOURCE)),
        field(9, "glusterfs", Object(&GLUSTERFS_VOLUME_SOURCE)),
        field(10, "persistentVolumeClaim", Object(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)),
        field(11, "rbd", Object(&RBD_VOLUME_SOURCE)),
        field(12, "flexVolume", Object(&FLEX_VOLUME_SOURCE)),
        field(13, "cinder", Object(&CINDER_VOLUME_SOURCE)),
        field(14, "cephfs", Object(&CEPH_FS_VOLUME_SOURCE)),
        field(15, "flocker", Object(&FLOCKER_VOLUME_SOURCE)),
        field(16, "downwardAPI", Object(&DOWNWARD_API_VOLUME_SOURCE)),
        field(17, "fc", Object(&FC_VOLUME_SOURCE)),
        field(18, "azureFile", Object(&AZURE_FILE_VOLUME_SOURCE)),
        field(19, "configMap", Object(&CONFIG_MAP_VOLUME_SOURCE)),
        field(20, "vsphereVolume", Object(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
        field(21, "quobyte", Object(&QUOBYTE_VOLUME_SOURCE)),
        field(22, "azureDisk", Object(&AZURE_DISK_VOLUME_SOURCE)),
        field(23, "photonPersistentDisk", Object(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(26, "projected", Object(&PROJECTED_VOLUME_SOURCE)),
        field(24, "portworxVolume", Object(&PORTWORX_VOLUME_SOURCE)),
        field(25, "scaleIO", Object(&SCALE_IO_VOLUME_SOURCE)),
        field(27, "storageos", Object(&STORAGE_OS_VOLUME_SOURCE)),
        field(28, "csi", Object(&CSI_VOLUME_SOURCE)),
        field(29, "ephemeral", Object(&EPHEMERAL_VOLUME_SOURCE)),
        field(30, "image", Object(&IMAGE_VOLUME_SOURCE)),
    ],
);
pub(crate) static VOLUME_STATUS: Message =
    message("VolumeStatus", &[field(1, "image", Object(&pods::IMAGE_VOLUME_STATUS))]);
pub(crate) static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Message = message(
    "VsphereVirtualDiskVolumeSource",
    &[
        kept(1, "volumePath", Text),
        field(2, "fsType", Text),
        field(3, "storagePolicyName", Text),
        field(4, "storagePolicyID", Text),
    ],
);
