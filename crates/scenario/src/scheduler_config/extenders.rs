//! Extenders: read and checked as `validateExtenders` does (`apis/config/validation/validation.go`), and never called.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::ExtenderDocument;
use super::names::extended_resource_fault;
use super::reader::Reader;

impl Reader {
    /// Checks the extenders, and says that they are not asked.
    pub(super) fn extenders(&mut self, extenders: &[Value]) {
        if extenders.is_empty() {
            return;
        }
        self.warn("extenders", "are not modelled: decided as if none were asked");
        let mut managed = BTreeSet::new();
        let mut binder = None;
        for (index, extender) in extenders.iter().enumerate() {
            let at = format!("extenders[{index}]");
            let Some(extender) = self.decode_as::<ExtenderDocument>("Extender", extender, &at) else { continue };
            if !extender.prioritize_verb.is_empty() && extender.weight <= 0 {
                self.fault(format!("{at}.weight"), "must have a positive weight applied to it");
            }
            if !extender.bind_verb.is_empty() {
                if let Some(other) = binder {
                    let message = format!("only one extender can implement bind, and extenders[{other}] does");
                    self.fault(format!("{at}.bindVerb"), message);
                }
                binder.get_or_insert(index);
            }
            self.duration_ms(extender.http_timeout.as_deref(), &format!("{at}.httpTimeout"));
            for (index, resource) in extender.managed_resources.into_iter().enumerate() {
                let at = format!("{at}.managedResources[{index}].name");
                if let Some(fault) = extended_resource_fault(&resource.name) {
                    self.fault(&at, format!("{:?}: {fault}", resource.name));
                }
                if managed.contains(&resource.name) {
                    self.fault(&at, format!("{:?}: duplicate extender managed resource name", resource.name));
                }
                managed.insert(resource.name);
            }
        }
    }
}
