import { build } from "esbuild";

const common = { entryPoints: ["main.js"], bundle: true, minify: true, logLevel: "warning" };
await build({ ...common, format: "esm", splitting: true, outdir: "dist/esm" });
await build({ ...common, format: "iife", outfile: "dist/iife/main.js" });
