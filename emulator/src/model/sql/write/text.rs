//! The clauses of a SELECT, put together once it is known which tables are joined.

use super::{Writer, column};
use crate::model::sql::graph;

impl Writer<'_, '_> {
    /// The whole statement, or why the joins would make it wrong.
    pub(super) fn text(&mut self) -> Result<String, String> {
        let query = &self.query;
        let order = query.order.iter().map(|(expression, _)| expression);
        let all = query
            .select
            .iter()
            .map(|(expression, _)| expression)
            .chain(&query.filters)
            .chain(&query.group)
            .chain(order);
        let mut needed: Vec<usize> = all.flat_map(|text| named_tables(text)).collect();
        for table in &query.through {
            needed.push(*table);
        }
        let joined =
            graph::join(self.names.tables, query.base, &needed).ok_or("no key joins the tables it is about")?;
        let counts = query.select.iter().any(|(expression, _)| expression == "COUNT(*)");
        if joined.repeats && (query.sums || counts && !query.having.is_empty()) {
            return Err("joining these tables would count rows more than once".to_owned());
        }
        let aggregated = !query.group.is_empty() || query.select.iter().any(|(expression, _)| expression.contains('('));
        let distinct = query.distinct || joined.repeats && !aggregated;
        let base = self.table(query.base).ok_or("the table is not there")?;
        let key = base.key().and_then(|key| base.columns.iter().position(|column| column.name == key.name));
        let select: Vec<String> = query
            .select
            .iter()
            .map(|(expression, alias)| {
                let once = key.filter(|_| joined.repeats && expression == "COUNT(*)");
                let expression = once
                    .map_or_else(|| expression.clone(), |key| format!("COUNT(DISTINCT {})", column(query.base, key)));
                alias.as_ref().map_or_else(|| expression.clone(), |alias| format!("{expression} AS {alias}"))
            })
            .collect();
        let mut text =
            format!("SELECT {}{}\nFROM {}", if distinct { "DISTINCT " } else { "" }, select.join(", "), base.name);
        for (table, left, right) in &joined.joins {
            let name = |(table, name): &(usize, String)| self.qualified(*table, name, &joined.tables);
            let table = self.table(*table).map(|table| table.name.as_str()).unwrap_or_default();
            text.push_str(&format!("\nJOIN {table} ON {} = {}", name(left), name(right)));
        }
        let clause = |word: &str, parts: &[String], by: &str| {
            if parts.is_empty() { String::new() } else { format!("\n{word} {}", parts.join(by)) }
        };
        text.push_str(&clause("WHERE", &query.filters, " AND "));
        text.push_str(&clause("GROUP BY", &query.group, ", "));
        text.push_str(&clause("HAVING", &query.having, " AND "));
        if let Some((expression, descending)) = &query.order {
            text.push_str(&format!("\nORDER BY {expression}{}", if *descending { " DESC" } else { "" }));
        }
        if let Some(limit) = query.limit {
            text.push_str(&format!("\nLIMIT {limit}"));
        }
        let text = self.plain(&text, &joined.tables);
        Ok(if query.count_groups {
            format!("SELECT COUNT(*) AS number_of_groups\nFROM (\n{text}\n) AS groups_found")
        } else {
            text
        })
    }

    /// The text with every column by its name.
    fn plain(&self, text: &str, joined: &[usize]) -> String {
        let mut out = String::with_capacity(text.len());
        for (at, piece) in text.split(['\u{2}', '\u{3}']).enumerate() {
            let place = piece.split_once(':').filter(|_| at % 2 == 1);
            let place = place.and_then(|(table, index)| Some((table.parse().ok()?, index.parse().ok()?)));
            match place.and_then(|(table, index)| Some((table, self.names.column(table, index)?))) {
                Some((table, column)) => out.push_str(&self.qualified(table, &column.name, joined)),
                None => out.push_str(piece),
            }
        }
        out
    }

    /// A column's name, with its table's where another joined table has one of that name.
    fn qualified(&self, table: usize, name: &str, joined: &[usize]) -> String {
        let has = |index: &&usize| {
            self.table(**index).is_some_and(|table| table.columns.iter().any(|column| column.name == name))
        };
        let alone = joined.iter().filter(has).count() < 2;
        let prefix = self.table(table).and_then(|table| table.name.rsplit('.').next()).filter(|_| !alone);
        prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix}.{name}"))
    }
}

/// The tables whose columns an expression holds.
fn named_tables(text: &str) -> Vec<usize> {
    let inside = text.split('\u{2}').skip(1).filter_map(|piece| piece.split_once(':'));
    inside.filter_map(|(table, _)| table.parse().ok()).collect()
}
