// Makes the page ready to be served: its packages installed, its build up to date. Does nothing when nothing changed.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, run, step, unlessStamped } from "../scripts/lib.mjs";

const WWW = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(WWW, "..");

/** Installs and builds. The `lakewire` package must be in `pkg/`. */
export async function preparePage() {
  const locked = await fingerprint(WWW, ["package.json", "package-lock.json"]);
  await unlessStamped(join(WWW, "node_modules", ".lakewire-installed"), locked, () =>
    step("Install the page's packages", () => npm(["ci", "--no-audit", "--no-fund"], { cwd: WWW })),
  );
  // The package is in the digest by its own files: a new build of it is a new page.
  const inputs = [
    "www/src",
    "www/public",
    "www/index.html",
    "www/vite.config.js",
    "www/package-lock.json",
    "pkg/package.json",
    "pkg/dist",
    // what "Ask your documents" can read
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs",
  ];
  const stamp = join(WWW, "node_modules", ".lakewire-page");
  if (!existsSync(join(WWW, "dist", "index.html"))) await rm(stamp, { force: true });
  const vite = join(WWW, "node_modules", "vite", "bin", "vite.js");
  await unlessStamped(stamp, await fingerprint(ROOT, inputs), () =>
    step("Build the page", () => run(process.execPath, [vite, "build"], { cwd: WWW })),
  );
}

/** Checks the page's types; throws with the compiler's words. */
export async function checkPage() {
  await run(process.execPath, [join(WWW, "node_modules", "typescript", "bin", "tsc"), "--noEmit"], { cwd: WWW });
}
