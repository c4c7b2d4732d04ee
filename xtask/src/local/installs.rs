//! Installs Python and Node.js packages in the background of other steps.

use anyhow::Result;
use xtask_common::node;
use xtask_common::paths::Paths;
use xtask_common::python::{Packages, Venv};
use xtask_common::steps::{Background, Steps};

/// Background installs of Python packages, and of Node.js packages of some directories.
pub struct Installs {
    python: Background<Venv>,
    node: Background<()>,
}

impl Installs {
    /// Starts to install the packages of the local AWS, the templates and their checks.
    pub fn start(paths: &Paths, steps: &Steps, python: &str, packages: Packages) -> Self {
        let (of_python, interpreter) = (paths.clone(), python.to_owned());
        let of_node = paths.clone();
        Self {
            python: steps.start("python packages", move |step| {
                Venv::provide(&of_python, &interpreter, packages, step)
            }),
            node: steps
                .start("node packages", move |step| Ok(((), node::provide(&of_node, of_node.root(), step)?))),
        }
    }

    /// Waits for the packages of the infrastructure; those of Python go on.
    pub fn join_node(self, steps: &mut Steps) -> Result<Background<Venv>> {
        steps.join(self.node)?;
        Ok(self.python)
    }

    pub fn join(self, steps: &mut Steps) -> Result<Venv> {
        let python = self.join_node(steps)?;
        steps.join(python)
    }
}
