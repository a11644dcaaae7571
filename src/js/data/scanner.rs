//! The scanner of rows: reads of a result in, typed columns out.

use js_sys::{Array, BigInt64Array, Float64Array, Int32Array, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

use crate::js::error::to_js;
use crate::sql::{Column, Kind, Scanner, progress};

#[wasm_bindgen]
extern "C" {
    /// JavaScript's own reading of numbers, for the few that the scanner leaves.
    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;
}

/// Reads rows into columns, see `sql::Scanner`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RowScanner(Scanner);

type Outcome<T> = std::result::Result<T, JsValue>;

#[wasm_bindgen]
impl RowScanner {
    /// A scanner of columns; behind the type name of each stands a comma.
    #[wasm_bindgen(constructor)]
    pub fn new(types: &str) -> Self {
        let kinds: Vec<_> = types.split_terminator(',').map(Kind::of).collect();
        Self(Scanner::with_slow(&kinds, |text| Some(number(text))))
    }

    /// Reads on; gives how many rows can be taken.
    ///
    /// # Errors
    /// As `Scanner::push`.
    pub fn push(&mut self, bytes: &[u8]) -> Outcome<usize> {
        self.0.push(bytes).map_err(|error| to_js(&error))
    }

    /// Reads the rows that stand in an answer's text.
    ///
    /// # Errors
    /// As `Scanner::push` and `Scanner::finish`.
    pub fn answer(&mut self, text: &str) -> Outcome<usize> {
        let rows = progress::rows_of(text).unwrap_or("[]");
        let read = self.0.push(rows.as_bytes()).and_then(|_| self.0.finish());
        read.map_err(|error| to_js(&error))
    }

    /// Ends a chunk.
    ///
    /// # Errors
    /// As `Scanner::finish`.
    pub fn finish(&mut self) -> Outcome<usize> {
        self.0.finish().map_err(|error| to_js(&error))
    }

    /// Takes the rows: their number, then for each column its cells, which of them are NULL, and for texts their ends.
    pub fn take(&mut self) -> Array {
        let (rows, columns) = self.0.take();
        let out = Array::of1(&JsValue::from(rows));
        for column in &columns {
            let (cells, ends) = cells(column);
            let nulls =
                if column.null_count() > 0 { Uint8Array::from(column.nulls()).into() } else { JsValue::UNDEFINED };
            out.push(&cells);
            out.push(&nulls);
            out.push(&ends);
        }
        out
    }
}

fn cells(column: &Column) -> (JsValue, JsValue) {
    let cells = match column.kind() {
        Kind::Int => Int32Array::from(column.ints()).into(),
        Kind::Long => BigInt64Array::from(column.longs()).into(),
        Kind::Double => Float64Array::from(column.doubles()).into(),
        Kind::Bool => Uint8Array::from(column.bools()).into(),
        Kind::Text => {
            let (bytes, ends) = column.texts();
            return (Uint8Array::from(bytes).into(), Uint32Array::from(ends.as_slice()).into());
        }
    };
    (cells, JsValue::UNDEFINED)
}
