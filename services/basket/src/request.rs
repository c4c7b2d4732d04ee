//! Request bodies of the basket API. Product names and prices in them are ignored: those come from
//! the catalogue.

use domain::basket::{Basket, Color, Quantity};
use domain::card::contains_card_number;
use domain::checkout::{Address, Email, Payment, PaymentToken, PersonName, Recipient};
use domain::{Currency, Money, ProductId, UserName};
use lambdakit::Problem;
use lambdakit::http::fields::Fields;

/// Units of a product that a customer wants.
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
    let product_id = fields.required("productId");
    let color: Option<Option<Color>> = fields.optional_text("color");
    let color = without_card(fields, "color", color, |color| color.as_ref().map(Color::as_str));
    let read = (product_id, color, fields.required("quantity"));
    let (Some(product_id), Some(color), Some(quantity)) = read else { return None };
    Some(Item { product_id, color, quantity })
}

/// A checkout.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) user_name: UserName,
    pub(crate) recipient: Recipient,
    pub(crate) payment: Payment,
    /// The total that the customer was shown. A higher or lower total is rejected.
    pub(crate) expected_total: Option<Money>,
}

/// Names of fields that hold card data in the APIs of payment providers and other shops, in lower
/// case and reduced to letters and digits.
const CARD_FIELDS: [&str; 56] = [
    "card",
    "cardcode",
    "cardcvc",
    "cardcvv",
    "cardcvv2",
    "carddata",
    "carddetails",
    "cardexp",
    "cardexpiration",
    "cardexpirationdate",
    "cardexpirationmonth",
    "cardexpirationyear",
    "cardexpiry",
    "cardexpirydate",
    "cardexpirymonth",
    "cardexpiryyear",
    "cardexpmonth",
    "cardexpyear",
    "cardholder",
    "cardholdername",
    "cardinfo",
    "cardname",
    "cardno",
    "cardnum",
    "cardnumber",
    "cardpan",
    "cardpin",
    "cardsecuritycode",
    "cardsecuritynumber",
    "cardverificationcode",
    "cardverificationvalue",
    "ccnum",
    "ccnumber",
    "creditcard",
    "creditcardno",
    "creditcardnumber",
    "cvc",
    "cvc2",
    "cvv",
    "cvv2",
    "debitcard",
    "debitcardnumber",
    "expiration",
    "expirationdate",
    "expirationmonth",
    "expirationyear",
    "expiry",
    "expirydate",
    "expirymonth",
    "expiryyear",
    "nameoncard",
    "pan",
    "paymentcard",
    "primaryaccountnumber",
    "securitycode",
    "trackdata",
];

const NO_CARD_FIELDS: &str = "must not carry card data: send a paymentToken";
const NO_CARD_NUMBER: &str = "must not contain a card number";

/// Whether a field has one of the [`CARD_FIELDS`] names, in any case and with any word separators.
fn is_card_field(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    CARD_FIELDS.contains(&&*name.to_ascii_lowercase())
}

/// Rejects a text that contains a card number. Only the fields that are read can be stored or
/// published.
fn without_card<T>(
    fields: &mut Fields,
    name: &str,
    value: Option<T>,
    text: fn(&T) -> Option<&str>,
) -> Option<T> {
    let is_right = |value: &T| text(value).is_none_or(|text| !contains_card_number(text));
    fields.ensure(name, value, is_right, NO_CARD_NUMBER)
}

/// A checkout, for `POST /basket/checkout`. Fields that name card data are rejected anywhere in the
/// body, and card numbers in the texts that are read. The user name is not checked: customers
/// choose it, and it can contain any digits.
pub(crate) fn checkout(body: &[u8], currency: Currency) -> Result<Checkout, Problem> {
    let mut fields = Fields::parse(body)?;
    let no_card_fields = fields.forbid_names(NO_CARD_FIELDS, is_card_field);
    let user_name = fields.required("userName");
    let first_name = person_name(&mut fields, "firstName");
    let last_name = person_name(&mut fields, "lastName");
    let email: Option<Email> = fields.required("email");
    let email = without_card(&mut fields, "email", email, |email| Some(email.reveal().as_str()));
    let address: Option<Address> = fields.required("address");
    let address = without_card(&mut fields, "address", address, |address| Some(address.reveal().as_str()));
    let method = fields.required("paymentMethod");
    let token: Option<Option<PaymentToken>> = fields.optional_text("paymentToken");
    let token = without_card(&mut fields, "paymentToken", token, |token| {
        token.as_ref().map(|token| token.reveal().as_str())
    });
    let read = (
        user_name,
        first_name,
        last_name,
        email,
        address,
        method,
        token,
        expected_total(&mut fields, currency),
        no_card_fields,
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

fn person_name(fields: &mut Fields, field: &str) -> Option<PersonName> {
    let name = fields.required(field);
    without_card(fields, field, name, |name: &PersonName| Some(name.reveal().as_str()))
}

fn expected_total(fields: &mut Fields, currency: Currency) -> Option<Option<Money>> {
    match fields.optional("expectedTotal")? {
        Some(amount) => fields.check("expectedTotal", Money::from_amount(amount, currency)).map(Some),
        None => Some(None),
    }
}
