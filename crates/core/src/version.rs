//! The Kubernetes version a cluster runs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The oldest minor whose scheduler is modelled.
pub const OLDEST_MINOR: u32 = 16;
/// The newest minor whose scheduler is modelled.
pub const NEWEST_MINOR: u32 = 37;

/// A Kubernetes version 1.`minor`.`patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    minor: u32,
    patch: u32,
}

/// A text that names no supported Kubernetes version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VersionError {
    /// The text does not read as a version.
    #[error("`{text}` is no Kubernetes version: expected something like `1.27`, `v1.27.3` or `v1.27.3+k3s1`")]
    Malformed {
        /// The text as given.
        text: String,
    },
    /// The text is a version, but not one whose scheduler is known here.
    #[error("Kubernetes `{text}` is not supported: expected 1.{OLDEST_MINOR} to 1.{NEWEST_MINOR}")]
    Unsupported {
        /// The text as given.
        text: String,
    },
}

impl Version {
    /// The newest supported version, patch 0.
    pub const NEWEST: Version = Version { minor: NEWEST_MINOR, patch: 0 };

    /// The newest version that was measured against recordings of the real scheduler.
    pub const NEWEST_MEASURED: Version = Version { minor: 34, patch: 1 };

    /// The version 1.`minor`.`patch`, if it is supported.
    pub fn new(minor: u32, patch: u32) -> Result<Self, VersionError> {
        if (OLDEST_MINOR..=NEWEST_MINOR).contains(&minor) {
            Ok(Version { minor, patch })
        } else {
            Err(VersionError::Unsupported { text: format!("1.{minor}.{patch}") })
        }
    }

    /// The minor: 34 for 1.34.2.
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// Whether a cluster of this version can be upgraded to the other at once: never back, and by one minor version at most.
    pub fn can_become(self, other: Version) -> bool {
        self <= other && other.minor <= self.minor + 1
    }

    /// The patch: 2 for 1.34.2.
    pub fn patch(&self) -> u32 {
        self.patch
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}.{}", self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || VersionError::Malformed { text: text.to_owned() };
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('v').unwrap_or(trimmed);
        // Distributions append their own build after `-` or `+`; it never changes the scheduler.
        let numbers = bare.split(['-', '+']).next().unwrap_or(bare);
        let mut parts = numbers.split('.');
        let mut number = |default: Option<u32>| match parts.next() {
            None => default.ok_or_else(malformed),
            Some(part) if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => {
                part.parse::<u32>().map_err(|_| malformed())
            }
            Some(_) => Err(malformed()),
        };
        let (major, minor, patch) = (number(None)?, number(None)?, number(Some(0))?);
        if parts.next().is_some() {
            return Err(malformed());
        }
        if major != 1 || !(OLDEST_MINOR..=NEWEST_MINOR).contains(&minor) {
            return Err(VersionError::Unsupported { text: text.to_owned() });
        }
        Ok(Version { minor, patch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        let version = text.parse::<Version>();
        let shown_version = version.map_or_else(|error| error.to_string(), |version| version.to_string());
        assert!(shown_version.contains(shown), "{text}: {shown_version}");
    }

    #[test]
    fn versions_of_all_distributions_are_read() {
        check("1.16", "v1.16.0");
        check("v1.16.0", "v1.16.0");
        check("v1.27.3+k3s1", "v1.27.3");
        check("v1.34.1-eks-abc", "v1.34.1");
        check("1.19.0-rc.4", "v1.19.0");
        check("1.37", "v1.37.0");
    }

    #[test]
    fn anything_else_says_what_was_expected() {
        check("1.15", "expected 1.16 to 1.37");
        check("1.38.1", "expected 1.16 to 1.37");
        check("2.0", "not supported");
        check("latest", "is no Kubernetes version");
        check("1", "is no Kubernetes version");
        check("1..3", "is no Kubernetes version");
        check("1.27.3.4", "is no Kubernetes version");
    }
}
