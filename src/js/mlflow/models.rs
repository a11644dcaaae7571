//! Chains as MLflow models, and servers that score with them, by name.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::mlflow::models::ChainModel;
use crate::mlflow::models::files::facts;
use crate::mlflow::scoring::calls::body;
use crate::mlflow::scoring::{Form, advice};

/// `models.files` of a chain's description and of what the server knows of the model, both JSON texts: paths and texts in
/// turn. `models.source` of a description: the Python file. `scoring.body` of a form, an input and parameters. `scoring.advice` of
/// an error's message: a sentence, when it is about the model's signature.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "models.files" => {
            let files = ChainModel::from_json(args.text(0)?)?.files(&facts(args.text(1)?)?)?;
            let pairs = files.iter().flat_map(|(path, text)| [*path, text.as_str()]);
            pairs.map(JsValue::from_str).collect::<Array>().into()
        }
        "models.source" => ChainModel::from_json(args.text(0)?)?.source()?.into(),
        "scoring.body" => body(Form::of(args.text(0)?)?, args.text(1)?, args.optional(2))?.into(),
        "scoring.advice" => advice(args.text(0)?).map_or(JsValue::UNDEFINED, JsValue::from),
        _ => return Ok(None),
    }))
}
