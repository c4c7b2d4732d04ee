//! Packages of Python and Node.js, installed while something else uses the processor.

use anyhow::Result;

use crate::node;
use crate::paths::Paths;
use crate::python::{Packages, Venv};
use crate::steps::{Background, Steps};

/// Python packages, and Node.js packages of some directories.
pub struct Installs {
    python: Background<Venv>,
    node: Background<()>,
}

impl Installs {
    /// Starts to install what the local AWS, the templates and their checks are made of.
    pub fn start(paths: &Paths, steps: &Steps, python: &str, packages: Packages) -> Self {
        let (of_python, interpreter) = (paths.clone(), python.to_owned());
        let of_node = paths.clone();
        Self {
            python: steps.start("python packages", move |step| {
                Venv::provide(&of_python, &interpreter, packages, step)
            }),
            node: steps.start("node packages", move |step| {
                Ok(((), node::provide(&of_node, &of_node.infra(), step)?))
            }),
        }
    }

    pub fn join(self, steps: &mut Steps) -> Result<Venv> {
        steps.join(self.node)?;
        steps.join(self.python)
    }
}
