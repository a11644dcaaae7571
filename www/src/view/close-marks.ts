// Bold and code that are still being written.

/**
 * Closes the bold or code that is open at the end of growing Markdown, so that it does not stand as bare marks until its
 * end comes. A mark that has nothing after it yet is left out.
 */
export function closeMarks(tail: string): string {
  const fences = tail.match(/^ {0,3}(```|~~~)/gm)?.length ?? 0;
  if (fences % 2 === 1) return tail;
  // Marks do not reach over a blank line.
  const last = tail.slice(tail.lastIndexOf("\n\n") + 1);
  if (count(last, /`/g) % 2 === 1) return last.endsWith("`") ? tail.slice(0, -1) : `${tail}\``;
  if (count(last.replace(/`[^`]*`/g, ""), /\*\*/g) % 2 === 0) return tail;
  const space = /\s*$/.exec(tail)?.[0] ?? "";
  const words = tail.slice(0, tail.length - space.length);
  if (words.endsWith("**")) return words.slice(0, -2);
  // One of the two closing stars is there already.
  return words.endsWith("*") ? `${words}*${space}` : `${words}**${space}`;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
