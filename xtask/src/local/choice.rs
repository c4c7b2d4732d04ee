//! Chooses the local stack of a command.

use clap::{Parser, ValueEnum};
use xtask_common::paths::Paths;
use xtask_common::stack::LocalStack;

const DEFAULT_PORT: u16 = 4566;

#[derive(Default, Parser)]
pub struct StackArgs {
    /// Use the local AWS of the tests of `up` and `down` instead of the developer's
    #[arg(long, hide = true, value_enum, default_value_t)]
    stack: Choice,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Choice {
    #[default]
    Local,
    Stacks,
}

impl StackArgs {
    pub fn find(&self, paths: &Paths) -> LocalStack {
        match self.stack {
            Choice::Local => LocalStack::of_developer(paths),
            Choice::Stacks => LocalStack::of_stacks(paths),
        }
    }

    /// The port of a new local AWS; none for any that is free.
    pub fn default_port(&self) -> Option<u16> {
        match self.stack {
            Choice::Local => Some(DEFAULT_PORT),
            Choice::Stacks => None,
        }
    }
}
