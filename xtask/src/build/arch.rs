//! Processor architectures of the functions.

use clap::ValueEnum;

/// Processor architecture, named as AWS Lambda does.
#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Arch {
    #[default]
    #[value(name = "arm64")]
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

impl Arch {
    pub fn of_host() -> Self {
        if cfg!(target_arch = "aarch64") { Self::Arm64 } else { Self::X86_64 }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}
