//! What a question asks for: of what, by which groups, in which order, how many.

use super::tokens::{Names, Token, What};
use super::words;

/// Words that carry the form of a question, and are therefore no values.
pub(super) const MARKS: &[&str] = &[
    "per",
    "each",
    "every",
    "by",
    "top",
    "bottom",
    "first",
    "last",
    "highest",
    "lowest",
    "largest",
    "smallest",
    "biggest",
    "average",
    "avg",
    "mean",
    "sum",
    "total",
    "maximum",
    "minimum",
    "max",
    "min",
    "most",
    "least",
    "fewest",
    "longest",
    "shortest",
    "cheapest",
    "expensive",
    "best",
    "worst",
    "yearly",
    "monthly",
    "daily",
    "weekly",
    "quarterly",
    "distinct",
    "unique",
    "different",
    "number",
    "count",
    "descending",
    "ascending",
    "desc",
    "asc",
    "not",
    "except",
    "excluding",
    "hourly",
    "limit",
    "all",
    "greatest",
];
/// What is beyond the stand-in.
const BEYOND: &[&str] = &[
    "percentage",
    "percent",
    "ratio",
    "median",
    "correlation",
    "growth",
    "predict",
    "forecast",
    "why",
    "trend",
    "trends",
    "running",
    "cumulative",
    "rank",
    "percentile",
    "deviation",
    "variance",
    "previous",
    "never",
    "without",
];
/// Words that change data.
const WRITES: &[&str] =
    &["delete", "drop", "update", "insert", "truncate", "alter", "remove", "create", "grant", "revoke", "merge"];
const UNITS: &[(&str, &str)] = &[
    ("year", "year"),
    ("years", "year"),
    ("yearly", "year"),
    ("month", "month"),
    ("months", "month"),
    ("monthly", "month"),
    ("day", "day"),
    ("days", "day"),
    ("daily", "day"),
    ("week", "week"),
    ("weeks", "week"),
    ("weekly", "week"),
    ("quarter", "quarter"),
    ("quarters", "quarter"),
    ("quarterly", "quarter"),
    ("hour", "hour"),
    ("hours", "hour"),
    ("hourly", "hour"),
];
pub(super) const PRICE: &[&str] = &["price", "fare", "cost", "amount"];
pub(super) const LENGTH: &[&str] = &["distance", "duration", "length", "time"];
/// Superlatives: the words, what they speak of, and whether the greatest comes first.
const SUPERLATIVES: &[(&[&str], Concept, bool)] = &[
    (&["expensive", "costly", "priciest", "dearest"], Concept::Of(PRICE), true),
    (&["cheapest"], Concept::Of(PRICE), false),
    (&["longest", "farthest", "furthest"], Concept::Of(LENGTH), true),
    (&["shortest"], Concept::Of(LENGTH), false),
    (&["richest", "wealthiest"], Concept::Of(&["balance", "salary"]), true),
    (&["heaviest"], Concept::Of(&["weight"]), true),
    (&["newest", "latest", "recent"], Concept::When, true),
    (&["oldest", "earliest"], Concept::When, false),
    (&["busiest", "popular", "common", "frequent"], Concept::Rows, true),
    (&["fewest"], Concept::Any, false),
    (&["largest", "biggest", "highest", "greatest", "top", "best", "maximum", "max", "most"], Concept::Any, true),
    (&["smallest", "lowest", "least", "minimum", "min", "bottom", "worst"], Concept::Any, false),
];
/// Words that end a list of groups.
const ENDS: &[&str] = &[
    "in", "from", "with", "where", "who", "that", "for", "during", "whose", "having", "when", "which", "sorted",
    "ordered", "ranked",
];
/// Verbs of dates, and the word of a column's name they point to.
const VERBS: &[(&str, &str)] = &[
    ("shipped", "ship"),
    ("ordered", "order"),
    ("placed", "order"),
    ("received", "receipt"),
    ("delivered", "receipt"),
    ("committed", "commit"),
    ("picked", "pickup"),
    ("dropped", "dropoff"),
    ("started", "start"),
    ("ended", "end"),
];

/// What a superlative speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Concept {
    /// Whatever is named.
    Any,
    /// The first of these columns.
    Of(&'static [&'static str]),
    /// A date.
    When,
    /// How many rows there are.
    Rows,
}

/// How many values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Count,
    Sum,
    Average,
    Most,
    Least,
}

/// An order asked for.
#[derive(Debug, Clone)]
pub(super) struct Rank {
    pub(super) descending: bool,
    pub(super) concept: Concept,
    pub(super) by: Vec<What>,
    pub(super) aggregate: Option<Aggregate>,
    /// Whether only an order was asked for, as in "sorted by".
    pub(super) sorted: bool,
}

/// What a question asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) aggregate: Option<Aggregate>,
    pub(super) distinct: bool,
    pub(super) all: bool,
    pub(super) head: Vec<What>,
    pub(super) groups: Vec<Vec<What>>,
    pub(super) rank: Option<Rank>,
    pub(super) tail: Vec<What>,
    pub(super) limit: Option<usize>,
    pub(super) plural: bool,
    pub(super) hints: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Head,
    Group,
    Rank,
    Tail,
}

/// Reads what is asked for.
///
/// # Errors
/// A sentence saying what is beyond the stand-in or not understood.
pub(super) fn read(names: &Names<'_>, tokens: &[Token]) -> Result<Asked, String> {
    if let Some(word) = tokens.iter().find(|token| token.is(BEYOND)) {
        return Err(format!("“{}” is beyond what the stand-in can compute", word.raw));
    }
    if let Some(word) = tokens.first().filter(|token| token.is(WRITES)) {
        return Err(format!("“{}” would change data, and only questions are answered", word.raw));
    }
    let mut reader = Reader { names, tokens, asked: Asked::default(), section: Section::Head, unknown: Vec::new() };
    let mut at = 0;
    while at < tokens.len() {
        at += reader.step(at).max(1);
    }
    if let Some(word) = reader.unknown.first() {
        return Err(format!("nothing in these tables is called “{word}”"));
    }
    reader.asked.groups.retain(|group| !group.is_empty());
    Ok(reader.asked)
}

struct Reader<'r, 't> {
    names: &'r Names<'t>,
    tokens: &'r [Token],
    asked: Asked,
    section: Section,
    unknown: Vec<String>,
}

impl Reader<'_, '_> {
    fn is(&self, at: usize, any: &[&str]) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(any))
    }

    fn verb(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| VERBS.iter().any(|(verb, _)| token.lower == *verb))
    }

    fn number(&self, at: usize) -> Option<usize> {
        let token = self.tokens.get(at).filter(|token| !token.used)?;
        token.number.filter(|value| value.fract() == 0.0 && (1.0..=1e6).contains(value)).map(|value| value as usize)
    }

    fn group(&mut self) {
        self.section = Section::Group;
        self.asked.groups.push(Vec::new());
    }

    /// Reads the word at a place and says how many words that took.
    fn step(&mut self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else { return 1 };
        if token.used || token.quoted {
            if self.section == Section::Group && self.asked.groups.last().is_some_and(|group| !group.is_empty()) {
                self.section = Section::Tail;
            }
            return 1;
        }
        if let Some((_, word)) = VERBS.iter().find(|(verb, _)| token.lower == *verb) {
            self.asked.hints.push(words::canonical(word));
            if token.lower != "ordered" || !self.is(at + 1, &["by"]) {
                return 1;
            }
        }
        let lower = token.lower.as_str();
        match lower {
            "," | "and" | "&" if self.section == Section::Group => {
                self.asked.groups.push(Vec::new());
                1
            }
            "how" if self.is(at + 1, &["many"]) => self.aggregate(Aggregate::Count, 2),
            "number" | "count" if self.is(at + 1, &["of"]) => self.aggregate(Aggregate::Count, 2),
            "count" if at == 0 => self.aggregate(Aggregate::Count, 1),
            "average" | "avg" | "mean" => self.aggregate(Aggregate::Average, 1),
            "sum" => self.aggregate(Aggregate::Sum, 1),
            "total" if self.total() => self.aggregate(Aggregate::Sum, 1),
            "distinct" | "different" | "unique" => {
                self.asked.distinct = true;
                1
            }
            "all" => {
                self.asked.all = true;
                1
            }
            "descending" | "desc" | "ascending" | "asc" => {
                if let Some(rank) = &mut self.asked.rank {
                    rank.descending = lower.starts_with('d');
                }
                1 + usize::from(self.is(at + 1, &["order"]))
            }
            "sorted" | "ordered" | "ranked" | "order" if self.is(at + 1, &["by"]) => {
                self.rank(Concept::Any, lower == "ranked");
                if let Some(rank) = &mut self.asked.rank {
                    rank.sorted = rank.by.is_empty();
                }
                self.section = Section::Rank;
                2
            }
            "per" | "each" | "every" => {
                self.group();
                1
            }
            "by" if at > 0 && (self.is(at - 1, &["made", "bought", "sold", "supplied"]) || self.verb(at - 1)) => {
                self.section = Section::Tail;
                1
            }
            "by" => {
                let ranked = self.asked.rank.as_ref().is_some_and(|rank| rank.by.is_empty());
                if ranked && self.section != Section::Group {
                    self.section = Section::Rank
                } else {
                    self.group()
                }
                1
            }
            "yearly" | "monthly" | "daily" | "weekly" | "quarterly" | "hourly" => {
                let unit = UNITS.iter().find(|(word, _)| *word == lower).map(|(_, unit)| What::Unit(unit));
                self.asked.groups.push(unit.into_iter().collect());
                1
            }
            "limit" => {
                self.asked.limit = self.number(at + 1);
                2
            }
            "first" | "last" if self.number(at + 1).is_some() => {
                self.asked.limit = self.number(at + 1);
                if lower == "last" {
                    self.rank(Concept::When, true);
                }
                2
            }
            "most" | "least" if self.superlative(at + 1).is_some_and(|(concept, _)| concept != Concept::Any) => {
                let (concept, descending) = self.superlative(at + 1).unwrap_or((Concept::Any, true));
                self.superlatively(at, at + 1, concept, descending == (lower == "most"))
            }
            _ => match self.superlative(at) {
                Some((concept, descending)) => self.superlatively(at, at, concept, descending),
                None => self.name(at),
            },
        }
    }

    /// Whether "total" asks for a sum here rather than being a part of a column's name.
    fn total(&self) -> bool {
        match self.section {
            Section::Rank => self.asked.rank.as_ref().is_some_and(|rank| rank.aggregate.is_none()),
            _ => self.asked.aggregate.is_none() && self.asked.rank.is_none(),
        }
    }

    fn aggregate(&mut self, aggregate: Aggregate, length: usize) -> usize {
        match (&mut self.asked.rank, self.section) {
            (Some(rank), Section::Rank) => rank.aggregate = Some(aggregate),
            _ => self.asked.aggregate = Some(aggregate),
        }
        length
    }

    fn rank(&mut self, concept: Concept, descending: bool) {
        self.asked.rank.get_or_insert(Rank { descending, concept, by: Vec::new(), aggregate: None, sorted: false });
    }

    fn superlative(&self, at: usize) -> Option<(Concept, bool)> {
        let token = self.tokens.get(at)?;
        SUPERLATIVES
            .iter()
            .find(|(words, _, _)| token.is(words))
            .map(|(_, concept, descending)| (*concept, *descending))
    }

    fn superlatively(&mut self, first: usize, at: usize, concept: Concept, descending: bool) -> usize {
        let before = first.checked_sub(1).and_then(|before| self.number(before));
        let after = self.number(at + 1);
        if let Some(limit) = before.or(after) {
            self.asked.limit = Some(limit);
        }
        if self.asked.rank.is_none() {
            self.rank(concept, descending);
            let subject = !self.asked.head.is_empty();
            self.section = match (subject, concept) {
                (true, Concept::Any) => Section::Rank,
                (true, _) => Section::Tail,
                (false, _) => Section::Head,
            };
        } else if let Some(rank) =
            self.asked.rank.as_mut().filter(|rank| rank.concept == Concept::Any && rank.by.is_empty())
        {
            // "top 5 customers with the highest balance"
            rank.concept = concept;
            self.section = Section::Rank;
        }
        at - first + 1 + usize::from(after.is_some())
    }

    fn name(&mut self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else { return 1 };
        let unit = UNITS.iter().find(|(word, _)| token.is(&[word])).map(|(_, unit)| (What::Unit(unit), 1));
        let named = self.names.named(self.tokens, at);
        let found = if self.section == Section::Group { unit.or(named) } else { named.or(unit) };
        if let Some((what, length)) = found {
            let last = self.tokens.get(at + length - 1).map(|token| token.lower.as_str()).unwrap_or_default();
            if self.section == Section::Head && self.asked.head.is_empty() {
                self.asked.plural = last.ends_with('s') && !last.ends_with("ss");
            }
            self.push(what);
            return length;
        }
        if matches!(self.section, Section::Group | Section::Rank) && token.is(ENDS) {
            self.section = Section::Tail;
        }
        if let Some(number) = self.number(at) {
            // "show 5 customers"; a number before a superlative was read with it
            if self.asked.head.is_empty() && self.asked.limit.is_none_or(|limit| limit == number) {
                self.asked.limit = Some(number);
                return 1;
            }
            if self.asked.limit == Some(number) {
                return 1;
            }
        }
        if !words::is_empty(&token.lower)
            && token.lower != ","
            && token.lower != "&"
            && !VERBS.iter().any(|(verb, _)| token.lower == *verb)
        {
            self.unknown.push(token.raw.clone());
        }
        1
    }

    fn push(&mut self, what: What) {
        match self.section {
            Section::Head => self.asked.head.push(what),
            Section::Group => match self.asked.groups.last_mut() {
                Some(group) => group.push(what),
                None => self.asked.groups.push(vec![what]),
            },
            Section::Rank => match &mut self.asked.rank {
                Some(rank) => rank.by.push(what),
                None => self.asked.tail.push(what),
            },
            Section::Tail => self.asked.tail.push(what),
        }
    }
}
