//! Columns of a result: typed lists, and which of their rows are NULL.

use std::fmt;

/// How the cells of a column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// TINYINT, SMALLINT and INT, in 32 bits.
    Int,
    /// BIGINT, in 64 bits.
    Long,
    /// FLOAT and DOUBLE.
    Double,
    /// BOOLEAN.
    Bool,
    /// Everything else, as the text that came: DECIMAL, STRING, DATE, TIMESTAMP, BINARY, INTERVAL, nested and VARIANT.
    Text,
}

impl Kind {
    /// How a type of the wire (`type_name`) is kept.
    #[must_use]
    pub fn of(type_name: &str) -> Self {
        match type_name {
            "BYTE" | "SHORT" | "INT" => Self::Int,
            "LONG" => Self::Long,
            "FLOAT" | "DOUBLE" => Self::Double,
            "BOOLEAN" => Self::Bool,
            _ => Self::Text,
        }
    }
}

/// The cells of one column.
#[derive(Clone, PartialEq)]
pub struct Column {
    pub(crate) data: Data,
    /// A bit for each row, set when it is NULL; shorter than the rows when the last are not.
    nulls: Vec<u8>,
    null_count: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Int(Vec<i32>),
    Long(Vec<i64>),
    Double(Vec<f64>),
    Bool(Vec<u8>),
    Text(Texts),
}

/// Texts one behind the other. While rows are read, `bytes` is longer than what is used of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: usize,
    pub(crate) ends: Vec<u32>,
    /// Whether some text has letters beyond ASCII.
    pub(crate) wide: bool,
}

impl Texts {
    /// Adds a text by the long way.
    pub(crate) fn push(&mut self, text: &str) {
        let end = self.length + text.len();
        if self.bytes.len() < end {
            self.bytes.resize(end + end / 2 + 1024, 0);
        }
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(text.as_bytes());
        }
        self.length = end;
        self.ends.push(self.length as u32);
        self.wide |= !text.is_ascii();
    }

    fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        self.length = self.ends.last().map_or(0, |end| *end as usize);
    }

    fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)? as usize;
        let from = row.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        std::str::from_utf8(self.bytes.get(from..end)?).ok()
    }

    /// Where each text ends, in the units of a JavaScript string.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn ends_in_utf16(&self) -> Vec<u32> {
        if !self.wide {
            return self.ends.clone();
        }
        let mut from = 0;
        let mut units = 0_u32;
        let mut out = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            let end = *end as usize;
            for byte in self.bytes.get(from..end).unwrap_or_default() {
                // a continuation adds nothing; a letter of four bytes is a pair
                units += u32::from(byte & 0xc0 != 0x80) + u32::from(*byte >= 0xf0);
            }
            from = end;
            out.push(units);
        }
        out
    }
}

impl Column {
    pub(crate) fn new(kind: Kind) -> Self {
        let data = match kind {
            Kind::Int => Data::Int(Vec::new()),
            Kind::Long => Data::Long(Vec::new()),
            Kind::Double => Data::Double(Vec::new()),
            Kind::Bool => Data::Bool(Vec::new()),
            Kind::Text => Data::Text(Texts::default()),
        };
        Self { data, nulls: Vec::new(), null_count: 0 }
    }

    /// An empty one of the same kind, with room for as much.
    pub(crate) fn like(&self) -> Self {
        let data = match &self.data {
            Data::Int(list) => Data::Int(Vec::with_capacity(list.len())),
            Data::Long(list) => Data::Long(Vec::with_capacity(list.len())),
            Data::Double(list) => Data::Double(Vec::with_capacity(list.len())),
            Data::Bool(list) => Data::Bool(Vec::with_capacity(list.len())),
            Data::Text(texts) => Data::Text(Texts { ends: Vec::with_capacity(texts.ends.len()), ..Texts::default() }),
        };
        Self { data, nulls: Vec::new(), null_count: 0 }
    }

    /// How its cells are kept.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.data {
            Data::Int(_) => Kind::Int,
            Data::Long(_) => Kind::Long,
            Data::Double(_) => Kind::Double,
            Data::Bool(_) => Kind::Bool,
            Data::Text(_) => Kind::Text,
        }
    }

    /// How many cells it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Int(list) => list.len(),
            Data::Long(list) => list.len(),
            Data::Double(list) => list.len(),
            Data::Bool(list) => list.len(),
            Data::Text(texts) => texts.ends.len(),
        }
    }

    /// Whether it has no cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a cell is NULL; its place in the lists then holds nothing of meaning.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.get(row >> 3).is_some_and(|bits| bits >> (row & 7) & 1 == 1)
    }

    /// How many cells are NULL.
    #[must_use]
    pub fn null_count(&self) -> usize {
        self.null_count
    }

    /// A bit for each row, the first in the lowest, set when it is NULL; shorter when the last rows are not.
    #[must_use]
    pub fn nulls(&self) -> &[u8] {
        &self.nulls
    }

    /// The numbers of a column of BIGINT; empty for any other.
    #[must_use]
    pub fn longs(&self) -> &[i64] {
        if let Data::Long(list) = &self.data { list } else { &[] }
    }

    /// The numbers of a column of INT, SMALLINT or TINYINT; empty for any other.
    #[must_use]
    pub fn ints(&self) -> &[i32] {
        if let Data::Int(list) = &self.data { list } else { &[] }
    }

    /// The numbers of a column of DOUBLE or FLOAT; empty for any other.
    #[must_use]
    pub fn doubles(&self) -> &[f64] {
        if let Data::Double(list) = &self.data { list } else { &[] }
    }

    /// The truths of a column of BOOLEAN, 1 for true; empty for any other.
    #[must_use]
    pub fn bools(&self) -> &[u8] {
        if let Data::Bool(list) = &self.data { list } else { &[] }
    }

    /// The text of a cell that is kept as text; nothing for NULL and for other kinds.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        match &self.data {
            Data::Text(texts) if !self.is_null(row) => texts.get(row),
            _ => None,
        }
    }

    /// The bytes of all texts, and where each ends in the units of a JavaScript string.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn texts(&self) -> (&[u8], Vec<u32>) {
        match &self.data {
            Data::Text(texts) => (&texts.bytes, texts.ends_in_utf16()),
            _ => (&[], Vec::new()),
        }
    }

    #[inline(always)]
    pub(crate) fn push_null(&mut self) {
        let row = self.len();
        match &mut self.data {
            Data::Int(list) => list.push(0),
            Data::Long(list) => list.push(0),
            Data::Double(list) => list.push(0.0),
            Data::Bool(list) => list.push(0),
            Data::Text(texts) => texts.ends.push(texts.length as u32),
        }
        if self.nulls.len() <= row >> 3 {
            self.nulls.resize((row >> 3) + 1, 0);
        }
        if let Some(bits) = self.nulls.get_mut(row >> 3) {
            *bits |= 1 << (row & 7);
        }
        self.null_count += 1;
    }

    /// Takes the last cell away, which is not NULL.
    pub(crate) fn pop(&mut self) {
        let rows = self.len().saturating_sub(1);
        self.truncate(rows);
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        if self.len() <= rows {
            return;
        }
        for row in rows..self.len() {
            if self.is_null(row) {
                if let Some(bits) = self.nulls.get_mut(row >> 3) {
                    *bits &= !(1 << (row & 7));
                }
                self.null_count -= 1;
            }
        }
        match &mut self.data {
            Data::Int(list) => list.truncate(rows),
            Data::Long(list) => list.truncate(rows),
            Data::Double(list) => list.truncate(rows),
            Data::Bool(list) => list.truncate(rows),
            Data::Text(texts) => texts.truncate(rows),
        }
    }

    /// Lets go of the room behind the texts.
    pub(crate) fn seal(&mut self) {
        if let Data::Text(texts) = &mut self.data {
            texts.bytes.truncate(texts.length);
        }
    }
}

impl fmt::Debug for Column {
    /// Sizes only: cells may hold anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({:?}, {} cells, {} NULL)", self.kind(), self.len(), self.null_count)
    }
}
