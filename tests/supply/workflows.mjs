// What runs in the hosted workflows: pinned, with the least rights, and without a stored secret.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The jobs of a workflow by name, each with its lines; enough YAML for files of ours, which indent by two. */
function jobsOf(text) {
  const jobs = new Map();
  let name;
  for (const line of text.slice(text.indexOf("\njobs:")).split("\n").slice(2)) {
    const head = /^ {2}([\w-]+):\s*$/.exec(line);
    if (head) jobs.set((name = head[1]), []);
    else if (name !== undefined) jobs.get(name).push(line);
  }
  return jobs;
}

/** What is wrong with a workflow. */
export function faults(text) {
  const found = [];
  const head = text.slice(0, text.indexOf("\njobs:"));
  if (!/^permissions:\n {2}contents: read$/m.test(head) || /^ {2}[\w-]+: write$/m.test(head)) found.push("its own rights are not `contents: read` alone");
  for (const [, action, version] of text.matchAll(/uses:\s*([^\s@]+)@(.*)$/gm)) {
    if (!/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(version)) found.push(`${action}@${version} is not pinned by its commit with the version beside it`);
  }
  for (const [, step] of text.matchAll(/uses: actions\/checkout@(.*(?:\n {8,}.*)*)/g)) {
    if (!step.includes("persist-credentials: false")) found.push("a checkout keeps its credentials");
  }
  for (const [, secret] of text.matchAll(/\$\{\{[^}]*\bsecrets\.(\w+)/g)) found.push(`it reads the secret ${secret}`);
  for (const [name, lines] of jobsOf(text)) {
    const body = lines.join("\n");
    const writes = [...body.matchAll(/^ {6}([\w-]+): write$/gm)].map(([, right]) => right).filter((right) => right !== "id-token");
    if (writes.length > 0) found.push(`the job ${name} may write ${writes.join(", ")}`);
    if (/^ {6}id-token: write$/m.test(body) && !/^ {4}environment: \S+/m.test(body)) found.push(`the job ${name} can sign in to a registry outside an environment`);
    if (/^\s*(-\s+)?(run: )?.*\b(npm|cargo) publish\b/m.test(body) && !/^ {6}id-token: write$/m.test(body)) found.push(`the job ${name} publishes without trusted publishing`);
    if (/pull_request_target/.test(text)) found.push("strangers' changes run with this repository's rights");
  }
  return found;
}

export async function checkWorkflows({ root, test }) {
  const folder = join(root, ".github", "workflows");
  const files = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  for (const name of files) {
    await test(`Q11 ${name}: actions pinned by commit, contents: read, no kept credentials, no stored secret`, async () => {
      const found = faults(await readFile(join(folder, name), "utf8"));
      if (found.length > 0) return found.join("; ");
    });
  }
  await test("Q11 a workflow that breaks these rules is seen", async () => {
    const bad = "name: x\non: push\npermissions:\n  contents: write\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm publish\n        env:\n          TOKEN: ${{ secrets.NPM_TOKEN }}\n  b:\n    permissions:\n      id-token: write\n";
    const found = faults(bad);
    if (found.length !== 6) return `of 6 mistakes these were seen: ${found.join("; ")}`;
  });
  const release = await readFile(join(folder, "release.yml"), "utf8").catch(() => "");
  const job = (name) => (jobsOf(release).get(name) ?? []).join("\n");
  await test("Q6 npm: published by the workflow's identity, with provenance", async () => {
    const body = job("npm");
    for (const wanted of ["id-token: write", "environment: npm", "npm publish", "--provenance"]) if (!body.includes(wanted)) return `the job npm has no "${wanted}"`;
    if (/_authToken|NODE_AUTH_TOKEN|NPM_TOKEN/.test(body)) return "the job npm has a token";
  });
  await test("Q7 crates.io: published by the workflow's identity, with a token of half an hour", async () => {
    const body = job("crate");
    for (const wanted of ["id-token: write", "environment: crates-io", "rust-lang/crates-io-auth-action@", "cargo publish", "CARGO_REGISTRY_TOKEN: ${{ steps.auth.outputs.token }}"]) if (!body.includes(wanted)) return `the job crate has no "${wanted}"`;
  });
}
