// Sockets and event sources over HTTP/2, in place of the client's own.

import { once } from "node:events";
import { connect } from "node:http2";

import { EventSource } from "eventsource";
import { fetch } from "undici";

import { CERTIFICATE } from "./certificate.mjs";
import { WebSocket } from "./clients.mjs";

const ca = CERTIFICATE.authority;

/** Connects, and returns the session once the peer has said what it supports. */
export async function session(t, base) {
  const session = connect(base, { ca });
  t.after(() => session.destroy());
  await once(session, "remoteSettings");
  return session;
}

/** Returns a class of WebSockets that are streams of a session (RFC 8441). */
export const webSocketOver = (session) =>
  class extends WebSocket {
    constructor(url, _, { headers }) {
      super(null, undefined, {});
      // Without an address, it takes itself for the server's end.
      this._isServer = false;
      const { pathname, search } = new URL(url);
      const stream = session.request({
        ...lowered(headers),
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":path": pathname + search,
        "sec-websocket-version": "13",
      });
      stream.setNoDelay = () => {};
      stream.once("error", (error) => this.emit("error", error));
      stream.once("response", ({ ":status": status }) => {
        if (status === 200) return this.setSocket(stream, Buffer.alloc(0), 0);
        this.emit("error", new Error(`the CONNECT was answered with ${status}`));
        stream.destroy();
      });
    }
  };

/** An event source over what `fetch` has agreed on. */
export class FetchingEventSource extends EventSource {
  constructor(url, { headers: added }) {
    super(url, { fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...added } }) });
  }
}

function lowered(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
