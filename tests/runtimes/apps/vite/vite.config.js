import { defineConfig } from "vite";

// the wasm is part of the script: Vite remarks on scripts above 500 kB
export default defineConfig({ base: "./", build: { chunkSizeWarningLimit: 1000 } });
