//! Changes of Node objects: taints and cordons.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Taint};

use super::Refused;
use crate::change::TaintPattern;
use crate::cluster::Cluster;
use crate::object::KnownKind;
use crate::store::ObjectKey;

impl Cluster {
    pub(super) fn taint(&mut self, node: Option<&str>, taint: &Taint) -> Result<Vec<String>, Refused> {
        let keys = self.node_keys(node)?;
        let same = |other: &Taint| other.key == taint.key && other.effect == taint.effect;
        for key in &keys {
            if taints(self, key).iter().any(same) {
                let name = &key.name;
                let message = format!(
                    "error: node {name} already has {} taint(s) with same effect(s) and --overwrite is false",
                    taint.key
                );
                return Err(Refused(message));
            }
        }
        let mut taint = taint.clone();
        if taint.effect == "NoExecute" {
            taint.time_added = Some(self.clock.time());
        }
        for key in &keys {
            let taint = taint.clone();
            self.change_node(key, |node| {
                node.spec.get_or_insert_default().taints.get_or_insert_default().push(taint);
            })?;
        }
        Ok(keys.iter().map(|key| format!("node/{} tainted", key.name)).collect())
    }

    pub(super) fn untaint(&mut self, node: Option<&str>, pattern: &TaintPattern) -> Result<Vec<String>, Refused> {
        let keys = self.node_keys(node)?;
        let carrying: Vec<ObjectKey> =
            keys.into_iter().filter(|key| taints(self, key).iter().any(|taint| pattern.matches(taint))).collect();
        if carrying.is_empty() {
            return Err(Refused(format!("error: taint \"{pattern}\" not found")));
        }
        for key in &carrying {
            self.change_node(key, |node| {
                if let Some(taints) = &mut node.spec.get_or_insert_default().taints {
                    taints.retain(|taint| !pattern.matches(taint));
                }
            })?;
        }
        Ok(carrying.iter().map(|key| format!("node/{} untainted", key.name)).collect())
    }

    pub(crate) fn set_unschedulable(&mut self, node: &str, unschedulable: bool) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        let before = self.store.get::<Node>(&key).and_then(|node| node.spec.as_ref()?.unschedulable).unwrap_or(false);
        let word = if unschedulable { "cordoned" } else { "uncordoned" };
        if before == unschedulable {
            return Ok(vec![format!("node/{node} already {word}")]);
        }
        self.change_node(&key, |node| {
            node.spec.get_or_insert_default().unschedulable = unschedulable.then_some(true);
        })?;
        Ok(vec![format!("node/{node} {word}")])
    }

    /// PATCH of a node, if the webhooks let it.
    fn change_node(&mut self, key: &ObjectKey, change: impl FnOnce(&mut Node)) -> Result<(), Refused> {
        let Some(before) = self.store.get::<Node>(key).cloned() else { return Ok(()) };
        let mut after = before.clone();
        change(Arc::make_mut(&mut after));
        self.ask_webhooks_about_update(&Node::wrap(before), &Node::wrap(after.clone()), "")?;
        self.store.put(after);
        Ok(())
    }
}

fn taints(cluster: &Cluster, node: &ObjectKey) -> Vec<Taint> {
    cluster.store.get::<Node>(node).and_then(|node| node.spec.as_ref()?.taints.clone()).unwrap_or_default()
}
