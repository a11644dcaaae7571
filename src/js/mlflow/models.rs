//! Chains as MLflow models, by name.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::mlflow::models::ChainModel;
use crate::mlflow::models::files::facts;

/// `models.files` of a chain's description and of what the server knows of the model, both JSON texts: paths and texts in
/// turn. `models.source` of a description: the Python file.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "models.files" => {
            let files = ChainModel::from_json(args.text(0)?)?.files(&facts(args.text(1)?)?)?;
            let pairs = files.iter().flat_map(|(path, text)| [*path, text.as_str()]);
            pairs.map(JsValue::from_str).collect::<Array>().into()
        }
        "models.source" => ChainModel::from_json(args.text(0)?)?.source()?.into(),
        _ => return Ok(None),
    }))
}
