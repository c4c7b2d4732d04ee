//! The files of the shop's site: uploaded to its bucket after a deployment, and removed before its
//! stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::fingerprint;
use crate::shop::aws::{self, Aws, CLOUDFRONT, Refusal, S3, Service};
use crate::shop::outputs::Outputs;

/// The service with the site.
pub const SITE: &str = "site";

/// What the pages read about their stage when they start.
const CONFIG: &str = "config.json";
/// Where the pages find the pictures of products.
const PICTURES: &str = "/pictures";

/// A built site with the configuration of a stage.
pub struct Site {
    bucket: String,
    distribution: String,
    /// In the order of their upload: a page after what it loads.
    files: Vec<File>,
}

struct File {
    key: String,
    content_type: &'static str,
    content: Vec<u8>,
}

impl Site {
    /// The files in `dist` for the stage that has these outputs and services.
    pub fn of(outputs: &Outputs, services: &[&str], dist: &Path) -> Result<Self> {
        let output = |name: &str| {
            let value = outputs.others.get(name).cloned();
            value.with_context(|| format!("stage {} has no {name}; deploy its site again", outputs.stage))
        };
        let config = config(outputs, services)?;
        let policy = policy(&config)?;
        let mut files = Vec::new();
        for path in paths(dist)? {
            let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let key = key(dist, &path)?;
            if key == CONFIG {
                continue;
            }
            let content_type = content_type(&key)?;
            let content = if content_type == HTML { with_policy(&content, &policy)? } else { content };
            files.push(File { key, content_type, content });
        }
        let text = serde_json::to_string_pretty(&config).context("cannot write the configuration")? + "\n";
        files.push(File {
            key: CONFIG.to_owned(),
            content_type: content_type(CONFIG)?,
            content: text.into_bytes(),
        });
        files.sort_by_key(|file| (file.key == CONFIG, file.content_type == HTML, file.key.clone()));
        Ok(Self { bucket: output("siteBucket")?, distribution: output("siteDistributionId")?, files })
    }

    /// Changes with each file, and with the bucket.
    pub fn fingerprint(&self) -> String {
        let start = fingerprint::Fingerprint::default().text("bucket", &self.bucket);
        let add = |print: fingerprint::Fingerprint, file: &File| {
            print.text(&file.key, &fingerprint::of_bytes(&file.content))
        };
        self.files.iter().fold(start, add).finish()
    }

    /// Uploads all files and returns their number. Files of earlier builds stay, because open pages
    /// still load them.
    pub fn upload(&self, aws: &Aws) -> Result<usize> {
        for File { key, content_type, content } in &self.files {
            let headers = [("content-type", *content_type), ("cache-control", cache_control(key))];
            let path = format!("/{}/{key}", self.bucket);
            let stored = aws.request("PUT", S3, &path, &headers, content);
            stored.with_context(|| format!("cannot upload {key} to {}", self.bucket))?;
        }
        self.invalidate(aws)?;
        Ok(self.files.len())
    }

    /// Has CloudFront read all files again.
    fn invalidate(&self, aws: &Aws) -> Result<()> {
        let path = format!("/2020-05-31/distribution/{}/invalidation", self.distribution);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let batch = format!(
            "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths><Quantity>1</Quantity>\
             <Items><Path>/*</Path></Items></Paths><CallerReference>{now}</CallerReference></InvalidationBatch>"
        );
        let headers = [("content-type", "application/xml")];
        let answer = aws.request("POST", CLOUDFRONT, &path, &headers, batch.as_bytes());
        answer.map(drop).with_context(|| format!("cannot invalidate distribution {}", self.distribution))
    }
}

/// Deletes all files of a stage's site and returns their number: CloudFormation deletes empty
/// buckets only.
pub fn empty(aws: &Aws, stage: &str) -> Result<usize> {
    let Some(bucket) = bucket(aws, stage)? else { return Ok(0) };
    let mut deleted = 0;
    loop {
        let listed = aws.request("GET", S3, &format!("/{bucket}?list-type=2"), &[], &[]);
        let (_, page) = match listed {
            Err(error) if is_about_missing(&error, "NoSuchBucket") => return Ok(deleted),
            listed => listed.with_context(|| format!("cannot list {bucket}"))?,
        };
        let keys = keys(&page);
        if keys.is_empty() {
            return Ok(deleted);
        }
        for key in keys {
            let answer = aws.request("DELETE", S3, &format!("/{bucket}/{key}"), &[], &[]);
            answer.with_context(|| format!("cannot delete {key} from {bucket}"))?;
            deleted += 1;
        }
    }
}

/// The bucket of a stage's site, if it has one.
fn bucket(aws: &Aws, stage: &str) -> Result<Option<String>> {
    let name = format!("/ferrocart/{stage}/{SITE}/bucket");
    match aws.call(Service::Ssm, "GetParameter", &json!({ "Name": name })) {
        Ok(answer) => Ok(answer["Parameter"]["Value"].as_str().map(str::to_owned)),
        Err(error) if is_about_missing(&error, "ParameterNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// S3 names an error in XML.
fn is_about_missing(error: &anyhow::Error, code: &str) -> bool {
    error
        .downcast_ref()
        .is_some_and(|refusal: &Refusal| refusal.kind == code || refusal.message.contains(code))
}

/// The keys in a list of objects. Those of a site need no escaping.
fn keys(page: &str) -> Vec<&str> {
    page.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()).collect()
}

/// As `docs/web.md` describes it.
fn config(outputs: &Outputs, services: &[&str]) -> Result<Value> {
    let pool = outputs.user_pool()?;
    let cognito = aws::cognito_url(outputs.endpoint.as_deref(), &outputs.region);
    let mut config = json!({
        "apiUrl": outputs.api_url,
        "userPool": { "region": outputs.region, "id": pool.id, "clientId": pool.client, "endpoint": cognito },
        "services": services,
        "picturesUrl": PICTURES,
    });
    if let Some(url) = outputs.web_socket_url() {
        config["webSocketUrl"] = url.into();
    }
    Ok(config)
}

/// The second content security policy of each page. That of the distribution cannot name the APIs,
/// which are deployed after it.
fn policy(config: &Value) -> Result<String> {
    let urls = [&config["apiUrl"], &config["webSocketUrl"], &config["userPool"]["endpoint"]];
    let mut origins = Vec::new();
    for url in urls.into_iter().filter_map(Value::as_str) {
        let origin = origin(url).with_context(|| format!("{url} is no URL"))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(format!("connect-src 'self' {}", origins.join(" ")))
}

fn origin(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let length = url[start..].find('/').unwrap_or(url.len() - start);
    Some(&url[..start + length])
}

/// A page with a policy in its head, before everything that it restricts.
fn with_policy(page: &[u8], policy: &str) -> Result<Vec<u8>> {
    let page = std::str::from_utf8(page).context("a page is not in UTF-8")?;
    let Some((before, after)) = page.split_once("<head>") else { bail!("a page has no <head>") };
    let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    Ok(format!("{before}<head>\n    {meta}{after}").into_bytes())
}

/// All files below a directory.
fn paths(dir: &Path) -> Result<Vec<PathBuf>> {
    let listed = || format!("cannot list {}", dir.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).with_context(listed)? {
        let path = entry.with_context(listed)?.path();
        if path.is_dir() {
            found.extend(paths(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// The path of a file below `dist`. It becomes part of URLs.
fn key(dist: &Path, path: &Path) -> Result<String> {
    let key = path.strip_prefix(dist).ok().and_then(Path::to_str).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if key.is_empty() || !key.bytes().all(is_plain) {
        bail!("the name of {} has characters that a URL would escape", path.display());
    }
    Ok(key.to_owned())
}

const HTML: &str = "text/html; charset=utf-8";

fn content_type(key: &str) -> Result<&'static str> {
    Ok(match key.rsplit('.').next().unwrap_or_default() {
        "html" => HTML,
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => bail!("the content type of {key} is not known: add it to xtask/common/src/shop/site.rs"),
    })
}

/// Names of assets contain a hash of their content. Pages and their configuration are never used
/// without asking for a newer one.
fn cache_control(key: &str) -> &'static str {
    match key.split('/').next() {
        Some("assets") => "public, max-age=31536000, immutable",
        Some("pictures") => "public, max-age=86400",
        _ => "no-cache",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs() -> Outputs {
        let outputs = json!({
            "apiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com/dev",
            "region": "eu-west-1", "stage": "dev", "eventBus": "bus",
            "tables": {}, "functions": {}, "queues": {},
            "siteUrl": "https://d1.cloudfront.net", "siteBucket": "files", "siteDistributionId": "E1",
            "userPoolId": "eu-west-1_A", "userPoolClientId": "client",
            "webSocketUrl": "wss://def.execute-api.eu-west-1.amazonaws.com/dev",
        });
        serde_json::from_value(outputs).unwrap()
    }

    fn site(outputs: &Outputs) -> Site {
        let dist = tempfile::tempdir().unwrap();
        fs::create_dir_all(dist.path().join("assets")).unwrap();
        for (name, content) in [
            ("index.html", "<html><head>\n<title>Shop</title></head></html>"),
            ("assets/page-a1b2.js", "run()"),
            ("icon.svg", "<svg/>"),
            ("config.json", "{}"),
        ] {
            fs::write(dist.path().join(name), content).unwrap();
        }
        Site::of(outputs, &["basket"], dist.path()).unwrap()
    }

    fn content<'a>(site: &'a Site, key: &str) -> &'a str {
        let file = site.files.iter().find(|file| file.key == key).unwrap();
        std::str::from_utf8(&file.content).unwrap()
    }

    #[test]
    fn pages_are_uploaded_after_what_they_load_and_the_configuration_last() {
        let site = site(&outputs());
        let keys: Vec<&str> = site.files.iter().map(|file| &*file.key).collect();
        assert_eq!(keys, ["assets/page-a1b2.js", "icon.svg", "index.html", "config.json"]);
    }

    #[test]
    fn the_configuration_names_the_apis_of_the_stage() {
        let config: Value = serde_json::from_str(content(&site(&outputs()), "config.json")).unwrap();
        assert_eq!(
            config,
            json!({
                "apiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com/dev",
                "webSocketUrl": "wss://def.execute-api.eu-west-1.amazonaws.com/dev",
                "userPool": {
                    "region": "eu-west-1", "id": "eu-west-1_A", "clientId": "client",
                    "endpoint": "https://cognito-idp.eu-west-1.amazonaws.com",
                },
                "services": ["basket"],
                "picturesUrl": "/pictures",
            })
        );
    }

    #[test]
    fn pages_may_connect_to_the_apis_of_their_stage_only() {
        let site = site(&outputs());
        let page = content(&site, "index.html");
        let policy = "connect-src 'self' https://abc.execute-api.eu-west-1.amazonaws.com \
                      wss://def.execute-api.eu-west-1.amazonaws.com https://cognito-idp.eu-west-1.amazonaws.com";
        let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
        assert!(page.find(&meta).unwrap() < page.find("<title>").unwrap(), "{page}");
        assert!(with_policy(b"<p>", policy).is_err());
    }

    #[test]
    fn one_origin_is_named_once() {
        let here = json!({
            "apiUrl": "http://127.0.0.1:4566/_aws/execute-api/abc/local",
            "userPool": { "endpoint": "http://127.0.0.1:4566" },
        });
        assert_eq!(policy(&here).unwrap(), "connect-src 'self' http://127.0.0.1:4566");
    }

    #[test]
    fn hashed_files_are_kept_and_pages_are_asked_for_again() {
        assert!(cache_control("assets/page-a1b2.js").contains("immutable"));
        assert_eq!(cache_control("pictures/kanal-city.svg"), "public, max-age=86400");
        for key in ["index.html", "staff.html", "config.json", "icon.svg"] {
            assert_eq!(cache_control(key), "no-cache", "{key}");
        }
    }

    #[test]
    fn files_of_unknown_types_and_with_unusual_names_are_refused() {
        assert!(content_type("movie.mpg").unwrap_err().to_string().contains("movie.mpg"));
        let dist = Path::new("dist");
        assert_eq!(key(dist, Path::new("dist/assets/a-B_1.js")).unwrap(), "assets/a-B_1.js");
        assert!(key(dist, Path::new("dist/a b.js")).is_err());
    }

    #[test]
    fn another_bucket_or_configuration_is_another_site() {
        let mut other = outputs();
        other.others.insert("siteBucket".to_owned(), "others".to_owned());
        let mut moved = outputs();
        moved.api_url = "https://xyz.execute-api.eu-west-1.amazonaws.com/dev".to_owned();
        let prints = [outputs(), other, moved].map(|outputs| site(&outputs).fingerprint());
        assert_eq!(prints[0], site(&outputs()).fingerprint());
        assert!(prints[0] != prints[1] && prints[0] != prints[2]);
    }

    #[test]
    fn listed_keys_are_found() {
        let page = "<ListBucketResult><Contents><Key>a.js</Key></Contents><Contents><Key>b/c.svg</Key></Contents></ListBucketResult>";
        assert_eq!(keys(page), ["a.js", "b/c.svg"]);
        assert!(keys("<ListBucketResult/>").is_empty());
    }
}
