//! Files with passwords in them, readable only by their owner.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};

const OWNER_ONLY: u32 = 0o600;

pub fn write(path: &Path, text: &str) -> Result<()> {
    let write = || {
        let mut file = File::options().create(true).write(true).truncate(true).mode(OWNER_ONLY).open(path)?;
        // An existing file keeps its previous mode.
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.write_all(text.as_bytes())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_new_file_and_one_that_everybody_could_read_are_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (new, old) = (dir.path().join("new"), dir.path().join("old"));
        fs::write(&old, "a longer text than the next").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        for path in [new, old] {
            write(&path, "secret").unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode), ("secret", 0o600));
        }
    }
}
