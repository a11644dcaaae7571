// Licence expressions, as SPDX writes them and as older manifests do.

/** Whether an expression can be met with allowed licences alone. `A/B` is `A OR B`; a `WITH` belongs to its licence. */
export function allows(expression, allowed) {
  const words = (expression ?? "").replaceAll("/", " OR ").match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const one = () => {
    if (words[at] === "(") {
      at += 1;
      const inner = either();
      if (words[at] !== ")") throw new Error(`"${expression}" has a bracket that is not closed`);
      at += 1;
      return inner;
    }
    let name = words[at];
    at += 1;
    if (words[at] === "WITH") {
      name = `${name} WITH ${words[at + 1]}`;
      at += 2;
    }
    return allowed.includes(name);
  };
  const both = () => {
    let good = one();
    while (words[at] === "AND") {
      at += 1;
      good = one() && good;
    }
    return good;
  };
  const either = () => {
    let good = both();
    while (words[at] === "OR") {
      at += 1;
      good = both() || good;
    }
    return good;
  };
  return words.length > 0 && either() && at === words.length;
}
