// The Python environment that the suites share: Databricks' own clients and MLflow, made once.

import { fileURLToPath } from "node:url";
import { installOnce, step } from "./lib.mjs";

export const folder = fileURLToPath(new URL("python/", import.meta.url));
const venv = `${folder}.venv`;
/** Where its programs are, to be put first on PATH. */
export const bin = process.platform === "win32" ? `${venv}/Scripts` : `${venv}/bin`;
export const python = process.platform === "win32" ? `${bin}/python.exe` : `${bin}/python`;
const base = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");

/** Makes the environment unless it is there. */
export async function install() {
  await installOnce(`${venv}/.lakewire-stamp`, [`${folder}requirements.txt`, `${folder}constraints.txt`], async () => {
    await step("making a virtual environment", base, ["-m", "venv", "--clear", venv]);
    // every version is in constraints.txt: --no-deps spares pip its search for a combination, which takes many minutes here
    // compiled when first imported: most of it never is
    const flags = ["-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--disable-pip-version-check", "-r"];
    await step("installing Databricks' Python clients", python, [...flags, `${folder}constraints.txt`]);
    await step("checking that they fit together", python, ["-m", "pip", "check"]);
  });
}
