//! What clients say about baskets. What they say about names and prices of products is ignored:
//! those come from the catalogue.

use domain::basket::{Basket, Color, Quantity};
use domain::checkout::{Payment, Recipient, contains_card_number};
use domain::{Currency, Money, ProductId, UserName};
use lambdakit::Problem;
use lambdakit::fields::Fields;

/// Pieces of a product that a customer wants.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) product_id: ProductId,
    pub(crate) color: Option<Color>,
    pub(crate) quantity: Quantity,
}

/// A whole basket, for `POST /basket`.
pub(crate) fn basket(body: &[u8]) -> Result<(UserName, Vec<Item>), Problem> {
    let mut fields = Fields::parse(body)?;
    let user_name = fields.required("userName");
    let items = fields.each("items", Basket::MAX_LINES, read_item);
    let (Some(user_name), Some(items)) = (user_name, items) else { return Err(fields.invalid()) };
    Ok((user_name, items))
}

/// One item, for `POST /basket/{userName}/items`.
pub(crate) fn item(body: &[u8]) -> Result<Item, Problem> {
    let mut fields = Fields::parse(body)?;
    read_item(&mut fields).ok_or_else(|| fields.invalid())
}

/// A new quantity, for `PATCH /basket/{userName}/items/{itemId}`.
pub(crate) fn quantity(body: &[u8]) -> Result<Quantity, Problem> {
    let mut fields = Fields::parse(body)?;
    fields.required("quantity").ok_or_else(|| fields.invalid())
}

fn read_item(fields: &mut Fields) -> Option<Item> {
    let read = (fields.required("productId"), fields.optional_text("color"), fields.required("quantity"));
    let (Some(product_id), Some(color), Some(quantity)) = read else { return None };
    Some(Item { product_id, color, quantity })
}

/// A checkout.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) user_name: UserName,
    pub(crate) recipient: Recipient,
    pub(crate) payment: Payment,
    /// What the customer was shown; they want nothing dearer, and nothing cheaper unseen.
    pub(crate) expected_total: Option<Money>,
}

/// Whether a field's name is one under which clients of other shops send card data.
fn is_card_field(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    name.starts_with("card") || ["cvc", "cvv", "expiration", "pan", "securitycode"].contains(&&*name)
}

/// A checkout, for `POST /basket/checkout`. Card data is refused wherever it stands in the body.
pub(crate) fn checkout(body: &[u8], currency: Currency) -> Result<Checkout, Problem> {
    let mut fields = Fields::parse(body)?;
    // A name is the customer's own choice, digits and all.
    let no_cards = fields.forbid(
        "must not carry card data: send a paymentToken",
        "userName",
        is_card_field,
        contains_card_number,
    );
    let read = (
        fields.required("userName"),
        fields.required("firstName"),
        fields.required("lastName"),
        fields.required("email"),
        fields.required("address"),
        fields.required("paymentMethod"),
        fields.optional_text("paymentToken"),
        expected_total(&mut fields, currency),
        no_cards,
    );
    let (
        Some(user_name),
        Some(first_name),
        Some(last_name),
        Some(email),
        Some(address),
        Some(method),
        Some(token),
        Some(expected_total),
        Some(()),
    ) = read
    else {
        return Err(fields.invalid());
    };
    Ok(Checkout {
        user_name,
        recipient: Recipient { first_name, last_name, email, address },
        payment: Payment { method, token },
        expected_total,
    })
}

fn expected_total(fields: &mut Fields, currency: Currency) -> Option<Option<Money>> {
    match fields.optional("expectedTotal")? {
        Some(amount) => fields.check("expectedTotal", Money::from_amount(amount, currency)).map(Some),
        None => Some(None),
    }
}
