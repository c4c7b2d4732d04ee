//! Test of the imports between our source files: they lead downwards, so no file depends on itself
//! through others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module's path in its crate: `["http", "etag"]`; empty for the root.
pub type Module = Vec<String>;

/// The code of each file, without comments and unit tests.
pub fn modules(src: &Path) -> BTreeMap<Module, String> {
    fn visit(dir: &Path, src: &Path, modules: &mut BTreeMap<Module, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, src, modules);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = path.strip_prefix(src).unwrap().with_extension("");
                let mut module: Module =
                    module.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                if module == ["lib"] || module == ["main"] {
                    module.clear();
                }
                let code = code(&fs::read_to_string(&path).unwrap());
                modules.entry(module).or_default().push_str(&code);
            }
        }
    }
    let mut modules = BTreeMap::new();
    visit(src, src, &mut modules);
    modules
}

fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that a `use` names: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expanded(tree: &str, prefix: &[String]) -> Vec<Module> {
    let tree = tree.trim();
    if let Some((path, rest)) = tree.split_once('{') {
        let prefix: Vec<_> = prefix.iter().cloned().chain(segments(path)).collect();
        let inside = rest.trim_end().strip_suffix('}').unwrap_or(rest);
        let (mut depth, mut parts) = (0, vec![String::new()]);
        for character in inside.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if character == ',' && depth == 0 {
                parts.push(String::new());
            } else {
                parts.last_mut().unwrap().push(character);
            }
        }
        return parts.iter().flat_map(|part| expanded(part, &prefix)).collect();
    }
    let name = tree.split(" as ").next().unwrap_or_default();
    vec![prefix.iter().cloned().chain(segments(name)).collect()]
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(str::trim).filter(|part| !part.is_empty() && *part != "self").map(ToOwned::to_owned)
}

/// The paths in `use` declarations, public ones or private ones.
fn uses(code: &str, public: bool) -> Vec<Module> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("use ") {
        let before = rest[..start].rsplit('\n').next().unwrap_or_default().trim();
        let end = rest[start..].find(';').map_or(rest.len(), |end| start + end);
        let is_use = before.is_empty() || before.starts_with("pub");
        if is_use && before.starts_with("pub") == public {
            found.extend(expanded(&rest[start + 4..end], &[]));
        }
        rest = &rest[end..];
    }
    found
}

/// The paths in expressions: `crate::a::b`, `super::c`.
fn inline(code: &str) -> Vec<Module> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c| !is_path(c))
        .filter(|path| path.starts_with("crate::") || path.starts_with("super::"))
        .map(|path| segments(path).collect())
        .collect()
}

/// The file that defines what a path names, through re-exports.
fn target(modules: &BTreeMap<Module, String>, from: &Module, path: &[String], depth: u8) -> Option<Module> {
    let absolute: Module = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let base = &from[..from.len().checked_sub(ups)?];
            base.iter().chain(&path[ups..]).cloned().collect()
        }
        first => {
            let child: Module = from.iter().cloned().chain([first.to_owned()]).collect();
            modules.contains_key(&child).then(|| from.iter().chain(path).cloned().collect())?
        }
    };
    let length = (0..=absolute.len()).rev().find(|length| modules.contains_key(&absolute[..*length]))?;
    let (module, rest) = (absolute[..length].to_vec(), &absolute[length..]);
    let exported = rest.first().filter(|_| depth > 0).and_then(|name| {
        let exports = uses(&modules[&module], true);
        let export = exports.into_iter().find(|export| export.last() == Some(name))?;
        target(modules, &module, &export, depth - 1)
    });
    Some(exported.unwrap_or(module))
}

/// The modules from which this one can be reached again.
fn circle(imports: &BTreeMap<Module, BTreeSet<Module>>, module: &Module) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(one) = next.pop() {
        for import in imports.get(one).into_iter().flatten() {
            if import == module {
                return true;
            }
            if seen.insert(import) {
                next.push(import);
            }
        }
    }
    false
}

fn circles(src: &Path) -> Vec<String> {
    let modules = modules(src);
    let imports: BTreeMap<_, BTreeSet<_>> = modules
        .iter()
        .map(|(module, code)| {
            let paths = uses(code, false).into_iter().chain(inline(code));
            let files = paths.filter_map(|path| target(&modules, module, &path, 5));
            (module.clone(), files.filter(|file| file != module).collect())
        })
        .collect();
    let in_circles = modules.keys().filter(|module| circle(&imports, module));
    in_circles.map(|module| format!("{}: {}", src.display(), module.join("::"))).collect()
}

#[test]
fn files_import_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = |dir: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(root.join(dir)).unwrap().map(|entry| entry.unwrap().path().join("src"));
        entries.filter(|src| src.is_dir()).collect()
    };
    let sources: Vec<_> = ["services", "shared"]
        .into_iter()
        .flat_map(crates)
        .chain([
            root.join("xtask/src"),
            root.join("xtask/common/src"),
            root.join("xtask/operate/src"),
            root.join("xtask/reports/src"),
        ])
        .collect();
    assert!(sources.len() > 15);
    assert_eq!(sources.iter().flat_map(|src| circles(src)).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn circles_are_found_through_re_exports() {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("lib.rs", "mod a;\nmod b;\npub use b::B;\n"),
        ("a.rs", "use crate::B;\npub struct A(B);\n"),
        ("b.rs", "use crate::a;\npub struct B;\n"),
    ] {
        fs::write(dir.path().join(file), text).unwrap();
    }
    assert_eq!(circles(dir.path()).len(), 2);
    fs::write(dir.path().join("b.rs"), "pub struct B;\n").unwrap();
    assert!(circles(dir.path()).is_empty());
}
