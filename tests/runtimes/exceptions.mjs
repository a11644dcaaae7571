// What a runtime cannot do: the scenario and the reason, as the table shows it. `refused` names the kind of error that the
// package must answer such a try with; a scenario without it is not tried there.

/** The names of tests are read for the faults they cover; this is no test. */
const PRINCIPALS = ["K10", "service principals sign in and wrong secrets do not"].join(" ");
const SECRET = "a page may hold no secret; the package refuses one";

/** Exceptions of a place, by what it is. */
export const EXCEPTIONS = {
  native: {},
  process: {},
  workerd: {},
  page: {
    [PRINCIPALS]: { reason: SECRET, refused: "InvalidInput" },
    "a principal of azure signs in": { reason: SECRET, refused: "InvalidInput" },
    "a token of another provider is exchanged": { reason: "a workspace names its token endpoint at an address of its own, which answers no page (it sends no CORS headers): the page's server exchanges" },
    "a user signs in through the browser": { reason: "the sign-in leaves the page and comes back to it (`beginSignIn`), which a scenario inside one page cannot show; `tests/js/oauth.test.mjs` has it" },
  },
};
