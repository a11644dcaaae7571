//! Unity Catalog functions as tools of a chat.
//!
//! [`UcFunctionToolkit`] reads functions by name and describes each to the model: what it takes as a
//! JSON Schema, what it does by its comment. A call of the model is checked, becomes one SQL
//! statement with named parameters on a SQL warehouse, and its result or error is told to the model.
//!
//! For who comes from `unitycatalog-langchain`: names, schemas, statements and results are the same.
//! Different: a float takes a whole number, arguments the model did not send stay out of the call,
//! a decimal may be text, and [`Form::Plain`] writes schemas for models that refuse `anyOf`.

pub mod calls;
mod check;
mod name;
mod outcome;
mod schema;
mod statement;
mod toolkit;
pub mod types;

pub use calls::RunSettings;
pub use check::check_arguments;
pub use name::{Named, tool_name};
pub use outcome::{Seen, judge, late, pause};
pub use schema::{Form, parameters_schema};
pub use statement::{Statement, statement};
pub use toolkit::{UcFunction, UcFunctionToolkit, UcFunctionToolkitOptions};
pub use types::FunctionResult;

#[allow(unused_imports)] // for other rooms and the JavaScript face
pub(crate) use name::last;
#[allow(unused_imports)] // for the JavaScript face
pub(crate) use statement::gives_table;

#[cfg(test)]
mod tests;
