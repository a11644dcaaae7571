// What runs in the hosted workflows: pinned, with the least rights, and without a stored secret.

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../scripts/lib.mjs";

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

/** Whether a job does nothing but attach the files of an earlier one to a release, once a person approved: it may write for that. */
function attachesAlone(lines) {
  const body = lines.join("\n");
  const actions = [...body.matchAll(/uses:\s*([^\s@]+)@/g)].map(([, action]) => action);
  return /^ {4}environment: \S+/m.test(body) && actions.every((action) => action === "actions/download-artifact") && commandsOf(lines).every(({ command }) => /^(sha256sum --check|gh release create) [^;&|`]*$/.test(command));
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
    const writes = [...body.matchAll(/^ {6}([\w-]+): write$/gm)].map(([, right]) => right).filter((right) => right !== "id-token" && !(right === "contents" && attachesAlone(lines)));
    if (writes.length > 0) found.push(`the job ${name} may write ${writes.join(", ")}`);
    if (/^ {6}id-token: write$/m.test(body) && !/^ {4}environment: \S+/m.test(body)) found.push(`the job ${name} can sign in to a registry outside an environment`);
    if (/^\s*(-\s+)?(run: )?.*\b(npm|cargo) publish\b/m.test(body) && !/^ {6}id-token: write$/m.test(body)) found.push(`the job ${name} publishes without trusted publishing`);
    if (/pull_request_target/.test(text)) found.push("strangers' changes run with this repository's rights");
  }
  return found;
}

/** The commands of a job in their order, each with the folder that it runs in. */
function commandsOf(lines) {
  const steps = lines.slice(lines.indexOf("    steps:") + 1).join("\n").split(/^ {6}- /m).slice(1);
  return steps.flatMap((step) => {
    const command = /^(?: {8})?run: (.*)$/m.exec(step)?.[1];
    return command === undefined ? [] : [{ command, folder: /^ {8}working-directory: (.*)$/m.exec(step)?.[1] ?? "." }];
  });
}

/** Runs what the job does between the toolchain and the token, on a crate of two lines; gives what ended badly. */
async function crateIsCompared(lines, sum) {
  const folder = await mkdtemp(join(tmpdir(), "lakewire-release-job-"));
  try {
    await mkdir(join(folder, "src"));
    await writeFile(join(folder, "src", "lib.rs"), "//! Nothing.\n");
    await writeFile(join(folder, "Cargo.toml"), '[package]\nname = "lakewire"\nversion = "0.0.1"\nedition = "2021"\ndescription = "A stand-in for the crate."\nlicense = "MIT"\n');
    const env = { CARGO_TARGET_DIR: undefined, CARGO_NET_OFFLINE: "true" };
    await run("cargo", ["generate-lockfile"], { cwd: folder, env });
    // what the job `check` handed over
    await run("cargo", ["package", "--locked", "--no-verify"], { cwd: folder, env });
    const made = join(folder, "target", "package", "lakewire-0.0.1.crate");
    const bytes = await readFile(made);
    await rm(join(folder, "target"), { recursive: true });
    await mkdir(join(folder, "target", "release-files"), { recursive: true });
    await writeFile(join(folder, "target", "release-files", "SHA256SUMS"), `${sum(createHash("sha256").update(bytes).digest("hex"))}  lakewire-0.0.1.crate\n${"0".repeat(64)}  lakewire-0.0.1.tgz\n`);
    const commands = commandsOf(lines).filter(({ command }) => !command.startsWith("rustup ") && !command.startsWith("cargo publish --locked --no-verify"));
    for (const { command, folder: where } of commands) {
      const { code, stdout, stderr } = await run("bash", ["-e", "-c", command], { cwd: join(folder, where), env, check: false });
      if (code !== 0) return `\`${command}\` in ${where}: exit code ${code}: ${`${stdout}${stderr}`.trim().slice(-300)}`;
    }
    return commands.length < 2 ? "it does not make the crate and compare it" : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function checkWorkflows({ root, test, notRun }) {
  const folder = join(root, ".github", "workflows");
  const files = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  for (const name of files) {
    await test(`Q11 ${name}: actions pinned by commit, contents: read, no kept credentials, no stored secret`, async () => {
      const found = faults(await readFile(join(folder, name), "utf8"));
      if (found.length > 0) return found.join("; ");
    });
  }
  await test("Q11 a workflow that breaks these rules is seen", async () => {
    const bad = "name: x\non: push\npermissions:\n  contents: write\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm publish\n        env:\n          TOKEN: ${{ secrets.NPM_TOKEN }}\n  b:\n    permissions:\n      id-token: write\n  c:\n    environment: e\n    permissions:\n      contents: write\n    steps:\n      - run: npm test\n";
    const found = faults(bad);
    if (found.length !== 7) return `of 7 mistakes these were seen: ${found.join("; ")}`;
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
  await test("Q13 the lists of public names are read by the rustdoc that printed them", async () => {
    const [, wanted] = /^# rustdoc (\d+\.\d+)/.exec(await readFile(join(root, "tests", "api", "crate.txt"), "utf8"));
    for (const name of files) {
      for (const [job, lines] of jobsOf(await readFile(join(folder, name), "utf8"))) {
        const commands = commandsOf(lines).map(({ command }) => command);
        if (!commands.some((command) => /\.ci\/run|npm run release/.test(command))) continue;
        if (!commands.some((command) => command.includes(`&& rustup default ${wanted}.`))) return `the job ${job} of ${name} does not set up Rust ${wanted}`;
      }
    }
  });
  await test("Q12 the bills of materials and the checksums are attached to the release", async () => {
    const commands = commandsOf(jobsOf(release).get("files") ?? []).map(({ command }) => command);
    if (!/^ {4}needs: \[npm, crate\]$/m.test(job("files"))) return "the job files does not wait for both registries";
    if (!commands.some((command) => command.startsWith("gh release create ") && command.endsWith(" ./*"))) return "the job files attaches nothing";
  });
  // as the hosted machine runs it
  if (process.platform !== "linux") return notRun("Q7 crates.io gets the bytes that were checked", "the job is for Linux");
  await test("Q7 crates.io gets the bytes that were checked", () => crateIsCompared(jobsOf(release).get("crate") ?? [], (sum) => sum));
  await test("Q7 other bytes are not published", async () => {
    const why = await crateIsCompared(jobsOf(release).get("crate") ?? [], (sum) => `${sum.slice(1)}${sum.startsWith("0") ? "1" : "0"}`);
    if (!/sha256sum.*FAILED/s.test(why ?? "")) return `it goes on: ${why}`;
  });
}
