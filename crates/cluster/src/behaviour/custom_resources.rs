//! What differs in how custom resources are checked.

/// The checks of one minor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CustomResourceRules {
    /// Whether what is too long or too many is told as such, and a wrong type as a wrong type (1.24); before, as an
    /// invalid value.
    pub tells_kinds_of_faults: bool,
    /// Whether what an update leaves as it was is not checked again (beta in 1.30).
    pub ratchets: bool,
    /// Whether there are rules in CEL, which are not looked at when something else is wrong (beta in 1.25).
    pub has_rules: bool,
    /// Whether who takes a stored version away is told of the migration that must come first (1.33).
    pub tells_of_migration: bool,
    too_long: TooLong,
}

/// How a text that is too long is told.
#[derive(Debug, Clone, Copy)]
enum TooLong {
    /// `may not be longer than 5`.
    Number,
    /// `may not be more than 5 bytes` (1.32).
    Bytes,
    /// The same, of one `byte` (1.34).
    BytesOrByte,
}

impl CustomResourceRules {
    /// The rules of a minor.
    pub(super) fn of(minor: u32) -> Self {
        Self {
            tells_kinds_of_faults: minor >= 24,
            ratchets: minor >= 30,
            has_rules: minor >= 25,
            tells_of_migration: minor >= 33,
            too_long: match minor {
                ..=31 => TooLong::Number,
                32 | 33 => TooLong::Bytes,
                34.. => TooLong::BytesOrByte,
            },
        }
    }

    /// That a text is longer than it may be.
    pub(crate) fn too_long(&self, most: u64) -> String {
        match self.too_long {
            TooLong::Number => format!("may not be longer than {most}"),
            TooLong::BytesOrByte if most == 1 => "may not be more than 1 byte".to_owned(),
            TooLong::Bytes | TooLong::BytesOrByte => format!("may not be more than {most} bytes"),
        }
    }

    /// That there are more items than there may be.
    pub(crate) fn too_many(&self, most: u64) -> String {
        match self.too_long {
            TooLong::BytesOrByte if most == 1 => "must have at most 1 item".to_owned(),
            _ => format!("must have at most {most} items"),
        }
    }
}
