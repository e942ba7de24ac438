//! How virtual time follows the person's.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::time::Instant;

/// How fast virtual time flows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// It stands still until somebody advances it.
    Paused,
    /// So many virtual seconds a second.
    Times(f64),
}

/// A speed that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no speed: expected paused, realtime, or a number like 60x")]
pub struct BadSpeed(String);

/// Faster than this is a typing error: a day in less than a tenth of a second.
const MAX_TIMES: f64 = 1_000_000.0;

impl FromStr for Speed {
    type Err = BadSpeed;

    fn from_str(text: &str) -> Result<Self, BadSpeed> {
        match text {
            "paused" => Ok(Self::Paused),
            "realtime" => Ok(Self::Times(1.0)),
            _ => {
                let number = text.strip_suffix('x').and_then(|number| number.parse::<f64>().ok());
                number
                    .filter(|times| *times > 0.0 && *times <= MAX_TIMES)
                    .map(Self::Times)
                    .ok_or_else(|| BadSpeed(text.to_owned()))
            }
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("paused"),
            Self::Times(times) if *times == 1.0 => f.write_str("realtime"),
            Self::Times(times) => write!(f, "{times}x"),
        }
    }
}

/// Maps the person's time onto virtual time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) speed: Speed,
    since: Instant,
    from_ms: u64,
}

impl Pace {
    /// From this moment of virtual time on at this speed.
    pub(crate) fn new(speed: Speed, from_ms: u64) -> Self {
        Self { speed, since: Instant::now(), from_ms }
    }

    /// Where virtual time should be now.
    pub(crate) fn due_ms(&self) -> u64 {
        match self.speed {
            Speed::Paused => self.from_ms,
            Speed::Times(times) => {
                let flowed = self.since.elapsed().min(Duration::from_secs(u64::from(u32::MAX))).as_secs_f64() * times;
                // A number of seconds that is not negative, within what 64 bits hold.
                self.from_ms.saturating_add((flowed * 1000.0) as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Speed;

    #[test]
    fn speeds_are_read_and_shown() {
        for (text, shown) in
            [("paused", "paused"), ("realtime", "realtime"), ("1x", "realtime"), ("60x", "60x"), ("0.5x", "0.5x")]
        {
            assert_eq!(text.parse::<Speed>().map(|speed| speed.to_string()).as_deref(), Ok(shown));
        }
        for text in ["", "60", "0x", "-1x", "NaNx", "infx", "fast", "1e9x"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }
}
