//! What staff write about the stock.

use domain::WholeNumber;
use lambdakit::Problem;
use lambdakit::fields::Fields;
use serde::Deserialize;
use serde_json::Number;

/// How many pieces came in: 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Number")]
pub(crate) struct ReceivedPieces(u32);

/// Why a number is none of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", ReceivedPieces::MAX)]
pub(crate) struct InvalidPieces;

impl ReceivedPieces {
    /// The most that come in at once.
    pub(crate) const MAX: u32 = 1_000_000;

    /// The bare number.
    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<Number> for ReceivedPieces {
    type Error = InvalidPieces;

    fn try_from(number: Number) -> Result<Self, InvalidPieces> {
        let pieces = WholeNumber::try_from(number).ok().and_then(|pieces| u32::try_from(pieces.get()).ok());
        pieces.filter(|pieces| (1..=Self::MAX).contains(pieces)).map(Self).ok_or(InvalidPieces)
    }
}

/// A receipt, for `POST /stock/{productId}/receipts`.
pub(crate) fn receipt(body: &[u8]) -> Result<ReceivedPieces, Problem> {
    let mut fields = Fields::parse(body)?;
    fields.required("quantity").ok_or_else(|| fields.invalid())
}
