import { fileURLToPath } from "node:url";

export default {
  // where node_modules are found from; in an app of its own this line is not needed
  turbopack: { root: fileURLToPath(new URL("../../..", import.meta.url)) },
};
