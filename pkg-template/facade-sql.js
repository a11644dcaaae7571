// The public API of `lakewire/sql`: statements and their results, the part of `lakewire/data` that apps
// without questions to a model need, and a third of its download.

export { LakewireError } from "./errors.js";
export { Batch, BatchReader, Column } from "./data/rows.js";
export { StatementExecution, StatementResult, param, quoteIdentifier } from "./data/sql.js";
export { Warehouses } from "./data/warehouses.js";
