// The apps in apps/, as users would have them: built by their own tool with their own configuration, from the tarball, and run.

import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, run, start } from "../../scripts/lib.mjs";
import { html } from "./pages.mjs";

const clean = { NO_COLOR: "1", NODE_OPTIONS: undefined, NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: "1" };

/** The apps as functions of the page's server, what opens a page, and what reads its report. */
export function apps({ folder, tools, smoke, host, token, here }) {
  /** Puts an app into the user's folder, with the checks beside its script, and builds it. Warnings are failures. */
  const built = async (name, script, command, env = {}) => {
    const app = join(folder, "apps", name);
    await cp(join(here, "apps", name), app, { recursive: true });
    await cp(smoke, join(app, script, "smoke.mjs"));
    const { code, stdout, stderr } = await run(process.execPath, command, { cwd: app, check: false, timeoutMs: 240_000, env: { ...clean, ...env } });
    if (code !== 0 || /warn/i.test(stderr)) throw new Error(`the build ended with exit code ${code}\n${stdout}${stderr}`);
    return app;
  };
  const bin = (...path) => join(tools, ...path);
  const page = async (app, path, script) => (await writeFile(join(app, path), html(script)), `/apps/${app.split(/[\\/]/).at(-1)}/${path}`);
  const opened = (prepare) => async (site, visit, reported) => reported(await visit(site.url + (await prepare())));
  let esbuild;
  const withEsbuild = () => (esbuild ??= built("esbuild", ".", ["build.mjs"]));

  return {
    "app, Vite": opened(async () => (await built("vite", ".", [bin("vite", "bin", "vite.js"), "build", "--logLevel", "warn"]), "/apps/vite/dist/index.html")),
    "app, webpack": opened(async () => page(await built("webpack", "src", ["build.mjs"]), "dist/index.html", '<script src="main.js"></script>')),
    "app, esbuild ESM": opened(async () => page(await withEsbuild(), "dist/esm/index.html", '<script type="module" src="main.js"></script>')),
    "app, esbuild IIFE": opened(async () => page(await withEsbuild(), "dist/iife/index.html", '<script src="main.js"></script>')),
    "app, Rollup": opened(async () => page(await built("rollup", ".", [bin("rollup", "dist", "bin", "rollup"), "--config", "--failAfterWarnings", "--silent"]), "dist/index.html", '<script type="module" src="main.js"></script>')),
    "app, Next.js": async (_, visit, reported) => {
      const port = await freePort();
      const at = `http://127.0.0.1:${port}`;
      const env = { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, APP_ORIGIN: at };
      const app = await built("next", "app", [bin("next", "dist", "bin", "next"), "build"], env);
      const server = await start(process.execPath, [bin("next", "dist", "bin", "next"), "start", "-p", `${port}`, "-H", "127.0.0.1"], { cwd: app, ready: /Ready in/, timeoutMs: 60_000, env: { ...clean, ...env } });
      try {
        const answer = await fetch(`${at}/api/answer`, { method: "POST", body: "My name is Ada. What is my name?" });
        const text = await answer.text();
        const seen = await visit(at);
        return [
          ["a route handler streams an answer", text.includes("Ada") ? null : `status ${answer.status}: ${text}`],
          ["a page made on the server holds an answer", seen.text.includes("Ada") ? null : seen.text],
          ...reported(seen).map(([name, why]) => [`in the browser: ${name.replace(", under a strict CSP", "")}`, why]),
        ];
      } finally {
        await server.stop();
      }
    },
  };
}
