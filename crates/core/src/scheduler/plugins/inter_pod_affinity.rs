//! InterPodAffinity.
use super::PluginName;
use crate::scheduler::framework::Plugin;
/// The plugin.
#[derive(Debug)]
pub struct InterPodAffinity;
impl Plugin for InterPodAffinity {
    fn name(&self) -> PluginName {
        PluginName::InterPodAffinity
    }
}
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState;
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoreState;
