// The same as a program, for runtimes that run one: the workspace stands in the environment.

import { everywhere } from "./everywhere.mjs";

const { LAKEWIRE_EMULATOR, DATABRICKS_TOKEN, LAKEWIRE_ENGINE } = process.env;
console.log(JSON.stringify(await everywhere(LAKEWIRE_EMULATOR, DATABRICKS_TOKEN, Boolean(LAKEWIRE_ENGINE))));
