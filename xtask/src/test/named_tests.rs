//! Checks that every test that the documentation names as proof exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files_under(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["target", "node_modules", ".local", ".git"].contains(&name) {
            files_under(&path, extension, found);
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
}

/// The names of all functions in Rust files.
fn functions() -> BTreeSet<String> {
    let mut files = Vec::new();
    files_under(&root(), "rs", &mut files);
    let is_of_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| {
            let names = text.split("fn ").skip(1).map(|rest| rest.chars().take_while(is_of_name).collect());
            names.collect::<Vec<String>>()
        })
        .collect()
}

/// Text in backticks that looks like the name of a test, perhaps cut short.
fn named_tests(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|code| {
        let name = code.trim_end_matches('…');
        name.matches('_').count() >= 3
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

#[test]
fn tests_named_in_the_documentation_exist() {
    let functions = functions();
    let mut pages = vec![root().join("README.md")];
    files_under(&root().join("docs"), "md", &mut pages);
    let (mut named, mut missing) = (0, Vec::new());
    for page in pages.iter().filter(|page| !page.to_string_lossy().contains("decisions")) {
        let text = fs::read_to_string(page).unwrap();
        // Code blocks contain commands and output.
        let prose: String = text.split("```").step_by(2).collect();
        for name in named_tests(&prose) {
            named += 1;
            let exists = match name.strip_suffix('…') {
                Some(beginning) => functions.iter().any(|function| function.starts_with(beginning)),
                None => functions.contains(name),
            };
            if !exists {
                missing.push(format!("{name} in {}", page.display()));
            }
        }
    }
    assert!(named > 50, "{named} tests are named");
    assert!(missing.is_empty(), "{missing:#?}");
}
