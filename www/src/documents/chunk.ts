// Documents as passages short enough to be found one by one. Pure.

/** A passage of a document. */
export interface Passage {
  id: string;
  /** The document it is from. */
  source: string;
  /** The heading it stands under. */
  title: string;
  text: string;
}

/** About how long a passage is, in characters. */
const LENGTH = 900;

/** Cuts a document in Markdown (or plain text) along its headings and paragraphs. */
export function passages(source: string, document: string): Passage[] {
  const found: Passage[] = [];
  let title = source;
  let text = "";
  let fenced = false;
  const close = (): void => {
    if (text.trim() !== "") found.push({ id: `${source}#${found.length + 1}`, source, title, text: text.trim() });
    text = "";
  };
  for (const line of document.replace(/\r\n?/g, "\n").split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^#{1,6}\s+(.+?)\s*#*$/.exec(line);
    if (heading) {
      close();
      title = heading[1] ?? title;
      continue;
    }
    if (line.trim() === "" && !fenced && text.length > LENGTH) close();
    text += `${line}\n`;
    // a paragraph without an end is cut all the same
    if (text.length > LENGTH * 3) close();
  }
  close();
  return found;
}
