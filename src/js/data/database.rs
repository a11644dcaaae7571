//! A database as models see it, the guard, and the texts of the chain.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::sql_chain::{parse, prompts};
use crate::sql_database::options::check;
use crate::sql_database::python_text::{self, Form};
use crate::sql_database::rows::SqlRows;
use crate::sql_database::shape::TableShape;
use crate::sql_database::{calls, table_info};
use crate::sql_guard::{GuardOptions, check_with};
use crate::wire::call::Call;
use crate::wire::find::whole;
use crate::wire::json::Raw;

/// `db.table`: the description of a table, by catalog, schema and name.
pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    (name == "db.table").then(|| Ok(calls::table(args.text(0)?, args.text(1)?, args.text(2)?)?.into_text()))
}

/// Steps of `db.`, `guard.` and `chain.`; each line says what it takes.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        // the names of catalog and schema; whether warehouse, cluster, included and ignored tables are given
        "db.check" => {
            let names = [args.optional(0).unwrap_or(""), args.optional(1).unwrap_or("")];
            check(names, args.has(2), args.has(3), [args.has(4), args.has(5)])?;
            JsValue::UNDEFINED
        }
        // words, and the parts of a name
        "db.about" => calls::about(args.text(0)?, &args.rest(1)).into(),
        // the results of SHOW TABLES and SHOW VIEWS, the lists of included and ignored names, whether views count
        "db.usable" => {
            let (tables, views) = (SqlRows::parse(args.text(0)?)?, SqlRows::parse(args.text(1)?)?);
            let (include, ignore) = (texts(args.text(2)?)?, texts(args.text(3)?)?);
            list(table_info::usable(&tables, &views, args.has(4), &include, &ignore)?.iter())
        }
        // the lists of names asked for and known
        "db.missing" => table_info::missing(&texts(args.text(0)?)?, &texts(args.text(1)?)?)
            .map_or(JsValue::UNDEFINED, JsValue::from),
        // a table's name and description, whether that is of DESCRIBE: the text, and the query of sample rows
        "db.create" => {
            let (name, shape) = shape(args)?;
            list([table_info::create(name, &shape), table_info::sample_query(name, &shape)].iter())
        }
        // the same with how many samples, and their result: the comment to stand behind the text
        "db.samples" => {
            let (name, shape) = shape(args)?;
            let rows = args.optional(4).map(SqlRows::parse).transpose()?;
            table_info::samples(name, &shape, args.text(3)?, rows.as_ref()).into()
        }
        // the texts of tables
        "db.whole" => table_info::whole(args.rest(0).into_iter().map(str::to_owned).collect()).into(),
        // a result, the longest text, whether rows are dictionaries and whether the first is enough
        "db.text" => {
            let max_string_length = whole(args.text(1)?).and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
            python_text::text(
                &SqlRows::parse(args.text(0)?)?,
                Form { columns: args.has(2), one: args.has(3), max_string_length },
            )
            .into()
        }
        // a statement, and the lists of functions refused and allowed
        "guard.check" => {
            let own = [texts(args.text(1)?)?, texts(args.text(2)?)?];
            let [denied, allowed] = own.each_ref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
            let options = GuardOptions { denied_functions: &denied, allowed_functions: &allowed };
            check_with(args.text(0)?, options)?.as_str().into()
        }
        // a prompt or nothing, the question, the tables, how many rows
        "chain.query" => prompts::query(args.optional(0), args.text(1)?, args.text(2)?, args.text(3)?)?.into(),
        // a prompt or nothing, the question, the statement, its result, whether it was cut
        "chain.answer" => {
            prompts::answer(args.optional(0), args.text(1)?, args.text(2)?, args.text(3)?, args.has(4))?.into()
        }
        "chain.check" => prompts::check(args.text(0)?)?.into(),
        // the question, and the names with commas between
        "chain.tables" => prompts::tables(args.text(0)?, args.text(1)?)?.into(),
        // what a model wrote
        "chain.statement" => parse::statement(args.text(0)?)?.into(),
        // what a model wrote, and the known names
        "chain.named" => list(parse::tables(args.text(0)?, &args.rest(1))?.iter()),
        "chain.tools" => list(prompts::TOOLS.iter().flatten()),
        "chain.stop" => prompts::STOP.into(),
        "chain.more" => prompts::MORE.into(),
        _ => return Ok(None),
    }))
}

fn shape(args: &Args) -> Result<(&str, TableShape)> {
    let (name, source) = (args.text(0)?, args.text(1)?);
    let shape =
        if args.has(2) { TableShape::of_description(&SqlRows::parse(source)?) } else { TableShape::of_catalog(source) };
    Ok((name, shape?))
}

/// The texts of a JSON list.
fn texts(text: &str) -> Result<Vec<String>> {
    Ok(Raw::parse(text)?.items().filter_map(Raw::as_str).map(std::borrow::Cow::into_owned).collect())
}

fn list(texts: impl Iterator<Item = impl AsRef<str>>) -> JsValue {
    texts.map(|text| JsValue::from_str(text.as_ref())).collect::<Array>().into()
}
