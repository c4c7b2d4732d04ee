//! Zip files of functions, as AWS Lambda takes them: one executable named `bootstrap`.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use xtask_common::fingerprint;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

pub const BOOTSTRAP: &str = "bootstrap";

/// Writes `binary` as `<dir>/bootstrap.zip` unless it is up to date; returns the hash of the zip.
pub fn write(binary: &Path, dir: &Path) -> Result<String> {
    let zip = dir.join("bootstrap.zip");
    let stamp_file = dir.with_extension("stamp");
    let source = source_stamp(binary)?;
    if let Some(hash) = stored_hash(&stamp_file, &source)
        && zip.is_file()
    {
        return Ok(hash);
    }

    let code = fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let content = compress(&code).with_context(|| format!("cannot compress {}", binary.display()))?;
    let hash = fingerprint::of_bytes(&content);
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    // The stamp is removed first and written last: an interrupted run leaves none.
    fingerprint::forget(&stamp_file)?;
    if fs::read(&zip).ok().as_deref() != Some(&content) {
        // Written to another name and renamed: another command may be reading the old file.
        let part = dir.join("bootstrap.zip.part");
        fs::write(&part, &content)
            .and_then(|()| fs::rename(&part, &zip))
            .with_context(|| format!("cannot write {}", zip.display()))?;
    }
    fs::write(&stamp_file, format!("{source}\n{hash}\n"))
        .with_context(|| format!("cannot write {}", stamp_file.display()))?;
    Ok(hash)
}

/// The executable in a zip file made for Lambda.
pub fn read(zip: &Path) -> Result<Vec<u8>> {
    let file = File::open(zip).with_context(|| format!("cannot open {}", zip.display()))?;
    let mut archive =
        ZipArchive::new(file).with_context(|| format!("{} is not a zip file", zip.display()))?;
    let mut entry = archive
        .by_name(BOOTSTRAP)
        .with_context(|| format!("{} has no `{BOOTSTRAP}` at its root", zip.display()))?;
    let mut content = Vec::new();
    entry.read_to_end(&mut content).with_context(|| format!("cannot read {}", zip.display()))?;
    Ok(content)
}

/// The same binary gives the same bytes, so that an unchanged function is not deployed again.
fn compress(content: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(BOOTSTRAP, options)?;
    writer.write_all(content)?;
    Ok(writer.finish()?.into_inner())
}

/// Cheap to get, and different after every link.
fn source_stamp(binary: &Path) -> Result<String> {
    let read = || {
        let metadata = fs::metadata(binary)?;
        Ok::<_, std::io::Error>((metadata.len(), metadata.modified()?))
    };
    let (length, modified) = read().with_context(|| format!("cannot read {}", binary.display()))?;
    let since_epoch = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} {length} {}", binary.display(), since_epoch.as_nanos()))
}

fn stored_hash(stamp_file: &Path, source: &str) -> Option<String> {
    let stored = fs::read_to_string(stamp_file).ok()?;
    let (stored_source, hash) = stored.trim_end().split_once('\n')?;
    (stored_source == source).then(|| hash.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;
    use std::time::{Duration, SystemTime};

    use super::*;

    struct Scene {
        dir: tempfile::TempDir,
    }

    impl Scene {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap() }
        }

        fn binary(&self, content: &str, age: u64) -> std::path::PathBuf {
            let path = self.dir.path().join("binary");
            fs::write(&path, content).unwrap();
            let modified = SystemTime::now() - Duration::from_secs(age);
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_times(FileTimes::new().set_modified(modified))
                .unwrap();
            path
        }

        fn out(&self) -> std::path::PathBuf {
            self.dir.path().join("product-api")
        }

        fn zip_modified(&self) -> SystemTime {
            fs::metadata(self.out().join("bootstrap.zip")).unwrap().modified().unwrap()
        }
    }

    #[test]
    fn the_same_binary_gives_the_same_zip_and_does_not_write_it_again() {
        let scene = Scene::new();
        let first = write(&scene.binary("code", 100), &scene.out()).unwrap();
        let written = scene.zip_modified();
        let second = write(&scene.binary("code", 50), &scene.out()).unwrap();
        assert_eq!(first, second);
        assert_eq!(written, scene.zip_modified());
    }

    #[test]
    fn a_changed_binary_gives_another_zip() {
        let scene = Scene::new();
        let first = write(&scene.binary("code", 100), &scene.out()).unwrap();
        let second = write(&scene.binary("edoc", 50), &scene.out()).unwrap();
        assert_ne!(first, second);
        assert_eq!(read(&scene.out().join("bootstrap.zip")).unwrap(), b"edoc");
    }

    #[test]
    fn a_lost_zip_is_written_again() {
        let scene = Scene::new();
        let binary = scene.binary("code", 100);
        write(&binary, &scene.out()).unwrap();
        fs::remove_dir_all(scene.out()).unwrap();
        write(&binary, &scene.out()).unwrap();
        assert_eq!(read(&scene.out().join("bootstrap.zip")).unwrap(), b"code");
    }

    #[test]
    fn the_bootstrap_is_executable() {
        let scene = Scene::new();
        write(&scene.binary("code", 100), &scene.out()).unwrap();
        let mut archive = ZipArchive::new(File::open(scene.out().join("bootstrap.zip")).unwrap()).unwrap();
        assert_eq!(archive.by_index(0).unwrap().unix_mode().unwrap() & 0o777, 0o755);
    }

    #[test]
    fn a_zip_without_a_bootstrap_is_named() {
        let scene = Scene::new();
        let path = scene.dir.path().join("other.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        writer.start_file("bin/bootstrap", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("no `bootstrap` at its root"));
    }
}
