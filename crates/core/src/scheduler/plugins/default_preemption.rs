//! DefaultPreemption.
use super::PluginName;
use crate::scheduler::framework::Plugin;
/// The plugin.
#[derive(Debug)]
pub struct DefaultPreemption;
impl Plugin for DefaultPreemption {
    fn name(&self) -> PluginName {
        PluginName::DefaultPreemption
    }
}

/// Tries to make room.
pub(crate) fn post_filter(
    _cycle: &crate::scheduler::framework::Cycle<'_>,
    _state: &mut crate::scheduler::framework::CycleState,
    _error: &mut crate::scheduler::FitError,
) {
}
