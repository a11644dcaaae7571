//! MLflow's words: experiments, runs, artifacts, registered and logged models.

mod artifact;
mod experiment;
mod registry;
mod run;

pub use artifact::*;
pub use experiment::*;
pub use registry::*;
pub use run::*;

/// A parameter, by MLflow's own name.
pub type Param = MlflowParam;
