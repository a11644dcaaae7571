import { client, ENDPOINT } from "./workspace.js";
import { Ask } from "./ask.jsx";

export const dynamic = "force-dynamic";

/** A page made on the server, with an answer in it, and a part that asks from the browser. */
export default async function Page() {
  const { text } = await client.chat(ENDPOINT).invoke("My name is Ada. What is my name?");
  return (
    <main>
      <p id="server">{text}</p>
      <Ask />
    </main>
  );
}
