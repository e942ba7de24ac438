//! `kubectl get` of workloads (`printDeployment` and its neighbours).

use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{PodTemplateSpec, ReplicationController};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::context::PrintContext;
use super::table::{Cell, Column, Table, cells, format_labels};
use super::template::selector_text;
use crate::object::Kind;
use crate::pod;

/// The columns of ReplicaSets and ReplicationControllers.
fn replica_columns() -> [Column; 8] {
    [
        Column::NAME,
        Column::integer("Desired"),
        Column::integer("Current"),
        Column::integer("Ready"),
        Column::AGE,
        Column::text("Containers").wide(),
        Column::text("Images").wide(),
        Column::text("Selector").wide(),
    ]
}

/// The table of ReplicationControllers, in the order given.
pub(super) fn replication_controllers(controllers: &[&ReplicationController], context: &PrintContext) -> Table {
    Table::of_objects(
        replica_columns(),
        controllers.iter().copied(),
        |controller| &controller.metadata,
        |controller| {
            let (spec, status) = (controller.spec.clone().unwrap_or_default(), controller.status.clone());
            let status = status.unwrap_or_default();
            let counts = [spec.replicas.unwrap_or(1), status.replicas, status.ready_replicas.unwrap_or(0)];
            let mut cells = named(&controller.metadata, &counts, context);
            cells.extend(containers_and_images(spec.template.as_ref()));
            cells.push(format_labels(spec.selector.as_ref()).into());
            cells
        },
    )
}

/// The table of ReplicaSets, in the order given.
pub(super) fn replica_sets(sets: &[&ReplicaSet], context: &PrintContext) -> Table {
    let columns = replica_columns();
    Table::of_objects(
        columns,
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

/// The table of Deployments, in the order given.
pub(super) fn deployments(deployments: &[&Deployment], context: &PrintContext) -> Table {
    let columns = [
        Column::NAME,
        Column::text("Ready"),
        Column::text("Up-to-date"),
        Column::text("Available"),
        Column::AGE,
        Column::text("Containers").wide(),
        Column::text("Images").wide(),
        Column::text("Selector").wide(),
    ];
    Table::of_objects(
        columns,
        deployments.iter().copied(),
        |deployment| &deployment.metadata,
        |deployment| {
            let status = deployment.status.clone().unwrap_or_default();
            let counts = [status.updated_replicas.unwrap_or(0), status.available_replicas.unwrap_or(0)];
            let mut cells = named(&deployment.metadata, &counts, context);
            let wanted = deployment.spec.replicas.unwrap_or(1);
            cells.insert(1, format!("{}/{wanted}", status.ready_replicas.unwrap_or(0)).into());
            cells.extend(wide(Some(&deployment.spec.template), Some(&deployment.spec.selector)));
            cells
        },
    )
}

/// The table of DaemonSets, in the order given.
pub(super) fn daemon_sets(sets: &[&DaemonSet], context: &PrintContext) -> Table {
    let columns = [
        Column::NAME,
        Column::integer("Desired"),
        Column::integer("Current"),
        Column::integer("Ready"),
        Column::integer("Up-to-date"),
        Column::integer("Available"),
        Column::text("Node Selector"),
        Column::AGE,
        Column::text("Containers").wide(),
        Column::text("Images").wide(),
        Column::text("Selector").wide(),
    ];
    Table::of_objects(
        columns,
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
            cells.insert(6, format_labels(selector).into());
            cells.extend(wide(Some(&set.spec.template), Some(&set.spec.selector)));
            cells
        },
    )
}

/// The table of StatefulSets, in the order given.
pub(super) fn stateful_sets(sets: &[&StatefulSet], context: &PrintContext) -> Table {
    Table::of_objects(
        [
            Column::NAME,
            Column::text("Ready"),
            Column::AGE,
            Column::text("Containers").wide(),
            Column::text("Images").wide(),
        ],
        sets.iter().copied(),
        |set| &set.metadata,
        |set| {
            let ready = set.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0);
            let mut cells = named(&set.metadata, &[], context);
            cells.insert(1, format!("{ready}/{}", set.spec.replicas.unwrap_or(1)).into());
            cells.extend(containers_and_images(Some(&set.spec.template)));
            cells
        },
    )
}

/// The table of ControllerRevisions, in the order given.
pub(super) fn controller_revisions(revisions: &[&ControllerRevision], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("Controller"), Column::text("Revision"), Column::AGE],
        revisions.iter().copied(),
        |revision| &revision.metadata,
        |revision| {
            let controller = pod::controller_of(&revision.metadata).map(|owner| {
                let kind =
                    Kind::of(&owner.api_version, &owner.kind).map_or_else(|| owner.kind.clone(), Kind::qualified);
                format!("{kind}/{}", owner.name)
            });
            cells![
                revision.metadata.name.clone().unwrap_or_default(),
                controller.unwrap_or_else(|| "<none>".to_owned()),
                revision.revision.unwrap_or(0),
                context.age(revision.metadata.creation_timestamp.as_ref()),
            ]
        },
    )
}

/// The table of PodDisruptionBudgets, in the order given.
pub(super) fn disruption_budgets(budgets: &[&PodDisruptionBudget], context: &PrintContext) -> Table {
    Table::of_objects(
        [
            Column::NAME,
            Column::text("Min Available"),
            Column::text("Max Unavailable"),
            Column::integer("Allowed Disruptions"),
            Column::AGE,
        ],
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
            cells![
                budget.metadata.name.clone().unwrap_or_default(),
                amount(spec.min_available),
                amount(spec.max_unavailable),
                allowed,
                context.age(budget.metadata.creation_timestamp.as_ref()),
            ]
        },
    )
}

/// Name, some counts, age.
fn named(metadata: &ObjectMeta, counts: &[i32], context: &PrintContext) -> Vec<Cell> {
    let mut cells = cells![metadata.name.clone().unwrap_or_default()];
    cells.extend(counts.iter().map(|count| Cell::from(*count)));
    cells.push(context.age(metadata.creation_timestamp.as_ref()).into());
    cells
}

/// Containers, images and selector.
pub(super) fn wide(template: Option<&PodTemplateSpec>, selector: Option<&LabelSelector>) -> [Cell; 3] {
    let [containers, images] = containers_and_images(template);
    [containers, images, selector.map_or_else(|| "<none>".to_owned(), selector_text).into()]
}

fn containers_and_images(template: Option<&PodTemplateSpec>) -> [Cell; 2] {
    let containers =
        template.and_then(|template| template.spec.as_ref()).map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    let images: Vec<&str> = containers.iter().map(|container| container.image.as_deref().unwrap_or_default()).collect();
    [names.join(",").into(), images.join(",").into()]
}
