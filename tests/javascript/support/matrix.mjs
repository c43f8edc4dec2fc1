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
/** Node's clients offer no HTTP/2. */
const SECURE = { scheme: "https", certificate: certificate() };

const [JSON_TEXT, MESSAGE_PACK] = ENCODINGS;
const [WEB_SOCKETS, EVENT_STREAMS, LONG_POLLING] = TRANSPORTS;

/** Every combination that clients support, and the newest client over TLS with one encoding for each transport. */
export const VARIANTS = [
  ...CLIENTS.flatMap((client) =>
    TRANSPORTS.flatMap((transport) =>
      ENCODINGS.filter((encoding) => !(encoding.binary && transport.textOnly)).map((encoding) => variant(client, transport, encoding, PLAIN)),
    ),
  ),
  variant(CLIENTS[0], WEB_SOCKETS, JSON_TEXT, SECURE),
  variant(CLIENTS[0], EVENT_STREAMS, JSON_TEXT, SECURE),
  variant(CLIENTS[0], LONG_POLLING, MESSAGE_PACK, SECURE),
];

function variant(client, transport, encoding, security) {
  const { signalR } = client;
  return {
    name: `client ${signalR.VERSION}, ${transport.name}, ${encoding.name}, ${security.scheme}`,
    client: signalR.VERSION,
    isOlderClient: client !== CLIENTS[0],
    isSecure: security === SECURE,
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
