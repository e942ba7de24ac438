//! What differs between Kubernetes versions in what this crate says by itself.

use sim_core::version::{NEWEST_MINOR, OLDEST_MINOR, Version};

/// How many minors a kubelet may be older than the API server: three, two before kubelet 1.25
/// (<https://kubernetes.io/releases/version-skew-policy/#kubelet>).
fn may_lag(kubelet_minor: u32) -> u32 {
    if kubelet_minor < 25 { 2 } else { 3 }
}

/// Where a kubelet's version stands beside the API server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skew {
    /// It is newer, which is never supported.
    Newer,
    /// It is older by so many minors, where so many are supported.
    TooOld(u32, u32),
    /// It is supported.
    Supported,
}

/// Where a kubelet of this minor stands beside an API server.
pub(crate) fn skew(api_server: Version, kubelet_minor: u32) -> Skew {
    let server = api_server.minor();
    if kubelet_minor > server {
        return Skew::Newer;
    }
    let (behind, allowed) = (server - kubelet_minor, may_lag(kubelet_minor));
    if behind > allowed { Skew::TooOld(behind, allowed) } else { Skew::Supported }
}

/// The minor of a version as a component reports it, whether or not it is one that is simulated.
pub(crate) fn minor_of(text: &str) -> Option<u32> {
    let mut parts = text.trim().trim_start_matches('v').split('.');
    if parts.next() != Some("1") {
        return None;
    }
    let minor = parts.next()?;
    let digits = minor.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(minor.len());
    minor[..digits].parse().ok()
}

/// The versions beside this one at which the scheduler does or says anything else than in the minor before; the own
/// minor stands for itself with its patch.
pub(crate) fn versions_that_differ(own: Version) -> Vec<Version> {
    let minors = (OLDEST_MINOR..=NEWEST_MINOR).filter_map(|minor| match minor == own.minor() {
        true => Some(own),
        false => Version::new(minor, 0).ok(),
    });
    let mut found: Vec<Version> = Vec::new();
    for version in minors {
        let same = found.last().is_some_and(|last| {
            let renamed = sim_core::Behaviour { version, ..sim_core::Behaviour::of(*last) };
            renamed == sim_core::Behaviour::of(version)
        });
        if !same || version == own {
            found.push(version);
        }
    }
    found
}

/// The last version that is as this one, when `next` is the next that differs.
pub(crate) fn last_before(version: Version, next: Option<Version>) -> Version {
    let last = next.map_or(NEWEST_MINOR, |next| next.minor().saturating_sub(1));
    Version::new(last, 0).ok().filter(|last| *last > version).unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use sim_core::version::Version;

    use super::{Skew, minor_of, skew, versions_that_differ};

    #[test]
    fn a_kubelet_may_lag_by_three_minors_since_1_25() {
        for (server, kubelet, expected) in [
            ("1.28", 25, Skew::Supported),
            ("1.28", 24, Skew::TooOld(4, 2)),
            ("1.27", 24, Skew::TooOld(3, 2)),
            ("1.26", 24, Skew::Supported),
            ("1.34", 30, Skew::TooOld(4, 3)),
            ("1.34", 34, Skew::Supported),
            ("1.34", 35, Skew::Newer),
        ] {
            let server: Version = server.parse().expect("a version");
            assert_eq!(skew(server, kubelet), expected, "{server} {kubelet}");
        }
    }

    #[test]
    fn reported_versions_are_read_whether_simulated_or_not() {
        for (text, minor) in
            [("v1.14.3", Some(14)), ("v1.30+", Some(30)), ("v1.34.1-eks-1", Some(34)), ("2.0", None), ("", None)]
        {
            assert_eq!(minor_of(text), minor, "{text}");
        }
    }

    #[test]
    fn the_own_version_is_among_those_that_differ() {
        let own: Version = "1.34.1".parse().expect("a version");
        let versions = versions_that_differ(own);
        assert!(versions.contains(&own) && versions.is_sorted(), "{versions:?}");
    }
}
