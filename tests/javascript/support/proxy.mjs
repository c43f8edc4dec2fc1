// Proxies between a client and a server: one that lets only some transports pass, and one that can
// be cut off.

import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";

const HOST = "127.0.0.1";
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

async function listening(server) {
  await once(server.listen(0, HOST), "listening");
  return server.address().port;
}

/** Answers requests of the `blocked` transports with an error, and passes on everything else except WebSockets. */
export class BlockingProxy {
  #server;

  static async start(upstream, blocked) {
    const proxy = new BlockingProxy();
    proxy.#server = createServer((incoming, outgoing) => {
      const isEventStream = incoming.headers.accept === "text/event-stream";
      // After a 502, the event source would try again for ever.
      if (isEventStream && blocked.includes("ServerSentEvents")) return outgoing.writeHead(403).end();
      passOn(upstream, incoming, outgoing);
    });
    // An intermediary that knows nothing of WebSockets takes the upgrade for a bad request.
    proxy.#server.on("upgrade", (_, socket) => socket.end(BAD_REQUEST, () => socket.destroy()));
    proxy.port = await listening(proxy.#server);
    return proxy;
  }

  get url() {
    return `http://${HOST}:${this.port}`;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function passOn({ port }, incoming, outgoing) {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: HOST, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

/** Passes every byte on, until `cut` ends all connections. */
export class CuttableProxy {
  #server;
  #sockets = new Set();
  /** How many clients are connected. */
  clients = 0;
  #scheme;

  static async start({ port, url }) {
    const proxy = new CuttableProxy();
    proxy.#scheme = url.split(":")[0];
    proxy.#server = createTcpServer((near) => {
      const far = connect(port, HOST);
      proxy.clients += 1;
      near.on("close", () => (proxy.clients -= 1));
      for (const [socket, other] of [[near, far], [far, near]]) {
        proxy.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          proxy.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    proxy.port = await listening(proxy.#server);
    return proxy;
  }

  get url() {
    return `${this.#scheme}://${HOST}:${this.port}`;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    this.#server.close();
    this.cut();
  }
}
