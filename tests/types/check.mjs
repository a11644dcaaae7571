// The declarations under `tsc --strict`, as users resolve them: good.ts must compile, bad.ts must fail in every place it says.
// With this repository's compiler and with the oldest one that is supported. Last line: `N passed, N failed`.
//
//   LAKEWIRE_PKG   the package's folder; else pkg/

import { existsSync } from "node:fs";
import { mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, run, unlessStamped } from "../../scripts/lib.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "../..");
const source = resolve(process.env.LAKEWIRE_PKG ?? join(ROOT, "pkg"));
let passed = 0;
let failed = 0;

function report(name, why) {
  if (why) failed += 1;
  else passed += 1;
  process.stdout.write(why ? `not ok - ${name}:\n${why}\n` : `ok - ${name}\n`);
}

if (!existsSync(join(source, "package.json"))) throw new Error("There is no built package: run `npm run build` first.");
const digest = await fingerprint(HERE, ["package.json", "package-lock.json"]);
await unlessStamped(join(HERE, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: HERE }));
// a link in node_modules, so that the compiler reads the package's `exports` as it does for users
const link = join(HERE, "node_modules", "lakewire");
await mkdir(join(HERE, "node_modules"), { recursive: true });
await rm(link, { force: true, recursive: true });
await symlink(source, link, "junction");

const expected = [...(await readFile(join(HERE, "bad.ts"), "utf8")).matchAll(/@ts-expect-error/g)].length;
const COMPILERS = [["this repository's", join(ROOT, "node_modules", "typescript")], ["the oldest supported", join(HERE, "node_modules", "typescript-oldest")]];
for (const [which, compiler] of COMPILERS) {
  const { version } = JSON.parse(await readFile(join(compiler, "package.json"), "utf8"));
  for (const resolution of ["nodenext", "bundler"]) {
    const name = `types: TypeScript ${version} (${which}), ${resolution}: the good compiles, all ${expected} mistakes are seen`;
    const { code, stdout, stderr } = await run(process.execPath, [join(compiler, "bin", "tsc"), "-p", join(HERE, `tsconfig.${resolution}.json`)], { cwd: HERE, check: false });
    report(name, code === 0 ? undefined : `The declarations do not say what they should:\n${stdout}${stderr}`.trimEnd());
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
