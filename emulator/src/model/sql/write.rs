//! One SELECT for what is asked.

mod text;

use super::filters::{self, Filter};
use super::graph;
use super::read::{Aggregate, Asked, Concept, Rank, read};
use super::schema::{Kind, Table};
use super::tokens::{Names, What, tokens};
use super::words::canonical;

/// Numbers that are averaged rather than summed where a question does not say.
const AVERAGED: &[&str] =
    &["price", "discount", "rate", "tax", "fare", "distance", "age", "size", "score", "salary", "temperature"];

/// A column in an expression; [`Writer::plain`] writes its name once the joins are known.
pub(super) fn column(table: usize, column: usize) -> String {
    format!("\u{2}{table}:{column}\u{3}")
}

/// A value of rows that can be brought to one.
#[derive(Debug, Clone)]
enum Value {
    Rows(usize),
    Column(usize, usize),
    Revenue(usize, String),
}

/// Writes a SELECT over these tables that answers the question; lists have at most `most` rows.
///
/// # Errors
/// The part of a sentence that says why it cannot be written.
pub fn write(question: &str, tables: &[Table], most: usize) -> Result<String, String> {
    let mut words = tokens(question);
    let names = Names::new(tables, &words);
    let filters = filters::take(&names, &mut words)?;
    let asked = read(&names, &words)?;
    let mut writer = Writer { names: &names, asked: &asked, most, query: Query::default() };
    writer.query(filters)
}

#[derive(Debug, Default)]
struct Query {
    base: usize,
    distinct: bool,
    select: Vec<(String, Option<String>)>,
    filters: Vec<String>,
    group: Vec<String>,
    having: Vec<String>,
    order: Option<(String, bool)>,
    limit: Option<usize>,
    /// Tables that must be joined though no expression names them.
    through: Vec<usize>,
    /// Whether a sum or average is taken, which rows that repeat would make wrong.
    sums: bool,
    /// Whether the number of groups is asked for.
    count_groups: bool,
}

struct Writer<'w, 't> {
    names: &'w Names<'t>,
    asked: &'w Asked,
    most: usize,
    query: Query,
}

impl Writer<'_, '_> {
    fn query(&mut self, filters: Vec<Filter>) -> Result<String, String> {
        let asked = self.asked;
        let counted = filters.iter().find_map(|filter| match filter {
            Filter::Count(table, test) => Some((*table, test.clone())),
            _ => None,
        });
        if let Some((table, test)) = counted {
            self.groups_with(table, &test)?;
        } else if !asked.groups.is_empty() {
            self.by_groups()?;
        } else if let Some(rank) = &asked.rank {
            self.ranked(rank)?;
        } else if asked.aggregate.is_some() {
            let value = self.value(&asked.head, &[])?;
            self.aggregate(&value, asked.aggregate)?;
        } else {
            self.list()?;
        }
        for filter in filters {
            let condition = match filter {
                Filter::Plain(condition) => condition,
                Filter::Count(..) => continue,
                Filter::Measure(test, concepts) => {
                    let measure = self.names.main_measure(self.query.base, concepts);
                    let measure = measure.ok_or("the comparison names no column of numbers")?;
                    format!("{} {test}", column(self.query.base, measure))
                }
                Filter::When(from, to) => {
                    let (table, index) = self.when()?;
                    let name = column(table, index);
                    let from = from.map(|day| format!("{name} >= DATE '{day}'"));
                    let to = to.map(|day| format!("{name} < DATE '{day}'"));
                    from.into_iter().chain(to).collect::<Vec<_>>().join(" AND ")
                }
            };
            if !self.query.filters.contains(&condition) {
                self.query.filters.push(condition);
            }
        }
        self.text()
    }

    fn table(&self, index: usize) -> Option<&Table> {
        self.names.tables.get(index)
    }

    /// The value that words name; numbers before rows.
    fn value(&self, whats: &[What], concepts: &[&str]) -> Result<Value, String> {
        let numeric = |table: usize, index: usize| {
            self.names
                .column(table, index)
                .is_some_and(|column| column.kind == Kind::Number && !column.is_key() || column.is_when())
        };
        let of = |what: &What| match *what {
            What::Revenue(table) => self.names.revenue().map(|(_, price, discount)| {
                Value::Revenue(table, format!("{} * (1 - {})", column(table, price), column(table, discount)))
            }),
            What::Column(table, index) if numeric(table, index) => Some(Value::Column(table, index)),
            _ => None,
        };
        if let Some(value) = whats.iter().find_map(of) {
            return Ok(value);
        }
        let table = whats.iter().find_map(|what| if let What::Table(table) = what { Some(*table) } else { None });
        let sums = matches!(
            self.asked.aggregate,
            Some(Aggregate::Sum | Aggregate::Average | Aggregate::Most | Aggregate::Least)
        );
        match (table, whats.first()) {
            (Some(table), _) if sums && concepts.is_empty() => {
                let measure =
                    self.names.main_measure(table, &[]).ok_or("that table has no column of numbers to take it of")?;
                Ok(Value::Column(table, measure))
            }
            (Some(table), _) => Ok(Value::Rows(table)),
            (None, Some(What::Column(table, index))) => Ok(Value::Column(*table, *index)),
            _ => match self.names.tables {
                // one table alone: the rows can only be its
                [_] if whats.is_empty() && self.asked.aggregate == Some(Aggregate::Count) => Ok(Value::Rows(0)),
                _ => Err("it names no table or column that is there".to_owned()),
            },
        }
    }

    /// Puts one value of many into the select list, and returns its name there.
    fn aggregate(&mut self, value: &Value, aggregate: Option<Aggregate>) -> Result<String, String> {
        let (table, inner, name) = match value {
            Value::Rows(table) => {
                (*table, None, self.table(*table).map(|table| table.short.clone()).unwrap_or_default())
            }
            Value::Column(table, index) => {
                let name = self.names.column(*table, *index).map(|column| column.name.trim_matches('`').to_lowercase());
                (*table, Some(column(*table, *index)), name.unwrap_or_default())
            }
            Value::Revenue(table, expression) => (*table, Some(expression.clone()), "revenue".to_owned()),
        };
        self.query.base = table;
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let default = match value {
            Value::Rows(_) => Aggregate::Count,
            Value::Column(table, index) if self.averaged(*table, *index) => Aggregate::Average,
            _ => Aggregate::Sum,
        };
        let (expression, alias) = match (aggregate.unwrap_or(default), inner) {
            (Aggregate::Count, Some(inner)) => (format!("COUNT(DISTINCT {inner})"), format!("number_of_{plain}")),
            (Aggregate::Count, None) => ("COUNT(*)".to_owned(), format!("number_of_{plain}")),
            (_, None) => return Err("it names no column of numbers".to_owned()),
            (Aggregate::Sum, Some(inner)) => {
                self.query.sums = true;
                (
                    format!("SUM({inner})"),
                    if plain == "revenue" { plain } else { format!("total_{}", plain.trim_start_matches("total_")) },
                )
            }
            (Aggregate::Average, Some(inner)) => {
                self.query.sums = true;
                (format!("AVG({inner})"), format!("average_{plain}"))
            }
            (Aggregate::Most, Some(inner)) => (format!("MAX({inner})"), format!("highest_{plain}")),
            (Aggregate::Least, Some(inner)) => (format!("MIN({inner})"), format!("lowest_{plain}")),
        };
        self.query.select.push((expression, Some(alias.clone())));
        self.through();
        Ok(alias)
    }

    /// Tables the question speaks of, besides those whose columns are used.
    fn through(&mut self) {
        let groups = self.asked.groups.iter().flatten();
        for what in self.asked.head.iter().chain(groups).chain(&self.asked.tail) {
            if let What::Table(table) = what {
                self.query.through.push(*table);
            }
        }
    }

    fn averaged(&self, table: usize, index: usize) -> bool {
        let total = canonical("total");
        let words = self.names.column(table, index).map(|column| column.words.as_slice()).unwrap_or_default();
        !words.contains(&total) && AVERAGED.iter().any(|word| words.contains(&canonical(word)))
    }

    /// A group of rows: what is shown of it and what tells groups apart.
    fn dimension(&mut self, what: What) -> Result<(), String> {
        match what {
            What::Table(index) => {
                let table = self.table(index).ok_or("the table is not there")?;
                let find = |name: Option<&str>| {
                    name.and_then(|name| table.columns.iter().position(|column| column.name == name))
                };
                let label = find(table.label().map(|column| column.name.as_str()));
                let key = find(table.key().map(|column| column.name.as_str()));
                let shown = label.or(key).ok_or_else(|| format!("{} has no name or key to group by", table.short))?;
                let alias = label.map(|_| table.short.clone());
                self.query.group.extend(key.filter(|key| *key != shown).map(|key| column(index, key)));
                self.query.group.push(column(index, shown));
                self.query.select.push((column(index, shown), alias));
            }
            What::Column(table, index) => {
                self.query.group.push(column(table, index));
                self.query.select.push((column(table, index), None));
            }
            What::Unit(unit) => {
                let (table, index) = self.when()?;
                let name = column(table, index);
                let whole = self.names.column(table, index).is_some_and(|column| column.kind == Kind::Date);
                let expression = match unit {
                    "year" | "hour" => format!("EXTRACT({} FROM {name})", unit.to_uppercase()),
                    "day" if whole => name,
                    _ => format!("date_trunc('{}', {name})", unit.to_uppercase()),
                };
                self.query.group.push(expression.clone());
                self.query.select.push((expression, Some(unit.to_owned())));
            }
            What::Revenue(_) => return Err("rows cannot be grouped by revenue".to_owned()),
        }
        Ok(())
    }

    /// The date that a span or unit of time is about.
    fn when(&self) -> Result<(usize, usize), String> {
        let mut best: Option<(f64, usize, usize)> = None;
        for (table, index, column) in self.names.columns().filter(|(_, _, column)| column.is_when()) {
            let Some(joined) =
                graph::join(self.names.tables, self.query.base, &[table]).filter(|joined| !joined.repeats)
            else {
                continue;
            };
            let hinted = self.asked.hints.iter().any(|hint| column.words.contains(hint));
            let own = self.table(table).is_some_and(|table| column.words.iter().any(|word| table.words.contains(word)));
            let points = if hinted { 4.0 } else { 0.0 }
                + if self.names.mentioned.contains(&table) { 2.0 } else { 0.0 }
                + if table == self.query.base { 1.5 } else { 0.0 }
                + if own { 0.5 } else { 0.0 }
                - 0.1 * joined.tables.len() as f64;
            if best.is_none_or(|(most, _, _)| points > most) {
                best = Some((points, table, index));
            }
        }
        best.map(|(_, table, index)| (table, index)).ok_or_else(|| "what is asked for has no date".to_owned())
    }

    fn by_groups(&mut self) -> Result<(), String> {
        let asked = self.asked;
        let value = self.value(&asked.head, &[])?;
        let aggregate = match &asked.rank {
            None => asked.aggregate,
            Some(rank) if rank.by.is_empty() && !matches!(value, Value::Rows(_)) && asked.limit.is_none() => {
                Some(if rank.descending { Aggregate::Most } else { Aggregate::Least })
            }
            Some(rank) if rank.sorted || rank.by.is_empty() && asked.aggregate.is_some() => asked.aggregate,
            Some(_) => return Err("the first rows within each group are beyond the stand-in".to_owned()),
        };
        // the measure decides which table's dates are meant, and stands last
        let alias = self.aggregate(&value, aggregate)?;
        let measure = self.query.select.pop();
        for group in &asked.groups {
            let column = group.iter().find(|what| matches!(what, What::Column(..) | What::Unit(_)));
            if let Some(what) = column.or(group.last()) {
                self.dimension(*what)?;
            }
        }
        self.query.select.extend(measure);
        let time = asked.groups.iter().flatten().any(|what| matches!(what, What::Unit(_)));
        let first = self
            .query
            .select
            .first()
            .and_then(|(expression, alias)| alias.clone().or_else(|| Some(expression.clone())));
        let descending = asked.rank.as_ref().is_none_or(|rank| rank.descending);
        let by_group = asked
            .rank
            .as_ref()
            .is_some_and(|rank| rank.by.iter().any(|what| asked.groups.iter().flatten().any(|of| of == what)));
        self.query.order =
            if time || by_group { first.map(|name| (name, by_group && descending)) } else { Some((alias, descending)) };
        self.query.limit = asked.limit;
        Ok(())
    }

    fn ranked(&mut self, rank: &Rank) -> Result<(), String> {
        let asked = self.asked;
        let Some(subject) = asked.head.first().copied() else {
            return Err("it names no table or column that is there".to_owned());
        };
        let limit = asked.limit.unwrap_or(if asked.plural { self.most } else { 1 });
        let extreme = if rank.descending { Aggregate::Most } else { Aggregate::Least };
        let numeric = asked.head.iter().any(|what| match what {
            What::Revenue(_) => true,
            What::Column(table, index) => self
                .names
                .column(*table, *index)
                .is_some_and(|column| (column.kind == Kind::Number && !column.is_key()) || column.is_when()),
            _ => false,
        });
        if numeric && rank.by.is_empty() && !matches!(rank.concept, Concept::Rows) {
            let value = self.value(&asked.head, &[])?;
            return self
                .aggregate(&value, Some(asked.aggregate.filter(|asked| *asked != Aggregate::Count).unwrap_or(extreme)))
                .map(|_| ());
        }
        if let What::Table(table) = subject {
            let by = match (rank.concept, rank.by.is_empty()) {
                (Concept::Rows, true) => None,
                (Concept::When, true) => {
                    self.table(table).and_then(|table| table.columns.iter().position(super::schema::Column::is_when))
                }
                (Concept::Of(words), true) => self.names.main_measure(table, words),
                (Concept::Any, true) => self.names.main_measure(table, &[]),
                (_, false) => rank.by.iter().find_map(|what| match what {
                    What::Column(of, index) if *of == table && rank.aggregate.is_none() => Some(*index),
                    _ => None,
                }),
            };
            if let Some(index) = by {
                return self.ordered(table, index, rank.descending, limit);
            }
        }
        if rank.by.is_empty()
            && matches!((subject, rank.concept), (What::Table(_), Concept::Of(_) | Concept::When | Concept::Any))
        {
            return Err("it is not clear which column decides the order".to_owned());
        }
        let value = match (rank.by.is_empty(), subject) {
            (true, What::Column(table, _)) => Value::Rows(table),
            (true, _) => return Err("it is not clear what decides the order".to_owned()),
            (false, _) => self.value(&rank.by, &[])?,
        };
        let alias = self.aggregate(&value, rank.aggregate.or(asked.aggregate))?;
        let measure = self.query.select.pop();
        self.dimension(subject)?;
        self.query.select.extend(measure);
        self.query.order = Some((alias, rank.descending));
        self.query.limit = Some(limit);
        Ok(())
    }

    /// Rows of a table in the order of one of its columns.
    fn ordered(&mut self, index: usize, by: usize, descending: bool, limit: usize) -> Result<(), String> {
        self.query.base = index;
        self.shown(index, Some(by));
        self.query.order = Some((column(index, by), descending));
        self.query.limit = Some(limit);
        Ok(())
    }

    /// The columns that show a row: those named, its name or key, and the one that orders.
    fn shown(&mut self, index: usize, by: Option<usize>) {
        let Some(table) = self.names.tables.get(index) else { return };
        let position =
            |name: Option<&str>| name.and_then(|name| table.columns.iter().position(|column| column.name == name));
        let label = position(table.label().map(|column| column.name.as_str()));
        let key = position(table.key().map(|column| column.name.as_str()));
        let named = self.asked.head.iter().filter_map(|what| match what {
            What::Column(of, column) if *of == index => Some(*column),
            _ => None,
        });
        let mut columns: Vec<usize> = label.or(key).into_iter().chain(named).collect();
        if label.is_none() {
            let plain = table.columns.iter().enumerate().filter(|(_, column)| !column.is_key()).map(|(at, _)| at);
            columns.extend(plain.take(4));
        }
        columns.extend(by);
        for (at, index_of) in columns.iter().enumerate() {
            if columns.iter().position(|other| other == index_of) == Some(at) {
                self.query.select.push((column(index, *index_of), None));
            }
        }
    }

    fn list(&mut self) -> Result<(), String> {
        let asked = self.asked;
        let table = asked.head.iter().find_map(|what| if let What::Table(table) = what { Some(*table) } else { None });
        self.query.limit = asked.limit.or((!asked.all).then_some(self.most));
        match (table, asked.head.first()) {
            (Some(table), _) => {
                self.query.base = table;
                self.shown(table, None);
                self.through();
            }
            (None, Some(What::Revenue(_))) => {
                self.query.limit = None;
                let value = self.value(&asked.head, &[])?;
                self.aggregate(&value, Some(Aggregate::Sum))?;
            }
            (None, Some(What::Column(base, _))) => {
                self.query.base = *base;
                self.query.distinct = true;
                for what in &asked.head {
                    if let What::Column(table, index) = what {
                        self.query.select.push((column(*table, *index), None));
                    }
                }
                self.query.order = self.query.select.first().map(|(expression, _)| (expression.clone(), false));
            }
            _ => return Err("it names no table or column that is there".to_owned()),
        }
        Ok(())
    }

    /// Rows of one table by how many of another belong to them: "customers with more than 20 orders".
    fn groups_with(&mut self, counted: usize, test: &str) -> Result<(), String> {
        let subject =
            self.asked.head.iter().copied().find(|what| matches!(what, What::Table(table) if *table != counted));
        let subject = subject.ok_or("it is not clear whose rows are counted")?;
        let alias = self.aggregate(&Value::Rows(counted), Some(Aggregate::Count))?;
        let measure = self.query.select.pop();
        self.dimension(subject)?;
        self.query.select.extend(measure);
        self.query.having.push(format!("COUNT(*) {test}"));
        if self.asked.aggregate == Some(Aggregate::Count) {
            self.query.count_groups = true;
        } else {
            self.query.order = Some((alias, true));
            self.query.limit = self.asked.limit.or((!self.asked.all).then_some(self.most));
        }
        Ok(())
    }
}
