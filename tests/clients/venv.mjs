// The Python environments that the suites share: Databricks' own clients and MLflow, made once.

import { lstat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { installOnce, step } from "./lib.mjs";

const windows = process.platform === "win32";
const base = process.env.PYTHON ?? (windows ? "python" : "python3");

/** The environment of a folder beside this file, with the versions of its constraints.txt. */
export function environment(name) {
  const folder = fileURLToPath(new URL(`${name}/`, import.meta.url));
  const venv = `${folder}.venv`;
  /** Where its programs are, to be put first on PATH. */
  const bin = windows ? `${venv}/Scripts` : `${venv}/bin`;
  const python = windows ? `${bin}/python.exe` : `${bin}/python`;

  /** Makes the environment unless it is there. */
  async function install() {
    await installOnce(`${venv}/.lakewire-stamp`, [`${folder}requirements.txt`, `${folder}constraints.txt`], async () => {
      // clearing a link would empty the folder it leads to, which belongs to someone else
      if ((await lstat(venv).catch(() => undefined))?.isSymbolicLink()) {
        console.log(`not ok - setup: ${venv} is a link: remove it, and an environment of this folder's own is made\n0 passed, 1 failed`);
        process.exit(1);
      }
      await step("making a virtual environment", base, ["-m", "venv", "--clear", venv]);
      // every version is in constraints.txt: --no-deps spares pip its search for a combination, which takes many minutes here
      // compiled when first imported: most of it never is
      const flags = ["-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--disable-pip-version-check", "-r"];
      await step("installing Databricks' Python clients", python, [...flags, `${folder}constraints.txt`]);
      await step("checking that they fit together", python, ["-m", "pip", "check"]);
    });
  }

  return { folder, bin, python, install };
}

export const { folder, bin, python, install } = environment("python");
