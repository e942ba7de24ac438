//! `kubectl get` of workloads and of every other kind.

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::context::PrintContext;
use super::table::Table;
use super::template::selector_text;
use super::{batch, events, nodes, pods, storage};
use crate::api::{DaemonSet, Deployment, Namespace, PodDisruptionBudget, ReplicaSet, Service, StatefulSet};
use crate::object::{Kind, Object};
use crate::pod;

/// The table of some objects of one kind, in the order given.
pub fn objects(kind: Kind, objects: &[Object], context: &PrintContext) -> Table {
    macro_rules! of {
        ($kind:ident) => {
            objects
                .iter()
                .filter_map(|object| match object {
                    Object::$kind(object) => Some(object.as_ref()),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
    }
    match kind {
        Kind::Pod => pods(&of!(Pod), context),
        Kind::Node => nodes(&of!(Node), context),
        Kind::Event => events(&of!(Event), context),
        Kind::ReplicaSet => replica_sets(&of!(ReplicaSet), context),
        Kind::Deployment => deployments(&of!(Deployment), context),
        Kind::DaemonSet => daemon_sets(&of!(DaemonSet), context),
        Kind::StatefulSet => stateful_sets(&of!(StatefulSet), context),
        Kind::Job => batch::jobs(&of!(Job), context),
        Kind::CronJob => batch::cron_jobs(&of!(CronJob), context),
        Kind::ControllerRevision => controller_revisions(&of!(ControllerRevision), context),
        Kind::PersistentVolume => storage::persistent_volumes(&of!(PersistentVolume), context),
        Kind::PersistentVolumeClaim => storage::persistent_volume_claims(&of!(PersistentVolumeClaim), context),
        Kind::StorageClass => storage::storage_classes(&of!(StorageClass), context),
        Kind::VolumeAttachment => storage::volume_attachments(&of!(VolumeAttachment), context),
        Kind::CSINode => storage::csi_nodes(&of!(CSINode), context),
        Kind::PodDisruptionBudget => disruption_budgets(&of!(PodDisruptionBudget), context),
        Kind::Namespace => namespaces(&of!(Namespace), context),
        Kind::Service => services(&of!(Service), context),
        _ => Table::of_objects(&["NAME", "AGE"], objects, Object::metadata, |object| {
            vec![object.name().to_owned(), context.age(object.metadata().creation_timestamp.as_ref())]
        }),
    }
}

fn replica_sets(sets: &[&ReplicaSet], context: &PrintContext) -> Table {
    let columns = ["NAME", "DESIRED", "CURRENT", "READY", "AGE", "+CONTAINERS", "+IMAGES", "+SELECTOR"];
    Table::of_objects(
        &columns,
        sets.iter().copied(),
        |set| &set.metadata,
        |set| {
            let status = set.status.clone().unwrap_or_default();
            let counts = [set.spec.replicas.unwrap_or(1), status.replicas, status.ready_replicas.unwrap_or(0)];
            let mut cells = named(&set.metadata, &counts, context);
            cells.extend(wide(set.spec.template.as_ref(), Some(&set.spec.selector)));
            cells
        },
    )
}

fn deployments(deployments: &[&Deployment], context: &PrintContext) -> Table {
    let columns = ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "+CONTAINERS", "+IMAGES", "+SELECTOR"];
    Table::of_objects(
        &columns,
        deployments.iter().copied(),
        |deployment| &deployment.metadata,
        |deployment| {
            let status = deployment.status.clone().unwrap_or_default();
            let counts = [status.updated_replicas.unwrap_or(0), status.available_replicas.unwrap_or(0)];
            let mut cells = named(&deployment.metadata, &counts, context);
            let wanted = deployment.spec.replicas.unwrap_or(1);
            cells.insert(1, format!("{}/{wanted}", status.ready_replicas.unwrap_or(0)));
            cells.extend(wide(Some(&deployment.spec.template), Some(&deployment.spec.selector)));
            cells
        },
    )
}

fn daemon_sets(sets: &[&DaemonSet], context: &PrintContext) -> Table {
    let columns = [
        "NAME",
        "DESIRED",
        "CURRENT",
        "READY",
        "UP-TO-DATE",
        "AVAILABLE",
        "NODE SELECTOR",
        "AGE",
        "+CONTAINERS",
        "+IMAGES",
        "+SELECTOR",
    ];
    Table::of_objects(
        &columns,
        sets.iter().copied(),
        |set| &set.metadata,
        |set| {
            let status = set.status.clone().unwrap_or_default();
            let counts = [
                status.desired_number_scheduled,
                status.current_number_scheduled,
                status.number_ready,
                status.updated_number_scheduled.unwrap_or(0),
                status.number_available.unwrap_or(0),
            ];
            let mut cells = named(&set.metadata, &counts, context);
            let selector = set.spec.template.spec.as_ref().and_then(|spec| spec.node_selector.as_ref());
            let selector: Vec<String> =
                selector.into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
            cells.insert(6, if selector.is_empty() { "<none>".to_owned() } else { selector.join(",") });
            cells.extend(wide(Some(&set.spec.template), Some(&set.spec.selector)));
            cells
        },
    )
}

fn stateful_sets(sets: &[&StatefulSet], context: &PrintContext) -> Table {
    Table::of_objects(
        &["NAME", "READY", "AGE", "+CONTAINERS", "+IMAGES"],
        sets.iter().copied(),
        |set| &set.metadata,
        |set| {
            let ready = set.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0);
            let mut cells = named(&set.metadata, &[], context);
            cells.insert(1, format!("{ready}/{}", set.spec.replicas.unwrap_or(1)));
            cells.extend(wide(Some(&set.spec.template), None).into_iter().take(2));
            cells
        },
    )
}

fn controller_revisions(revisions: &[&ControllerRevision], context: &PrintContext) -> Table {
    Table::of_objects(
        &["NAME", "CONTROLLER", "REVISION", "AGE"],
        revisions.iter().copied(),
        |revision| &revision.metadata,
        |revision| {
            let controller = pod::controller_of(&revision.metadata).map(|owner| {
                let kind =
                    Kind::of(&owner.api_version, &owner.kind).map_or_else(|| owner.kind.clone(), Kind::qualified);
                format!("{kind}/{}", owner.name)
            });
            let number = i32::try_from(revision.revision.unwrap_or(0)).unwrap_or(i32::MAX);
            let mut cells = named(&revision.metadata, &[number], context);
            cells.insert(1, controller.unwrap_or_else(|| "<none>".to_owned()));
            cells
        },
    )
}

fn disruption_budgets(budgets: &[&PodDisruptionBudget], context: &PrintContext) -> Table {
    Table::of_objects(
        &["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"],
        budgets.iter().copied(),
        |budget| &budget.metadata,
        |budget| {
            let spec = budget.spec.clone().unwrap_or_default();
            let amount = |amount: Option<IntOrString>| match amount {
                Some(IntOrString::Int(pods)) => pods.to_string(),
                Some(IntOrString::String(percent)) => percent,
                None => "N/A".to_owned(),
            };
            let allowed = budget.status.as_ref().and_then(|status| status.disruptions_allowed).unwrap_or(0);
            let mut cells = named(&budget.metadata, &[], context);
            cells.splice(1..1, [amount(spec.min_available), amount(spec.max_unavailable), allowed.to_string()]);
            cells
        },
    )
}

fn namespaces(namespaces: &[&Namespace], context: &PrintContext) -> Table {
    Table::of_objects(
        &["NAME", "STATUS", "AGE"],
        namespaces.iter().copied(),
        |namespace| &namespace.metadata,
        |namespace| {
            let phase = namespace.status.as_ref().and_then(|status| status.phase.clone());
            let mut cells = named(&namespace.metadata, &[], context);
            cells.insert(1, phase.unwrap_or_else(|| "Active".to_owned()));
            cells
        },
    )
}

fn services(services: &[&Service], context: &PrintContext) -> Table {
    let columns = ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"];
    Table::of_objects(
        &columns,
        services.iter().copied(),
        |service| &service.metadata,
        |service| {
            let spec = service.spec.clone().unwrap_or_default();
            let ports: Vec<String> = spec
                .ports
                .unwrap_or_default()
                .into_iter()
                .map(|port| {
                    let protocol = port.protocol.unwrap_or_else(|| "TCP".to_owned());
                    match port.node_port.filter(|port| *port > 0) {
                        Some(node_port) => format!("{}:{node_port}/{protocol}", port.port),
                        None => format!("{}/{protocol}", port.port),
                    }
                })
                .collect();
            let or_none = |text: String| if text.is_empty() { "<none>".to_owned() } else { text };
            let mut cells = named(&service.metadata, &[], context);
            let middle = [
                spec.type_.unwrap_or_else(|| "ClusterIP".to_owned()),
                or_none(spec.cluster_ip.unwrap_or_default()),
                or_none(spec.external_ips.unwrap_or_default().join(",")),
                or_none(ports.join(",")),
            ];
            cells.splice(1..1, middle);
            cells
        },
    )
}

/// Name, some counts, age.
fn named(metadata: &ObjectMeta, counts: &[i32], context: &PrintContext) -> Vec<String> {
    let mut cells = vec![metadata.name.clone().unwrap_or_default()];
    cells.extend(counts.iter().map(ToString::to_string));
    cells.push(context.age(metadata.creation_timestamp.as_ref()));
    cells
}

/// Containers, images and selector.
pub(super) fn wide(template: Option<&PodTemplateSpec>, selector: Option<&LabelSelector>) -> [String; 3] {
    let containers =
        template.and_then(|template| template.spec.as_ref()).map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    let images: Vec<&str> = containers.iter().map(|container| container.image.as_deref().unwrap_or_default()).collect();
    [names.join(","), images.join(","), selector.map(selector_text).unwrap_or_default()]
}
