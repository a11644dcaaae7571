// The bills of materials, judged by CycloneDX' own schema.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { crates, FACES } from "../../scripts/cargo-tree.mjs";
import { sbom } from "../../scripts/sbom.mjs";

export async function checkBills({ here, test }) {
  const require = createRequire(join(here, "run.mjs"));
  const { default: Ajv } = require("ajv");
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  require("ajv-formats")(ajv);
  require("ajv-formats-draft2019")(ajv);
  const schema = async (name) => JSON.parse(await readFile(join(here, "node_modules/@cyclonedx/cyclonedx-library/res/schema", name), "utf8"));
  ajv.addSchema(await schema("spdx.SNAPSHOT.schema.json"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(await schema("jsf-0.82.SNAPSHOT.schema.json"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  const valid = ajv.compile(await schema("bom-1.6.SNAPSHOT.schema.json"));

  for (const face of ["crate", "npm"]) {
    await test(`Q12 the bill of materials of the ${face === "npm" ? "npm package" : "crate"} is CycloneDX 1.6, whole, and the same twice`, async () => {
      const bom = await sbom(face);
      if (!valid(bom)) return JSON.stringify(valid.errors.slice(0, 5));
      const listed = new Set(bom.components.map((one) => one["bom-ref"]));
      const missing = [...(await crates(FACES[face])).values()].filter(({ name, version }) => name !== "lakewire" && !listed.has(`pkg:cargo/${name}@${version}`));
      if (missing.length > 0) return `not in it: ${missing.map(({ name }) => name).join(", ")}`;
      const edges = bom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !listed.has(ref));
      if (edges.length > 0) return `edges to nothing: ${edges.join(", ")}`;
      if (JSON.stringify(await sbom(face)) !== JSON.stringify(bom)) return "made twice, it differs";
    });
  }
  await test("Q12 a bill that is none is refused by the same schema", async () => {
    const bom = await sbom("npm");
    if (valid({ ...bom, components: [{ name: "without a type" }] })) return "the schema takes anything";
  });
}
