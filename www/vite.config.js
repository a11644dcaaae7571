import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    // The package holds its wasm as text; the page is one script on purpose, so the warning about its size says nothing new.
    chunkSizeWarningLimit: 1024,
    // The polyfill for module preloading is an inline script in effect; every browser that runs this page preloads itself.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
