//! Which rows a question is about: values by name, comparisons, and spans of time.

use super::schema::Kind;
use super::tokens::{Names, Token, What};
use super::words::{self, canonical};
use crate::model::mentions::MONTHS;

/// Nations that are known by name, as TPC-H writes them.
const NATIONS: &[&str] = &[
    "algeria",
    "argentina",
    "brazil",
    "canada",
    "egypt",
    "ethiopia",
    "france",
    "germany",
    "india",
    "indonesia",
    "iran",
    "iraq",
    "japan",
    "jordan",
    "kenya",
    "morocco",
    "mozambique",
    "peru",
    "china",
    "romania",
    "saudi arabia",
    "vietnam",
    "russia",
    "united kingdom",
    "united states",
];
const REGIONS: &[&str] = &["africa", "america", "asia", "europe", "middle east"];
/// Signs and words of comparison, the longest first.
const COMPARISONS: &[(&[&str], &str)] = &[
    (&["greater", "than", "or", "equal", "to"], ">="),
    (&["less", "than", "or", "equal", "to"], "<="),
    (&["more", "than"], ">"),
    (&["greater", "than"], ">"),
    (&["higher", "than"], ">"),
    (&["larger", "than"], ">"),
    (&["bigger", "than"], ">"),
    (&["longer", "than"], ">"),
    (&["less", "than"], "<"),
    (&["fewer", "than"], "<"),
    (&["lower", "than"], "<"),
    (&["smaller", "than"], "<"),
    (&["shorter", "than"], "<"),
    (&["cheaper", "than"], "<"),
    (&["at", "least"], ">="),
    (&["at", "most"], "<="),
    (&["up", "to"], "<="),
    (&["equal", "to"], "="),
    (&["equals"], "="),
    (&["over"], ">"),
    (&["above"], ">"),
    (&["exceeding"], ">"),
    (&["under"], "<"),
    (&["below"], "<"),
    (&[">="], ">="),
    (&["<="], "<="),
    (&[">"], ">"),
    (&["<"], "<"),
    (&["="], "="),
];

/// A condition on rows or groups.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// A condition, its columns as [`super::write::column`] writes them.
    Plain(String),
    /// A span of time, from and to (not included), in ISO days.
    When(Option<String>, Option<String>),
    /// A condition on how many rows of a table belong to one.
    Count(usize, String),
    /// A condition on the main measure of what is asked for: operator and number, and words of its column.
    Measure(String, &'static [&'static str]),
}

/// Takes every condition out of the words.
///
/// # Errors
/// A sentence naming what no column is known for.
pub(super) fn take(names: &Names<'_>, tokens: &mut [Token]) -> Result<Vec<Filter>, String> {
    let mut found = Vec::new();
    spans_of_time(names, tokens, &mut found);
    comparisons(names, tokens, &mut found);
    values(names, tokens, &mut found)?;
    Ok(found)
}

fn use_up(tokens: &mut [Token], from: usize, to: usize) {
    for token in tokens.iter_mut().take(to).skip(from) {
        token.used = true;
    }
}

fn spans_of_time(names: &Names<'_>, tokens: &mut [Token], found: &mut Vec<Filter>) {
    if !names.columns().any(|(_, _, column)| column.is_when()) {
        return;
    }
    let mut at = 0;
    while at < tokens.len() {
        let (start, word) = (at, tokens.get(at).map(|token| token.lower.clone()).unwrap_or_default());
        at += 1;
        let opener =
            ["in", "during", "of", "from", "for", "since", "after", "before", "until", "between", "on", "year"]
                .contains(&word.as_str());
        if !opener {
            continue;
        }
        let skip = usize::from(tokens.get(at).is_some_and(|token| token.is(&["the", "year"])));
        let Some((first, next, end)) = day(tokens, at + skip) else { continue };
        let second = tokens
            .get(end)
            .filter(|token| token.is(&["and", "to", "until", "through", "-"]))
            .and_then(|_| day(tokens, end + 1));
        let (filter, end) = match (word.as_str(), second) {
            ("between" | "from", Some((_, next, end))) => (Filter::When(Some(first), Some(next)), end),
            ("since" | "from", None) if word == "since" => (Filter::When(Some(first), None), end),
            ("after", _) => (Filter::When(Some(next), None), end),
            ("before", _) => (Filter::When(None, Some(first)), end),
            ("until", _) => (Filter::When(None, Some(next)), end),
            _ => (Filter::When(Some(first), Some(next)), end),
        };
        found.push(filter);
        use_up(tokens, start, end);
        at = end;
    }
}

/// A year, month or day from `at` on: its first day, the first day after it, and the index behind it.
fn day(tokens: &[Token], at: usize) -> Option<(String, String, usize)> {
    let token = tokens.get(at)?;
    if let [year, month, day] = token.raw.split('-').collect::<Vec<_>>().as_slice() {
        let (year, month, day) = (year.parse::<u32>().ok()?, month.parse::<u32>().ok()?, day.parse::<u32>().ok()?);
        let last = days_of(year, month)?;
        let next = if day < last { (year, month, day + 1) } else { (year + month / 12, month % 12 + 1, 1) };
        return Some((iso(year, month, day), iso(next.0, next.1, next.2), at + 1));
    }
    let year = |at: usize| {
        tokens.get(at).and_then(|token| token.raw.parse::<u32>().ok()).filter(|year| (1900..2100).contains(year))
    };
    if let Some(month) = MONTHS.iter().position(|name| token.lower == *name) {
        let month = u32::try_from(month).ok()? + 1;
        let year = year(at + 1)?;
        return Some((iso(year, month, 1), iso(year + month / 12, month % 12 + 1, 1), at + 2));
    }
    let year = year(at)?;
    Some((iso(year, 1, 1), iso(year + 1, 1, 1), at + 1))
}

fn iso(year: u32, month: u32, day: u32) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

fn days_of(year: u32, month: u32) -> Option<u32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => Some(if leap { 29 } else { 28 }),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 9e15 { format!("{value:.0}") } else { value.to_string() }
}

/// The column that the words right before `end` name, and where they begin.
fn column_before(names: &Names<'_>, tokens: &[Token], end: usize) -> Option<(usize, usize, usize)> {
    let mut last = end;
    while last > 0
        && tokens.get(last - 1).is_some_and(|token| {
            token.is(&["is", "are", "was", "of", "a", "an", "has", "have", "having", "the", "were"])
        })
    {
        last -= 1;
    }
    (last.saturating_sub(4)..last).find_map(|start| match names.named(tokens, start) {
        Some((What::Column(table, column), length)) if start + length == last => Some((table, column, start)),
        _ => None,
    })
}

/// The column or table that the words from `start` on name, and the index behind them.
fn named_after(names: &Names<'_>, tokens: &[Token], start: usize) -> Option<(What, usize)> {
    let skip = tokens.iter().skip(start).take_while(|token| token.is(&["in", "of", "the", "as"])).count();
    names.named(tokens, start + skip).map(|(what, length)| (what, start + skip + length))
}

fn comparisons(names: &Names<'_>, tokens: &mut [Token], found: &mut Vec<Filter>) {
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        at += 1;
        let low = |at: usize| tokens.get(at).and_then(|token| token.number);
        let between = tokens.get(start).is_some_and(|token| token.is(&["between"]) && !token.used);
        let (test, end) = if let (true, Some(from), Some(to)) = (between, low(start + 1), low(start + 3)) {
            (format!("BETWEEN {} AND {}", number(from), number(to)), start + 4)
        } else {
            let sign = COMPARISONS.iter().find(|(words, _)| {
                words.iter().enumerate().all(|(offset, word)| {
                    tokens.get(start + offset).is_some_and(|token| token.is(&[word]) && !token.used)
                })
            });
            let Some((words, sign)) = sign else { continue };
            let Some(value) = low(start + words.len()) else { continue };
            (format!("{sign} {}", number(value)), start + words.len() + 1)
        };
        let numeric =
            |table: usize, column: usize| names.column(table, column).is_some_and(|column| column.kind == Kind::Number);
        if let Some((table, column, from)) =
            column_before(names, tokens, start).filter(|(table, column, _)| numeric(*table, *column))
        {
            found.push(Filter::Plain(format!("{} {test}", super::write::column(table, column))));
            use_up(tokens, from, end);
        } else {
            match named_after(names, tokens, end) {
                Some((What::Column(table, column), behind)) if numeric(table, column) => {
                    found.push(Filter::Plain(format!("{} {test}", super::write::column(table, column))));
                    use_up(tokens, start, behind);
                }
                Some((What::Table(table), behind)) => {
                    found.push(Filter::Count(table, test));
                    use_up(tokens, start, behind);
                }
                _ => {
                    let concepts: &[&str] = match tokens.get(start).map(|token| token.lower.as_str()) {
                        Some("longer" | "shorter") => super::read::LENGTH,
                        Some("cheaper") => super::read::PRICE,
                        _ => &[],
                    };
                    found.push(Filter::Measure(test, concepts));
                    use_up(tokens, start, end);
                }
            }
        }
        at = end;
    }
}

/// Values by name: quotations, words with capitals, values of sample rows, nations and regions, numbers beside a column.
fn values(names: &Names<'_>, tokens: &mut [Token], found: &mut Vec<Filter>) -> Result<(), String> {
    let mut at = 0;
    while at < tokens.len() {
        let Some((value, end)) = value_at(names, tokens, at) else {
            at += 1;
            continue;
        };
        let named = tokens.get(at).is_some_and(|token| token.quoted || token.raw.starts_with(char::is_uppercase));
        match attach(names, tokens, at, end, &value) {
            Some((condition, from, to)) => {
                found.push(Filter::Plain(condition));
                use_up(tokens, from, to);
                at = to;
            }
            None if named => return Err(format!("no column of these tables is known to hold “{value}”")),
            None => at = end,
        }
    }
    Ok(())
}

/// A text that looks like a value, and the index behind it.
fn value_at(names: &Names<'_>, tokens: &[Token], at: usize) -> Option<(String, usize)> {
    let token = tokens.get(at).filter(|token| !token.used)?;
    if token.quoted {
        return Some((token.raw.clone(), at + 1));
    }
    let two = tokens.get(at + 1).map(|next| format!("{} {}", token.lower, next.lower)).unwrap_or_default();
    if NATIONS.contains(&two.as_str()) || REGIONS.contains(&two.as_str()) || sampled(names, &two).is_some() {
        return Some((two, at + 2));
    }
    if NATIONS.contains(&token.lower.as_str()) || REGIONS.contains(&token.lower.as_str()) {
        return Some((token.raw.clone(), at + 1));
    }
    if names.named(tokens, at).is_some() || words::is_empty(&token.lower) || token.is(super::read::MARKS) {
        return None;
    }
    if token.number.is_some() {
        // a number right behind a column is its value: "pickup zip 10001"
        return column_before(names, tokens, at).map(|_| (token.raw.clone(), at + 1));
    }
    if sampled(names, &token.lower).is_some() {
        return Some((token.raw.clone(), at + 1));
    }
    // the first word of a sentence has a capital anyway
    if at > 0 && token.raw.starts_with(char::is_uppercase) {
        let more = tokens
            .iter()
            .skip(at)
            .take_while(|token| token.raw.starts_with(char::is_uppercase) && !token.used && !token.quoted)
            .count();
        let text: Vec<&str> = tokens.iter().skip(at).take(more).map(|token| token.raw.as_str()).collect();
        return Some((text.join(" "), at + more));
    }
    None
}

/// The column whose sample rows hold a value, and how it is written there.
fn sampled<'n>(names: &Names<'n>, value: &str) -> Option<(usize, usize, &'n str)> {
    names.columns().filter(|(_, _, column)| column.kind == Kind::Text).find_map(|(table, index, column)| {
        let sample = column.samples.iter().find(|sample| sample.eq_ignore_ascii_case(value) && sample.len() > 1)?;
        Some((table, index, sample.as_str()))
    })
}

/// The condition that a value makes, and the words it took.
fn attach(names: &Names<'_>, tokens: &[Token], at: usize, end: usize, value: &str) -> Option<(String, usize, usize)> {
    let negated = at > 0
        && tokens.iter().take(at).skip(at.saturating_sub(3)).any(|token| token.is(&["not", "except", "excluding"]));
    let before = column_before(names, tokens, at).map(|(table, column, from)| (table, column, from, end));
    let after = || match names.named(tokens, end) {
        Some((What::Column(table, column), length)) => Some((table, column, at, end + length)),
        // "the nation FRANCE", "BUILDING customers" name no column by themselves
        _ => None,
    };
    if let Some((table, column, from, to)) = before
        .or_else(after)
        .filter(|(table, column, _, _)| names.column(*table, *column).is_some_and(|column| !column.is_when()))
    {
        return Some((equals(names, table, column, value, negated), from, to));
    }
    if let Some((table, column, written)) = sampled(names, value) {
        return Some((equals(names, table, column, written, negated), at, end));
    }
    let lower = value.to_lowercase();
    let concept = if REGIONS.contains(&lower.as_str()) {
        Some("region")
    } else if NATIONS.contains(&lower.as_str()) {
        Some("nation")
    } else {
        None
    };
    let of_place = at > 0 && tokens.get(at - 1).is_some_and(|token| token.is(&["from", "in"]));
    // tables of nations and regions are known to hold the known names, and no others
    let known = concept.is_some();
    let concepts: Vec<&str> =
        concept.into_iter().chain(["city", "state", "region", "nation"].into_iter().filter(|_| of_place)).collect();
    for concept in concepts {
        let wanted = canonical(concept);
        let label = names.tables.iter().enumerate().filter(|_| known).find_map(|(index, table)| {
            let label = table.label().filter(|_| table.words.as_slice() == [wanted.clone()])?;
            table.columns.iter().position(|column| column.name == label.name).map(|column| (index, column))
        });
        let own = || {
            names
                .columns()
                .find(|(_, _, column)| column.kind == Kind::Text && column.words.last() == Some(&wanted))
                .map(|(t, c, _)| (t, c))
        };
        if let Some((table, column)) = own().or(label) {
            return Some((equals(names, table, column, value, negated), at, end));
        }
    }
    // "Customer#000000001", "supplier 'ACME'": the name of a row of the table the value or the word before it names
    let table = names.tables.iter().position(|table| {
        let word = value.split('#').next().filter(|_| value.contains('#')).map(canonical);
        let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map(|token| token.canonical.clone());
        [word, before].into_iter().flatten().any(|word| table.words.as_slice() == [word])
    })?;
    let label = names.tables.get(table)?.label()?;
    let column = names.tables.get(table)?.columns.iter().position(|column| column.name == label.name)?;
    Some((equals(names, table, column, value, negated), at, end))
}

/// `column = 'value'`; where no sample shows how values are written, without regard to case.
fn equals(names: &Names<'_>, table: usize, column: usize, value: &str, negated: bool) -> String {
    let written = super::write::column(table, column);
    let sign = if negated { "<>" } else { "=" };
    let Some(known) = names.column(table, column) else { return written };
    if known.kind == Kind::Number {
        return format!("{written} {sign} {}", value.trim_start_matches('$'));
    }
    let literal = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    if let Some(sample) = known.samples.iter().find(|sample| sample.eq_ignore_ascii_case(value)) {
        return format!("{written} {sign} {}", literal(sample));
    }
    let upper = |text: &str| text.chars().any(char::is_alphabetic) && text == text.to_uppercase();
    if !known.samples.is_empty() && known.samples.iter().all(|sample| upper(sample)) {
        return format!("{written} {sign} {}", literal(&value.to_uppercase()));
    }
    format!("UPPER({written}) {sign} {}", literal(&value.to_uppercase()))
}
