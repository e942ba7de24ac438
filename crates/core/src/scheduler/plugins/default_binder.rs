//! Binding a pod to the chosen node (`plugins/defaultbinder`, v1.34).

use super::PluginName;
use crate::model::PodKey;
use crate::scheduler::framework::Plugin;

/// The plugin.
#[derive(Debug)]
pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> PluginName {
        PluginName::DefaultBinder
    }
}

/// The message of the `Scheduled` event (`finishBinding` in `schedule_one.go`).
pub fn scheduled_message(pod: &PodKey, node: &str) -> String {
    format!("Successfully assigned {pod} to {node}")
}
