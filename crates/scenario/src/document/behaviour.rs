//! What containers do that no manifest says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Conduct, Declaration, PodPattern};

use super::read::Reader;
use crate::locate::Step as PathStep;

/// How the containers of some pods behave. What is not said stays well-behaved: images are on every machine, containers
/// stay up and pass their probes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Behaviour {
    /// Which pods.
    pods: Pods,
    /// Which container. Left out: all that are no init containers.
    container: Option<String>,
    /// What they do, one or several of: `exits CODE [after D]`, `never ready`, `ready after D`, `pulls D`,
    /// `image missing`, `liveness fails [after D]`, `uses AMOUNT memory [after D]`, `uses AMOUNT disk [after D]`,
    /// `stops after D`, `needs KIND/NAME [-n NAMESPACE] Ready to become ready`, `needs … Ready to start`.
    behaviour: Words,
}

/// Pods by namespace, name, owner and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pods {
    /// Their namespace.
    namespace: Option<String>,
    /// Their name, with `*` for any run of characters.
    name: Option<String>,
    /// The workload they belong to, e.g. `deployment/coredns`.
    owner: Option<String>,
    /// Labels they carry.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// One behaviour or a list of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Words {
    /// `exits 1 after 20s`, several separated by commas.
    One(String),
    /// The same as a list.
    Many(Vec<String>),
}

impl Behaviour {
    /// The declaration at this path.
    pub(super) fn resolve(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Declaration> {
        let text = match self.behaviour {
            Words::One(text) => text,
            Words::Many(texts) => texts.join(", "),
        };
        let mut of_words = path.to_vec();
        of_words.push(PathStep::Key("behaviour".to_owned()));
        let conduct = reader.good(&of_words, Conduct::parse(&text))?;
        let Pods { namespace, name, owner, labels } = self.pods;
        Some(Declaration { pods: PodPattern { namespace, name, owner, labels }, container: self.container, conduct })
    }
}
