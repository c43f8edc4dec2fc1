// A server of one page with the official client, like a development server or another domain.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const CLIENT = fileURLToPath(new URL("../node_modules/@microsoft/signalr/dist/browser/signalr.js", import.meta.url));
const PAGE = '<!doctype html><title>Another port</title><link rel="icon" href="data:,"><script src="/signalr.js"></script>';

export class PageServer {
  #server;

  static async start() {
    const client = await readFile(CLIENT);
    const server = createServer((request, response) => {
      const isClient = request.url === "/signalr.js";
      response.setHeader("Content-Type", isClient ? "text/javascript" : "text/html");
      response.end(isClient ? client : PAGE);
    });
    await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return new PageServer(server);
  }

  constructor(server) {
    this.#server = server;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Returns the origin of its page under this name. */
  origin(host) {
    return `http://${host}:${this.port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
