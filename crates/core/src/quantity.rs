//! `Quantity`: the fixed-point numbers of Kubernetes, such as `500m`, `1.5Gi` and `1e3`.
//!
//! Follows `apimachinery/pkg/api/resource` of v1.34 in what it accepts and what it prints.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Billionths in one unit: the smallest step a quantity can hold.
const NANO: i128 = 1_000_000_000;

/// The largest value a binary quantity may be read as, in billionths: 2^63-1 units.
const BINARY_MAX: i128 = (i64::MAX as i128) * NANO;

/// A number with the suffix style it was written in.
///
/// Values are kept in billionths and saturate far beyond anything a cluster holds (about 1.7e29 units).
/// Equality and order look at the value only: `1000m` equals `1`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// The suffix style of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Powers of 1024: `Ki`, `Mi`, `Gi`, …
    BinarySI,
    /// Powers of 1000: `m`, `k`, `M`, …
    #[default]
    DecimalSI,
    /// Scientific: `e3`.
    DecimalExponent,
}

/// A text that is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// Nothing was written.
    #[error("an empty text is no quantity: expected a number with an optional suffix, such as `500m`, `2` or `1.5Gi`")]
    Empty,
    /// A sign and digits were expected, or something follows the suffix.
    #[error("`{text}` is no quantity: expected a sign, digits and an optional suffix, such as `500m`, `2` or `1.5Gi`")]
    Malformed {
        /// The text as given.
        text: String,
    },
    /// The number was read, the suffix is unknown.
    #[error(
        "`{text}` has the unknown suffix `{suffix}`: expected one of n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent such as e3"
    )]
    Suffix {
        /// The text as given.
        text: String,
        /// The part after the number.
        suffix: String,
    },
}

impl Quantity {
    /// Zero, in decimal format.
    pub const ZERO: Quantity = Quantity { nanos: 0, format: Format::DecimalSI };

    /// A quantity of so many thousandths, in decimal format.
    pub const fn from_milli(milli: i64) -> Self {
        Quantity { nanos: milli as i128 * 1_000_000, format: Format::DecimalSI }
    }

    /// A quantity of so many whole units.
    pub const fn from_value(value: i64, format: Format) -> Self {
        Quantity { nanos: value as i128 * NANO, format }
    }

    /// Whole units, rounded away from zero, held within an `i64`.
    pub fn value(&self) -> i64 {
        self.scaled(NANO)
    }

    /// Thousandths, rounded away from zero, held within an `i64`.
    pub fn milli_value(&self) -> i64 {
        self.scaled(NANO / 1000)
    }

    /// The same, rounded away from zero to whole thousandths, as the API server does on the way in.
    #[must_use]
    pub fn rounded_to_milli(&self) -> Quantity {
        self.rounded_to(NANO / 1000)
    }

    /// The same, rounded away from zero to whole units.
    #[must_use]
    pub fn rounded_to_unit(&self) -> Quantity {
        self.rounded_to(NANO)
    }

    fn rounded_to(&self, step: i128) -> Quantity {
        let rest = self.nanos % step;
        if rest == 0 {
            return *self;
        }
        Quantity { nanos: (self.nanos - rest).saturating_add(step * self.nanos.signum()), format: self.format }
    }

    /// The suffix style.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// The sum; it keeps the left side's format unless the left side is zero.
    #[must_use]
    pub fn add(&self, other: &Quantity) -> Quantity {
        Quantity { nanos: self.nanos.saturating_add(other.nanos), format: self.format_with(other) }
    }

    /// The difference; it keeps the left side's format unless the left side is zero.
    #[must_use]
    pub fn sub(&self, other: &Quantity) -> Quantity {
        Quantity { nanos: self.nanos.saturating_sub(other.nanos), format: self.format_with(other) }
    }

    fn format_with(&self, other: &Quantity) -> Format {
        if self.is_zero() { other.format } else { self.format }
    }

    fn scaled(&self, unit: i128) -> i64 {
        let whole = self.nanos / unit;
        let rounded = if self.nanos % unit == 0 { whole } else { whole + self.nanos.signum() };
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl std::hash::Hash for Quantity {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

/// The canonical form: the largest suffix that needs no fraction.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let whole = self.nanos % NANO == 0;
        let small = self.nanos.abs() < 1024 * NANO;
        // A binary suffix can neither show a fraction nor shorten a small number.
        if self.format == Format::BinarySI && whole && !small {
            return write_binary(f, self.nanos / NANO);
        }
        write_decimal(f, self.nanos, self.format)
    }
}

fn write_binary(f: &mut fmt::Formatter<'_>, mut value: i128) -> fmt::Result {
    const SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let mut power = 0;
    while value % 1024 == 0 && power + 1 < SUFFIXES.len() {
        value /= 1024;
        power += 1;
    }
    write!(f, "{value}{}", SUFFIXES[power])
}

fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: i128, format: Format) -> fmt::Result {
    const SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    let scientific = format == Format::DecimalExponent;
    let mut value = nanos;
    let mut power = 0;
    while value % 1000 == 0 && (scientific || power + 1 < SUFFIXES.len()) {
        value /= 1000;
        power += 1;
    }
    match (scientific, power) {
        (true, 3) => write!(f, "{value}"),
        (true, _) => write!(f, "{value}e{}", power as i32 * 3 - 9),
        (false, _) => write!(f, "{value}{}", SUFFIXES[power]),
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(QuantityError::Empty);
        }
        let malformed = || QuantityError::Malformed { text: text.to_owned() };
        let (negative, unsigned) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (integer, rest) = split_digits(unsigned);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        check_suffix_shape(suffix).ok_or_else(malformed)?;
        // Upstream reads a missing number as zero ("." or "Gi"), and so do we: an API server would have stored it.
        let (multiplier, format) = interpret_suffix(suffix)
            .ok_or_else(|| QuantityError::Suffix { text: text.to_owned(), suffix: suffix.to_owned() })?;
        let (magnitude, rounded_up) = magnitude_nanos(integer, fraction, multiplier);
        let mut nanos = if rounded_up { magnitude.saturating_add(1) } else { magnitude };
        let mut format = format;
        if format == Format::BinarySI {
            nanos = nanos.min(BINARY_MAX);
            // Less than one unit can only be shown in decimals.
            if nanos > 0 && nanos < NANO {
                format = Format::DecimalSI;
            }
        }
        if text == "0" {
            format = Format::DecimalSI;
        }
        Ok(Quantity { nanos: if negative { -nanos } else { nanos }, format })
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Letters of the suffix alphabet, then at most one sign, then digits: anything else is no quantity at all.
fn check_suffix_shape(suffix: &str) -> Option<()> {
    let rest = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    rest.bytes().all(|byte| byte.is_ascii_digit()).then_some(())
}

/// What one unit of the number is worth.
#[derive(Clone, Copy)]
enum Multiplier {
    /// 10 to this power.
    Decimal(i64),
    /// 2 to this power.
    Binary(u32),
}

fn interpret_suffix(suffix: &str) -> Option<(Multiplier, Format)> {
    let decimal = |power| Some((Multiplier::Decimal(power), Format::DecimalSI));
    let binary = |power| Some((Multiplier::Binary(power), Format::BinarySI));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let power = exponent.parse::<i64>().ok()?;
            Some((Multiplier::Decimal(power), Format::DecimalExponent))
        }
    }
}

/// The value in billionths, rounded down, and whether something was cut off.
fn magnitude_nanos(integer: &str, fraction: &str, multiplier: Multiplier) -> (i128, bool) {
    let (binary_power, decimal_power) = match multiplier {
        Multiplier::Decimal(power) => (0, power.clamp(-1_000_000, 1_000_000)),
        Multiplier::Binary(power) => (power, 0),
    };
    let digits: Vec<u8> = integer.bytes().chain(fraction.bytes()).skip_while(|digit| *digit == b'0').collect();
    if digits.is_empty() {
        return (0, false);
    }
    // The number is `digits` * 10^shift billionths (times 2^binary_power).
    let shift = 9 + decimal_power - fraction.len() as i64;
    let mut unscaled: i128 = 0;
    let mut kept: usize = 0;
    // 38 digits fit an i128; whatever follows is far below what the value can be told apart by.
    for digit in digits.iter().take(38) {
        let Some(next) = unscaled.checked_mul(10).and_then(|value| value.checked_add(i128::from(digit - b'0'))) else {
            break;
        };
        unscaled = next;
        kept += 1;
    }
    let mut cut = digits[kept..].iter().any(|digit| *digit != b'0');
    let shift = shift + (digits.len() - kept) as i64;
    let mut value = unscaled;
    if shift >= 0 {
        // Multiplying by the binary factor first or last is the same when nothing is cut.
        for _ in 0..shift.min(64) {
            value = value.saturating_mul(10);
        }
        if shift > 64 {
            value = i128::MAX;
        }
        return (value.saturating_mul(1_i128 << binary_power), cut);
    }
    value = value.saturating_mul(1_i128 << binary_power);
    for _ in 0..(-shift).min(64) {
        cut |= value % 10 != 0;
        value /= 10;
    }
    (value, cut || (-shift > 64 && value != 0))
}

#[cfg(test)]
mod tests;
