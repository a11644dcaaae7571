import { defineConfig } from "vite";

/** Where `npm start` runs while `npm run dev` serves the page's sources. */
const SERVER = process.env.DEMO_SERVER ?? "http://127.0.0.1:5173";
// The server answers to its own page only; in development Vite speaks for that page.
const toServer = { target: SERVER, changeOrigin: true, headers: { origin: SERVER, "sec-fetch-site": "same-origin" } };

export default defineConfig({
  server: { host: "127.0.0.1", port: 5174, proxy: { "/api/lakewire": toServer, "/signed": toServer, "/workspace.json": toServer } },
  build: {
    target: "es2022",
    // The package holds its wasm as text; the page is one script on purpose, so the warning about its size says nothing new.
    chunkSizeWarningLimit: 1024,
    // Every browser that runs this page knows module preloading.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
