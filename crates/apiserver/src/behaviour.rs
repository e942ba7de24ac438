//! What API servers do differently by minor version, beside which resources they serve (`served.rs`).

use sim_core::version::Version;

/// One minor's ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behaviour {
    /// The simulated version.
    pub(crate) version: Version,
    /// Discovery in one document, `apidiscovery.k8s.io/v2` (since v1.30).
    pub(crate) discovers_v2: bool,
    /// The same as `v2beta1` (on by default since v1.27).
    pub(crate) discovers_v2beta1: bool,
    /// Watches that begin with what is there (`WatchList`: on by default in v1.32 and since v1.34).
    pub(crate) watches_lists: bool,
    /// What lists and watches may ask for together.
    pub(crate) list_rules: ListRules,
    /// The version of the Eviction that pods take (`policy/v1` since v1.22).
    pub(crate) eviction: &'static str,
    /// `SelfSubjectReview` (v1 since v1.28).
    pub(crate) tells_who_asks: bool,
}

/// The rules for `resourceVersionMatch` and `sendInitialEvents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListRules {
    /// Neither is known.
    None,
    /// One set for both; watches may not say which versions match (v1.19).
    Joint,
    /// One for lists and one for watches, which may ask for what is there (v1.27).
    Split,
}

impl Behaviour {
    pub(crate) fn of(version: Version) -> Self {
        let minor = version.minor();
        Self {
            version,
            discovers_v2: minor >= 30,
            discovers_v2beta1: minor >= 27,
            watches_lists: minor == 32 || minor >= 34,
            list_rules: match minor {
                ..=18 => ListRules::None,
                19..=26 => ListRules::Joint,
                27.. => ListRules::Split,
            },
            eviction: if minor >= 22 { "v1" } else { "v1beta1" },
            tells_who_asks: minor >= 28,
        }
    }
}
