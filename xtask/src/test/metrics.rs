//! Test of the custom metrics, as the code adds them to log lines: CloudWatch bills each name of
//! each service, and ten are free.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::circles::modules;

/// What `CloudWatch` gives an account for free.
const FREE: usize = 10;

const METRIC_FUNCTIONS: [&str; 2] = ["metric_count(", "metric_value("];

/// The metrics in some code. A name that is no literal is an error, as it may be several.
fn metrics(code: &str) -> Vec<String> {
    let calls = METRIC_FUNCTIONS.iter().flat_map(|function| code.match_indices(function));
    calls
        .map(|(start, function)| {
            let literal = code[start + function.len()..].trim_start().strip_prefix('"');
            let name = literal.and_then(|rest| rest.split_once('"'));
            let line = code[..start].lines().count();
            name.unwrap_or_else(|| panic!("a metric without a literal name in line {line} of:\n{code}")).0
        })
        .map(str::to_owned)
        .collect()
}

/// The metrics in the code of a crate.
fn metrics_of(src: &Path) -> Vec<String> {
    modules(src).values().flat_map(|code| metrics(code)).collect()
}

#[test]
fn the_metrics_of_the_shop_are_documented_and_free() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut billed = BTreeSet::new();
    // The executable of a service has its name, and that is the dimension `service`.
    for service in fs::read_dir(root.join("services")).unwrap() {
        let service = service.unwrap().path();
        let name = service.file_name().unwrap().to_string_lossy().into_owned();
        billed.extend(metrics_of(&service.join("src")).into_iter().map(|metric| (metric, name.clone())));
    }
    assert!(billed.contains(&("Checkouts".to_owned(), "basket".to_owned())), "{billed:?}");
    assert!(billed.len() <= FREE, "more than {FREE} metrics: {billed:?}");

    let docs = fs::read_to_string(root.join("docs/observability.md")).unwrap();
    let rows = docs.lines().skip_while(|line| *line != "| metric | service | counts |").skip(2);
    let documented = rows.map_while(|row| {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
        Some((cells.get(1)?.clone(), cells.get(2)?.clone()))
    });
    assert_eq!(documented.collect::<BTreeSet<_>>(), billed);
}

#[test]
fn shared_code_adds_no_metrics_since_each_service_would_have_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for package in fs::read_dir(root.join("shared")).unwrap() {
        let src = package.unwrap().path().join("src");
        for (module, code) in modules(&src) {
            // `telemetry` defines them.
            if module != ["telemetry"] {
                assert_eq!(metrics(&code), Vec::<String>::new(), "{} {module:?}", src.display());
            }
        }
    }
}

#[test]
fn metrics_are_found_by_their_names() {
    let code = "telemetry::metric_count(\n \"Checkouts\",\n 1);\nmetric_value(\"Revenue\", &2); count(\"mails\", 1);";
    assert_eq!(metrics(code), ["Checkouts", "Revenue"]);
}

#[test]
#[should_panic(expected = "without a literal name")]
fn names_that_are_computed_are_refused() {
    metrics("telemetry::metric_count(name, 1)");
}
