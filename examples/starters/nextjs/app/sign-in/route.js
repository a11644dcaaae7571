// A sign-in with one key for all: put your own in its place.

import { sameSecret, sessionCookie } from "lakewire/relay";

export async function POST(request) {
  if (request.headers.get("sec-fetch-site") === "cross-site") return new Response(null, { status: 403 });
  const good = sameSecret((await request.text()).slice(0, 1000), process.env.APP_KEY);
  return new Response(null, { status: good ? 204 : 401, headers: good ? { "set-cookie": sessionCookie("key", process.env.APP_KEY, { maxAge: 86_400 }) } : {} });
}
