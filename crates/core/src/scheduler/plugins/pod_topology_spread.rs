//! PodTopologySpread.
use super::PluginName;
use crate::scheduler::framework::Plugin;
/// The plugin.
#[derive(Debug)]
pub struct PodTopologySpread;
impl Plugin for PodTopologySpread {
    fn name(&self) -> PluginName {
        PluginName::PodTopologySpread
    }
}
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState;
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoreState;
