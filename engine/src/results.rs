//! Results cut into chunks of about as many bytes as asked for, in one of the three formats.

use std::sync::Arc;

use axum::body::Bytes;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::arrow::ipc::writer::StreamWriter;
use serde_json::{Value, json};

use crate::cells;
use crate::error::{Result, SqlError};
use crate::types::SqlType;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An array of arrays of strings and nulls.
    Json,
    /// An Arrow IPC stream in each chunk.
    Arrow,
    /// RFC 4180, names in the first chunk alone.
    Csv,
}

impl Format {
    /// Reads the service's name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "JSON_ARRAY" => Some(Self::Json),
            "ARROW_STREAM" => Some(Self::Arrow),
            "CSV" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The service's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON_ARRAY",
            Self::Arrow => "ARROW_STREAM",
            Self::Csv => "CSV",
        }
    }
}

/// What a result is cut by.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows at most.
    pub rows: Option<u64>,
    /// Bytes at most.
    pub bytes: Option<u64>,
    /// Bytes of a chunk, about.
    pub chunk: usize,
}

/// A piece of a result.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Its first row.
    pub row_offset: u64,
    /// Its rows.
    pub row_count: u64,
    /// Its text or stream.
    pub bytes: Bytes,
}

/// Takes batches and gives chunks.
#[derive(Debug)]
pub struct Cutter {
    format: Format,
    columns: Vec<(String, SqlType)>,
    limits: Limits,
    chunks: Vec<Chunk>,
    text: String,
    held: Vec<RecordBatch>,
    held_bytes: usize,
    first_row: u64,
    rows: u64,
    bytes: u64,
    truncated: bool,
}

impl Cutter {
    /// For a result of these columns.
    pub fn new(format: Format, columns: Vec<(String, SqlType)>, limits: Limits) -> Self {
        Self {
            format,
            columns,
            limits,
            chunks: Vec::new(),
            text: String::new(),
            held: Vec::new(),
            held_bytes: 0,
            first_row: 0,
            rows: 0,
            bytes: 0,
            truncated: false,
        }
    }

    /// Takes a batch; false when the limits are reached and no more is wanted.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<bool> {
        let columns: Vec<ArrayRef> = batch.columns().iter().map(cells::plain).collect::<Result<_>>()?;
        let left = self.limits.rows.map_or(u64::MAX, |limit| limit.saturating_sub(self.rows));
        let rows = usize::try_from(left).unwrap_or(usize::MAX).min(batch.num_rows());
        if rows < batch.num_rows() {
            self.truncated = true;
        }
        match self.format {
            Format::Arrow => self.push_arrow(columns, rows)?,
            Format::Json | Format::Csv => {
                for row in 0..rows {
                    self.push_row(&columns, row)?;
                    if self.truncated && self.limits.bytes.is_some_and(|limit| self.bytes_so_far() > limit) {
                        break;
                    }
                }
            }
        }
        Ok(!self.truncated)
    }

    fn bytes_so_far(&self) -> u64 {
        self.bytes + self.text.len() as u64
    }

    fn push_row(&mut self, columns: &[ArrayRef], row: usize) -> Result<()> {
        let before = self.text.len();
        match self.format {
            Format::Json => {
                self.text.push_str(if self.text.is_empty() { "[[" } else { ",[" });
                for (index, column) in columns.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.json_cell(column, row)?;
                }
                self.text.push(']');
            }
            _ => {
                if self.rows == 0 {
                    let names: Vec<String> = self.columns.iter().map(|(name, _)| csv(name)).collect();
                    self.text.push_str(&names.join(","));
                    self.text.push_str("\r\n");
                }
                for (index, column) in columns.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    if is_null(column, row) {
                        self.text.push_str("null");
                    } else {
                        let mut cell = String::new();
                        cells::write(column, row, &mut cell, false)?;
                        self.text.push_str(&csv(&cell));
                    }
                }
                self.text.push_str("\r\n");
            }
        }
        if self.limits.bytes.is_some_and(|limit| self.bytes_so_far() > limit) && self.rows > 0 {
            self.text.truncate(before);
            self.truncated = true;
            // the row that went over the limit is left out, and none follows
            self.limits.bytes = Some(0);
            return Ok(());
        }
        self.rows += 1;
        if self.text.len() + 1 >= self.limits.chunk {
            self.cut_text();
        }
        Ok(())
    }

    fn json_cell(&mut self, column: &ArrayRef, row: usize) -> Result<()> {
        if is_null(column, row) {
            self.text.push_str("null");
            return Ok(());
        }
        match column.data_type() {
            DataType::Utf8 => cells::write(column, row, &mut self.text, true),
            DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => {
                let mut inner = String::new();
                cells::write(column, row, &mut inner, false)?;
                cells::string(&inner, &mut self.text);
                Ok(())
            }
            _ => {
                self.text.push('"');
                cells::write(column, row, &mut self.text, false)?;
                self.text.push('"');
                Ok(())
            }
        }
    }

    fn cut_text(&mut self) {
        if self.rows == self.first_row {
            return;
        }
        let mut text = std::mem::take(&mut self.text);
        if self.format == Format::Json {
            text.push(']');
        }
        self.add(text.into_bytes());
    }

    fn add(&mut self, bytes: Vec<u8>) {
        self.bytes += bytes.len() as u64;
        self.chunks.push(Chunk {
            row_offset: self.first_row,
            row_count: self.rows - self.first_row,
            bytes: Bytes::from(bytes),
        });
        self.first_row = self.rows;
    }

    fn schema(&self) -> Arc<Schema> {
        let fields: Vec<Field> = self.columns.iter().map(|(name, ty)| Field::new(name, carried(ty), true)).collect();
        Arc::new(Schema::new(fields))
    }

    fn push_arrow(&mut self, columns: Vec<ArrayRef>, rows: usize) -> Result<()> {
        let schema = self.schema();
        let columns: Vec<ArrayRef> = columns
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| {
                let column = cast(column, field.data_type());
                column.map_err(|error| SqlError::internal(error.to_string()))
            })
            .collect::<Result<_>>()?;
        let batch = RecordBatch::try_new(schema, columns).map_err(|error| SqlError::internal(error.to_string()))?;
        let each: usize =
            batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0)).sum();
        let each = (each / batch.num_rows().max(1)).max(1);
        let mut at = 0;
        while at < rows {
            let room = self.limits.chunk.saturating_sub(self.held_bytes) / each;
            let mut take = room.max(1).min(rows - at);
            if let Some(limit) = self.limits.bytes {
                let left = limit.saturating_sub(self.bytes + self.held_bytes as u64) / each as u64;
                let left = usize::try_from(left).unwrap_or(usize::MAX).max(usize::from(self.rows == 0));
                if left < take {
                    take = left;
                    self.truncated = true;
                }
            }
            if take == 0 {
                break;
            }
            self.held.push(batch.slice(at, take));
            self.held_bytes += take * each;
            self.rows += take as u64;
            at += take;
            if self.held_bytes >= self.limits.chunk || room <= take {
                self.cut_arrow()?;
            }
        }
        Ok(())
    }

    fn cut_arrow(&mut self) -> Result<()> {
        let schema = self.schema();
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        let write = || -> std::result::Result<Vec<u8>, datafusion::arrow::error::ArrowError> {
            let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
            for batch in &held {
                writer.write(batch)?;
            }
            writer.finish()?;
            writer.into_inner()
        };
        let bytes = write().map_err(|error| SqlError::internal(error.to_string()))?;
        self.add(bytes);
        Ok(())
    }

    /// Ends the result: its manifest and its chunks. A result without rows has one empty chunk.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub fn finish(mut self) -> Result<(Value, Vec<Chunk>)> {
        match self.format {
            Format::Arrow if !self.held.is_empty() || self.chunks.is_empty() => self.cut_arrow()?,
            Format::Arrow => {}
            Format::Json | Format::Csv => {
                self.cut_text();
                if self.chunks.is_empty() {
                    let empty = match self.format {
                        Format::Json => "[]".to_owned(),
                        _ => {
                            let names: Vec<String> = self.columns.iter().map(|(name, _)| csv(name)).collect();
                            format!("{}\r\n", names.join(","))
                        }
                    };
                    self.add(empty.into_bytes());
                }
            }
        }
        let columns: Vec<Value> =
            self.columns.iter().enumerate().map(|(position, (name, ty))| ty.column(name, position)).collect();
        let chunks: Vec<Value> = self
            .chunks
            .iter()
            .enumerate()
            .map(|(index, chunk)| {
                json!({"chunk_index": index, "row_offset": chunk.row_offset, "row_count": chunk.row_count,
                       "byte_count": chunk.bytes.len()})
            })
            .collect();
        let manifest = json!({
            "format": self.format.name(),
            "schema": {"column_count": columns.len(), "columns": columns},
            "total_chunk_count": chunks.len(),
            "chunks": chunks,
            "total_row_count": self.rows,
            "total_byte_count": self.bytes,
            "truncated": self.truncated,
        });
        Ok((manifest, self.chunks))
    }
}

/// The manifest of a statement that answers nothing.
pub fn nothing(format: Format) -> Value {
    json!({"format": format.name(), "schema": {"column_count": 0}, "total_chunk_count": 0, "total_row_count": 0,
           "total_byte_count": 0, "truncated": false})
}

fn is_null(column: &ArrayRef, row: usize) -> bool {
    column.is_null(row) || column.data_type() == &DataType::Null
}

fn csv(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// The type in an Arrow stream, as the service sends it: timestamps in microseconds.
fn carried(ty: &SqlType) -> DataType {
    match ty {
        SqlType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("Etc/UTC".into())),
        other => other.to_arrow(),
    }
}
