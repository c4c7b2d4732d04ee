//! Request bodies of the product API. Fields that only the shop sets (`id`, `version`, the dates)
//! are ignored, so that a product can be sent back as it was read.

use domain::Currency;
use domain::product::{Price, ProductDetails, ProductPatch};
use lambdakit::Problem;
use lambdakit::http::fields::Fields;

/// A whole product, for `POST` and `PUT`.
pub(crate) fn details(body: &[u8], currency: Currency) -> Result<ProductDetails, Problem> {
    let mut fields = Fields::parse(body)?;
    let read = (
        fields.required("name"),
        fields.optional_text("description"),
        fields.optional_text("imageFile"),
        fields.required("category"),
        price(&mut fields, currency),
        shop_currency(&mut fields, currency),
    );
    let (Some(name), Some(description), Some(image_file), Some(category), Some(price), Some(())) = read
    else {
        return Err(fields.invalid());
    };
    Ok(ProductDetails { name, description, image_file, category, price })
}

/// Some fields of a product, for `PATCH`: a JSON merge patch (RFC 7396).
pub(crate) fn patch(body: &[u8], currency: Currency) -> Result<ProductPatch, Problem> {
    let mut fields = Fields::parse(body)?;
    let read = (
        fields.change("name"),
        fields.removal_text("description"),
        fields.removal_text("imageFile"),
        fields.change("category"),
        new_price(&mut fields, currency),
        shop_currency(&mut fields, currency),
    );
    let (Some(name), Some(description), Some(image_file), Some(category), Some(price), Some(())) = read
    else {
        return Err(fields.invalid());
    };
    Ok(ProductPatch { name, description, image_file, category, price })
}

fn price(fields: &mut Fields, currency: Currency) -> Option<Price> {
    let amount = fields.required("price")?;
    fields.check("price", Price::from_amount(amount, currency))
}

fn new_price(fields: &mut Fields, currency: Currency) -> Option<Option<Price>> {
    match fields.change("price")? {
        Some(amount) => fields.check("price", Price::from_amount(amount, currency)).map(Some),
        None => Some(None),
    }
}

/// The shop sells in one currency, so that every basket adds up.
fn shop_currency(fields: &mut Fields, currency: Currency) -> Option<()> {
    let sent = fields.optional_text::<Currency>("currency")?;
    let right = sent.is_none_or(|sent| sent == currency);
    fields.check("currency", right.then_some(()).ok_or(format!("must be {currency}, the shop's currency")))
}
