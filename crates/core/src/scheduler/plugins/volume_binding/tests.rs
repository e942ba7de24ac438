//! Claims that are bound, to be bound and to be provisioned, in old versions and new ones.

use crate::scheduler::testing::{check, check_message, check_plan};

const ZONES: &str = "node n1 zone=a\nnode n2 zone=b";

#[test]
fn a_bound_volume_is_used_from_where_it_can_be_reached() {
    let cluster = format!("{ZONES}\npv disk reach=zone:In:a\npvc c pv=disk");
    let old = "n2: node(s) had volume node affinity conflict";
    check("1.16", &cluster, "pod p claim=c", old);
    check("1.32", &cluster, "pod p claim=c", old);
    check("1.33", &cluster, "pod p claim=c", "n2: node(s) didn't match PersistentVolume's node affinity");
    check("1.34", &cluster, "pod p claim=c", "n1");
    check_plan("1.34", &cluster, "pod p claim=c", "n1", "");
}

#[test]
fn a_local_volume_left_only_its_node_for_some_versions() {
    let cluster = format!("{ZONES}\npv disk reach=kubernetes.io/hostname:In:n1\npvc c pv=disk");
    check("1.26", &cluster, "pod p claim=c", "n2: node(s) had volume node affinity conflict");
    check("1.30", &cluster, "pod p claim=c", "n2: node is filtered out by the prefilter result");
    check("1.32", &cluster, "pod p claim=c", "n2: node(s) had volume node affinity conflict");
}

#[test]
fn unbound_claims_that_wait_for_no_pod_keep_it_off_every_node() {
    let cluster = format!("{ZONES}\nclass eager\npvc c class=eager");
    let text = "pod has unbound immediate PersistentVolumeClaims";
    check(
        "1.18",
        &cluster,
        "pod p claim=c",
        &format!("error: running \"VolumeBinding\" filter plugin for pod \"p\": {text}"),
    );
    check("1.19", &cluster, "pod p claim=c", &format!("n1: {text}\nn2: {text}"));
    check("1.34", &cluster, "pod p claim=c", &format!("n1: {text}\nn2: {text}"));
    check_message(
        "1.24",
        &cluster,
        "pod p claim=c",
        &format!(
            "0/2 nodes are available: 2 {text}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        ),
    );
    check_message(
        "1.33",
        &cluster,
        "pod p claim=c",
        &format!(
            "0/2 nodes are available: {text}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        ),
    );
}

#[test]
fn a_claim_that_its_user_gave_a_volume_waits_for_the_controller() {
    let cluster = "node n1\nclass local waits\npv disk class=local\npvc c class=local asks-pv=disk";
    check("1.34", cluster, "pod p claim=c", "n1: pod has unbound immediate PersistentVolumeClaims");
}

const STATIC: &str = "node n1 zone=a\nclass local provisioner=kubernetes.io/no-provisioner waits\n\
    pvc c class=local select=tier=x\npv disk class=local label=tier=x reach=zone:In:a";
const NOTHING_TO_BIND: &str = "n1: node(s) didn't find available persistent volumes to bind";

#[test]
fn a_claim_that_waits_for_its_pod_takes_a_volume_of_the_node() {
    for version in ["1.16", "1.26", "1.34"] {
        check(version, STATIC, "pod p claim=c", "n1");
        check_plan(version, STATIC, "pod p claim=c", "n1", "c>disk");
        check(version, &STATIC.replace("node n1 zone=a", "node n1 zone=b"), "pod p claim=c", NOTHING_TO_BIND);
    }
}

#[test]
fn a_volume_that_does_not_do_for_the_claim_is_passed_over() {
    for fault in [
        "size=4Gi",
        "mode=ReadOnlyMany",
        "block",
        "terminating",
        "released",
        "claim=other",
        "label=tier=y",
        "class=other",
    ] {
        for version in ["1.18", "1.34"] {
            check(version, &format!("{STATIC} {fault}"), "pod p claim=c", NOTHING_TO_BIND);
        }
    }
}

#[test]
fn the_volume_kept_for_a_claim_comes_before_the_smallest_that_is_enough() {
    let cluster = "node n1\nclass local provisioner=kubernetes.io/no-provisioner waits\npvc c class=local size=5Gi\n\
        pv tiny class=local size=4Gi\npv small class=local size=6Gi\npv wide class=local size=9Gi";
    check_plan("1.34", cluster, "pod p claim=c", "n1", "c>small");
    check_plan("1.34", &format!("{cluster} claim=c"), "pod p claim=c", "n1", "c>wide");
}

#[test]
fn two_claims_do_not_get_the_same_volume() {
    let cluster = "node n1\nclass local provisioner=kubernetes.io/no-provisioner waits\n\
        pvc c class=local size=5Gi\npvc d class=local size=2Gi\npv small class=local size=5Gi";
    check("1.34", cluster, "pod p claim=c claim=d", NOTHING_TO_BIND);
    // The lesser claim chooses first, and so the greater one still finds its volume.
    let two = format!("{cluster}\npv wide class=local size=9Gi");
    check_plan("1.34", &two, "pod p claim=c claim=d", "n1", "d>small c>wide");
}

#[test]
fn a_claim_without_a_volume_is_provisioned_where_its_class_allows() {
    let cluster = format!("{ZONES}\nclass cloud waits allows=zone=a,x\npvc c class=cloud");
    for version in ["1.16", "1.34"] {
        check(version, &cluster, "pod p claim=c", "n1");
        check(version, &cluster, "pod p claim=c", "n2: node(s) didn't find available persistent volumes to bind");
        check_plan(version, &cluster, "pod p claim=c", "n1", "+c");
    }
}

#[test]
fn a_claim_that_is_being_provisioned_stays_on_its_node() {
    let cluster = format!("{ZONES}\nclass cloud waits\npvc c class=cloud selected=n1");
    for version in ["1.18", "1.34"] {
        check(version, &cluster, "pod p claim=c", "n2: node(s) didn't find available persistent volumes to bind");
    }
}

#[test]
fn a_driver_that_tells_its_capacity_needs_room_within_the_node_s_reach() {
    let cluster = format!(
        "{ZONES}\nclass cloud waits\npvc c class=cloud size=5Gi\ndriver disk.example.com\n\
         capacity a class=cloud reach=zone=a size=5Gi\ncapacity b class=cloud reach=zone=b size=4Gi"
    );
    check("1.20", &cluster, "pod p claim=c", "n1 n2");
    check("1.21", &cluster, "pod p claim=c", "n2: node(s) did not have enough free storage");
    check("1.34", &cluster, "pod p claim=c", "n2: node(s) did not have enough free storage");
    check("1.34", &cluster.replace("\ndriver disk.example.com", ""), "pod p claim=c", "n1 n2");
}

#[test]
fn a_bound_volume_that_is_not_there_is_told_in_the_version_s_words() {
    let cluster = "node n1\npvc c pv=gone";
    check(
        "1.19",
        cluster,
        "pod p claim=c",
        "error: running \"VolumeBinding\" filter plugin for pod \"p\": could not find v1.PersistentVolume \"gone\"",
    );
    check("1.20", cluster, "pod p claim=c", "n1: pvc(s) bound to non-existent pv(s)");
    let long = "n1: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
    check("1.26", cluster, "pod p claim=c", long);
}

#[test]
fn lost_and_deleted_claims_are_refused() {
    let deleted = "persistentvolumeclaim \"c\" is being deleted";
    check("1.18", "node n1\npv v\npvc c pv=v terminating", "pod p claim=c", &format!("error: {deleted}"));
    check("1.34", "node n1\npv v\npvc c pv=v terminating", "pod p claim=c", &format!("n1: {deleted}"));
    let lost = "node n1\npvc c pv=gone lost";
    check("1.22", lost, "pod p claim=c", "n1: pvc(s) bound to non-existent pv(s)");
    let sentence = "n1: persistentvolumeclaim \"c\" bound to non-existent persistentvolume \"gone\"";
    check("1.23", lost, "pod p claim=c", sentence);
    check("1.34", lost, "pod p claim=c", sentence);
}

#[test]
fn a_claim_made_for_the_pod_is_awaited_and_must_be_its_own() {
    let waiting = "n1: waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-data\"";
    check("1.20", "node n1", "pod p ephemeral=data", "n1");
    check("1.22", "node n1", "pod p ephemeral=data", "n1: persistentvolumeclaim \"p-data\" not found");
    check("1.23", "node n1", "pod p ephemeral=data", waiting);
    check("1.34", "node n1", "pod p ephemeral=data", waiting);
    let claim = |owner: &str| format!("node n1\nclass cloud waits\npvc p-data class=cloud{owner}");
    check("1.34", &claim(" owner=p"), "pod p ephemeral=data", "n1");
    check(
        "1.22",
        &claim(" owner=q"),
        "pod p ephemeral=data",
        "n1: persistentvolumeclaim \"p-data\" was not created for the pod",
    );
    let foreign = "n1: PVC default/p-data was not created for pod default/p (pod is not owner)";
    check("1.34", &claim(" owner=q"), "pod p ephemeral=data", foreign);
    check("1.34", &claim(""), "pod p ephemeral=data", foreign);
}

#[test]
fn the_attributes_class_was_ignored_then_refused_then_compared() {
    let cluster = format!("{} attributes=fast\n", STATIC.replace("pvc c", "pvc c attributes=slow"));
    check("1.30", &cluster, "pod p claim=c", "n1");
    let off = "unsupported volumeAttributesClassName is set on claim default/c when the feature-gate \
        VolumeAttributesClass is disabled";
    check("1.31", &cluster, "pod p claim=c", &format!("error: running \"VolumeBinding\" filter plugin: {off}"));
    check("1.34", &cluster, "pod p claim=c", NOTHING_TO_BIND);
    check("1.34", &cluster.replace("slow", "fast"), "pod p claim=c", "n1");
}

#[test]
fn a_disk_that_a_driver_has_taken_over_is_reached_by_the_driver_s_zone() {
    let cluster = "node n1 label=topology.ebs.csi.aws.com/zone=a\nnode n2 label=topology.ebs.csi.aws.com/zone=b\n\
        csinode n1 migrated=kubernetes.io/aws-ebs\ncsinode n2 migrated=kubernetes.io/aws-ebs\n\
        pv disk ebs=vol-1 zone=a\npvc c pv=disk";
    check("1.22", cluster, "pod p claim=c", "n1 n2");
    check("1.23", cluster, "pod p claim=c", "n2: node(s) had volume node affinity conflict");
    check("1.34", cluster, "pod p claim=c", "n2: node(s) didn't match PersistentVolume's node affinity");
}
