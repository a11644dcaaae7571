// What a page of a user does with the package: here, everything that `smoke.mjs` tries, which the test run puts beside this file.
import * as lakewire from "lakewire";
import { smoke } from "./smoke.mjs";

smoke(lakewire, { host: "/databricks" }).then(
  (results) => (globalThis.results = results),
  (error) => (globalThis.results = [["starts", String(error)]]),
);
