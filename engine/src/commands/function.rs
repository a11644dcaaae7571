//! CREATE FUNCTION.
use crate::engine::{Answer, Engine};
use crate::error::Result;
use crate::parse::Script;
use crate::spark::Place;
pub(super) fn create(_engine: &Engine, _script: &Script, _place: &Place) -> Result<Answer> {
    Ok(Answer::Nothing)
}
