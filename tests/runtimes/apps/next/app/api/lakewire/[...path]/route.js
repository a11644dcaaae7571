import { createRelay } from "lakewire/relay";
import { ENDPOINT } from "../../../workspace.js";

const relay = createRelay({
  host: process.env.DATABRICKS_HOST,
  token: process.env.DATABRICKS_TOKEN,
  // by its name: Next.js does not say by which one a request came
  origins: [process.env.APP_ORIGIN],
  public: true,
  allow: { chat: [ENDPOINT] },
});

const handle = (request) => relay(request);
export { handle as DELETE, handle as GET, handle as OPTIONS, handle as PATCH, handle as POST, handle as PUT };
