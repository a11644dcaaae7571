import { defineConfig } from "vite";

// the page's own policy allows no inlined scripts or data: addresses
export default defineConfig({ build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 } });
