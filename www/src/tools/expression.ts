// Arithmetic without eval: a tokenizer and a precedence climber over numbers, operators, constants and functions.

/** A calculation that cannot be done, said so that a model (or a person) can correct it. */
export class ExpressionError extends Error {
  override name = "ExpressionError";
}

type Token = { kind: "number"; value: number } | { kind: "name"; value: string } | { kind: "symbol"; value: string };

const CONSTANTS: Record<string, number> = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI };

/** Functions by name, each with the number of arguments it takes at least and at most. */
const FUNCTIONS: Record<string, { min: number; max: number; apply: (...values: number[]) => number }> = {
  abs: { min: 1, max: 1, apply: Math.abs },
  ceil: { min: 1, max: 1, apply: Math.ceil },
  cos: { min: 1, max: 1, apply: Math.cos },
  exp: { min: 1, max: 1, apply: Math.exp },
  floor: { min: 1, max: 1, apply: Math.floor },
  ln: { min: 1, max: 1, apply: Math.log },
  log: { min: 1, max: 2, apply: (value, base) => (base === undefined ? Math.log10(value) : Math.log(value) / Math.log(base)) },
  max: { min: 1, max: 100, apply: Math.max },
  min: { min: 1, max: 100, apply: Math.min },
  round: { min: 1, max: 2, apply: (value, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits },
  sin: { min: 1, max: 1, apply: Math.sin },
  sqrt: { min: 1, max: 1, apply: Math.sqrt },
  tan: { min: 1, max: 1, apply: Math.tan },
};

/** Left binding power of each infix operator; `^` binds to the right. */
const POWER: Record<string, number> = { "+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 4 };
/** A sign binds tighter than `*` and looser than `^`, so that -2^2 is -4. */
const SIGN_POWER = 3;
const MAX_LENGTH = 1_000;
const MAX_DEPTH = 100;

/** Computes an expression such as `12.5 * (3 + 4)^2`. Throws `ExpressionError` with what is wrong and where. */
export function evaluate(expression: string): number {
  if (expression.length > MAX_LENGTH) throw new ExpressionError(`The expression is longer than ${MAX_LENGTH} characters.`);
  const parser = new Parser(tokenize(expression));
  const value = parser.whole();
  if (!Number.isFinite(value))
    throw new ExpressionError(
      Number.isNaN(value) ? "The result is not a number." : "The result is infinite; is something divided by zero?",
    );
  return value;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  // Operators as people write them, folded to one form each.
  const folded = text
    .replace(/[×·]/g, "*")
    .replace(/÷/g, "/")
    .replace(/[−–]/g, "-")
    .replace(/\*\*/g, "^")
    .replace(/√/g, " sqrt ");
  const pattern = /\s*(?:(\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|([-+*/%^(),]))/iy;
  let at = 0;
  while (folded.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const match = pattern.exec(folded);
    if (!match) throw new ExpressionError(`"${folded.slice(at).trim().charAt(0)}" is not part of an arithmetic expression.`);
    const [, number, name, symbol] = match;
    if (number !== undefined) tokens.push({ kind: "number", value: Number(number.replaceAll("_", "")) });
    else if (name !== undefined) tokens.push({ kind: "name", value: name.toLowerCase() });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", value: symbol });
    at = pattern.lastIndex;
  }
  if (tokens.length === 0) throw new ExpressionError("The expression is empty.");
  return tokens;
}

class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: Token[]) {}

  whole(): number {
    const value = this.#expression(0);
    const rest = this.tokens[this.#at];
    if (rest) throw new ExpressionError(`"${rest.value}" was not expected after the end of the expression.`);
    return value;
  }

  #expression(power: number): number {
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError("The expression is nested too deeply.");
    let left = this.#prefix();
    for (;;) {
      const token = this.tokens[this.#at];
      if (!token || token.kind !== "symbol") break;
      const own = POWER[token.value];
      if (own === undefined || own <= power) break;
      this.#at += 1;
      const right = this.#expression(token.value === "^" ? own - 1 : own);
      left = apply(token.value, left, right);
    }
    this.#depth -= 1;
    return left;
  }

  #prefix(): number {
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (!token) throw new ExpressionError("The expression ends where a number was expected.");
    if (token.kind === "number") return token.value;
    if (token.kind === "name") return this.#named(token.value);
    if (token.value === "-") return -this.#expression(SIGN_POWER);
    if (token.value === "+") return this.#expression(SIGN_POWER);
    if (token.value === "(") {
      const value = this.#expression(0);
      this.#expect(")");
      return value;
    }
    throw new ExpressionError(`"${token.value}" stands where a number was expected.`);
  }

  #named(name: string): number {
    const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
    if (constant !== undefined) return constant;
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!known)
      throw new ExpressionError(
        `"${name}" is not known. Functions: ${Object.keys(FUNCTIONS).join(", ")}. Constants: ${Object.keys(CONSTANTS).join(", ")}.`,
      );
    const values: number[] = [];
    if (this.#peek("(")) {
      this.#at += 1;
      do values.push(this.#expression(0));
      while (this.#peek(",") && (this.#at += 1));
      this.#expect(")");
    } else {
      values.push(this.#expression(SIGN_POWER));
    }
    if (values.length < known.min || values.length > known.max)
      throw new ExpressionError(`${name} was given ${values.length} arguments.`);
    return known.apply(...values);
  }

  #peek(symbol: string): boolean {
    const token = this.tokens[this.#at];
    return token?.kind === "symbol" && token.value === symbol;
  }

  #expect(symbol: string): void {
    if (!this.#peek(symbol)) throw new ExpressionError(`A "${symbol}" is missing.`);
    this.#at += 1;
  }
}

function apply(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      if (right === 0) throw new ExpressionError("Division by zero.");
      return left / right;
    case "%":
      if (right === 0) throw new ExpressionError("Remainder of a division by zero.");
      return left % right;
    default:
      return left ** right;
  }
}
