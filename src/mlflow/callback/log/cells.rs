//! Cells as pandas prints them: numbers of a column alike, the rest as `str()` nearly has it.

use super::decimal::Decimal;
use super::fields::{is_float, python};
use crate::wire::json::Raw;

/// What pandas makes of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Whole numbers, or true and false, each as it is.
    Plain,
    /// Numbers with a point; empty cells are `NaN`.
    Float,
    /// Texts; empty cells are `NaN`.
    Text,
    /// Anything; null is `None`, what is missing is `NaN`.
    Object,
}

type Cells<'c, 'a> = &'c [Option<Raw<'a>>];

fn is_number(value: Raw<'_>) -> bool {
    value.text().starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

impl Column {
    pub(super) fn of(cells: Cells<'_, '_>) -> Self {
        let some = || cells.iter().flatten().filter(|value| !value.is_null());
        let holes = some().count() < cells.len();
        if some().next().is_none() {
            return if cells.iter().any(Option::is_none) { Self::Float } else { Self::Object };
        }
        if some().all(|value| value.is_string()) {
            return Self::Text;
        }
        if some().all(|value| is_number(*value)) {
            return if holes || some().any(|value| is_float(value.text())) { Self::Float } else { Self::Plain };
        }
        if !holes && some().all(|value| value.as_bool().is_some()) { Self::Plain } else { Self::Object }
    }

    /// The cells as texts, not escaped.
    pub(super) fn printed(self, cells: Cells<'_, '_>) -> Vec<String> {
        if self == Self::Float {
            let values: Vec<Option<Decimal>> = cells
                .iter()
                .map(|cell| cell.filter(|value| !value.is_null()).and_then(|value| Decimal::parse(value.text())))
                .collect();
            return floats(&values);
        }
        let print = |cell: &Option<Raw<'_>>| match cell {
            None => "NaN".to_owned(),
            Some(value) if value.is_null() => if self == Self::Text { "NaN" } else { "None" }.to_owned(),
            Some(value) if self == Self::Object && is_number(*value) && is_float(value.text()) => single(value.text()),
            Some(value) => thing(*value, 0, false, true).trim().to_owned(),
        };
        cells.iter().map(print).collect()
    }
}

/// A float among other things: at most six digits behind the point.
fn single(text: &str) -> String {
    let Some(value) = Decimal::parse(text) else { return "inf".to_owned() };
    let text = value.fixed();
    let trimmed = text.trim_end_matches('0');
    if trimmed.ends_with('.') { [trimmed, "0"].concat() } else { trimmed.to_owned() }
}

/// A column of floats: as many digits behind the point in all of them, or powers of ten in all of them.
fn floats(values: &[Option<Decimal>]) -> Vec<String> {
    let mut fixed: Vec<Option<String>> = values.iter().map(|value| value.as_ref().map(Decimal::fixed)).collect();
    // trailing zeros that all have go; one digit stays
    while fixed.iter().flatten().next().is_some() && fixed.iter().flatten().all(|text| text.ends_with('0')) {
        for text in fixed.iter_mut().flatten() {
            text.truncate(text.len() - 1);
        }
    }
    for text in fixed.iter_mut().flatten().filter(|text| text.ends_with('.')) {
        text.push('0');
    }
    // positive numbers have a space for the sign
    let width = |text: &String| text.len() + usize::from(!text.starts_with('-'));
    let long = fixed.iter().flatten().any(|text| width(text) > 12);
    let some = || values.iter().flatten();
    if some().any(Decimal::is_small) || (long && some().any(Decimal::is_large)) {
        fixed = values.iter().map(|value| value.as_ref().map(Decimal::powered)).collect();
    }
    fixed.into_iter().map(|text| text.unwrap_or_else(|| "NaN".to_owned())).collect()
}

/// pandas' `pprint_thing`: texts in lists have no quotes, those in objects do; at most 100 items, three levels.
fn thing(value: Raw<'_>, level: usize, quoted: bool, tidy: bool) -> String {
    const ITEMS: usize = 100;
    if value.is_object() && level < 3 {
        let fields = || value.fields().map(|(key, item)| (key.into_owned(), item));
        let pairs: Vec<String> = fields()
            .take(ITEMS)
            .map(|(key, item)| ["'", &key, "': ", &thing(item, level + 1, true, false)].concat())
            .collect();
        let more = if fields().count() > ITEMS { ", ..." } else { "" };
        return ["{", &pairs.join(", "), more, "}"].concat();
    }
    if value.is_array() && level < 3 {
        let items: Vec<String> = value.items().take(ITEMS).map(|item| thing(item, level + 1, quoted, tidy)).collect();
        let more = if value.items().count() > ITEMS { ", ..." } else { "" };
        return ["[", &items.join(", "), more, "]"].concat();
    }
    let mut text = python(value);
    if tidy {
        text = label(&text);
    }
    if quoted && value.is_string() { ["'", &text, "'"].concat() } else { text }
}

/// A text on one line.
pub(super) fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            _ => out.push(c),
        }
    }
    out
}

/// A text within HTML, as pandas escapes it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}
