//! SelectorSpread.
use super::PluginName;
use crate::scheduler::framework::Plugin;
/// The plugin.
#[derive(Debug)]
pub struct SelectorSpread;
impl Plugin for SelectorSpread {
    fn name(&self) -> PluginName {
        PluginName::SelectorSpread
    }
}
