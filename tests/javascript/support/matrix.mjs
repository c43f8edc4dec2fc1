// The clients, transports and encodings of the tests.

import signalR from "@microsoft/signalr";
import msgpack from "@microsoft/signalr-protocol-msgpack";
import msgpack7 from "signalr-protocol-msgpack7";
import msgpack8 from "signalr-protocol-msgpack8";
import signalR7 from "signalr7";
import signalR8 from "signalr8";

import { certificate } from "./certificate.mjs";

const CLIENTS = [
  { signalR, msgpack },
  { signalR: signalR8, msgpack: msgpack8 },
  { signalR: signalR7, msgpack: msgpack7 },
];

const TRANSPORTS = [
  { name: "WebSockets" },
  { name: "ServerSentEvents", textOnly: true },
  { name: "LongPolling" },
];

// How each encoding writes values that JSON has no form for.
const text = { bytes: (bytes) => Buffer.from(bytes).toString("base64"), instant: (iso) => iso };
const native = { bytes: (bytes) => Uint8Array.from(bytes), instant: (iso) => new Date(iso) };

const ENCODINGS = [
  { name: "JSON", protocol: ({ signalR }) => new signalR.JsonHubProtocol(), forms: text },
  { name: "MessagePack", binary: true, protocol: ({ msgpack }) => new msgpack.MessagePackHubProtocol(), forms: native },
];

const PLAIN = { scheme: "http" };

/** Every combination that clients support. */
export const VARIANTS = CLIENTS.flatMap((client) =>
  TRANSPORTS.flatMap((transport) =>
    ENCODINGS.filter((encoding) => !(encoding.binary && transport.textOnly)).map((encoding) => variant(client, transport, encoding, PLAIN)),
  ),
);

/** Returns the newest client over TLS, with one encoding for each transport. Node's clients offer no HTTP/2. */
export function secureVariants() {
  const security = { scheme: "https", isSecure: true, certificate: certificate() };
  const [webSockets, eventStreams, longPolling] = TRANSPORTS;
  const [json, messagePack] = ENCODINGS;
  return [[webSockets, json], [eventStreams, json], [longPolling, messagePack]].map(([transport, encoding]) =>
    variant(CLIENTS[0], transport, encoding, security),
  );
}

function variant(client, transport, encoding, security) {
  const { signalR } = client;
  return {
    name: `client ${signalR.VERSION}, ${security.scheme}, ${transport.name}, ${encoding.name}`,
    client: signalR.VERSION,
    isOlderClient: client !== CLIENTS[0],
    ...security,
    httpProtocol: "HTTP/1.1",
    transport: transport.name,
    encoding: encoding.name,
    isMessagePack: Boolean(encoding.binary),
    signalR,
    options: () => ({ transport: signalR.HttpTransportType[transport.name] }),
    protocol: () => encoding.protocol(client),
    forms: encoding.forms,
  };
}
