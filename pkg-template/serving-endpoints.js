// The workspace's serving endpoints.

/** Reads and changes serving endpoints; made by `client.servingEndpoints()`. */
export class ServingEndpoints {
  #client;

  constructor(client) {
    this.#client = client;
  }

  async list(options) {
    const { text } = await this.#client.call("endpoints.list", [], options);
    return JSON.parse(text).endpoints ?? [];
  }

  async get(name, options) {
    const { text } = await this.#client.call("endpoints.get", [name], options);
    return JSON.parse(text);
  }
}
