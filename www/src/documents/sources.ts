// The project's own documents, as the page's build found them.

const FOUND = import.meta.glob<string>(["../../../README.md", "../../../ARCHITECTURE.md", "../../../CONTRIBUTING.md", "../../../CHANGELOG.md", "../../../docs/*.md"], {
  query: "?raw",
  import: "default",
});

/** The documents by name. They are loaded when they are asked for. */
export async function ownDocuments(): Promise<[name: string, text: string][]> {
  const read = Object.entries(FOUND).map(async ([path, load]) => [path.replace(/^(\.\.\/)+/, ""), await load()] as [string, string]);
  return (await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1));
}
