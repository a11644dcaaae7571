//! Catalogs, schemas, tables, columns and volumes.

use serde_json::{Map, Value};

use crate::macros::{open_enum, wire_struct};

wire_struct! {
    /// A catalog.
    pub struct CatalogInfo {
        /// Its name.
        pub name: String,
        /// Where its data comes from, such as `MANAGED_CATALOG`.
        pub catalog_type: Option<String>,
        /// What somebody wrote about it.
        pub comment: Option<String>,
        /// Who owns it.
        pub owner: Option<String>,
        /// The metastore it belongs to.
        pub metastore_id: Option<String>,
        /// Whether it is open to all workspaces of the metastore.
        pub isolation_mode: Option<String>,
        /// Where its managed data lies.
        pub storage_root: Option<String>,
        /// What kind of thing it is to permissions.
        pub securable_type: Option<String>,
        /// Its full name.
        pub full_name: Option<String>,
        /// When it was made, in milliseconds since 1970.
        pub created_at: Option<i64>,
        /// Who made it.
        pub created_by: Option<String>,
        /// When it was changed last, in milliseconds since 1970.
        pub updated_at: Option<i64>,
        /// Who changed it last.
        pub updated_by: Option<String>,
        /// Properties by name.
        pub properties: Option<Map<String, Value>>,
        /// Whether the caller may see it but not use it.
        pub browse_only: Option<bool>,
    }
}

wire_struct! {
    /// A schema.
    pub struct SchemaInfo {
        /// Its name.
        pub name: String,
        /// The catalog it is in.
        pub catalog_name: Option<String>,
        /// `catalog.schema`.
        pub full_name: Option<String>,
        /// Its id.
        pub schema_id: Option<String>,
        /// What somebody wrote about it.
        pub comment: Option<String>,
        /// Who owns it.
        pub owner: Option<String>,
        /// When it was made, in milliseconds since 1970.
        pub created_at: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub updated_at: Option<i64>,
        /// Properties by name.
        pub properties: Option<Map<String, Value>>,
    }
}

open_enum! {
    /// What kind of table it is.
    pub enum TableType {
        /// A table whose data Unity Catalog manages.
        Managed = "MANAGED",
        /// A table over data elsewhere.
        External = "EXTERNAL",
        /// A shallow clone of an external table.
        ExternalShallowClone = "EXTERNAL_SHALLOW_CLONE",
        /// A shallow clone of a managed table.
        ManagedShallowClone = "MANAGED_SHALLOW_CLONE",
        /// A table of another database.
        Foreign = "FOREIGN",
        /// A materialized view.
        MaterializedView = "MATERIALIZED_VIEW",
        /// A view of metrics.
        MetricView = "METRIC_VIEW",
        /// A streaming table.
        StreamingTable = "STREAMING_TABLE",
        /// A view.
        View = "VIEW",
    }
}

open_enum! {
    /// The type of a column or parameter.
    pub enum ColumnTypeName {
        /// A list of one type.
        Array = "ARRAY",
        /// Bytes.
        Binary = "BINARY",
        /// True or false.
        Boolean = "BOOLEAN",
        /// A whole number of 8 bits.
        Byte = "BYTE",
        /// Text of a fixed length.
        Char = "CHAR",
        /// A day.
        Date = "DATE",
        /// An exact decimal number.
        Decimal = "DECIMAL",
        /// A float of 64 bits.
        Double = "DOUBLE",
        /// A float of 32 bits.
        Float = "FLOAT",
        /// A place on the earth.
        Geography = "GEOGRAPHY",
        /// A shape in a plane.
        Geometry = "GEOMETRY",
        /// A whole number of 32 bits.
        Int = "INT",
        /// A span of time.
        Interval = "INTERVAL",
        /// A whole number of 64 bits.
        Long = "LONG",
        /// Values by key.
        Map = "MAP",
        /// NULL alone.
        Null = "NULL",
        /// A whole number of 16 bits.
        Short = "SHORT",
        /// Text.
        String = "STRING",
        /// Named fields.
        Struct = "STRUCT",
        /// What a table function gives.
        TableType = "TABLE_TYPE",
        /// A moment.
        Timestamp = "TIMESTAMP",
        /// A date and time without a zone.
        TimestampNtz = "TIMESTAMP_NTZ",
        /// A type of the user's own.
        UserDefinedType = "USER_DEFINED_TYPE",
        /// A value of any type.
        Variant = "VARIANT",
    }
}

wire_struct! {
    /// A column of a table.
    pub struct ColumnInfo {
        /// Its name.
        pub name: String,
        /// Its type as SQL text in lower case.
        pub type_text: Option<String>,
        /// Its type.
        pub type_name: Option<ColumnTypeName>,
        /// Its type as JSON text.
        pub type_json: Option<String>,
        /// Digits of a decimal.
        pub type_precision: Option<i64>,
        /// Digits after the point of a decimal.
        pub type_scale: Option<i64>,
        /// The parts of an interval.
        pub type_interval_type: Option<String>,
        /// Its place, counted from 0.
        pub position: Option<i64>,
        /// Whether it may hold NULL.
        pub nullable: Option<bool>,
        /// What somebody wrote about it.
        pub comment: Option<String>,
        /// Its place among the columns the table is partitioned by.
        pub partition_index: Option<i64>,
        /// The function that hides its values.
        pub mask: Option<Value>,
    }
}

wire_struct! {
    /// A primary key.
    pub struct PrimaryKeyConstraint {
        /// Its name.
        pub name: String,
        /// The columns that make it.
        pub child_columns: Vec<String>,
    }
}

wire_struct! {
    /// A foreign key.
    pub struct ForeignKeyConstraint {
        /// Its name.
        pub name: String,
        /// The columns of this table.
        pub child_columns: Vec<String>,
        /// The table they point at.
        pub parent_table: String,
        /// The columns there.
        pub parent_columns: Vec<String>,
    }
}

wire_struct! {
    /// A constraint that has a name and nothing else.
    pub struct NamedTableConstraint {
        /// Its name.
        pub name: String,
    }
}

wire_struct! {
    /// A constraint of a table: one of the three.
    pub struct TableConstraint {
        /// A primary key.
        pub primary_key_constraint: Option<PrimaryKeyConstraint>,
        /// A foreign key.
        pub foreign_key_constraint: Option<ForeignKeyConstraint>,
        /// Another one.
        pub named_table_constraint: Option<NamedTableConstraint>,
    }
}

wire_struct! {
    /// A table, a view or a vector index.
    pub struct TableInfo {
        /// Its name.
        pub name: String,
        /// The catalog it is in.
        pub catalog_name: Option<String>,
        /// The schema it is in.
        pub schema_name: Option<String>,
        /// `catalog.schema.table`.
        pub full_name: Option<String>,
        /// Its id.
        pub table_id: Option<String>,
        /// What kind of table it is.
        pub table_type: Option<TableType>,
        /// How its data is stored, such as `DELTA` or `VECTOR_INDEX_FORMAT`.
        pub data_source_format: Option<String>,
        /// Its columns.
        pub columns: Option<Vec<ColumnInfo>>,
        /// What somebody wrote about it.
        pub comment: Option<String>,
        /// Who owns it.
        pub owner: Option<String>,
        /// Properties by name.
        pub properties: Option<Map<String, Value>>,
        /// Where its data lies.
        pub storage_location: Option<String>,
        /// The SQL of a view.
        pub view_definition: Option<String>,
        /// What a view reads; not in lists.
        pub view_dependencies: Option<Value>,
        /// Its constraints; not in lists.
        pub table_constraints: Option<Vec<TableConstraint>>,
        /// The function that filters its rows.
        pub row_filter: Option<Value>,
        /// When it was made, in milliseconds since 1970.
        pub created_at: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub updated_at: Option<i64>,
    }
}

wire_struct! {
    /// The name and type of a table.
    pub struct TableSummary {
        /// `catalog.schema.table`.
        pub full_name: String,
        /// What kind of table it is.
        pub table_type: Option<TableType>,
    }
}

wire_struct! {
    /// Whether a table is there.
    pub struct TableExists {
        /// Whether it is.
        pub table_exists: bool,
    }
}

wire_struct! {
    /// A volume of files; its fields other than the name are kept as they came.
    pub struct VolumeInfo {
        /// Its name.
        pub name: String,
    }
}
