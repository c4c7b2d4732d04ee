//! The browser that tests of the pages run in. It is installed by the developer: its download is
//! larger than all other tools together.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Chooses another browser than the first one found.
const VARIABLE: &str = "FERROCART_BROWSER";
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC_OS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// A Chromium, or the error that says how to get one.
pub fn find() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os(VARIABLE).map(PathBuf::from) {
        if !chosen.is_file() {
            bail!("{VARIABLE} is {}, which is no file", chosen.display());
        }
        return Ok(chosen);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let Some(found) = first(env::split_paths(&path), Path::is_file) else {
        bail!(
            "there is no Chromium to test the pages with: `apt install chromium` on Debian and Ubuntu, \
             `brew install chromium` on macOS, or set {VARIABLE} to the path of one"
        );
    };
    Ok(found)
}

fn first(directories: impl Iterator<Item = PathBuf>, is_there: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let in_path = directories.flat_map(|directory| NAMES.map(|name| directory.join(name)));
    in_path.chain(MAC_OS.map(PathBuf::from)).find(|file| is_there(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_browser_of_the_path_is_found() {
        let directories = || ["/bin", "/usr/bin"].map(PathBuf::from).into_iter();
        let found =
            |there: &[&str]| first(directories(), |file| there.iter().any(|name| Path::new(name) == file));
        assert_eq!(found(&["/usr/bin/chromium", "/bin/google-chrome"]), Some("/bin/google-chrome".into()));
        assert_eq!(found(&["/usr/bin/chromium"]), Some("/usr/bin/chromium".into()));
        assert_eq!(found(&[MAC_OS[1]]), Some(MAC_OS[1].into()));
        assert_eq!(found(&["/usr/bin/firefox"]), None);
    }
}
