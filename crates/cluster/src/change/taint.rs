//! Taints and tolerations as a person types them.

use k8s_openapi::api::core::v1::{Taint, Toleration};

use super::BadChange;

/// Which taints are meant by `KEY[=VALUE][:EFFECT]`; absent parts match anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaintPattern {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Option<String>,
    /// The effect.
    pub effect: Option<String>,
}

impl TaintPattern {
    /// Whether the pattern means this taint.
    pub fn matches(&self, taint: &Taint) -> bool {
        taint.key == self.key
            && self.value.as_deref().is_none_or(|value| value == taint.value.as_deref().unwrap_or_default())
            && self.effect.as_deref().is_none_or(|effect| effect == taint.effect)
    }

    /// Reads `KEY[=VALUE][:EFFECT]`.
    ///
    /// # Errors
    /// When the key is empty or the effect is none of the three.
    pub fn parse(text: &str) -> Result<Self, BadChange> {
        let (key_value, effect) = match text.split_once(':') {
            Some((left, effect)) => (left, Some(parse_effect(effect)?)),
            None => (text, None),
        };
        let (key, value) = match key_value.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (key_value, None),
        };
        if key.is_empty() {
            return Err(BadChange(format!("invalid taint spec: {text}, expected KEY[=VALUE][:EFFECT]")));
        }
        Ok(Self { key: key.to_owned(), value, effect })
    }
}

impl std::fmt::Display for TaintPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = self.value.as_deref().filter(|value| !value.is_empty()) {
            write!(f, "={value}")?;
        }
        if let Some(effect) = &self.effect {
            write!(f, ":{effect}")?;
        }
        Ok(())
    }
}

/// Reads a taint to add: `KEY[=VALUE]:EFFECT`.
///
/// # Errors
/// When the effect is missing or unknown, or the key is empty.
pub fn parse_taint(text: &str) -> Result<Taint, BadChange> {
    let pattern = TaintPattern::parse(text)?;
    let Some(effect) = pattern.effect else {
        return Err(BadChange(format!("invalid taint spec: {text}, expected KEY[=VALUE]:EFFECT")));
    };
    Ok(Taint { key: pattern.key, value: pattern.value.filter(|value| !value.is_empty()), effect, time_added: None })
}

/// Reads a toleration: `KEY=VALUE[:EFFECT]` tolerates that value, `KEY[:EFFECT]` any value.
///
/// # Errors
/// When the key is empty or the effect is unknown.
pub fn parse_toleration(text: &str) -> Result<Toleration, BadChange> {
    let pattern = TaintPattern::parse(text)?;
    let operator = if pattern.value.is_some() { "Equal" } else { "Exists" };
    Ok(Toleration {
        key: Some(pattern.key),
        operator: Some(operator.to_owned()),
        value: pattern.value.filter(|value| !value.is_empty()),
        effect: pattern.effect,
        toleration_seconds: None,
    })
}

/// How kubectl prints a taint: `key=value:Effect`, the value left out when it is empty.
pub fn taint_text(taint: &Taint) -> String {
    match taint.value.as_deref() {
        None | Some("") => format!("{}:{}", taint.key, taint.effect),
        Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
    }
}

pub(super) fn toleration_text(toleration: &Toleration) -> String {
    let mut text = toleration.key.clone().unwrap_or_default();
    if let Some(value) = &toleration.value {
        text.push('=');
        text.push_str(value);
    }
    if let Some(effect) = &toleration.effect {
        text.push(':');
        text.push_str(effect);
    }
    text
}

/// kubectl's words for an effect it does not know (`kubectl taint`, all versions).
fn parse_effect(effect: &str) -> Result<String, BadChange> {
    match effect {
        "NoSchedule" | "PreferNoSchedule" | "NoExecute" => Ok(effect.to_owned()),
        other => Err(BadChange(format!("invalid taint effect: {other}, unsupported taint effect"))),
    }
}
