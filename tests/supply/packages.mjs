// The npm packages: what lock files say, and npm's own audit where the registry has one.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { npm } from "../../scripts/lib.mjs";
import { allows } from "./licenses.mjs";
import { INSTALL_SCRIPTS, LICENSES, OTHER_LICENSES, PACKAGES } from "./policy.mjs";

export async function checkPackages({ root, test, notRun, lockfiles }) {
  const all = [];
  for (const path of lockfiles) {
    const { packages } = JSON.parse(await readFile(join(root, path), "utf8"));
    const folder = dirname(path);
    // the one that is ours stands there as a link, or as a copy of its folder
    const entries = Object.entries(packages).filter(([key, { link, resolved }]) => key.includes("node_modules/") && !link && !(key === "node_modules/lakewire" && resolved === "file:../../pkg"));
    all.push({ folder, entries: entries.map(([key, one]) => ({ name: one.name ?? key.slice(key.lastIndexOf("node_modules/") + 13), ...one })) });
  }

  let refused;
  for (const { folder } of all) {
    const name = `Q1 npm audit: no open advisory in ${folder}`;
    if (refused === undefined) {
      const { code, stdout, stderr } = await npm(["audit", "--json", "--package-lock-only"], { cwd: join(root, folder), check: false });
      const said = parsed(stdout);
      if (said?.auditReportVersion !== undefined) {
        await test(name, async () => (code === 0 ? undefined : Object.values(said.vulnerabilities).map((one) => `${one.name} (${one.severity})`).join(", ")));
        continue;
      }
      refused = said?.message ?? stderr.trim().split("\n").at(-1);
    }
    notRun(name, `the registry gives no audit: ${refused}`);
  }

  await test("Q2 every licence of an npm package is permissive, or named with a reason", async () => {
    const strange = all.flatMap(({ folder, entries }) => entries.filter(({ name, license }) => !allows(license, LICENSES) && !Object.keys(OTHER_LICENSES).some((beginning) => name.startsWith(beginning))).map(({ name, license }) => `${name} in ${folder} is under "${license}"`));
    if (strange.length > 0) return strange.join("; ");
  });
  await test("Q2 every npm package comes from npm's registry, with its checksum", async () => {
    const strange = all.flatMap(({ folder, entries }) => entries.filter(({ integrity, resolved, inBundle }) => !inBundle && (!/^sha512-/.test(integrity ?? "") || (resolved !== undefined && !resolved.startsWith("https://registry.npmjs.org/")))).map(({ name }) => `${name} in ${folder}`));
    if (strange.length > 0) return strange.join("; ");
  });
  for (const { folder, entries } of all) {
    await test(`Q3 ${entries.length} packages in ${folder === "." ? "the root" : folder}, at most ${PACKAGES[folder]}`, async () => {
      if (PACKAGES[folder] === undefined) return `${folder} has a lock file and no ceiling in tests/supply/policy.mjs`;
      if (entries.length > PACKAGES[folder]) return "it grew: say why in docs/dependencies.md, and raise the ceiling in tests/supply/policy.mjs";
    });
  }
  await test("Q3 Q8 what is published has no dependency and no script", async () => {
    const manifest = JSON.parse(await readFile(join(root, "pkg-template", "package.json"), "utf8"));
    for (const name of ["dependencies", "optionalDependencies", "bundledDependencies", "scripts"]) {
      if (Object.keys(manifest[name] ?? {}).length > 0) return `the package has ${name}`;
    }
    const required = Object.keys(manifest.peerDependencies ?? {}).filter((name) => manifest.peerDependenciesMeta?.[name]?.optional !== true);
    if (required.length > 0) return `peer dependencies that are not optional: ${required.join(", ")}`;
  });
  await test("Q8 packages that run a script when installed are known", async () => {
    const strange = all.flatMap(({ folder, entries }) => entries.filter(({ name, hasInstallScript }) => hasInstallScript && INSTALL_SCRIPTS[name] === undefined).map(({ name }) => `${name} in ${folder}`));
    if (strange.length > 0) return strange.join("; ");
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
