//! `cargo xtask watch` and `cargo xtask chat`: the shop's WebSocket, in a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, ErrorKind};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};
use xtask_common::interrupt;
use xtask_common::paths::Paths;
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::{aws, endpoint, sign_in};

use crate::target::ShopArgs;
use crate::token;

/// Read timeout, after which Ctrl-C, typed lines and new orders are checked.
const BREATH: Duration = Duration::from_millis(300);
/// Interval between queries for new orders.
const LOOK: Duration = Duration::from_secs(3);
/// API Gateway ends a connection after ten idle minutes.
const SIGN_OF_LIFE: Duration = Duration::from_mins(5);
/// Maximum number of orders that a connection follows.
const MAX_ORDERS: usize = 20;
/// Contains the token of a user whose password is not stored here.
const TOKEN: &str = "FERROCART_TOKEN";

#[derive(Parser)]
pub struct WatchArgs {
    /// Only this order, until it is final; without it, the newest ones and new ones
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// Whose orders. For any user but `grace` and `ada` the token has to be in `FERROCART_TOKEN`
    #[arg(long, value_name = "NAME", default_value = "grace")]
    user: String,
    #[command(flatten)]
    shop: ShopArgs,
}

#[derive(Parser)]
pub struct ChatArgs {
    /// Who writes: `grace` is a customer of the local shop, `ada` is staff. For any other user the
    /// token has to be in `FERROCART_TOKEN`
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The id of the customer whom staff write to, as baskets and orders show it
    #[arg(long, value_name = "CUSTOMER_ID")]
    with: Option<String>,
    #[command(flatten)]
    shop: ShopArgs,
}

/// Prints each new status of orders.
pub fn watch(paths: &Paths, args: &WatchArgs) -> Result<()> {
    let outputs = args.shop.outputs(paths)?;
    let token = token_of(&outputs, &args.user)?;
    let mut line = Line::connect(&outputs, &token)?;
    println!("waiting for what becomes of the orders of {}; Ctrl-C ends it", args.user);
    let mut followed: BTreeSet<String> = args.order.iter().cloned().collect();
    for order in &followed {
        line.say(&subscription(order))?;
    }
    let (mut looked, mut spoken) = (None::<Instant>, Instant::now());
    let mut shown = BTreeMap::new();
    loop {
        interrupt::check()?;
        if args.order.is_none() && looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            looked = Some(Instant::now());
            for order in newest(&outputs, &token, &args.user)? {
                if followed.len() == MAX_ORDERS && !followed.contains(&order) {
                    bail!("{MAX_ORDERS} orders were followed, and a connection follows no more: start again");
                }
                if followed.insert(order.clone()) {
                    line.say(&subscription(&order))?;
                }
            }
        }
        if spoken.elapsed() > SIGN_OF_LIFE {
            spoken = Instant::now();
            followed.iter().take(1).try_for_each(|order| line.say(&subscription(order)))?;
        }
        while let Some(frame) = line.receive()? {
            if let Some(text) = shown_status(&frame, &mut shown)? {
                println!("{text}");
            }
            if args.order.is_some() && is_over(&frame) {
                return Ok(());
            }
        }
    }
}

/// Prints the messages of a chat, and sends typed lines.
pub fn chat(paths: &Paths, args: &ChatArgs) -> Result<()> {
    let outputs = args.shop.outputs(paths)?;
    let user = args.user.as_deref().unwrap_or(if args.with.is_some() { "ada" } else { "grace" });
    let mut line = Line::connect(&outputs, &token_of(&outputs, user)?)?;
    println!("you are {user}; what you type is sent with each line, Ctrl-D or Ctrl-C ends it");
    let typed = typed();
    line.say(&reading(args.with.as_deref()))?;
    let mut spoken = Instant::now();
    loop {
        interrupt::check()?;
        match typed.try_recv() {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => line.say(&message(&text, args.with.as_deref()))?,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        if spoken.elapsed() > SIGN_OF_LIFE {
            spoken = Instant::now();
            line.say(&json!({ "action": "readMessages", "customerId": args.with, "before": 1 }))?;
        }
        while let Some(frame) = line.receive()? {
            // After a rate limit or size error the chat continues.
            match shown_messages(&frame, args.with.as_deref()) {
                Ok(lines) => lines.iter().for_each(|text| println!("{text}")),
                Err(problem) => println!("({problem})"),
            }
        }
    }
}

/// Lines of the standard input, as they are typed; the channel closes at the end of the input.
fn typed() -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn subscription(order: &str) -> Value {
    json!({ "action": "subscribeOrder", "orderId": order })
}

fn reading(customer_id: Option<&str>) -> Value {
    json!({ "action": "readMessages", "customerId": customer_id })
}

fn message(text: &str, customer_id: Option<&str>) -> Value {
    json!({ "action": "sendMessage", "text": text, "customerId": customer_id })
}

/// A line for a status, unless it was printed before.
fn shown_status(frame: &Value, shown: &mut BTreeMap<String, String>) -> Result<Option<String>> {
    refuse_problem(frame)?;
    let text = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    let (order, status, at) = (text("orderId"), text("status"), text("at"));
    // Frames can overtake each other; a status older than the last one is skipped.
    let is_news = shown.get(&order).is_none_or(|latest| *latest < at);
    if status.is_empty() || !is_news {
        return Ok(None);
    }
    shown.insert(order.clone(), at.clone());
    Ok(Some(format!("{at}  {order}  {status} {}", text("reason")).trim_end().to_owned()))
}

/// Whether a status is final.
fn is_over(frame: &Value) -> bool {
    ["DELIVERED", "REJECTED", "CANCELLED"].iter().any(|end| frame["status"] == *end)
}

/// Lines for messages of the chat that is displayed.
fn shown_messages(frame: &Value, with: Option<&str>) -> Result<Vec<String>> {
    refuse_problem(frame)?;
    if with.is_some_and(|customer_id| frame["customerId"] != customer_id) {
        return Ok(Vec::new());
    }
    let shown = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        format!("{}  {:8}  {}", text("at"), text("from").to_lowercase(), text("text"))
    };
    Ok(match frame["type"].as_str() {
        Some("messages") => frame["items"].as_array().into_iter().flatten().map(shown).collect(),
        Some("message") => vec![shown(frame)],
        _ => Vec::new(),
    })
}

fn refuse_problem(frame: &Value) -> Result<()> {
    if frame["type"] != "problem" {
        return Ok(());
    }
    let text = |name: &str| frame[name].as_str().unwrap_or_default();
    let fields = frame["errors"].as_array().into_iter().flatten();
    let fields: Vec<_> = fields.map(|error| format!("{} {}", error["field"], error["detail"])).collect();
    bail!("{}: {} {}", text("title"), text("detail"), fields.join(", "))
}

fn token_of(outputs: &Outputs, user: &str) -> Result<String> {
    if let Ok(token) = std::env::var(TOKEN) {
        return Ok(token);
    }
    if outputs.endpoint.is_none() {
        endpoint::expect_no_endpoint()?;
    }
    let user = token::known(outputs, user).with_context(|| format!("or put a token into {TOKEN}"))?;
    sign_in::id_token(outputs, user)
}

/// The customer's newest orders.
fn newest(outputs: &Outputs, token: &str, user: &str) -> Result<Vec<String>> {
    let url = format!("{}/order/{user}?limit=10", outputs.api_url);
    let mut answer = aws::agent().get(url).header("authorization", token).call()?;
    if !answer.status().is_success() {
        bail!("the shop does not list the orders of {user}: {}", answer.status());
    }
    let page: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
    let orders = page["items"].as_array().into_iter().flatten();
    Ok(orders.filter_map(|order| order["orderId"].as_str().map(str::to_owned)).collect())
}

/// A WebSocket connection to the shop.
struct Line {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

impl Line {
    fn connect(outputs: &Outputs, token: &str) -> Result<Self> {
        let url = address(outputs)?;
        let (socket, _) =
            tungstenite::connect(format!("{url}?token={token}")).map_err(|error| match error {
                // The URL contains the token, so it is not printed.
                Error::Http(refusal) if matches!(refusal.status().as_u16(), 401 | 403) => {
                    anyhow!("{url} takes no connection with this token ({}): sign in again", refusal.status())
                }
                error => anyhow!("cannot connect to {url}: {error}"),
            })?;
        let stream = match socket.get_ref() {
            MaybeTlsStream::Plain(stream) => stream,
            MaybeTlsStream::Rustls(stream) => &stream.sock,
            _ => bail!("{url} is reached in a way that is not known here"),
        };
        stream.set_read_timeout(Some(BREATH)).context("cannot wait for the connection")?;
        Ok(Self { socket })
    }

    fn say(&mut self, frame: &Value) -> Result<()> {
        self.socket.send(Message::text(frame.to_string())).context("the connection has ended")
    }

    /// The next frame; none on a read timeout.
    fn receive(&mut self) -> Result<Option<Value>> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(Some(serde_json::from_str(&text).context("a frame is not JSON")?)),
            Ok(Message::Close(_)) => bail!("the shop has ended the connection: the token may be over"),
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(anyhow!(error).context("the connection has ended")),
        }
    }
}

fn address(outputs: &Outputs) -> Result<String> {
    let url = outputs.web_socket_url();
    url.with_context(|| format!("stage {} has no WebSocket; deploy the service `realtime`", outputs.stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: &str, at: &str) -> Value {
        json!({ "type": "orderStatus", "orderId": "o-1", "status": status, "at": at })
    }

    #[test]
    fn each_status_is_shown_once_and_none_that_the_order_has_gone_beyond() {
        let mut shown = BTreeMap::new();
        let mut show = |frame: Value| shown_status(&frame, &mut shown).unwrap();
        assert_eq!(show(json!({ "type": "subscribed", "orderId": "o-1" })), None);
        assert_eq!(show(status("PAID", "12:02")).unwrap(), "12:02  o-1  PAID");
        assert_eq!(show(status("PAID", "12:02")), None);
        assert_eq!(show(status("PENDING", "12:01")), None);
        let mut rejected = status("REJECTED", "12:03");
        rejected["reason"] = json!("OUT_OF_STOCK");
        assert_eq!(show(rejected).unwrap(), "12:03  o-1  REJECTED OUT_OF_STOCK");
    }

    #[test]
    fn an_order_is_over_when_nothing_comes_after_its_status() {
        let over = |name| is_over(&status(name, "12:02"));
        assert_eq!(["DELIVERED", "REJECTED", "CANCELLED"].map(over), [true; 3]);
        assert_eq!(["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED"].map(over), [false; 4]);
        assert!(!is_over(&json!({ "type": "subscribed", "orderId": "o-1" })));
    }

    #[test]
    fn a_problem_ends_the_command_with_what_is_wrong() {
        let problem = json!({ "type": "problem", "title": "Not found", "detail": "There is no such order." });
        let error = shown_status(&problem, &mut BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("There is no such order."), "{error}");
        assert!(shown_messages(&problem, None).is_err());
    }

    #[test]
    fn staff_see_the_chat_that_they_look_at_and_no_other() {
        let line = |customer: &str| json!({ "type": "message", "customerId": customer, "seq": 1, "from": "CUSTOMER", "text": "hi", "at": "12:00" });
        assert_eq!(shown_messages(&line("grace"), Some("grace")).unwrap(), ["12:00  customer  hi"]);
        assert!(shown_messages(&line("swn"), Some("grace")).unwrap().is_empty());
        assert_eq!(shown_messages(&line("grace"), None).unwrap().len(), 1);
        let sent = json!({ "type": "messageSent", "customerId": "grace", "seq": 2 });
        assert!(shown_messages(&sent, None).unwrap().is_empty());
    }
}
