"use client";
import { useEffect } from "react";
import * as lakewire from "lakewire";
import { smoke } from "./smoke.mjs";

/** In the browser: everything that `smoke.mjs` tries, which the test run puts beside this file. */
export function Ask() {
  useEffect(() => {
    smoke(lakewire, { host: "/api/databricks" }).then(
      (results) => (globalThis.results = results),
      (error) => (globalThis.results = [["starts", String(error)]]),
    );
  }, []);
  return null;
}
