// The names that each entry of the npm package exports, each with its declaration, as TypeScript's own compiler reads them.

import { createRequire } from "node:module";
import { join } from "node:path";
import { ensureReference, entries, referenceProject } from "../../scripts/reference/entries.mjs";

export async function npmNames() {
  await ensureReference();
  const require = createRequire(new URL("../../scripts/reference/package.json", import.meta.url));
  const ts = require("typescript");
  const { tsconfig, files } = await referenceProject();
  const { config } = ts.readConfigFile(tsconfig, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, join(tsconfig, ".."));
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter({ removeComments: true });
  const lines = [];
  const undocumented = [];
  const seen = new Map();
  for (const [at, { name: entry }] of (await entries()).entries()) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[at]));
    lines.push(`# ${entry}`);
    const names = checker.getExportsOfModule(module).sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const exported of names) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const first = seen.get(symbol);
      if (first !== undefined) {
        lines.push(`${exported.name} = ${first}`);
        continue;
      }
      seen.set(symbol, `${entry} ${exported.name}`);
      for (const declaration of symbol.declarations ?? []) {
        // of a variable the statement says whether it is one
        const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
        const text = printer.printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile());
        lines.push(...text.split("\n").map((line, index) => (index === 0 ? `${exported.name}: ${line}` : `${exported.name}   ${line.trim()}`)));
        if (ts.isFunctionDeclaration(node) && ts.getJSDocCommentsAndTags(node).length === 0 && (symbol.declarations ?? []).indexOf(declaration) === 0) undocumented.push(`${exported.name} of ${entry}`);
      }
    }
  }
  return { lines, undocumented };
}
