// A server of one page with the official client, like a development server or another domain.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const PACKAGES = "../node_modules/@microsoft";
const SCRIPTS = {
  "/signalr.js": `${PACKAGES}/signalr/dist/browser/signalr.js`,
  "/signalr-protocol-msgpack.js": `${PACKAGES}/signalr-protocol-msgpack/dist/browser/signalr-protocol-msgpack.js`,
  "/webworker/signalr.js": `${PACKAGES}/signalr/dist/webworker/signalr.js`,
  "/worker.js": "../page/worker.js",
};
const PAGE =
  '<!doctype html><title>Another port</title><link rel="icon" href="data:,">' +
  '<script src="/signalr.js"></script><script src="/signalr-protocol-msgpack.js"></script>';

export class PageServer {
  #server;
  /** The cookies of the WebSockets that pages have tried to open here. */
  cookies = [];

  static async start() {
    const scripts = new Map();
    for (const [path, file] of Object.entries(SCRIPTS)) {
      scripts.set(path, await readFile(fileURLToPath(new URL(file, import.meta.url))));
    }
    const server = createServer((request, response) => {
      const script = scripts.get(request.url);
      response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
      response.end(script ?? PAGE);
    });
    await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return new PageServer(server);
  }

  constructor(server) {
    this.#server = server;
    server.on("upgrade", (request, socket) => {
      this.cookies.push(request.headers.cookie);
      socket.destroy();
    });
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
