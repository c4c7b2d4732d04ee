//! Removes the zips that a local deployment no longer needs. Each one has the code of a service.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use xtask_common::shop::aws;

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    bucket_name: String,
    object_key: String,
}

#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, File>,
}

#[derive(Deserialize)]
struct File {
    destinations: BTreeMap<String, Asset>,
}

/// The assets of the templates in `assembly`; none before the first deployment.
pub fn of(assembly: &Path) -> BTreeSet<Asset> {
    let entries = fs::read_dir(assembly).into_iter().flatten().flatten();
    let manifests = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".assets.json"));
    manifests.filter_map(|entry| parse(&fs::read_to_string(entry.path()).ok()?)).flatten().collect()
}

fn parse(manifest: &str) -> Option<BTreeSet<Asset>> {
    let manifest: Manifest = serde_json::from_str(manifest).ok()?;
    Some(manifest.files.into_values().flat_map(|file| file.destinations.into_values()).collect())
}

/// Removes the zips that the CDK copied to `assembly`: after a deployment they are in S3.
pub fn remove_staged(assembly: &Path) -> Result<()> {
    let listed = || format!("cannot list {}", assembly.display());
    for entry in fs::read_dir(assembly).with_context(listed)? {
        let path = entry.with_context(listed)?.path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Deletes objects of an earlier deployment. Every function has a copy of its code, so one that
/// stays only takes space: failures are ignored.
pub fn delete<'a>(old: impl Iterator<Item = &'a Asset>, endpoint: &str) {
    let agent = aws::agent();
    for Asset { bucket_name, object_key } in old {
        let url = format!("{endpoint}/{bucket_name}/{object_key}");
        let Ok(found) = agent.head(&url).call() else { continue };
        // The bucket has versions: without one, only a marker is added.
        let version = found.headers().get("x-amz-version-id").and_then(|version| version.to_str().ok());
        let url = version.map_or(url.clone(), |version| format!("{url}?versionId={version}"));
        let _stays = agent.delete(&url).call();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_read_from_the_manifest_of_the_cdk() {
        let manifest = r#"{"version": "1", "files": {"ab": {
            "source": {"path": "asset.ab.zip", "packaging": "file"},
            "destinations": {"local": {"bucketName": "assets", "objectKey": "ab.zip", "region": "x"}}}}}"#;
        let asset = Asset { bucket_name: "assets".to_owned(), object_key: "ab.zip".to_owned() };
        assert_eq!(parse(manifest), Some(BTreeSet::from([asset])));
        assert!(of(Path::new("/nowhere")).is_empty());
    }

    #[test]
    fn staged_zips_are_removed_and_templates_stay() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["asset.ab.zip", "basket.template.json"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        remove_staged(dir.path()).unwrap();
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["basket.template.json"]);
    }
}
