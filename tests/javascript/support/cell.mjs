// One cell of the matrix while it runs: a variant, a server, and clients of that variant.

import { client, connected } from "./client.mjs";
import { conformance } from "./server.mjs";

export class Cell {
  #t;

  constructor(t, variant, server) {
    this.#t = t;
    this.variant = variant;
    this.server = server;
  }

  url(path, server = this.server) {
    return server.url + path;
  }

  /** Creates a client of the hub at this path, without starting it. */
  client(path, { server, ...settings } = {}) {
    return client(this.#t, this.variant, this.url(path, server), settings);
  }

  /** Creates a client and starts it. */
  connected(path, { server, ...settings } = {}) {
    return connected(this.#t, this.variant, this.url(path, server), settings);
  }

  /** Starts a server that this cell may stop and start. */
  async serverOfItsOwn() {
    const server = await conformance({ certificate: this.variant.certificate });
    this.#t.after(() => server.stop());
    return server;
  }

  /** Starts a proxy that does not let the `blocked` transports pass. */
  async blockingProxy(blocked) {
    const proxy = await this.server.blockingProxy(blocked);
    this.#t.after(() => proxy.stop());
    return proxy;
  }

  /** Starts a proxy that can cut its connections. */
  async cuttableProxy() {
    const proxy = await this.server.cuttableProxy();
    this.#t.after(() => proxy.stop());
    return proxy;
  }
}

/** A row of the matrix. `run` gets a Cell; `where` selects the variants that can behave so, if not all can. */
export const behaviour = (name, run, { where = () => true } = {}) => ({ name, run, where });

/** A row for what the server cannot do yet. */
export const notYet = (name) => ({ name, where: () => true });
