use shop_tests::{Shop, command};

const README: &str = include_str!("../../README.md");

/// The shell commands of the README's tour, in order. Those at its end, marked as `sh`, kill a
/// function that other tests need; the chaos tests cover that.
fn tour() -> String {
    let blocks = README.split("```bash\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Steps that take longer beside other tests. Before this line, wait until the condition holds.
const WAITS: [(&str, &str); 5] = [
    (
        "sleep 2\ncurl -s $API/product/",
        "known $PHONE && known $CAMERA && curl -s $API/product/$PHONE | grep '\"available\":9'",
    ),
    ("sleep 2\ncurl -s $API/basket/", "curl -s $API/basket/grace -H \"$GRACE\" | grep 2770.80"),
    ("cargo xtask mail --order", "cargo xtask mail --order $ORDER | grep 'We have your order'"),
    ("curl -s $API/audit/", "curl -s $API/audit/$ORDER -H \"$ADA\" | grep OrderPlaced"),
    (
        "curl -s $API/stock/$PHONE -H",
        "curl -s $API/stock/$PHONE -H \"$ADA\" | grep '\"onHand\":7,\"reserved\":0'",
    ),
];
/// Whether a product can be added to a basket.
const KNOWN: &str = r#"
known() {
  curl -s $API/basket -H "$ADA" -d '{"userName": "ada", "items": [{"productId": "'$1'", "quantity": 1}]}' | grep -c subtotal
}
"#;

#[test]
fn the_tour_of_the_readme_leads_an_order_to_the_doorstep_and_others_back() {
    let outputs = Shop::new().outputs().display().to_string();
    let of_this_shop = |script: String, command: &str| {
        script
            .replace(&format!("cargo xtask {command}"), &format!("cargo xtask {command} --outputs {outputs}"))
    };
    let script = tour().replace(".local/outputs.json", &outputs);
    let script = WAITS.iter().fold(KNOWN.to_owned() + &script, |script, (line, until)| {
        assert!(script.contains(line), "{line} is not in the tour");
        script.replacen(line, &format!("until {until} > /dev/null; do sleep 1; done\n{line}"), 1)
    });
    let script = ["token", "watch", "mail"].into_iter().fold(script, of_this_shop);
    let tour = command("timeout").args(["10m", "bash", "-euo", "pipefail", "-c", &script]).output().unwrap();
    let said = String::from_utf8(tour.stdout).unwrap();
    assert!(tour.status.success(), "{said}{}", String::from_utf8_lossy(&tour.stderr));
    for part in [
        r#""subtotal":2869.98"#,
        r#""subtotal":2770.80"#,
        r#""items":[]"#,
        r#""available":9"#,
        r#""status":"PENDING""#,
        "Subject: We have your order",
        r#""type":"OrderPlaced""#,
        r#""reason":"PAYMENT_DECLINED""#,
        r#""onHand":7,"reserved":0"#,
        r#""status":"DELIVERED""#,
        r#""reason":"OUT_OF_STOCK""#,
        r#""field":"price""#,
        r#""status":404"#,
        r#""status":403"#,
    ] {
        assert!(said.contains(part), "{part} is not in what the tour printed:\n{said}");
    }
}
