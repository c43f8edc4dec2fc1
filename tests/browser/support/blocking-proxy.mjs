// An intermediary between a page and a server that lets only some transports pass.

import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:net";

const HOST = "127.0.0.1";
const REFUSED = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

export class BlockingProxy {
  #server;
  #upstream;
  #sockets = new Set();
  /** Transports that are refused when a client opens one. */
  blocked;

  static async start(upstream, blocked) {
    const proxy = new BlockingProxy();
    proxy.#upstream = upstream;
    proxy.blocked = blocked;
    proxy.#server = createServer((incoming, outgoing) => proxy.#passOn(incoming, outgoing));
    proxy.#server.on("upgrade", (incoming, socket, head) => proxy.#upgrade(incoming, socket, head));
    proxy.#server.on("connection", (socket) => {
      proxy.#sockets.add(socket);
      socket.on("close", () => proxy.#sockets.delete(socket));
    });
    await once(proxy.#server.listen(0, HOST), "listening");
    return proxy;
  }

  get url() {
    return `http://${HOST}:${this.#server.address().port}`;
  }

  /** Ends every connection. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    this.#server.close();
    this.cut();
  }

  #passOn(incoming, outgoing) {
    const isEventStream = incoming.headers.accept === "text/event-stream";
    if (isEventStream && this.blocked.includes("ServerSentEvents")) {
      outgoing.writeHead(502).end();
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ host: HOST, port: this.#upstream.port, method, path, headers }, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      // Headers without a body yet are passed on too.
      outgoing.flushHeaders();
      response.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  #upgrade({ method, url, rawHeaders }, near, head) {
    near.on("error", () => {});
    if (this.blocked.includes("WebSockets")) {
      near.end(REFUSED);
      return;
    }
    const far = connect(this.#upstream.port, HOST);
    const headers = rawHeaders.map((text, index) => (index % 2 ? `${text}\r\n` : `${text}: `)).join("");
    far.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
    far.write(head);
    far.on("error", () => near.destroy());
    far.on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.pipe(far).pipe(near);
  }
}
