//! The steps that build the pages of a local shop and upload them, if it has a site.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xtask_common::fingerprint;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::site::Site;
use xtask_common::stack::{LocalStack, Running};
use xtask_common::steps::{Background, Steps};

use crate::build::web;
use crate::deploy::plan::Plan;

const BUILD: &str = "web pages";
const NO_SITE: &str = "no site";

/// Starts to build the pages in the background of other steps.
pub fn start(paths: &Paths, steps: &Steps, has_site: bool) -> Option<Background<PathBuf>> {
    let paths = paths.clone();
    has_site.then(|| steps.start(BUILD, move |step| web::build(&paths, step)))
}

/// Waits for the directory with the pages.
pub fn join(pages: Option<Background<PathBuf>>, steps: &mut Steps) -> Result<Option<PathBuf>> {
    match pages {
        Some(pages) => steps.join(pages).map(Some),
        None => steps.run(BUILD, |_| Ok((None, NO_SITE.to_owned()))),
    }
}

/// Uploads the pages unless they are there.
pub fn upload(
    dist: Option<&Path>,
    plan: &Plan,
    outputs: &Outputs,
    stack: &LocalStack,
    running: &Running,
    steps: &mut Steps,
) -> Result<()> {
    steps.run("site", |_| {
        let Some(dist) = dist else { return Ok(((), NO_SITE.to_owned())) };
        let aws = Aws::local(&running.endpoint());
        let site = Site::of(outputs, &plan.names().collect::<Vec<_>>(), dist)?;
        let fingerprint = site.fingerprint();
        if fingerprint::matches(&stack.uploaded(), &fingerprint) {
            return Ok(((), "unchanged".to_owned()));
        }
        fingerprint::forget(&stack.uploaded())?;
        let files = site.upload(&aws)?;
        fingerprint::store(&stack.uploaded(), &fingerprint)?;
        Ok(((), format!("{files} files")))
    })
}
