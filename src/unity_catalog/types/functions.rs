//! Functions and their parameters.

use serde_json::{Map, Value};

use super::ColumnTypeName;
use crate::macros::{setters, wire_struct};

wire_struct! {
    /// A parameter of a function, or a column of the table it gives.
    pub struct FunctionParameterInfo {
        /// Its name.
        pub name: String,
        /// Its type as SQL text in lower case, such as `decimal(10,2)`.
        pub type_text: String,
        /// Its type.
        pub type_name: ColumnTypeName,
        /// Its place, counted from 0.
        pub position: i64,
        /// Its type as JSON text, from which a tool's schema is made.
        pub type_json: Option<String>,
        /// Digits of a decimal.
        pub type_precision: Option<i64>,
        /// Digits after the point of a decimal.
        pub type_scale: Option<i64>,
        /// The parts of an interval.
        pub type_interval_type: Option<String>,
        /// What somebody wrote about it; the model reads it.
        pub comment: Option<String>,
        /// The SQL expression that stands in for it when it is left out.
        pub parameter_default: Option<String>,
        /// Its direction, `IN`.
        pub parameter_mode: Option<String>,
        /// `PARAM` for inputs, `COLUMN` for columns of a result.
        pub parameter_type: Option<String>,
    }
}

impl FunctionParameterInfo {
    /// A parameter as [`CreateFunction`] takes it.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        type_text: impl Into<String>,
        type_name: ColumnTypeName,
        position: i64,
    ) -> Self {
        Self {
            name: name.into(),
            type_text: type_text.into(),
            type_name,
            position,
            type_json: None,
            type_precision: None,
            type_scale: None,
            type_interval_type: None,
            comment: None,
            parameter_default: None,
            parameter_mode: None,
            parameter_type: None,
            extra: Map::new(),
        }
    }

    setters! {
        /// Sets its type as JSON text.
        type_json: String,
        /// Sets what is said about it.
        comment: String,
        /// Sets the SQL expression that stands in for it.
        parameter_default: String,
    }
}

wire_struct! {
    /// Parameters in order.
    pub struct FunctionParameterInfos {
        /// The parameters.
        pub parameters: Option<Vec<FunctionParameterInfo>>,
    }
}

wire_struct! {
    /// A function.
    pub struct FunctionInfo {
        /// Its name.
        pub name: String,
        /// The catalog it is in.
        pub catalog_name: Option<String>,
        /// The schema it is in.
        pub schema_name: Option<String>,
        /// `catalog.schema.function`.
        pub full_name: Option<String>,
        /// Its id.
        pub function_id: Option<String>,
        /// What it takes.
        pub input_params: Option<FunctionParameterInfos>,
        /// What it gives; `TABLE_TYPE` for a table.
        pub data_type: Option<ColumnTypeName>,
        /// What it gives as SQL text.
        pub full_data_type: Option<String>,
        /// The columns of the table it gives.
        pub return_params: Option<FunctionParameterInfos>,
        /// `SQL` or `EXTERNAL`.
        pub routine_body: Option<String>,
        /// Its code.
        pub routine_definition: Option<String>,
        /// What it reads.
        pub routine_dependencies: Option<Value>,
        /// How its parameters are passed, `S`.
        pub parameter_style: Option<String>,
        /// Whether it gives the same for the same.
        pub is_deterministic: Option<bool>,
        /// Whether it reads data.
        pub sql_data_access: Option<String>,
        /// Whether it gives NULL for NULL.
        pub is_null_call: Option<bool>,
        /// Whose rights it has, `DEFINER`.
        pub security_type: Option<String>,
        /// Its name for the engine.
        pub specific_name: Option<String>,
        /// The language of its code, such as `Python`.
        pub external_language: Option<String>,
        /// The name of its code.
        pub external_name: Option<String>,
        /// Where its SQL looks for names.
        pub sql_path: Option<String>,
        /// What somebody wrote about it; the model reads it.
        pub comment: Option<String>,
        /// Properties as JSON text.
        pub properties: Option<String>,
        /// Who owns it.
        pub owner: Option<String>,
        /// The metastore it belongs to.
        pub metastore_id: Option<String>,
        /// Whether the caller may see it but not use it.
        pub browse_only: Option<bool>,
        /// When it was made, in milliseconds since 1970.
        pub created_at: Option<i64>,
        /// Who made it.
        pub created_by: Option<String>,
        /// When it was changed last, in milliseconds since 1970.
        pub updated_at: Option<i64>,
        /// Who changed it last.
        pub updated_by: Option<String>,
    }
}

wire_struct! {
    /// A function to be made. [`new`](CreateFunction::new) fills in what is the same for all SQL functions.
    pub struct CreateFunction {
        /// Its name.
        pub name: String,
        /// The catalog it goes to.
        pub catalog_name: String,
        /// The schema it goes to.
        pub schema_name: String,
        /// What it takes.
        pub input_params: FunctionParameterInfos,
        /// What it gives; `TABLE_TYPE` for a table.
        pub data_type: ColumnTypeName,
        /// What it gives as SQL text.
        pub full_data_type: String,
        /// `SQL` or `EXTERNAL`.
        pub routine_body: String,
        /// Its code.
        pub routine_definition: String,
        /// How its parameters are passed, `S`.
        pub parameter_style: String,
        /// Whether it gives the same for the same.
        pub is_deterministic: bool,
        /// `CONTAINS_SQL`, `READS_SQL_DATA` or `NO_SQL`.
        pub sql_data_access: String,
        /// Whether it is called for NULL.
        pub is_null_call: bool,
        /// Whose rights it has, `DEFINER`.
        pub security_type: String,
        /// Its name for the engine.
        pub specific_name: String,
        /// The columns of the table it gives.
        pub return_params: Option<FunctionParameterInfos>,
        /// What it reads.
        pub routine_dependencies: Option<Value>,
        /// What is said about it.
        pub comment: Option<String>,
        /// Properties as JSON text.
        pub properties: Option<String>,
        /// The language of its code, `Python`.
        pub external_language: Option<String>,
        /// The name of its code.
        pub external_name: Option<String>,
        /// Where its SQL looks for names.
        pub sql_path: Option<String>,
    }
}

impl CreateFunction {
    /// A deterministic SQL function that reads no data.
    ///
    /// ```
    /// use lakewire::unity_catalog::{ColumnTypeName, CreateFunction, FunctionParameterInfo};
    /// let net = FunctionParameterInfo::new("net", "double", ColumnTypeName::Double, 0);
    /// let add_tax = CreateFunction::new("main", "tools", "add_tax", [net], ColumnTypeName::Double, "double", "net * 1.2");
    /// assert_eq!(add_tax.routine_body, "SQL");
    /// ```
    #[must_use]
    pub fn new(
        catalog_name: impl Into<String>,
        schema_name: impl Into<String>,
        name: impl Into<String>,
        parameters: impl IntoIterator<Item = FunctionParameterInfo>,
        data_type: ColumnTypeName,
        full_data_type: impl Into<String>,
        routine_definition: impl Into<String>,
    ) -> Self {
        let name = name.into();
        let parameters = Some(parameters.into_iter().collect());
        Self {
            specific_name: name.clone(),
            name,
            catalog_name: catalog_name.into(),
            schema_name: schema_name.into(),
            input_params: FunctionParameterInfos { parameters, extra: Map::new() },
            data_type,
            full_data_type: full_data_type.into(),
            routine_body: "SQL".to_owned(),
            routine_definition: routine_definition.into(),
            parameter_style: "S".to_owned(),
            is_deterministic: true,
            sql_data_access: "CONTAINS_SQL".to_owned(),
            is_null_call: true,
            security_type: "DEFINER".to_owned(),
            return_params: None,
            routine_dependencies: None,
            comment: None,
            properties: None,
            external_language: None,
            external_name: None,
            sql_path: None,
            extra: Map::new(),
        }
    }

    setters! {
        /// Sets what is said about it.
        comment: String,
        /// Sets the columns of the table it gives.
        return_params: FunctionParameterInfos,
        /// Sets the language of its code.
        external_language: String,
    }
}
