//! How tables join: by declared references, else by columns that carry another table's name.

use super::schema::Table;

/// A table whose rows say who sells rather than who buys: only gone through where it is spoken of.
const DETOUR: &str = "supplier";

/// A column of one table that refers to a row of another.
#[derive(Debug, Clone)]
struct Edge {
    child: usize,
    child_column: String,
    parent: usize,
    parent_column: String,
}

/// A column of a join's condition: its table and its name.
pub(super) type Side = (usize, String);

/// The joins of a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Joined {
    /// The tables, the first one first.
    pub(super) tables: Vec<usize>,
    /// For every table but the first: which it is, and the condition's two columns (table and name each).
    pub(super) joins: Vec<(usize, Side, Side)>,
    /// Whether a row of the first table can come more than once.
    pub(super) repeats: bool,
}

/// What a way costs, and its edges, each with its direction (true: towards the parent).
type Way<'e> = (u32, Vec<(&'e Edge, bool)>);

fn edges(tables: &[Table]) -> Vec<Edge> {
    let mut found: Vec<Edge> = Vec::new();
    let plain = |name: &str| name.trim_matches('`').to_lowercase();
    for (child, table) in tables.iter().enumerate() {
        for (own, other, column) in &table.references {
            if let Some(parent) = tables.iter().position(|table| plain(&table.short) == plain(other)) {
                let (child_column, parent_column) = (own.clone(), column.clone());
                found.push(Edge { child, child_column, parent, parent_column });
            }
        }
        for column in table.columns.iter().filter(|column| column.is_key()) {
            let base = column.words.get(..column.words.len().saturating_sub(1)).unwrap_or_default();
            for (parent, other) in tables.iter().enumerate() {
                let declared = found.iter().any(|edge| edge.child == child && edge.child_column == column.name);
                let Some(key) = other.key().filter(|_| parent != child && !base.is_empty() && !declared) else {
                    continue;
                };
                if base == other.words.as_slice() || column.words == key.words {
                    let (child_column, parent_column) = (column.name.clone(), key.name.clone());
                    found.push(Edge { child, child_column, parent, parent_column });
                }
            }
        }
    }
    found
}

/// Joins `base` with every wanted table; `None` where no way leads to one.
pub(super) fn join(tables: &[Table], base: usize, wanted: &[usize]) -> Option<Joined> {
    let edges = edges(tables);
    let mut joined = Joined { tables: vec![base], ..Joined::default() };
    let mut left: Vec<usize> = wanted.iter().copied().filter(|table| *table != base).collect();
    let detour = |table: usize| {
        let spoken_of = wanted.contains(&table);
        !spoken_of && tables.get(table).is_some_and(|table| table.words.iter().any(|word| word == DETOUR))
    };
    while !left.is_empty() {
        let way = left
            .iter()
            .filter_map(|to| way(&edges, tables.len(), &joined.tables, *to, &detour))
            .min_by_key(|way| way.0)?;
        for (edge, up) in way.1 {
            let parent = (edge.parent, edge.parent_column.clone());
            let child = (edge.child, edge.child_column.clone());
            let (from, to) = if up { (child, parent) } else { (parent, child) };
            joined.repeats |= !up;
            joined.tables.push(to.0);
            joined.joins.push((to.0, from, to));
        }
        left.retain(|table| !joined.tables.contains(table));
    }
    Some(joined)
}

/// The cheapest way from the joined tables to one more: its cost, and edges with whether they lead to the parent.
fn way<'e>(
    edges: &'e [Edge],
    tables: usize,
    from: &[usize],
    to: usize,
    detour: &dyn Fn(usize) -> bool,
) -> Option<Way<'e>> {
    let mut best: Vec<Option<Way<'_>>> =
        (0..tables).map(|table| from.contains(&table).then(|| (0, Vec::new()))).collect();
    for _ in 0..tables {
        for edge in edges {
            for (start, end, up) in [(edge.child, edge.parent, true), (edge.parent, edge.child, false)] {
                let Some(Some((cost, way))) = best.get(start).cloned() else { continue };
                // towards the parent every row meets one row; towards the child, many
                let cost = cost + if up { 2 } else { 5 } + if detour(end) { 20 } else { 0 };
                let Some(known) = best.get_mut(end) else { continue };
                if known.as_ref().is_none_or(|(least, _)| cost < *least) {
                    let mut way = way;
                    way.push((edge, up));
                    *known = Some((cost, way));
                }
            }
        }
    }
    best.into_iter().nth(to).flatten()
}
