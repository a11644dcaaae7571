import type { CallOptions, WorkspaceClient } from "../chat.js";
import type { CatalogInfo, CreateFunction, FunctionInfo, SchemaInfo, TableInfo, TableSummary, VolumeInfo } from "../types.js";
import type { Paged } from "./pages.js";

/** What is asked with beside a name. */
export interface BrowseOptions extends CallOptions {
  /** Whether to show what the caller may see but not use. */
  includeBrowse?: boolean;
}

/** What a list is asked with. */
export interface CatalogListOptions extends BrowseOptions {
  /** The most items on a page; the service's own size unless given. */
  maxResults?: number;
}

/**
 * Unity Catalog of a workspace.
 *
 * ```js
 * for await (const table of new UnityCatalog(client).listTables("samples", "tpch")) console.log(table.full_name);
 * ```
 */
export class UnityCatalog {
  constructor(client: WorkspaceClient);
  /** Lists the catalogs the caller may see. */
  listCatalogs(options?: CatalogListOptions): Paged<CatalogInfo>;
  /** Describes a catalog; fails with kind `NotFound` when there is none of this name. */
  getCatalog(name: string, options?: BrowseOptions): Promise<CatalogInfo>;
  /** Lists the schemas of a catalog. */
  listSchemas(catalog: string, options?: CatalogListOptions): Paged<SchemaInfo>;
  /** Describes a schema, `catalog.schema`. */
  getSchema(fullName: string, options?: BrowseOptions): Promise<SchemaInfo>;
  /** Lists the tables and views of a schema. */
  listTables(catalog: string, schema: string, options?: CatalogListOptions & { omitColumns?: boolean; omitProperties?: boolean; omitUsername?: boolean }): Paged<TableInfo>;
  /** Describes a table, view or vector index, `catalog.schema.table`. */
  getTable(fullName: string, options?: BrowseOptions & { includeDeltaMetadata?: boolean; includeManifestCapabilities?: boolean }): Promise<TableInfo>;
  /** Whether a table is there. */
  tableExists(fullName: string, options?: CallOptions): Promise<boolean>;
  /** Lists names and types of a catalog's tables, across schemas; the patterns are those of SQL's `LIKE`. */
  listTableSummaries(catalog: string, options?: CatalogListOptions & { schemaNamePattern?: string; tableNamePattern?: string }): Paged<TableSummary>;
  /** Lists the volumes of a schema. */
  listVolumes(catalog: string, schema: string, options?: CatalogListOptions): Paged<VolumeInfo>;
  /** Lists the functions of a schema. */
  listFunctions(catalog: string, schema: string, options?: CatalogListOptions): Paged<FunctionInfo>;
  /** Describes a function, `catalog.schema.function`. */
  getFunction(fullName: string, options?: BrowseOptions): Promise<FunctionInfo>;
  /** Creates a function. Experimental at Databricks, where a `CREATE FUNCTION` statement is the usual way. */
  createFunction(info: CreateFunction, options?: CallOptions): Promise<FunctionInfo>;
  /** Changes who owns a function. */
  updateFunction(fullName: string, changes: { owner: string }, options?: CallOptions): Promise<FunctionInfo>;
  /** Deletes a function. */
  deleteFunction(fullName: string, options?: CallOptions & { force?: boolean }): Promise<void>;
}
