//! When a CronJob's schedule is due: the dialect of github.com/robfig/cron/v3 `ParseStandard`, which Kubernetes uses.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// A schedule that is never due again within so many years counts as one that never is.
const MAX_YEARS: i16 = 5;

/// A schedule, read.
#[derive(Debug, Clone)]
pub(super) enum Schedule {
    /// At the moments whose fields match, in a time zone.
    Fields(Box<Fields>),
    /// `@every 90s`.
    Every(SignedDuration),
}

/// The five fields; a bit is set for each value that matches.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    minute: u64,
    hour: u64,
    day: Field,
    month: u64,
    weekday: Field,
    zone: TimeZone,
}

/// A field of days: whether it was a star decides how the two work together.
#[derive(Debug, Clone, Copy)]
struct Field {
    bits: u64,
    is_star: bool,
}

impl Schedule {
    /// Reads a schedule, which may begin with `TZ=ZONE ` or `CRON_TZ=ZONE `.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (zone, text) = match text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) {
            Some(rest) => {
                let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let zone = time_zone(name).map_err(|error| format!("provided bad location {name}: {error}"))?;
                (zone, rest.trim())
            }
            None => (TimeZone::UTC, text),
        };
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        if text.starts_with('@') {
            return descriptor(text, zone);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        };
        let fields = Fields {
            minute: field(minute, 0, 59, &[])?.bits,
            hour: field(hour, 0, 23, &[])?.bits,
            day: field(day, 1, 31, &[])?,
            month: field(month, 1, 12, &MONTHS)?.bits,
            weekday: field(weekday, 0, 6, &WEEKDAYS)?,
            zone,
        };
        Ok(Self::Fields(Box::new(fields)))
    }

    /// The first moment after this one at which the schedule is due.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(delay) => {
                let whole = Timestamp::from_second(after.as_second()).ok()?;
                whole.checked_add(*delay).ok()
            }
            Self::Fields(fields) => fields.next(after),
        }
    }
}

impl Fields {
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let local = self.zone.to_datetime(after);
        let mut at = local.with().second(0).subsec_nanosecond(0).build().ok()?.checked_add(1.minute()).ok()?;
        let last_year = at.year().saturating_add(MAX_YEARS);
        while at.year() <= last_year {
            if self.month & bit(i64::from(at.month())) == 0 {
                at = at.first_of_month().checked_add(1.month()).ok()?.date().to_datetime(jiff::civil::Time::midnight());
            } else if !self.is_day(at) {
                at = at.date().tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight());
            } else if self.hour & bit(i64::from(at.hour())) == 0 {
                at = at.with().minute(0).build().ok()?.checked_add(1.hour()).ok()?;
            } else if self.minute & bit(i64::from(at.minute())) == 0 {
                // To the next minute of this hour that matches, or else to the next hour.
                let later = self.minute >> at.minute();
                let minutes = if later == 0 { 60 - i64::from(at.minute()) } else { later.trailing_zeros().into() };
                at = at.checked_add(minutes.minutes()).ok()?;
            } else {
                let found = self.zone.to_timestamp(at).ok()?;
                // A clock that is put back shows a moment twice: the first is enough.
                if found > after {
                    return Some(found);
                }
                at = at.checked_add(1.minute()).ok()?;
            }
        }
        None
    }

    /// Both fields of days must match, or one of them when both say something.
    fn is_day(&self, at: DateTime) -> bool {
        let day = self.day.bits & bit(i64::from(at.day())) != 0;
        let weekday = self.weekday.bits & bit(i64::from(at.weekday().to_sunday_zero_offset())) != 0;
        if self.day.is_star || self.weekday.is_star { day && weekday } else { day || weekday }
    }
}

/// A time zone by its name in the IANA database.
pub(super) fn time_zone(name: &str) -> Result<TimeZone, String> {
    match name {
        "" | "UTC" => Ok(TimeZone::UTC),
        name => TimeZone::get(name).map_err(|_| format!("unknown time zone {name}")),
    }
}

fn descriptor(text: &str, zone: TimeZone) -> Result<Schedule, String> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let every = text.strip_prefix("@every ").ok_or_else(|| format!("unrecognized descriptor: {text}"))?;
            let delay = go_duration(every).ok_or_else(|| format!("failed to parse duration {text}"))?;
            return Ok(Schedule::Every(delay.max(SignedDuration::from_secs(1))));
        }
    };
    match Schedule::parse(fields)? {
        Schedule::Fields(fields) => Ok(Schedule::Fields(Box::new(Fields { zone, ..*fields }))),
        every => Ok(every),
    }
}

/// `1h30m`, `90s`: whole numbers of Go's units down to seconds.
fn go_duration(text: &str) -> Option<SignedDuration> {
    let (mut seconds, mut number) = (0_i64, None::<i64>);
    for letter in text.chars() {
        if let Some(digit) = letter.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(i64::from(digit))?);
            continue;
        }
        let unit = match letter {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && seconds > 0).then(|| SignedDuration::from_secs(seconds))
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn field(text: &str, min: i64, max: i64, names: &[&str]) -> Result<Field, String> {
    let mut field = Field { bits: 0, is_star: false };
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (bits, is_star) = range(part, min, max, names)?;
        field.bits |= bits;
        field.is_star |= is_star;
    }
    Ok(field)
}

/// `*`, `N`, `N-M`, each with `/STEP`.
fn range(text: &str, min: i64, max: i64, names: &[&str]) -> Result<(u64, bool), String> {
    let number = |word: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(word));
        let named = named.and_then(|index| i64::try_from(index).ok()).map(|index| index + min);
        match named {
            Some(number) => Ok(number),
            None => word.parse::<i64>().map_err(|_| {
                format!("failed to parse int from {word}: strconv.Atoi: parsing {word:?}: invalid syntax")
            }),
        }
    };
    let (span, step) = match text.split_once('/') {
        Some((_, step)) if step.contains('/') => return Err(format!("too many slashes: {text}")),
        Some((span, step)) => (span, Some(number(step)?)),
        None => (text, None),
    };
    let is_every = span == "*" || span == "?";
    let (first, last) = match span.split_once('-') {
        _ if is_every => (min, max),
        Some((_, last)) if last.contains('-') => return Err(format!("too many hyphens: {text}")),
        Some((first, last)) => (number(first)?, number(last)?),
        // `5/15` is `5-59/15`.
        None if step.is_some() => (number(span)?, max),
        None => (number(span)?, number(span)?),
    };
    let step = step.unwrap_or(1);
    if first < 0 || last < 0 || step < 0 {
        return Err(format!("negative number ({}) not allowed: {text}", first.min(last).min(step)));
    }
    if first < min {
        return Err(format!("beginning of range ({first}) below minimum ({min}): {text}"));
    }
    if last > max {
        return Err(format!("end of range ({last}) above maximum ({max}): {text}"));
    }
    if first > last {
        return Err(format!("beginning of range ({first}) beyond end of range ({last}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    let values = std::iter::successors(Some(first), |value| value.checked_add(step)).take_while(|value| *value <= last);
    Ok((values.fold(0, |bits, value| bits | bit(value)), is_every && step == 1))
}

fn bit(value: i64) -> u64 {
    u32::try_from(value).ok().and_then(|value| 1_u64.checked_shl(value)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    /// The moments at which a schedule is due after the first, in UTC.
    #[track_caller]
    fn check(schedule: &str, after: &str, due: &[&str]) {
        let Ok(schedule) = Schedule::parse(schedule) else { panic!("{schedule} is not read") };
        let Ok(mut at) = after.parse() else { panic!("no time: {after}") };
        for wanted in due {
            let found = schedule.next(at);
            assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(*wanted));
            at = found.unwrap_or(at);
        }
    }

    #[track_caller]
    fn refused(schedule: &str, error: &str) {
        assert_eq!(Schedule::parse(schedule).err().as_deref(), Some(error));
    }

    #[test]
    fn fields_lists_ranges_and_steps() {
        check("*/15 * * * *", "2024-03-04T09:14:59Z", &["2024-03-04T09:15:00Z", "2024-03-04T09:30:00Z"]);
        check("*/15 * * * *", "2024-03-04T09:15:00Z", &["2024-03-04T09:30:00Z"]);
        check("5/20 1-2 * * *", "2024-03-04T00:00:00Z", &["2024-03-04T01:05:00Z", "2024-03-04T01:25:00Z"]);
        check("0 2 * * *", "2024-12-31T02:00:00Z", &["2025-01-01T02:00:00Z"]);
        check("0 0 29 2 *", "2024-03-01T00:00:00Z", &["2028-02-29T00:00:00Z"]);
        check("0 0 * jan,JUL *", "2024-01-31T00:00:00Z", &["2024-07-01T00:00:00Z"]);
    }

    #[test]
    fn days_of_month_and_week_are_both_or_either() {
        check("0 0 13 * fri", "2024-09-01T00:00:00Z", &["2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z"]);
        check("0 0 * * mon-tue", "2024-09-01T00:00:00Z", &["2024-09-02T00:00:00Z", "2024-09-03T00:00:00Z"]);
        check("0 0 15 * *", "2024-09-01T00:00:00Z", &["2024-09-15T00:00:00Z"]);
    }

    #[test]
    fn descriptors_and_zones() {
        check("@hourly", "2024-03-04T09:14:59Z", &["2024-03-04T10:00:00Z"]);
        check("@weekly", "2024-03-04T09:14:59Z", &["2024-03-10T00:00:00Z"]);
        check("@every 1m30s", "2024-03-04T09:00:00Z", &["2024-03-04T09:01:30Z", "2024-03-04T09:03:00Z"]);
        check("TZ=Europe/Berlin 0 9 * * *", "2024-03-30T12:00:00Z", &["2024-03-31T07:00:00Z"]);
        check("CRON_TZ=America/New_York @daily", "2024-01-01T12:00:00Z", &["2024-01-02T05:00:00Z"]);
    }

    #[test]
    fn what_is_wrong_is_told_as_upstream_tells_it() {
        refused("* * * *", "expected exactly 5 fields, found 4: [* * * *]");
        refused("60 * * * *", "end of range (60) above maximum (59): 60");
        refused("* * * * 7", "end of range (7) above maximum (6): 7");
        refused("* * 0 * *", "beginning of range (0) below minimum (1): 0");
        refused("*/0 * * * *", "step of range should be a positive number: */0");
        refused("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1");
        refused("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax");
        refused("@sometimes", "unrecognized descriptor: @sometimes");
        refused("TZ=Nowhere/Land * * * * *", "provided bad location Nowhere/Land: unknown time zone Nowhere/Land");
        assert!(Schedule::parse("0 0 31 2 *").is_ok_and(|never| never.next(jiff::Timestamp::UNIX_EPOCH).is_none()));
    }
}
