//! Request bodies that staff send about the stock.

use domain::WholeNumber;
use lambdakit::Problem;
use lambdakit::http::fields::Fields;
use serde::Deserialize;
use serde_json::Number;

/// How many units came in: 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Number")]
pub(crate) struct ReceivedUnits(u32);

/// Why a number is not a valid number of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", ReceivedUnits::MAX)]
pub(crate) struct InvalidLineQuantity;

impl ReceivedUnits {
    /// The most units in one delivery.
    pub(crate) const MAX: u32 = 1_000_000;

    /// The bare number.
    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<Number> for ReceivedUnits {
    type Error = InvalidLineQuantity;

    fn try_from(number: Number) -> Result<Self, InvalidLineQuantity> {
        let units = WholeNumber::try_from(number).ok().and_then(|units| u32::try_from(units.get()).ok());
        units.filter(|units| (1..=Self::MAX).contains(units)).map(Self).ok_or(InvalidLineQuantity)
    }
}

/// A receipt, for `POST /stock/{productId}/receipts`.
pub(crate) fn receipt(body: &[u8]) -> Result<ReceivedUnits, Problem> {
    let mut fields = Fields::parse(body)?;
    fields.required("quantity").ok_or_else(|| fields.invalid())
}
