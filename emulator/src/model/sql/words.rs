//! The words of names and questions, brought to one form: stems, synonyms, and the pieces of run-together names.

use super::super::text::{identifier_words, stem};

/// Words that stand for the same thing; the first is the form all are brought to.
const SAME: &[&[&str]] = &[
    &["nation", "country"],
    &["customer", "client", "buyer", "cust", "shopper"],
    &["supplier", "vendor", "supp"],
    &["part", "product", "item", "article"],
    &["order", "purchase"],
    &["quantity", "qty"],
    &["revenue", "sales", "sale", "turnover", "income", "earnings"],
    &["balance", "bal"],
    &["account", "acct"],
    &["market", "mkt"],
    &["zip", "zipcode", "postcode"],
    &["manufacturer", "mfgr", "maker"],
    &["trip", "ride", "journey"],
    &["distance", "dist"],
    &["amount", "amt"],
    &["phone", "telephone"],
    &["comment", "remark", "note"],
    &["employee", "staff", "worker"],
    &["salary", "pay", "wage"],
    &["city", "town"],
    &["available", "avail"],
    &["instruction", "instruct"],
    &["category", "kind"],
];

/// Pieces that names are run together from, as in `l_extendedprice`.
const PIECES: &[&str] = &[
    "account",
    "acct",
    "address",
    "amount",
    "avail",
    "available",
    "bal",
    "balance",
    "brand",
    "charge",
    "city",
    "clerk",
    "code",
    "comment",
    "commit",
    "container",
    "cost",
    "count",
    "country",
    "cust",
    "customer",
    "date",
    "day",
    "delivery",
    "discount",
    "distance",
    "email",
    "end",
    "extended",
    "fare",
    "first",
    "flag",
    "id",
    "instruct",
    "item",
    "key",
    "last",
    "line",
    "market",
    "mfgr",
    "mkt",
    "mode",
    "month",
    "name",
    "nation",
    "number",
    "order",
    "part",
    "phone",
    "pickup",
    "price",
    "priority",
    "product",
    "qty",
    "quantity",
    "rate",
    "receipt",
    "region",
    "retail",
    "return",
    "revenue",
    "sales",
    "segment",
    "ship",
    "size",
    "start",
    "state",
    "status",
    "store",
    "street",
    "supp",
    "supplier",
    "supply",
    "tax",
    "time",
    "total",
    "type",
    "unit",
    "user",
    "value",
    "year",
    "zip",
];

/// Words of a question that say nothing of tables, columns or values.
const EMPTY: &[&str] = &[
    "a",
    "about",
    "according",
    "across",
    "all",
    "also",
    "am",
    "among",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "being",
    "bought",
    "buy",
    "by",
    "calculate",
    "can",
    "compute",
    "could",
    "data",
    "database",
    "did",
    "display",
    "do",
    "does",
    "done",
    "during",
    "each",
    "every",
    "fetch",
    "find",
    "for",
    "from",
    "get",
    "give",
    "got",
    "had",
    "has",
    "have",
    "having",
    "how",
    "i",
    "in",
    "information",
    "into",
    "is",
    "it",
    "its",
    "know",
    "let",
    "like",
    "list",
    "listed",
    "live",
    "located",
    "located",
    "made",
    "make",
    "many",
    "me",
    "more",
    "much",
    "my",
    "need",
    "of",
    "on",
    "or",
    "order",
    "our",
    "out",
    "overall",
    "placed",
    "please",
    "query",
    "question",
    "record",
    "recorded",
    "records",
    "report",
    "result",
    "results",
    "return",
    "row",
    "rows",
    "see",
    "select",
    "show",
    "so",
    "sold",
    "some",
    "spent",
    "sql",
    "table",
    "tables",
    "take",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "us",
    "used",
    "using",
    "want",
    "was",
    "we",
    "were",
    "what",
    "what's",
    "when",
    "where",
    "which",
    "who",
    "whose",
    "with",
    "within",
    "would",
    "write",
    "you",
    "your",
    "dollars",
    "dollar",
    "usd",
    "miles",
    "mile",
    "please",
    "exist",
    "altogether",
    "entries",
    "sorted",
    "ordered",
    "ranked",
    "shown",
    "broken",
    "down",
    "grouped",
    "group",
    "names",
    "name",
    "value",
    "values",
    "come",
    "coming",
    "belong",
    "based",
    "only",
    "called",
    "named",
    "respective",
    "different",
    "unique",
    "distinct",
    "generated",
    "earned",
    "year",
];

/// A word in the one form.
pub(super) fn canonical(word: &str) -> String {
    let stemmed = stem(&word.to_lowercase());
    let group = SAME.iter().find(|group| group.iter().any(|member| stem(member) == stemmed));
    group.and_then(|group| group.first()).map_or(stemmed, |first| stem(first))
}

/// Whether a word says nothing of tables, columns or values.
pub(super) fn is_empty(word: &str) -> bool {
    EMPTY.contains(&word)
}

/// The words of a name in the one form: `l_extendedprice` gives l, extended, price.
pub(super) fn of_name(name: &str) -> Vec<String> {
    let whole = identifier_words(name);
    whole
        .iter()
        .flat_map(|word| pieces(word).unwrap_or_else(|| vec![word.clone()]))
        .map(|word| canonical(&word))
        .collect()
}

/// The pieces a word is run together from, the longest first; `None` where something is left.
fn pieces(word: &str) -> Option<Vec<String>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    let mut fitting: Vec<&str> = PIECES.iter().copied().filter(|piece| word.starts_with(piece)).collect();
    // "id" ends a name and begins none
    fitting.retain(|piece| *piece != "id" || word == "id");
    fitting.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    fitting.into_iter().find_map(|piece| {
        let mut rest = pieces(word.get(piece.len()..)?)?;
        rest.insert(0, piece.to_owned());
        Some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart() {
        assert_eq!(of_name("c_acctbal"), ["c", "account", "balanc"]);
        assert_eq!(of_name("l_extendedprice"), of_name("l_extended_prices"));
        assert_eq!(of_name("partsupp"), [canonical("parts"), canonical("suppliers")]);
        assert_eq!(of_name("lineitem"), [canonical("line"), canonical("items")]);
        assert_eq!(of_name("tpep_pickup_datetime"), ["tpep", "pickup", "dat", "tim"]);
        assert_eq!(canonical("Countries"), canonical("nation"));
    }
}
