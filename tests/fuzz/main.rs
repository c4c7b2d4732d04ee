//! API fuzzing with Schemathesis: it sends requests that the description allows, and some that it
//! does not. No response may be a server error or undescribed.
//!
//! `FERROCART_CASES` is the number of generated requests per operation and caller. `FERROCART_SEED`
//! selects them. `cargo xtask test fuzz` sets both.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot run has failed"
)]

mod report;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use shop_tests::Shop;

use crate::report::Report;

const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
const CONFIG: &str = include_str!("schemathesis.toml");

/// The member of staff whom the tests sign in as.
const STAFF: &str = "ada";

/// Operations without sign-in, and their responses.
const PUBLIC: [&str; 5] = ["listProducts", "readProduct", "searchProducts", "readHealth", "readDescription"];
const PUBLIC_ANSWERS: &[&str] = &["2xx", "304", "400", "404", "412"];
/// Operations that need a signed request, which the fuzzer cannot make.
const SIGNED: [&str; 1] = ["receivePaymentWebhook"];
const SIGNED_ANSWERS: &[&str] = &["401"];

/// A caller of the API.
struct Caller {
    name: &'static str,
    /// Statuses allowed for a request that matches the schema. A schema cannot express all rules,
    /// such as valid cursors or the decimals of a price.
    answers: &'static [&'static str],
    /// The percentage of cases for this caller.
    share: u32,
}

#[test]
fn staff_get_what_is_described() {
    let shop = Shop::new();
    let answers = &["2xx", "304", "400", "404", "405", "409", "412", "422"];
    fuzz(&shop, Some(&shop), &Caller { name: "staff", answers, share: 100 });
}

#[test]
fn customers_get_what_is_described() {
    let shop = Shop::new();
    let answers = &["2xx", "304", "400", "403", "404", "405", "409", "412", "422"];
    fuzz(&shop, Some(&shop.customer()), &Caller { name: "customer", answers, share: 50 });
}

#[test]
fn anonymous_callers_get_only_the_catalogue() {
    let answers = &["401", "405"];
    fuzz(&Shop::new(), None, &Caller { name: "nobody", answers, share: 25 });
}

fn fuzz(shop: &Shop, signed_in: Option<&Shop>, caller: &Caller) {
    let cases = setting("FERROCART_CASES", 60) * caller.share / 100;
    let seed = setting("FERROCART_SEED", 20_260_131);
    let known = Known::new(shop, signed_in);
    let config = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schemathesis-{}.toml", caller.name));
    fs::write(&config, configuration(&known, signed_in, caller)).unwrap();
    let program = env::var_os("FERROCART_SCHEMATHESIS")
        .expect("FERROCART_SCHEMATHESIS is not set: run these tests with `cargo xtask test fuzz`");
    let [report, events] = ["json", "ndjson"].map(|kind| config.with_extension(kind));
    // Files of an earlier run must not count for this one.
    for file in [&report, &events].into_iter().filter(|file| file.exists()) {
        fs::remove_file(file).unwrap();
    }
    let mut schemathesis = Command::new(program);
    schemathesis
        .arg("--config-file")
        .arg(&config)
        .args(["run", DESCRIPTION, "--url", shop.output("/apiUrl")])
        .args(["--seed", &seed.to_string(), "--max-examples", &cases.to_string()])
        .arg("--report-json-path")
        .arg(&report)
        .arg("--report-ndjson-path")
        .arg(&events);
    let ran = known.while_baskets_fill(|| schemathesis.output().expect("Schemathesis"));
    let read = |file| fs::read_to_string(file).map_err(|error| format!("there is no report: {error}"));
    let verdict = || {
        let report = Report::parse(&read(&report)?).map_err(|error| error.to_string())?;
        report.passed(report::unsent(&read(&events)?).map_err(|error| error.to_string())?)
    };
    let made = verdict().unwrap_or_else(|problem: String| {
        let [said, complained] = [&ran.stdout, &ran.stderr].map(|output| String::from_utf8_lossy(output));
        panic!("{problem}\n{}\n{}", end(&said), end(&complained))
    });
    assert!(ran.status.success(), "{}", ran.status);
    assert!(made > 20 * cases, "{made} cases are few");
    println!("{}: {made} cases", caller.name);
}

/// Existing resources that requests can name, besides generated ones.
struct Known {
    owner: Shop,
    products: Vec<String>,
    items: Vec<String>,
    orders: Vec<String>,
}

impl Known {
    /// Resources of the signed-in customer, or of another one.
    fn new(shop: &Shop, signed_in: Option<&Shop>) -> Self {
        let owner = signed_in.filter(|shop| shop.user() != STAFF).cloned().unwrap_or_else(|| shop.customer());
        let products: Vec<_> = (0..8).map(|number| shop.product(&format!("Fuzz {number}"), "9.90")).collect();
        for product in &products {
            owner.add(product, 1);
        }
        let items = owner.basket().body["items"].as_array().unwrap().iter().map(text("itemId")).collect();
        let receipt = owner.check_out(&[]).expect(202).body;
        owner.order(&receipt);
        Self { owner, products, items, orders: vec![text("orderId")(&receipt)] }
    }

    /// Refills the basket repeatedly; without this, every checkout but the first finds it empty.
    fn while_baskets_fill<T>(&self, work: impl FnOnce() -> T) -> T {
        let basket = json!({
            "userName": self.owner.user(),
            "items": self.products.iter().map(|id| json!({ "productId": id, "quantity": 1 })).collect::<Vec<_>>(),
        });
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // Staff may have deleted a product meanwhile.
                    let status = self.owner.post("/basket", &basket).status;
                    assert!([200, 422].contains(&status), "{status}");
                    thread::sleep(Duration::from_millis(50));
                }
            });
            let _ended = OnDrop(&done);
            work()
        })
    }
}

/// Sets the flag when it is dropped, also by a panic.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The end of the text, a few screens long.
fn end(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(20_000))..]
}

/// The Schemathesis configuration for this caller and the known resources.
fn configuration(known: &Known, signed_in: Option<&Shop>, caller: &Caller) -> String {
    let of_their_own = [&PUBLIC[..], &SIGNED].concat();
    let answers = |which, operations: &[&str], answers: &[&str]| {
        format!(
            "[[operations]]\n{which}-operation-id = {operations:?}\n\
             checks.positive_data_acceptance.expected-statuses = {answers:?}\n"
        )
    };
    let token = |shop: &Shop| format!("[auth.openapi.idToken]\nbearer = {:?}\n", shop.token());
    [
        CONFIG.to_owned(),
        list("products", &known.products),
        list("user", &[known.owner.user().to_owned()]),
        list("customers", &[known.owner.id()]),
        list("items", &known.items),
        list("orders", &known.orders),
        signed_in.map(token).unwrap_or_default(),
        answers("include", &PUBLIC, PUBLIC_ANSWERS),
        answers("include", &SIGNED, SIGNED_ANSWERS),
        answers("exclude", &of_their_own, caller.answers),
        // An erased customer can try nothing else, and other tests need the staff.
        "[[operations]]\ninclude-operation-id = [\"eraseMe\", \"eraseCustomer\"]\nenabled = false\n"
            .to_owned(),
    ]
    .join("\n")
}

fn list(name: &str, values: &[String]) -> String {
    format!("[dictionaries.{name}]\nvalues = {values:?}\n")
}

fn text(member: &'static str) -> impl Fn(&Value) -> String {
    move |value| value[member].as_str().expect("a text").to_owned()
}

fn setting(name: &str, default: u32) -> u32 {
    env::var(name)
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}
