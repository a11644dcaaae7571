//! The pure steps of flows that JavaScript drives: tool loop and structured output.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::chat::body;
use crate::chat::structured::{StructuredMethod, StructuredOutput};
use crate::chat::tool_calls::{check_arguments, requested_tools};
use crate::chat::tool_loop::{self, Step};
use crate::js::error::to_js;
use crate::wire::json::Raw;

/// Checks tool arguments; gives the JSON text to parse.
///
/// # Errors
/// `InvalidArguments`.
#[wasm_bindgen(js_name = checkArguments)]
pub fn check_tool_arguments(raw: &str) -> Result<String, JsValue> {
    check_arguments(raw).map(str::to_owned).map_err(|error| to_js(&error))
}

/// The tools an answer asks for: `[id, name, arguments, id, name, arguments, …]`.
///
/// # Errors
/// `Decode` when a call has no name.
#[wasm_bindgen(js_name = requestedTools)]
pub fn requested(completion: &str) -> Result<Array, JsValue> {
    let tools = requested_tools(Raw::trusted(completion)).map_err(|error| to_js(&error))?;
    Ok(flatten(&tools))
}

/// What an answer asks for: nothing for an answer, else as `requestedTools`.
///
/// # Errors
/// `UnknownTool`, `Decode`.
#[wasm_bindgen(js_name = nextStep)]
pub fn next_step(completion: &str, known: Vec<String>) -> Result<Option<Array>, JsValue> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match tool_loop::next_step(Raw::trusted(completion), &known).map_err(|error| to_js(&error))? {
        Step::Answer => Ok(None),
        Step::RunTools(tools) => Ok(Some(flatten(&tools))),
    }
}

pub(super) fn flatten(tools: &[crate::chat::tool_calls::RequestedTool]) -> Array {
    let flat = Array::new();
    for tool in tools {
        for text in [&tool.id, &tool.name, &tool.arguments_raw] {
            flat.push(&JsValue::from_str(text));
        }
    }
    flat
}

/// The message that tells the model what a tool gave, or why it failed.
#[wasm_bindgen(js_name = toolMessage)]
pub fn tool_message(id: &str, good: bool, text: &str) -> String {
    tool_loop::tool_message(id, if good { Ok(text) } else { Err(text) })
}

/// Throws the error of a loop that went on for too long.
///
/// # Errors
/// `StepLimit`, always.
#[wasm_bindgen(js_name = stepLimit)]
pub fn step_limit(max_steps: u32) -> Result<(), JsValue> {
    Err(to_js(&tool_loop::step_limit(max_steps)))
}

/// A body with more messages (JSON texts) at its end.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = withMessages)]
pub fn with_messages(body: &str, more: Vec<String>) -> Result<String, JsValue> {
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    body::with_messages(body, &more).map_err(|error| to_js(&error))
}

/// Structured output, for the facade.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CoreStructured {
    output: StructuredOutput,
}

#[wasm_bindgen]
impl CoreStructured {
    /// Takes a JSON Schema as text, a name, a method and whether to be strict.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        schema: &str,
        name: Option<String>,
        method: &str,
        strict: Option<bool>,
    ) -> Result<CoreStructured, JsValue> {
        StructuredMethod::from_name(method)
            .and_then(|method| StructuredOutput::new(schema, name.as_deref(), method, strict))
            .map(|output| Self { output })
            .map_err(|error| to_js(&error))
    }

    /// The request's JSON text with the fields that ask for this output.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[wasm_bindgen(js_name = addTo)]
    pub fn add_to(&self, request: &str) -> Result<String, JsValue> {
        self.output.add_to(request).map_err(|error| to_js(&error))
    }

    /// The output's JSON text out of an answer.
    ///
    /// # Errors
    /// `OutputMismatch`.
    pub fn extract(&self, completion: &str) -> Result<String, JsValue> {
        self.output.extract(Raw::trusted(completion)).map_err(|error| to_js(&error))
    }
}
