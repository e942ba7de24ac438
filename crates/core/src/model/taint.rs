//! Taints and tolerations, and the rule by which one covers the other.
//!
//! Upstream: `k8s.io/api/core/v1/toleration.go` and `component-helpers/scheduling/corev1/helpers.go` (v1.34).

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// The key.
    pub key: String,
    /// The value; empty when none was given.
    pub value: String,
    /// What the taint does to pods that do not tolerate it.
    pub effect: Effect,
}

/// What a taint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// New pods are not placed.
    NoSchedule,
    /// New pods are placed elsewhere when there is an elsewhere.
    PreferNoSchedule,
    /// New pods are not placed, running ones are evicted.
    NoExecute,
}

/// A toleration of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Toleration {
    /// The key; empty covers every key.
    pub key: String,
    /// How the value is compared.
    pub operator: TolerationOperator,
    /// The value; empty when none was given.
    pub value: String,
    /// The effect; `None` covers every effect.
    pub effect: Option<Effect>,
    /// How long a `NoExecute` taint is borne, in seconds; `None` is for ever.
    pub toleration_seconds: Option<i64>,
}

/// How a toleration compares its value with the taint's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TolerationOperator {
    /// The values are equal. It is also what an omitted operator means.
    #[default]
    Equal,
    /// Any value.
    Exists,
}

impl Effect {
    /// The name as the API spells it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Effect::NoSchedule => "NoSchedule",
            Effect::PreferNoSchedule => "PreferNoSchedule",
            Effect::NoExecute => "NoExecute",
        }
    }
}

impl Toleration {
    /// Whether this toleration covers the taint. The seconds play no part in it.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        match self.operator {
            TolerationOperator::Exists => true,
            TolerationOperator::Equal => self.value == taint.value,
        }
    }
}

/// The first taint, in the node's order, that has one of the effects and that no toleration covers.
pub fn first_untolerated<'a>(taints: &'a [Taint], tolerations: &[Toleration], effects: &[Effect]) -> Option<&'a Taint> {
    taints.iter().find(|taint| {
        effects.contains(&taint.effect) && !tolerations.iter().any(|toleration| toleration.tolerates(taint))
    })
}
