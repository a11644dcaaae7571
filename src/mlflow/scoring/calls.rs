//! The requests to a scoring server as values.

use super::advice::explain;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, Raw};
use crate::wire::request::{Method, Request};

/// How a scoring server is given its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `inputs`: nearly as it is; the one for chains.
    #[default]
    Inputs,
    /// `instances`: rows, which become columns.
    Instances,
    /// `dataframe_split`: `{columns, data}`.
    DataframeSplit,
    /// `dataframe_records`: a list of rows.
    DataframeRecords,
    /// The object itself, with `messages`, `prompt` or `input` in it; the answer comes without a wrapper too.
    Unwrapped,
}

impl Form {
    /// The form of this name: `inputs`, `instances`, `dataframe_split`, `dataframe_records` or `unwrapped`.
    ///
    /// # Errors
    /// `InvalidInput` for another name.
    pub fn of(name: &str) -> Result<Self> {
        Ok(match name {
            "inputs" => Self::Inputs,
            "instances" => Self::Instances,
            "dataframe_split" => Self::DataframeSplit,
            "dataframe_records" => Self::DataframeRecords,
            "unwrapped" => Self::Unwrapped,
            _ => {
                return Err(invalid(
                    "The form must be inputs, instances, dataframe_split, dataframe_records or unwrapped.",
                ));
            }
        })
    }

    fn key(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Instances => "instances",
            Self::DataframeSplit => "dataframe_split",
            Self::DataframeRecords => "dataframe_records",
            Self::Unwrapped => "",
        }
    }
}

/// The body of a query; `input` and `params` are JSON texts.
///
/// # Errors
/// `InvalidInput` for an input that has not the form's shape.
///
/// ```
/// use lakewire::mlflow::scoring::{Form, calls::body};
/// assert_eq!(body(Form::Inputs, r#"{"q":"x"}"#, Some(r#"{"n":1}"#))?, r#"{"inputs":{"q":"x"},"params":{"n":1}}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn body(form: Form, input: &str, params: Option<&str>) -> Result<String> {
    let input = Raw::parse(input).map_err(|_| invalid("The input is not JSON."))?;
    let wrong = match form {
        Form::Inputs => None,
        Form::Instances | Form::DataframeRecords => (!input.is_array()).then_some("must be a list of rows."),
        Form::DataframeSplit => input
            .get_some("data")
            .is_none_or(|data| !data.is_array())
            .then_some("must be an object of `columns` and `data`, a list of rows."),
        Form::Unwrapped => ["messages", "prompt", "input"]
            .iter()
            .all(|key| input.get(key).is_none())
            .then_some("must be an object with `messages`, `prompt` or `input`: the server knows it by these."),
    };
    if let Some(wrong) = wrong {
        return Err(invalid(["The input of this form ", wrong].concat()));
    }
    let params = params.map(|params| Raw::parse(params).map_err(|_| invalid("`params` is not JSON."))).transpose()?;
    if params.is_some_and(|params| !params.is_object()) {
        return Err(invalid("`params` must be an object."));
    }
    if form == Form::Unwrapped {
        if params.is_some() {
            return Err(invalid(
                "An unwrapped input takes no `params`: put them into the object, the server tells them by name.",
            ));
        }
        return Ok(input.text().to_owned());
    }
    let mut out = ["{\"", form.key(), "\":", input.text()].concat();
    if let Some(params) = params {
        out.push_str(&[",\"params\":", params.text()].concat());
    }
    out.push('}');
    Ok(out)
}

/// Asks the model. Sent again only as models may be asked again: it costs, and changes nothing.
///
/// `POST /invocations`
#[must_use]
pub fn invoke(body: String) -> Call<Json<()>> {
    Call::new(Request::new(Method::Post, "/invocations").json(body), Repeat::Billed, answer::json).explained_by(explain)
}

/// Whether the model is there: the status says it, the body is an empty line.
///
/// `GET /ping`
#[must_use]
pub fn ping() -> Call<String> {
    Call::new(Request::new(Method::Get, "/ping"), Repeat::Safe, answer::text)
}

/// The server's MLflow, such as `3.17.2`: plain text, whatever its header says.
///
/// `GET /version`
#[must_use]
pub fn version() -> Call<String> {
    Call::new(Request::new(Method::Get, "/version"), Repeat::Safe, answer::text)
}

/// What the model said, out of an answer: under `predictions` when the input was wrapped.
#[must_use]
pub fn predictions(form: Form, answer: Raw<'_>) -> Raw<'_> {
    match form {
        Form::Unwrapped => answer,
        _ => answer.get("predictions").unwrap_or(answer),
    }
}

/// The one result for one input: servers with a signature make a list of it. A table's results stay a list.
#[must_use]
pub fn single<'a>(form: Form, input: Raw<'_>, result: Raw<'a>) -> Option<Raw<'a>> {
    if !matches!(form, Form::Inputs | Form::Unwrapped) || !input.is_object() || !result.is_array() {
        return None;
    }
    let mut items = result.items();
    match (items.next(), items.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}
