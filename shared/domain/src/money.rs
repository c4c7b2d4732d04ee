use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// An ISO 4217 currency for payments: one that has minor units, or is defined to have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Currency(iso_currency::Currency);

/// Why a string is not a [`Currency`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 currency code, such as USD")]
pub struct InvalidCurrency;

impl Currency {
    /// The three letters, such as `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The number of decimals of an amount: 2 for USD, 0 for JPY.
    fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(code: &str) -> Result<Self, InvalidCurrency> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(InvalidCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(code: String) -> Result<Self, InvalidCurrency> {
        code.parse()
    }
}

impl From<Currency> for &'static str {
    fn from(currency: Currency) -> Self {
        currency.code()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An exact decimal number in JSON: `950.40`, never a float. Its currency is a separate field.
///
/// It reads and writes JSON numbers through [`RawValue`], so it works with `serde_json` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(Decimal);

/// The most digits that a [`Decimal`] holds without rounding.
const MAX_DIGITS: usize = 28;

/// Why a JSON value is not an [`Amount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number of at most 28 digits, such as 950.40")]
pub struct InvalidAmount;

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(number: &str) -> Result<Self, InvalidAmount> {
        if !number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Err(InvalidAmount);
        }
        // Keeps the digits as written if possible, so that an amount is shown as it was read.
        let number = if digits(number) > MAX_DIGITS { without_trailing_zeros(number) } else { number.into() };
        if digits(&number) > MAX_DIGITS {
            return Err(InvalidAmount);
        }
        // Exponents are legal JSON too.
        Decimal::from_str_exact(&number)
            .or_else(|_| Decimal::from_scientific(&number))
            .map(Self)
            .map_err(|_| InvalidAmount)
    }
}

fn digits(number: &str) -> usize {
    number.bytes().filter(u8::is_ascii_digit).count()
}

/// The same number without trailing zeros in its fraction.
fn without_trailing_zeros(number: &str) -> Cow<'_, str> {
    let (mantissa, exponent) = number.split_at(number.find(['e', 'E']).unwrap_or(number.len()));
    match mantissa.trim_end_matches('0') {
        whole if whole.len() == mantissa.len() || !mantissa.contains('.') => number.into(),
        shorter => format!("{}{exponent}", shorter.trim_end_matches('.')).into(),
    }
}

impl From<u32> for Amount {
    fn from(whole: u32) -> Self {
        Self(whole.into())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        number.get().parse().map_err(D::Error::custom)
    }
}

/// A sum of money, never negative: whole minor units (cents) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    minor: u64,
    currency: Currency,
}

/// Why money could not be created or added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Money is never negative.
    #[error("must not be negative")]
    Negative,
    /// More decimals than the currency has.
    #[error("must have at most {decimals} decimals in {currency}")]
    TooPrecise {
        /// The number of decimals of the currency.
        decimals: u32,
        /// The currency.
        currency: Currency,
    },
    /// More than 64 bits hold.
    #[error("is too large")]
    TooLarge,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    CurrencyMismatch(Currency, Currency),
}

impl Money {
    /// Zero, in this currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    /// Money in minor units: `from_minor(95_040, USD)` is 950.40 dollars.
    #[must_use]
    pub fn from_minor(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads an amount in its currency.
    ///
    /// # Errors
    /// When it is negative, finer than the currency's minor unit, or beyond 64 bits.
    pub fn from_amount(amount: Amount, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = currency.decimals();
        let amount = amount.0.normalize();
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(MoneyError::Negative);
        }
        if amount.scale() > decimals {
            return Err(MoneyError::TooPrecise { decimals, currency });
        }
        let unit = Decimal::from(10_u64.pow(decimals));
        let minor = amount.checked_mul(unit).and_then(|minor| u64::try_from(minor).ok());
        minor.map(|minor| Self { minor, currency }).ok_or(MoneyError::TooLarge)
    }

    /// The exact decimal, with all of the currency's decimals: 950.40.
    #[must_use]
    pub fn amount(self) -> Amount {
        Amount(Decimal::from_i128_with_scale(self.minor.into(), self.currency.decimals()))
    }

    /// Whole minor units.
    #[must_use]
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The sum of both.
    ///
    /// # Errors
    /// When the currencies differ or the sum is beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// This money multiplied by `times`.
    ///
    /// # Errors
    /// When the product is beyond 64 bits.
    pub fn checked_mul(self, times: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(times.into()).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn money(number: &str, code: &str) -> Result<Money, MoneyError> {
        Money::from_amount(serde_json::from_str(number).unwrap(), currency(code))
    }

    fn any_currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(vec!["USD", "EUR", "JPY", "BHD"]).prop_map(currency)
    }

    proptest! {
        #[test]
        fn money_survives_json_to_the_last_digit(minor in 0..=u64::MAX, currency in any_currency()) {
            let money = Money::from_minor(minor, currency);
            let json = serde_json::to_string(&money.amount()).unwrap();
            let amount: Amount = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(Money::from_amount(amount, currency), Ok(money));
        }

        #[test]
        fn multiplying_is_adding_again_and_again(minor in 0..1_000_000_000_u64, times in 0..99_u32) {
            let money = Money::from_minor(minor, currency("USD"));
            let sum = (0..times).try_fold(Money::zero(money.currency()), |sum, _| sum.checked_add(money));
            prop_assert_eq!(sum, money.checked_mul(times));
        }
    }

    #[test]
    fn an_amount_keeps_its_decimals() {
        assert_eq!(money("950.4", "USD").unwrap().amount().to_string(), "950.40");
        assert_eq!(money("950", "JPY").unwrap().amount().to_string(), "950");
        assert_eq!(money("0.001", "BHD").unwrap().minor(), 1);
        assert_eq!(money("9.5e2", "USD").unwrap().minor(), 95_000);
        assert_eq!(money("950.400", "USD").unwrap().minor(), 95_040);
        assert_eq!(money("-0", "USD").unwrap().minor(), 0);
    }

    #[test]
    fn an_amount_is_its_value() {
        for same in [
            "950.4",
            "950.40",
            "9.504e2",
            "9.504E+2",
            "95040e-2",
            "950.400000000000000000000000000000000",
            "950.40e0",
        ] {
            assert_eq!(money(same, "USD").unwrap().minor(), 95_040, "{same}");
        }
        for same in ["0", "-0", "0.00", "0e9", "-0.0", "0.0e0"] {
            assert_eq!(money(same, "USD").unwrap().minor(), 0, "{same}");
        }
        assert_eq!("950.40".parse::<Amount>().unwrap().to_string(), "950.40", "it is shown as it was read");
        assert_eq!(money("100", "JPY").unwrap().minor(), 100);
        assert_eq!(money("1.0e2", "JPY").unwrap().minor(), 100);
    }

    #[test]
    fn the_example_of_the_shop_adds_up() {
        let total = money("950.40", "USD").unwrap().checked_mul(2).unwrap();
        assert_eq!(total.checked_add(money("870", "USD").unwrap()).unwrap().to_string(), "2770.80 USD");
    }

    #[test]
    fn bad_amounts_are_refused() {
        let usd = currency("USD");
        assert_eq!(money("0.001", "USD"), Err(MoneyError::TooPrecise { decimals: 2, currency: usd }));
        assert_eq!(
            money("0.5", "JPY"),
            Err(MoneyError::TooPrecise { decimals: 0, currency: currency("JPY") })
        );
        assert_eq!(money("-1", "USD"), Err(MoneyError::Negative));
        assert_eq!(money("1e20", "USD"), Err(MoneyError::TooLarge));
        for bad in [
            "10.00000000000000000000000000000001e0",
            r#""950.40""#,
            "true",
            "null",
            "[1]",
            "1e400",
            "1e-400",
            r#"{"a":1}"#,
        ] {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sums_beyond_counting_and_across_currencies_are_refused() {
        let much = Money::from_minor(u64::MAX, currency("USD"));
        assert_eq!(much.checked_add(Money::from_minor(1, currency("USD"))), Err(MoneyError::TooLarge));
        assert_eq!(much.checked_mul(2), Err(MoneyError::TooLarge));
        assert!(matches!(
            much.checked_add(Money::zero(currency("EUR"))),
            Err(MoneyError::CurrencyMismatch(..))
        ));
    }

    #[test]
    fn gold_and_nonsense_are_no_currencies() {
        for bad in ["XAU", "usd", "", "DOLLAR"] {
            assert_eq!(bad.parse::<Currency>(), Err(InvalidCurrency), "{bad}");
        }
    }
}
