//! What is there at the start.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use datafusion::arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch, TimestampNanosecondArray};
use datafusion::arrow::compute::cast;
use tpchgen::distribution::Distributions;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};

use tpchgen::text::TextPool;

use crate::error::{Result, SqlError};
use crate::metastore::{Catalog, Column, Maker, Metastore, Rows, Schema, Table, now_ms};
use crate::types::SqlType;

/// A table of TPC-H: its comment, and its columns' names and types.
type Sheet = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const TPCH: &[Sheet] = &[
    (
        "region",
        "TPC-H: the regions of the world",
        &[("r_regionkey", "bigint"), ("r_name", "string"), ("r_comment", "string")],
    ),
    (
        "nation",
        "TPC-H: the nations, each in a region",
        &[("n_nationkey", "bigint"), ("n_name", "string"), ("n_regionkey", "bigint"), ("n_comment", "string")],
    ),
    (
        "customer",
        "TPC-H: the customers",
        &[
            ("c_custkey", "bigint"),
            ("c_name", "string"),
            ("c_address", "string"),
            ("c_nationkey", "bigint"),
            ("c_phone", "string"),
            ("c_acctbal", "decimal(18,2)"),
            ("c_mktsegment", "string"),
            ("c_comment", "string"),
        ],
    ),
    (
        "supplier",
        "TPC-H: the suppliers",
        &[
            ("s_suppkey", "bigint"),
            ("s_name", "string"),
            ("s_address", "string"),
            ("s_nationkey", "bigint"),
            ("s_phone", "string"),
            ("s_acctbal", "decimal(18,2)"),
            ("s_comment", "string"),
        ],
    ),
    (
        "part",
        "TPC-H: the parts",
        &[
            ("p_partkey", "bigint"),
            ("p_name", "string"),
            ("p_mfgr", "string"),
            ("p_brand", "string"),
            ("p_type", "string"),
            ("p_size", "int"),
            ("p_container", "string"),
            ("p_retailprice", "decimal(18,2)"),
            ("p_comment", "string"),
        ],
    ),
    (
        "partsupp",
        "TPC-H: which supplier has which part, and for how much",
        &[
            ("ps_partkey", "bigint"),
            ("ps_suppkey", "bigint"),
            ("ps_availqty", "int"),
            ("ps_supplycost", "decimal(18,2)"),
            ("ps_comment", "string"),
        ],
    ),
    (
        "orders",
        "TPC-H: the orders",
        &[
            ("o_orderkey", "bigint"),
            ("o_custkey", "bigint"),
            ("o_orderstatus", "string"),
            ("o_totalprice", "decimal(18,2)"),
            ("o_orderdate", "date"),
            ("o_orderpriority", "string"),
            ("o_clerk", "string"),
            ("o_shippriority", "int"),
            ("o_comment", "string"),
        ],
    ),
    (
        "lineitem",
        "TPC-H: the lines of the orders",
        &[
            ("l_orderkey", "bigint"),
            ("l_partkey", "bigint"),
            ("l_suppkey", "bigint"),
            ("l_linenumber", "int"),
            ("l_quantity", "decimal(18,2)"),
            ("l_extendedprice", "decimal(18,2)"),
            ("l_discount", "decimal(18,2)"),
            ("l_tax", "decimal(18,2)"),
            ("l_returnflag", "string"),
            ("l_linestatus", "string"),
            ("l_shipdate", "date"),
            ("l_commitdate", "date"),
            ("l_receiptdate", "date"),
            ("l_shipinstruct", "string"),
            ("l_shipmode", "string"),
            ("l_comment", "string"),
        ],
    ),
];

const TRIPS: Sheet = (
    "trips",
    "Generated: taxi trips in the shape of the service's sample, not the real ones",
    &[
        ("tpep_pickup_datetime", "timestamp"),
        ("tpep_dropoff_datetime", "timestamp"),
        ("trip_distance", "double"),
        ("fare_amount", "double"),
        ("pickup_zip", "int"),
        ("dropoff_zip", "int"),
    ],
);

/// The functions of `main.tools`, as statements.
pub const TOOLS: &[&str] = &[
    "CREATE FUNCTION main.tools.add_tax(net DOUBLE COMMENT 'The price before tax', rate DOUBLE DEFAULT 0.2 COMMENT 'The tax \
     rate, 0.2 for 20 percent') RETURNS DOUBLE COMMENT 'Adds tax to a net price' RETURN net * (1 + rate)",
    "CREATE FUNCTION main.tools.days_between(start DATE COMMENT 'The first day', end DATE COMMENT 'The last day') RETURNS INT \
     COMMENT 'Counts the days from one date to another' RETURN datediff(end, start)",
    "CREATE FUNCTION main.tools.nation_revenue(nation STRING COMMENT 'A nation in capitals, as FRANCE') RETURNS DECIMAL(25,2) \
     COMMENT 'The revenue of all orders of a nation''s customers, from samples.tpch' RETURN SELECT \
     sum(l_extendedprice * (1 - l_discount)) FROM samples.tpch.customer JOIN samples.tpch.orders ON c_custkey = o_custkey \
     JOIN samples.tpch.lineitem ON l_orderkey = o_orderkey JOIN samples.tpch.nation ON c_nationkey = n_nationkey \
     WHERE n_name = upper(nation)",
    "CREATE FUNCTION main.tools.top_customers(n INT COMMENT 'How many customers') RETURNS TABLE(name STRING COMMENT 'The \
     customer', revenue DECIMAL(25,2) COMMENT 'The revenue of all their orders') COMMENT 'The customers with the greatest \
     revenue, from samples.tpch' RETURN SELECT c_name, revenue FROM (SELECT c_name, revenue, row_number() OVER (ORDER BY \
     revenue DESC, c_name) AS place FROM (SELECT c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue FROM \
     samples.tpch.customer JOIN samples.tpch.orders ON c_custkey = o_custkey JOIN samples.tpch.lineitem ON l_orderkey = \
     o_orderkey GROUP BY c_name)) WHERE place <= n ORDER BY place",
];

/// The catalogs and tables of the start; [`TOOLS`] come on top.
///
/// # Errors
/// Never in practice: when a type in the lists above is none.
pub fn metastore(scale: f64) -> Result<Metastore> {
    let mut tpch = schema("TPC-H data, generated");
    for sheet in TPCH {
        let mut table = table(sheet, tpch_rows, scale)?;
        table.comment = Some(sheet.1.to_owned());
        tpch.tables.insert(table.name.clone(), Arc::new(table));
    }
    let mut nyctaxi = schema("Generated taxi trips, not the real ones");
    let trips = table(&TRIPS, taxi_rows, scale)?;
    nyctaxi.tables.insert(trips.name.clone(), Arc::new(trips));
    let samples = Catalog {
        comment: Some("Sample data, generated by the engine".to_owned()),
        schemas: BTreeMap::from([("tpch".to_owned(), tpch), ("nyctaxi".to_owned(), nyctaxi)]),
        created_at: now_ms(),
        read_only: true,
    };
    let main = Catalog {
        comment: Some("The workspace's own catalog".to_owned()),
        schemas: BTreeMap::from([
            ("default".to_owned(), schema("Default schema")),
            ("tools".to_owned(), schema("Functions for a model to call")),
        ]),
        created_at: now_ms(),
        read_only: false,
    };
    Ok(Metastore { catalogs: BTreeMap::from([("samples".to_owned(), samples), ("main".to_owned(), main)]) })
}

fn schema(comment: &str) -> Schema {
    Schema { comment: Some(comment.to_owned()), created_at: now_ms(), ..Schema::default() }
}

fn table(sheet: &Sheet, maker: Maker, scale: f64) -> Result<Table> {
    let columns: Result<Vec<Column>> =
        sheet.2.iter().map(|(name, ty)| Ok(Column::new(name, SqlType::parse(ty)?))).collect();
    let mut table = Table::new(sheet.0, columns?, Rows::Lazy(maker, scale, Arc::new(OnceLock::new())));
    table.comment = Some(sheet.1.to_owned());
    Ok(table)
}

/// What comments are cut from. TPC-H's own is 300 MB of grammar, made anew by each process; this one takes a moment, so
/// comments differ from dbgen's, and nothing else does.
static TEXT: LazyLock<TextPool> = LazyLock::new(|| TextPool::new(4 << 20, Distributions::static_default()));

fn tpch_rows(name: &str, scale: f64) -> Result<Vec<RecordBatch>> {
    let words = Distributions::static_default();
    let made: Vec<RecordBatch> = match name {
        "region" => {
            take(tpchgen_arrow::RegionArrow::new(RegionGenerator::new_with_distributions_and_text_pool(words, &TEXT)))?
        }
        "nation" => {
            take(tpchgen_arrow::NationArrow::new(NationGenerator::new_with_distributions_and_text_pool(words, &TEXT)))?
        }
        "customer" => take(tpchgen_arrow::CustomerArrow::new(
            CustomerGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, &TEXT),
        ))?,
        "supplier" => take(tpchgen_arrow::SupplierArrow::new(
            SupplierGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, &TEXT),
        ))?,
        "part" => take(tpchgen_arrow::PartArrow::new(PartGenerator::new_with_distributions_and_text_pool(
            scale, 1, 1, words, &TEXT,
        )))?,
        "partsupp" => {
            take(tpchgen_arrow::PartSuppArrow::new(PartSuppGenerator::new_with_text_pool(scale, 1, 1, &TEXT)))?
        }
        "orders" => take(tpchgen_arrow::OrderArrow::new(OrderGenerator::new_with_distributions_and_text_pool(
            scale, 1, 1, words, &TEXT,
        )))?,
        _ => take(tpchgen_arrow::LineItemArrow::new(LineItemGenerator::new_with_distributions_and_text_pool(
            scale, 1, 1, words, &TEXT,
        )))?,
    };
    let Some(sheet) = TPCH.iter().find(|sheet| sheet.0 == name) else { return Ok(Vec::new()) };
    let schema = table(sheet, tpch_rows, scale)?.schema();
    let fault = |error: datafusion::arrow::error::ArrowError| SqlError::internal(error.to_string());
    made.iter()
        .map(|batch| {
            let columns: Result<Vec<ArrayRef>> = batch
                .columns()
                .iter()
                .zip(schema.fields())
                .map(|(column, field)| cast(column, field.data_type()).map_err(fault))
                .collect();
            RecordBatch::try_new(Arc::clone(&schema), columns?).map_err(fault)
        })
        .collect()
}

fn take<E: std::fmt::Display>(
    batches: impl Iterator<Item = std::result::Result<RecordBatch, E>>,
) -> Result<Vec<RecordBatch>> {
    batches.map(|batch| batch.map_err(|error| SqlError::internal(error.to_string()))).collect()
}

/// 20,000 trips in January and February of 2016, the same each time.
fn taxi_rows(_: &str, scale: f64) -> Result<Vec<RecordBatch>> {
    const ZIPS: [i32; 8] = [10001, 10003, 10011, 10018, 10025, 10110, 11201, 11371];
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut below = |limit: u64| -> u64 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % limit
    };
    let zip = |at: u64| ZIPS.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or(10001);
    let (mut from, mut to, mut far, mut fare, mut there, mut here) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let start = 1_451_606_400_i64;
    for _ in 0..20_000 {
        let at = start + i64::try_from(below(59 * 86_400)).unwrap_or(0);
        let minutes = 3 + below(45);
        let hundredths = 40 + below(minutes * 40 + 1);
        from.push(at * 1_000_000_000);
        to.push((at + i64::try_from(minutes * 60).unwrap_or(0)) * 1_000_000_000);
        let distance = f64::from(u32::try_from(hundredths).unwrap_or(0)) / 100.0;
        far.push(distance);
        fare.push(((2.5 + 2.5 * distance) * 2.0).round() / 2.0);
        there.push(zip(below(8)));
        here.push(zip(below(8)));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampNanosecondArray::from(from)),
        Arc::new(TimestampNanosecondArray::from(to)),
        Arc::new(Float64Array::from(far)),
        Arc::new(Float64Array::from(fare)),
        Arc::new(Int32Array::from(there)),
        Arc::new(Int32Array::from(here)),
    ];
    let schema = table(&TRIPS, taxi_rows, scale)?.schema();
    Ok(vec![RecordBatch::try_new(schema, columns).map_err(|error| SqlError::internal(error.to_string()))?])
}
