import { fileURLToPath } from "node:url";

export default {
  mode: "production",
  entry: "./src/main.js",
  output: { path: fileURLToPath(new URL("dist", import.meta.url)), filename: "main.js" },
  // the wasm is part of the script: webpack warns of scripts above 244 KiB
  performance: { hints: false },
};
