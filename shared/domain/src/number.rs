use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Number;

/// A non-negative whole number in any JSON form: `2`, `2.0` and `2e0` are one value (RFC 8259
/// section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Number")]
pub struct WholeNumber(u64);

/// Why a number is not a [`WholeNumber`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number, 0 or more")]
pub struct InvalidWholeNumber;

impl WholeNumber {
    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<Number> for WholeNumber {
    type Error = InvalidWholeNumber;

    fn try_from(number: Number) -> Result<Self, InvalidWholeNumber> {
        let fraction = || {
            let text = number.to_string();
            let decimal = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text)).ok()?;
            decimal.is_integer().then_some(decimal)?.try_into().ok()
        };
        number.as_u64().or_else(fraction).map(Self).ok_or(InvalidWholeNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<u64> {
        serde_json::from_str::<WholeNumber>(json).ok().map(WholeNumber::get)
    }

    #[test]
    fn a_whole_number_is_its_value() {
        for json in ["2", "2.0", "2e0", "0.2e1", "20e-1", "2E+0", "2.000"] {
            assert_eq!(read(json), Some(2), "{json}");
        }
        assert_eq!(
            (read("0"), read("-0"), read("-0.0"), read("1e3")),
            (Some(0), Some(0), Some(0), Some(1000))
        );
        assert_eq!(read("18446744073709551615"), Some(u64::MAX));
    }

    #[test]
    fn fractions_are_refused_as_whole_numbers() {
        for json in ["2.5", "-1", "-1.0", "1e-1", "1e300", "1e20", "\"2\"", "true", "null", "[2]"] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
