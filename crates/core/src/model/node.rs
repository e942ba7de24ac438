//! A node as the scheduler sees it.

use super::labels::Labels;
use super::pod::Owner;
use super::resources::Resources;
use super::taint::Taint;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `spec.taints`, in the order written: messages name the first that is not tolerated.
    pub taints: Vec<Taint>,
    /// `spec.unschedulable`: the node is cordoned.
    pub unschedulable: bool,
    /// `status.allocatable`.
    pub allocatable: Resources,
    /// `status.images`.
    pub images: Vec<Image>,
    /// The controllers named by the annotation `scheduler.alpha.kubernetes.io/preferAvoidPods` (kind and uid; ≤1.21).
    pub prefer_avoid_pods: Vec<Owner>,
}

/// An image that a node already holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// All names it is known by, tags and digests.
    pub names: Vec<String>,
    /// `sizeBytes`.
    pub size_bytes: i64,
}
