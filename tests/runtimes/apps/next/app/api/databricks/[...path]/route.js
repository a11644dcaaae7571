// Passes the page's calls on to the workspace and adds the token. For this test alone: it lets every call through.
async function pass(request) {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of ["host", "connection", "content-length", "origin", "referer", "accept-encoding"]) headers.delete(name);
  headers.set("authorization", `Bearer ${process.env.DATABRICKS_TOKEN}`);
  const body = request.method === "GET" ? undefined : await request.arrayBuffer();
  return fetch(process.env.DATABRICKS_HOST + pathname.slice("/api/databricks".length) + search, { method: request.method, headers, body, signal: request.signal });
}

export { pass as DELETE, pass as GET, pass as POST, pass as PUT };
