// The figures that dependencies are held to. A ceiling is what was reached: raise it on purpose, with a reason in
// docs/dependencies.md, or lower it.

/** Crates, ourselves left out. */
export const CRATES = {
  /** linked into the npm package's wasm, all its builds together */
  npm: 24,
  /** in a program that uses the Rust crate, on all platforms together */
  crate: 164,
};

/** Packages that a lock file of npm names, all platforms' together, by its folder; none of them is in the package. */
export const PACKAGES = {
  ".": 122,
  benches: 154,
  "examples/ai-sdk-page": 73,
  "examples/langchain-page": 91,
  "scripts/reference": 36,
  "tests/ai-sdk": 73,
  "tests/clients/js": 148,
  "tests/langchain": 223,
  "tests/runtimes": 292,
  "tests/starters": 54,
  "tests/supply": 20,
  "tests/types": 1,
  www: 75,
};

/** Packages that run a script when they are installed, each with what it does; all of them for tests and builds alone. */
export const INSTALL_SCRIPTS = {
  bun: "puts its program in place",
  esbuild: "checks its program",
  sharp: "checks its program; asked for by miniflare and Next.js",
  workerd: "checks its program",
};

/** Permissive licences of npm packages; those of crates are in deny.toml. */
export const LICENSES = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"];

/** Packages of other licences, run by tests and builds and passed on by nothing: whose names begin so, and why they are there. */
export const OTHER_LICENSES = {
  "@databricks/": "Databricks' own clients, which judge the emulator and stand in the benchmarks (Databricks License)",
  "@img/sharp-": "libvips under sharp, which miniflare and Next.js ask for (LGPL-3.0)",
  "axe-core": "judges the page's accessibility (MPL-2.0)",
  lightningcss: "writes CSS for Vite (MPL-2.0)",
};
