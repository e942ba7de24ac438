//! Steps that speak of any object.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use sim_cluster::{Change, DeleteOptions, ObjectRef, PatchType, Propagation};

use super::Step;
use crate::document::read::Reader;
use crate::locate::Step as PathStep;

/// The object to delete: `KIND/NAME` or `NAMESPACE/KIND/NAME`, or that and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::document) enum Delete {
    Plain(String),
    With(DeleteWith),
}

/// What to delete, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::document) struct DeleteWith {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    target: String,
    /// What becomes of the dependents.
    #[serde(default)]
    cascade: Cascade,
    /// Seconds that a pod's containers get to stop. Left out: what the pod says.
    grace_period: Option<u32>,
    /// The pod is removed at once, whether or not its kubelet has stopped it.
    #[serde(default)]
    force: bool,
}

/// `--cascade`.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Cascade {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay, without it.
    Orphan,
}

/// Annotations to set and to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Annotate {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    target: String,
    /// Annotations to set.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// Keys of annotations to remove.
    #[serde(default)]
    remove: Vec<String>,
}

/// A patch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Patch {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    target: String,
    /// How the patch is meant.
    #[serde(rename = "type", default)]
    type_: PatchKind,
    /// What is patched when it is not the object itself.
    subresource: Option<Subresource>,
    /// A part of the object; with `type: json` a list of operations.
    patch: Value,
}

/// `--type`.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum PatchKind {
    /// Lists of objects are merged by their keys.
    #[default]
    Strategic,
    /// Lists are replaced (RFC 7386).
    Merge,
    /// A list of operations (RFC 6902).
    Json,
}

/// `--subresource`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Subresource {
    /// The status, as a kubelet or a controller writes it. Of the status nothing changes without this.
    Status,
}

/// Labels to set and to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Label {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    target: String,
    /// Labels to set.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// Keys of labels to remove.
    #[serde(default)]
    remove: Vec<String>,
}

impl Step for Delete {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let with = match self {
            Delete::Plain(text) => return Some(Change::Delete(reader.good(path, ObjectRef::parse(&text))?)),
            Delete::With(with) => with,
        };
        let propagation = match with.cascade {
            Cascade::Background => Propagation::Background,
            Cascade::Foreground => Propagation::Foreground,
            Cascade::Orphan => Propagation::Orphan,
        };
        let grace = with.grace_period.map(i64::from).or(with.force.then_some(0));
        let options = DeleteOptions { grace_period_seconds: grace, propagation: Some(propagation) };
        let target = reader.good(path, ObjectRef::parse(&with.target))?;
        Some(Change::DeleteWith { target, options, force: with.force })
    }
}

impl Step for Annotate {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let target = reader.good(path, ObjectRef::parse(&self.target))?;
        Some(Change::Annotate { target, set: self.set.into_iter().collect(), remove: self.remove })
    }
}

impl Step for Patch {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let target = reader.good(path, ObjectRef::parse(&self.target))?;
        let (type_, fits) = match self.type_ {
            PatchKind::Strategic => (PatchType::Strategic, self.patch.is_object()),
            PatchKind::Merge => (PatchType::Merge, self.patch.is_object()),
            PatchKind::Json => (PatchType::Json, self.patch.is_array()),
        };
        if !fits {
            let expected = if type_ == PatchType::Json { "a list of operations" } else { "a mapping" };
            reader.fault(path, format!("expected {expected} as `patch`"));
            return None;
        }
        let patch = self.patch;
        Some(match self.subresource {
            Some(Subresource::Status) => Change::PatchStatus { target, type_, patch },
            None => Change::Patch { target, type_, patch },
        })
    }
}

impl Step for Label {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let target = reader.good(path, ObjectRef::parse(&self.target))?;
        Some(Change::Label { target, set: self.set.into_iter().collect(), remove: self.remove })
    }
}
