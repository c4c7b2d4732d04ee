//! `cargo xtask mail`: mails to customers, from a shop that stores them instead of sending them.

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::{Value, json};
use xtask_common::paths::Paths;
use xtask_common::shop::aws::{Aws, Service};

use crate::target::Shop;
use crate::target::ShopArgs;

#[derive(Parser)]
pub struct Args {
    /// Only mails about this order
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// Print the HTML, not the text
    #[arg(long)]
    html: bool,
    #[command(flatten)]
    shop: ShopArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let shop = Shop::find(paths, &args.shop)?;
    let table = shop.outputs.tables.get("mail").context("this shop writes no mail yet; deploy it again")?;
    let mut mails = mails(&shop.aws, table, args.order.as_deref())?;
    if mails.is_empty() {
        println!("no mails");
    }
    // Times are formatted so that they sort as text.
    mails.sort_by(|one, other| one.at().cmp(other.at()));
    for mail in &mails {
        println!("{}", mail.shown(args.html));
    }
    Ok(())
}

/// Reads the whole table, which is fine for a small shop.
fn mails(aws: &Aws, table: &str, order: Option<&str>) -> Result<Vec<Mail>> {
    let mut scan = scan(table, order);
    let mut mails = Vec::new();
    loop {
        let mut page = aws.call(Service::DynamoDb, "Scan", &scan)?;
        let Value::Array(items) = page["Items"].take() else { return Ok(mails) };
        mails.extend(items.into_iter().map(Mail));
        if page["LastEvaluatedKey"].is_null() {
            return Ok(mails);
        }
        scan["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
    }
}

fn scan(table: &str, order: Option<&str>) -> Value {
    let mut values = json!({ ":mail": { "S": "mail#" } });
    // An erased mail has no order any more.
    let filter = match order {
        None => "begins_with(#item, :mail) AND attribute_exists(orderId)",
        Some(order) => {
            values[":order"] = json!({ "S": order });
            "begins_with(#item, :mail) AND orderId = :order"
        }
    };
    json!({
        "TableName": table,
        "FilterExpression": filter,
        "ExpressionAttributeNames": { "#item": "item" },
        "ExpressionAttributeValues": values,
    })
}

/// A row of the table, as DynamoDB writes it in JSON.
struct Mail(Value);

impl Mail {
    fn attribute(&self, name: &str) -> &str {
        self.0[name]["S"].as_str().unwrap_or_default()
    }

    fn at(&self) -> &str {
        self.attribute("at")
    }

    fn shown(&self, html: bool) -> String {
        let [occasion, status, order, to, subject] = ["occasion", "status", "orderId", "to", "subject"]
            .map(|name| harmless(self.attribute(name)).replace('\n', " "));
        let head = format!("{}  {occasion}  {status}", harmless(self.at()));
        let letter = harmless(self.attribute(if html { "html" } else { "text" }));
        if letter.is_empty() {
            // Mails that were sent have no stored content.
            return format!("{head}\nOrder: {order}\n");
        }
        format!("{head}\nTo: {to}\nSubject: {subject}\n\n{}", indented(&letter))
    }
}

/// A line above each mail, to separate them.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

/// Removes control characters, which could move the cursor or worse: names may contain anything.
fn harmless(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail(json!({
            "at": { "S": "2026-01-31T12:02:00.000Z" },
            "orderId": { "S": "o-1" },
            "occasion": { "S": "PAID" },
            "status": { "S": "KEPT" },
            "to": { "S": "name@example.com" },
            "subject": { "S": "Your order is paid" },
            "text": { "S": "Hello Gr\u{1b}[2Jace,\n\nIt is paid.\n" },
            "html": { "S": "<p>Hello</p>" },
        }))
    }

    #[test]
    fn a_mail_is_shown_as_it_would_be_read_and_never_raw() {
        let shown = mail().shown(false);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(
            lines,
            [
                "2026-01-31T12:02:00.000Z  PAID  KEPT",
                "To: name@example.com",
                "Subject: Your order is paid",
                "",
                "    Hello Gr [2Jace,",
                "",
                "    It is paid.",
            ]
        );
        assert!(mail().shown(true).ends_with("\n\n    <p>Hello</p>\n"), "{}", mail().shown(true));
    }

    #[test]
    fn sent_mails_are_shown_without_their_text() {
        let Mail(mut row) = mail();
        for name in ["to", "subject", "text", "html"] {
            row.as_object_mut().unwrap().remove(name);
        }
        row["status"]["S"] = json!("SENT");
        assert_eq!(Mail(row).shown(false), "2026-01-31T12:02:00.000Z  PAID  SENT\nOrder: o-1\n");
    }

    #[test]
    fn mails_of_one_order_are_found_without_those_of_others() {
        let all = scan("t", None);
        assert!(!all["FilterExpression"].as_str().unwrap().contains(":order"));
        let one = scan("t", Some("o-1"));
        assert!(one["FilterExpression"].as_str().unwrap().ends_with("orderId = :order"));
        assert_eq!(one["ExpressionAttributeValues"][":order"]["S"], "o-1");
    }
}
