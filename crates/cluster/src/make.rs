//! Carrying out a change as kubectl and the API server would: on the objects, with kubectl's words for what was done
//! and for what cannot be done.

mod apply;
mod container;
mod edit;
mod machine;
mod node;
mod object;
mod patch;
mod rollout;
pub(crate) mod strategic;
pub(crate) mod three_way;
mod workload;

use k8s_openapi::api::core::v1::Node;

use crate::api_error::ApiError;
use crate::change::{Change, ObjectRef};
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::kubelet::Silence;
use crate::object::{Kind, Object};
use crate::request::Part;
use crate::store::{Conflict, ObjectKey};

/// A change that cannot be carried out, in kubectl's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What kubectl prints of a write that came too late.
fn conflicted(conflict: &Conflict) -> Refused {
    Refused(format!("Error from server (Conflict): {conflict}"))
}

impl Cluster {
    /// Carries out one change and says what was done, a line each, as kubectl does.
    ///
    /// # Errors
    /// When the change names what is not there or what cannot be: nothing is changed then, but that a node whose drain is
    /// refused is cordoned.
    pub fn make(&mut self, change: &Change) -> Result<Vec<String>, Refused> {
        match change {
            Change::Apply(objects) => {
                let lines: Result<Vec<_>, _> = objects.iter().map(|object| self.apply(object)).collect();
                lines.map(|lines| lines.concat())
            }
            Change::Delete(object) => self.delete(object, DeleteOptions::default(), false).map(|line| vec![line]),
            Change::DeleteWith { target, options, force } => {
                self.delete(target, *options, *force).map(|line| vec![line])
            }
            Change::Taint { node, taint } => self.taint(node.as_deref(), taint),
            Change::Untaint { node, taint } => self.untaint(node.as_deref(), taint),
            Change::AddToleration { workload, toleration } => self.add_toleration(workload, toleration),
            Change::Cordon(node) => self.set_unschedulable(node, true),
            Change::Uncordon(node) => self.set_unschedulable(node, false),
            Change::Drain(options) => self.drain(options),
            Change::Label { target, set, remove } => self.label(target, set, remove),
            Change::Annotate { target, set, remove } => self.annotate(target, set, remove),
            Change::Patch { target, type_, patch } => self.patch(target, *type_, patch, Part::Main),
            Change::PatchStatus { target, type_, patch } => self.patch(target, *type_, patch, Part::Status),
            Change::SetImage { workload, images } => self.set_image(workload, images),
            Change::RolloutRestart(workload) => self.rollout_restart(workload),
            Change::RolloutUndo { workload, to_revision } => self.rollout_undo(workload, *to_revision),
            Change::AddNode { from, count } => self.add_nodes(from, *count),
            Change::RemoveNode(node) => self.remove_node(node),
            Change::NodeGroup(change) => self.change_node_group(change),
            Change::Scale { workload, replicas } => self.scale(workload, *replicas),
            Change::Behaviour(declaration) => self.set_behaviour(declaration),
            Change::ImageBroken(image) => Ok(self.image_broken(image)),
            Change::ImageFixed(image) => self.image_fixed(image),
            Change::NodeDown(node) => self.node_down(node, Silence::MachineDown),
            Change::NodePartitioned(node) => self.node_down(node, Silence::CutOff),
            Change::MachineStopped(node) => self.node_down(node, Silence::MachineStopped),
            Change::MachineDeleted(node) => self.node_down(node, Silence::MachineDeleted),
            Change::NodeUp(node) => self.node_up(node),
            Change::ZoneDown(zone) => self.zone_down(zone),
            Change::ZoneUp(zone) => self.zone_up(zone),
            Change::KubeletRestart(restart) => self.restart_kubelet(restart),
            Change::Upgrade(options) => self.begin_upgrade(options),
            Change::StopController(name) => self.stop_component(name),
            Change::StartController(name) => self.start_component(name),
        }
    }

    /// Finds the object a person names; without a namespace the name must be the only one of its kind.
    ///
    /// # Errors
    /// When the kind is unknown, or no object or several have the name.
    pub fn resolve(&self, object: &ObjectRef) -> Result<(Kind, ObjectKey), Refused> {
        let kind = Kind::parse(&object.kind)
            .ok_or_else(|| Refused(format!("error: the server doesn't have a resource type \"{}\"", object.kind)))?;
        if !kind.is_namespaced() {
            let key = ObjectKey::new("", &object.name);
            return if self.store.object(kind, &key).is_some() {
                Ok((kind, key))
            } else {
                Err(not_found(kind, &object.name))
            };
        }
        if let Some(namespace) = &object.namespace {
            let key = ObjectKey::new(namespace, &object.name);
            return if self.store.object(kind, &key).is_some() {
                Ok((kind, key))
            } else {
                Err(not_found(kind, &object.name))
            };
        }
        let found: Vec<Object> =
            self.store.objects(kind).into_iter().filter(|found| found.name() == object.name).collect();
        match found.as_slice() {
            [] => Err(not_found(kind, &object.name)),
            [one] => Ok((kind, ObjectKey::new(one.namespace().unwrap_or_default(), one.name()))),
            many => {
                let namespaces: Vec<&str> = many.iter().filter_map(Object::namespace).collect();
                let message = format!(
                    "error: {object} is in several namespaces ({}): name one, as NAMESPACE/KIND/NAME",
                    namespaces.join(", ")
                );
                Err(Refused(message))
            }
        }
    }

    pub(crate) fn node_key(&self, name: &str) -> Result<ObjectKey, Refused> {
        let key = ObjectKey::new("", name);
        if self.store.get::<Node>(&key).is_some() { Ok(key) } else { Err(not_found(Kind::Node, name)) }
    }

    fn node_keys(&self, name: Option<&str>) -> Result<Vec<ObjectKey>, Refused> {
        match name {
            Some(name) => Ok(vec![self.node_key(name)?]),
            None => Ok(self.store.list::<Node>().map(|node| ObjectKey::of(node.as_ref())).collect()),
        }
    }
}

/// The API server's words for a name that is not there.
pub fn not_found(kind: Kind, name: &str) -> Refused {
    ApiError::not_found(kind, name).into()
}
