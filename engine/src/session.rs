//! DataFusion set up to mean what Databricks means.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
};
use datafusion::common::DFSchema;
use datafusion::datasource::MemTable;
use datafusion::error::Result as DfResult;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::execution::{FunctionRegistry, SendableRecordBatchStream};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, TypePlanner};
use datafusion::logical_expr::{ExprSchemable, LogicalPlan, ScalarUDF, cast};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{BinaryOperator, DataType as SqlDataType, Query, Statement};

use crate::error::Result;
use crate::resolve::Used;
use crate::types::SqlType;
use crate::udf;

/// The set-up that every statement starts from.
#[derive(Debug, Clone)]
pub struct Base {
    state: SessionState,
    /// The functions that are built in.
    pub known: Arc<HashSet<String>>,
}

impl Base {
    /// Sets DataFusion up.
    ///
    /// # Errors
    /// When it refuses the settings.
    pub fn new() -> Result<Self> {
        let mut config = SessionConfig::new().with_target_partitions(1).with_batch_size(8192);
        let parser = &mut config.options_mut().sql_parser;
        parser.parse_float_as_decimal = true;
        parser.map_string_types_to_utf8view = false;
        parser.default_null_ordering = "nulls_min".to_owned();
        let mut state = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .with_type_planner(Arc::new(Types))
            .build();
        let functions = udf::all();
        let divide = functions.iter().find(|function| function.name() == "__divide").cloned();
        for function in functions {
            state.register_udf(Arc::new(function))?;
        }
        if let Some(divide) = divide {
            state.register_expr_planner(Arc::new(Divisions(Arc::new(divide))))?;
        }
        let known = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .cloned()
            .collect();
        Ok(Self { state, known: Arc::new(known) })
    }

    /// A session that holds the tables of one query, with their rows or, to plan alone, without.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn open(&self, used: &Used, rows: bool) -> Result<SessionContext> {
        let options = &self.state.config_options().catalog;
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(&options.default_schema, Arc::new(MemorySchemaProvider::new()))?;
        let catalogs = Arc::new(MemoryCatalogProviderList::new());
        catalogs.register_catalog(options.default_catalog.clone(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(self.state.clone()).with_catalog_list(catalogs).build();
        let context = SessionContext::new_with_state(state);
        for (index, (_, table)) in used.tables.iter().enumerate() {
            let batches = if rows { table.batches()?.as_ref().clone() } else { Vec::new() };
            let provider = MemTable::try_new(table.schema(), vec![batches])?;
            context.register_table(format!("__t{index}"), Arc::new(provider))?;
        }
        Ok(context)
    }
}

/// A settled query as a plan.
///
/// # Errors
/// What is wrong with the query.
pub async fn plan(context: &SessionContext, query: Query) -> Result<LogicalPlan> {
    let statement = DfStatement::Statement(Box::new(Statement::Query(Box::new(query))));
    Ok(context.state().statement_to_plan(statement).await?)
}

/// A plan under way.
///
/// # Errors
/// What is wrong with the plan.
pub async fn stream(context: &SessionContext, plan: LogicalPlan) -> Result<SendableRecordBatchStream> {
    Ok(context.execute_logical_plan(plan).await?.execute_stream().await?)
}

/// Types as Databricks reads them.
#[derive(Debug)]
struct Types;

impl TypePlanner for Types {
    fn plan_type_field(&self, sql: &SqlDataType) -> DfResult<Option<FieldRef>> {
        let ty = match SqlType::parse(&sql.to_string()) {
            Ok(ty) => ty.to_arrow(),
            Err(error) => match sql {
                SqlDataType::Custom(..) => return Err(error.into()),
                _ => return Ok(None),
            },
        };
        Ok(Some(Arc::new(datafusion::arrow::datatypes::Field::new("", ty, true))))
    }
}

/// A division is of doubles, unless decimals are divided.
#[derive(Debug)]
struct Divisions(Arc<ScalarUDF>);

impl ExprPlanner for Divisions {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> DfResult<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::Divide {
            return Ok(PlannerResult::Original(expr));
        }
        let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema)) else {
            return Ok(PlannerResult::Original(expr));
        };
        let whole = |ty: &DataType| ty.is_integer() || ty.is_null();
        let doubles = |ty: &DataType| ty.is_floating() || matches!(ty, DataType::Utf8);
        if !((whole(&left) && whole(&right)) || doubles(&left) || doubles(&right)) {
            return Ok(PlannerResult::Original(expr));
        }
        let args = vec![cast(expr.left, DataType::Float64), cast(expr.right, DataType::Float64)];
        Ok(PlannerResult::Planned(self.0.call(args)))
    }
}
