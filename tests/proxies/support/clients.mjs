// The official client behind a proxy: its transports and encodings, and whom it trusts.

import { createRequire } from "node:module";

import signalR from "@microsoft/signalr";
import msgpack from "@microsoft/signalr-protocol-msgpack";
import { Agent, buildConnector, setGlobalDispatcher } from "undici";

import { CERTIFICATE } from "./certificate.mjs";

// The client's own.
const requireOfClient = createRequire(import.meta.resolve("@microsoft/signalr"));
const ClientEventSource = requireOfClient("eventsource");
export const WebSocket = requireOfClient("ws");

const ca = CERTIFICATE.authority;

/** What each connection of `fetch` has agreed on with its peer: "h2", "http/1.1", or false without TLS. */
export const agreedProtocols = new Set();

/** Makes `fetch`, which the client uses for its requests, trust the tests' authority only, and come from `localAddress`. */
export function trustAuthority({ allowH2 = false, localAddress } = {}) {
  const connect = buildConnector({ ca, allowH2 });
  const observed = (options, connected) =>
    connect(options, (error, socket) => {
      if (socket) agreedProtocols.add(socket.alpnProtocol ?? false);
      connected(error, socket);
    });
  setGlobalDispatcher(new Agent({ allowH2, localAddress, connect: observed }));
}

export class TrustingWebSocket extends WebSocket {
  constructor(url, protocols, options) {
    super(url, protocols, { ...options, ca });
  }
}

class TrustingEventSource extends ClientEventSource {
  constructor(url, options) {
    super(url, { ...options, https: { ca } });
  }

  /** The client leaves one that could not be opened alone, and it would try again for ever. */
  emit(name, ...details) {
    super.emit(name, ...details);
    if (name === "error") this.close();
  }
}

const JSON_PROTOCOL = { encoding: "JSON", protocol: () => new signalR.JsonHubProtocol() };
const MESSAGEPACK = { encoding: "MessagePack", protocol: () => new msgpack.MessagePackHubProtocol() };

const variant = (transport, { encoding, protocol }, { WebSocket = TrustingWebSocket, EventSource = TrustingEventSource } = {}) => ({
  name: `${transport}, ${encoding}`,
  transport,
  encoding,
  protocol,
  signalR,
  options: () => ({ transport: signalR.HttpTransportType[transport], WebSocket, EventSource }),
});

/** Every combination of a transport and an encoding; `classes` replace the client's sockets and event sources. */
export const variants = (classes) => [
  variant("WebSockets", JSON_PROTOCOL, classes),
  variant("WebSockets", MESSAGEPACK, classes),
  variant("ServerSentEvents", JSON_PROTOCOL, classes),
  variant("LongPolling", JSON_PROTOCOL, classes),
  variant("LongPolling", MESSAGEPACK, classes),
];

/** One variant of each transport. */
export const TRANSPORTS = variants().filter(({ encoding }) => encoding === "JSON");
