// The clients, transports and encodings of the tests: one row each. A row that is not supported
// yet has `notYet`; remove that word to test the row.

import signalR from "@microsoft/signalr";
import msgpack from "@microsoft/signalr-protocol-msgpack";
import msgpack7 from "signalr-protocol-msgpack7";
import msgpack8 from "signalr-protocol-msgpack8";
import signalR7 from "signalr7";
import signalR8 from "signalr8";

const CLIENTS = [
  { signalR, msgpack },
  { signalR: signalR8, msgpack: msgpack8 },
  { signalR: signalR7, msgpack: msgpack7 },
];

const TRANSPORTS = [
  { name: "WebSockets" },
  { name: "ServerSentEvents", textOnly: true, notYet: true },
  { name: "LongPolling", notYet: true },
];

// How each encoding writes values that JSON has no form for.
const text = { bytes: (bytes) => Buffer.from(bytes).toString("base64"), instant: (iso) => iso };
const native = { bytes: (bytes) => Uint8Array.from(bytes), instant: (iso) => new Date(iso) };

const ENCODINGS = [
  { name: "JSON", protocol: ({ signalR }) => new signalR.JsonHubProtocol(), forms: text },
  { name: "MessagePack", binary: true, protocol: ({ msgpack }) => new msgpack.MessagePackHubProtocol(), forms: native },
];

const all = CLIENTS.flatMap((client) =>
  TRANSPORTS.flatMap((transport) =>
    ENCODINGS.filter((encoding) => !(encoding.binary && transport.textOnly)).map((encoding) => variant(client, transport, encoding)),
  ),
);

/** Every combination that is supported. */
export const VARIANTS = all.filter((variant) => !variant.notYet);

/** The combinations that are not, once for all clients. */
export const PENDING_VARIANTS = all.filter((variant) => variant.notYet && variant.signalR === CLIENTS[0].signalR);

function variant(client, transport, encoding) {
  const { signalR } = client;
  return {
    name: `client ${signalR.VERSION}, ${transport.name}, ${encoding.name}`,
    client: signalR.VERSION,
    transport: transport.name,
    encoding: encoding.name,
    isMessagePack: Boolean(encoding.binary),
    notYet: Boolean(transport.notYet || encoding.notYet),
    signalR,
    options: () => ({ transport: signalR.HttpTransportType[transport.name] }),
    protocol: () => encoding.protocol(client),
    forms: encoding.forms,
  };
}
