use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A moment in UTC, exact to the millisecond; written as in RFC 3339, `2026-01-31T12:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "DateTime<Utc>")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The current time of the system clock.
    #[must_use]
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// Milliseconds since 1970; a number beyond the year 262,000 becomes 1970.
    #[must_use]
    pub fn from_unix_millis(millis: u64) -> Self {
        Self(i64::try_from(millis).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default())
    }

    /// Milliseconds since 1970; zero for earlier times.
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.timestamp_millis()).unwrap_or_default()
    }

    /// Seconds since 1970, the unit of a DynamoDB time to live.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The time to the minute, for display: `2026-01-31 12:00 UTC`.
    #[must_use]
    pub fn to_minute(self) -> String {
        self.0.format("%F %H:%M UTC").to_string()
    }

    /// The next millisecond: the earliest time that differs from this one.
    #[must_use]
    pub fn just_after(self) -> Self {
        Self(self.0 + TimeDelta::milliseconds(1))
    }

    /// This time plus a duration; a time beyond the year 262,000 becomes this one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let moment = TimeDelta::from_std(duration).ok().and_then(|delta| self.0.checked_add_signed(delta));
        moment.map_or(self, Self::from)
    }

    /// This time plus `days` days.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0 + TimeDelta::days(i64::from(days)))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(moment): Timestamp) -> Self {
        moment.into()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(3))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A span of time, both ends included, given by a date: one instant (`2026-01-31T12:00:00.000Z`) or
/// one day in UTC (`2026-01-31`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first millisecond of the span.
    pub first: Timestamp,
    /// The last millisecond of the span.
    pub last: Timestamp,
}

/// Why a string is not a [`DateRange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date (2026-01-31) or an RFC 3339 time (2026-01-31T12:00:00.000Z)")]
pub struct InvalidDate;

impl FromStr for DateRange {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        // Years have four digits (RFC 3339 section 5.6); later ones would not fit into a UUID v7.
        let has_space = text.contains(|c: char| c.is_whitespace());
        if !text.starts_with(|c: char| c.is_ascii_digit()) || text.find('-') != Some(4) || has_space {
            return Err(InvalidDate);
        }
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            let moment = moment.to_utc().into();
            return Ok(Self { first: moment, last: moment });
        }
        let midnight = Some(text)
            .filter(|text| text.len() == "2026-01-31".len())
            .and_then(|text| NaiveDate::from_str(text).ok())
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .ok_or(InvalidDate)?
            .and_utc();
        let last = midnight
            .checked_add_signed(TimeDelta::days(1) - TimeDelta::milliseconds(1))
            .ok_or(InvalidDate)?;
        Ok(Self { first: midnight.into(), last: last.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_milliseconds_always() {
        assert_eq!(Timestamp::from_unix_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        let parsed: Timestamp = serde_json::from_str(r#""2026-01-31T12:00:00.123456+02:00""#).unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), r#""2026-01-31T10:00:00.123Z""#);
    }

    #[test]
    fn a_duration_is_added_unless_it_leads_beyond_all_times() {
        let epoch = Timestamp::from_unix_millis(0);
        let later = epoch.plus(Duration::from_millis(90_500));
        assert_eq!(later.to_string(), "1970-01-01T00:01:30.500Z");
        assert_eq!(SystemTime::from(later), SystemTime::UNIX_EPOCH + Duration::from_millis(90_500));
        assert_eq!(epoch.plus(Duration::MAX), epoch);
    }

    #[test]
    fn a_date_spans_its_whole_day() {
        let day: DateRange = "2026-01-31".parse().unwrap();
        assert_eq!(day.first.to_string(), "2026-01-31T00:00:00.000Z");
        assert_eq!(day.last.to_string(), "2026-01-31T23:59:59.999Z");
    }

    #[test]
    fn a_time_spans_its_millisecond() {
        let instant: DateRange = "2026-01-31T12:00:00.5Z".parse().unwrap();
        assert_eq!(instant.first, instant.last);
    }

    #[test]
    fn a_time_is_its_instant() {
        let noon: DateRange = "2026-01-31T12:00:00.000Z".parse().unwrap();
        for same in [
            "2026-01-31T12:00:00Z",
            "2026-01-31t12:00:00z",
            "2026-01-31T14:00:00+02:00",
            "2026-01-31T12:00:00-00:00",
            "2026-01-31T12:00:00.0009Z",
        ] {
            assert_eq!(same.parse(), Ok(noon), "{same}");
        }
    }

    #[test]
    fn invalid_dates_are_refused() {
        for bad in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-01-31T12:00:00",
            "+10889-08-02",
            "-0001-01-01",
            "10889-08-02",
            "2026-1-31",
            "2026-01-31 ",
            "2026- 1-31",
            "2026-01-31 12:00:00Z",
            "2026-01-31T12:00:00 02:00",
            "2026-01-31T12:00:00+0200",
        ] {
            assert_eq!(bad.parse::<DateRange>(), Err(InvalidDate), "{bad}");
        }
    }
}
