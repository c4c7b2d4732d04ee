use std::process::Command;

use shop_tests::Shop;

const README: &str = include_str!("../../README.md");

/// The shell commands of the README's tour, in order.
fn tour() -> String {
    let blocks = README.split("```bash\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_tour_of_the_readme_ends_with_an_order() {
    let outputs = Shop::new().outputs().display().to_string();
    // Beside all other tests, what takes a moment for a reader can take longer.
    let script = tour()
        .replace(".local/outputs.json", &outputs)
        .replace("cargo xtask token", &format!("cargo xtask token --outputs {outputs}"))
        .replace("sleep 2", "sleep 6");
    let tour = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output().unwrap();
    let said = String::from_utf8(tour.stdout).unwrap();
    assert!(tour.status.success(), "{said}{}", String::from_utf8_lossy(&tour.stderr));
    for part in [
        r#""subtotal":2869.98"#,
        r#""subtotal":2770.80"#,
        r#""items":[]"#,
        r#""status":"PENDING""#,
        r#""field":"price""#,
        r#""status":404"#,
        r#""status":403"#,
    ] {
        assert!(said.contains(part), "{part} is not in what the tour printed:\n{said}");
    }
}
