//! Durations as Go writes them: `25m`, `1h30m`, `90s`, `500ms`, `1.5h`.

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration: expected something like 90s, 25m or 1h30m")]
pub struct BadDuration(String);

/// Reads a duration in milliseconds.
///
/// # Errors
/// When the text is empty, has no unit, or is negative.
pub fn parse_duration_ms(text: &str) -> Result<u64, BadDuration> {
    let bad = || BadDuration(text.to_owned());
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or_else(bad)?;
        let amount: f64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit_end =
            rest[digits..].find(|letter: char| letter.is_ascii_digit()).map_or(rest.len(), |end| digits + end);
        let unit_ms = match &rest[digits..unit_end] {
            "ms" => 1.0,
            "s" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return Err(bad()),
        };
        total += amount * unit_ms;
        rest = &rest[unit_end..];
    }
    // A million years are enough for anybody, and far from overflow.
    if total.is_finite() && total < 3.2e16 { Ok(total.round() as u64) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::parse_duration_ms;

    #[test]
    fn go_s_syntax() {
        for (text, ms) in [
            ("25m", 1_500_000),
            ("1h30m", 5_400_000),
            ("90s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "5", "m", "-5m", "5 m", "5x", "1e9h", "..s", "99999999999999999999h"] {
            assert!(parse_duration_ms(text).is_err(), "{text}");
        }
    }
}
