//! Builds the services for AWS Lambda with cargo-lambda, and checks the result.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xtask_common::paths::Paths;
use xtask_common::python::Venv;
use xtask_common::services::Services;
use xtask_common::{process, table};

use crate::build::arch::Arch;
use crate::build::{glibc, zips};

pub struct LambdaBuild {
    pub dir: PathBuf,
    pub services: Vec<Service>,
}

pub struct Service {
    name: String,
    zip_bytes: u64,
    binary_bytes: usize,
    glibc: Option<glibc::Glibc>,
}

pub fn run(paths: &Paths, services: &Services, venv: &Venv, arch: Arch) -> Result<LambdaBuild> {
    add_rust_target(paths, arch)?;
    let dir = services.target_dir.join("lambda");
    let mut cargo = process::command(venv.tool("cargo-lambda"), paths.root());
    cargo
        .args(["lambda", "build", "--release", "--output-format", "zip", "--bins"])
        .arg(match arch {
            Arch::Arm64 => "--arm64",
            Arch::X86_64 => "--x86-64",
        })
        .arg("--lambda-dir")
        .arg(&dir)
        .args(services.package_args())
        .env("PATH", venv.search_path()?);
    process::attached(&mut cargo)?;
    let services = services.names().map(|name| inspect(name, &dir)).collect::<Result<_>>()?;
    Ok(LambdaBuild { dir, services })
}

fn add_rust_target(paths: &Paths, arch: Arch) -> Result<()> {
    let triple = match arch {
        Arch::Arm64 => "aarch64-unknown-linux-gnu",
        Arch::X86_64 => "x86_64-unknown-linux-gnu",
    };
    let sysroot = process::output(process::command("rustc", paths.root()).args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(triple).is_dir() {
        return Ok(());
    }
    process::attached(process::command("rustup", paths.root()).args(["target", "add", triple]))
        .with_context(|| format!("Rust lacks the target {triple}"))
}

fn inspect(name: &str, dir: &Path) -> Result<Service> {
    let zip = dir.join(name).join("bootstrap.zip");
    let binary = zips::read(&zip)?;
    let glibc = glibc::check(&binary).with_context(|| format!("service {name}"))?;
    let zip_bytes = fs::metadata(&zip).with_context(|| format!("cannot read {}", zip.display()))?.len();
    if binary.is_empty() {
        bail!("the `bootstrap` in {} is empty", zip.display());
    }
    Ok(Service { name: name.to_owned(), zip_bytes, binary_bytes: binary.len(), glibc })
}

impl fmt::Display for LambdaBuild {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["service", "zip", "binary", "glibc"].map(str::to_owned)];
        rows.extend(self.services.iter().map(|service| {
            [
                service.name.clone(),
                kibibytes(service.zip_bytes),
                kibibytes(service.binary_bytes as u64),
                service.glibc.map_or_else(|| "-".to_owned(), |version| version.to_string()),
            ]
        }));
        formatter.write_str(&table::render(&rows))
    }
}

fn kibibytes(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}
