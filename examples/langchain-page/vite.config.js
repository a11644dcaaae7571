import { defineConfig } from "vite";

export default defineConfig({
  // the package is linked here: its imports of LangChain.js are this folder's
  resolve: { dedupe: ["@langchain/core"] },
  // the package holds its wasm as text, and LangChain.js is large: the warning about size says nothing new
  build: { target: "es2022", chunkSizeWarningLimit: 2048, modulePreload: { polyfill: false } },
});
