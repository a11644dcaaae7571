// What the test files share: where the emulator is, and the endpoints it serves.

export const host = process.env.LAKEWIRE_EMULATOR?.replace(/\/$/, "");
if (!host) throw new Error("LAKEWIRE_EMULATOR must hold the emulator's URL: run tests/langchain/run.mjs.");
export const token = process.env.DATABRICKS_TOKEN ?? "dapi-emulator";
/** Where an adapter's workspace is, to spread into its fields. */
export const workspace = { host, token };

export const llama = "databricks-meta-llama-3-3-70b-instruct";
export const claude = "databricks-claude-sonnet-4";
export const external = "team-chat";
export const gptOss = "databricks-gpt-oss-20b";
