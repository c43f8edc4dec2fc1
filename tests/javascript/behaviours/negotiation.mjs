// From the URL to a started connection.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "negotiation";

const negotiating = "Failed to complete negotiation with the server: Error: ";

/** `message` is a text, or makes one of the variant. */
const unstarted = (name, path, message) =>
  behaviour(name, async (cell) => {
    const ada = cell.client(path);
    await assert.rejects(ada.start(), { message: typeof message === "string" ? message : message(cell.variant) });
    assert.equal(ada.connection.state, "Disconnected");
    assert.equal(ada.closed.all.length, 0);
  });

const started = (name, ...paths) =>
  behaviour(name, async (cell) => {
    for (const path of paths) {
      const ada = await cell.connected(path);
      assert.equal(await ada.invoke("Echo", path), path);
    }
  });

const DISCOVERED = { transport: undefined };

/** From the one that clients prefer to the one that works everywhere. */
const TRANSPORTS = ["WebSockets", "ServerSentEvents", "LongPolling"];
const betterThan = (transport) => TRANSPORTS.slice(0, TRANSPORTS.indexOf(transport));
const isFallback = { where: ({ transport }) => transport !== "WebSockets" };
// The proxy that knows transports does not speak TLS.
const isProxiedFallback = { where: ({ transport, isSecure }) => transport !== "WebSockets" && !isSecure };

class Unavailable {
  constructor() {
    throw new Error("not here");
  }
}

async function assertTransport(ada, transport) {
  assert.equal(await ada.invoke("GetActiveTransportName"), transport);
  assert.equal(await ada.invoke("GetCallerConnectionId"), ada.connection.connectionId);
}

export const behaviours = [
  behaviour("the hub knows the negotiated id", async (cell) => {
    for (const path of ["/testhub", "/default", "/dynamic"]) {
      const ada = await cell.connected(path);
      assert.match(ada.connection.connectionId, /^[\w-]{22}$/);
      assert.equal(await ada.invoke("GetCallerConnectionId"), ada.connection.connectionId);
    }
  }),
  behaviour(
    "a start without negotiation",
    async (cell) => {
      const ada = await cell.connected("/testhub", { options: { skipNegotiation: true } });
      assert.equal(ada.connection.connectionId, null);
      assert.match(await ada.invoke("GetCallerConnectionId"), /^[\w-]{22}$/);
    },
    { where: ({ transport }) => transport === "WebSockets" },
  ),
  behaviour("the transport that was asked for", async (cell) => {
    for (const path of ["/testhub", "/default"]) {
      const ada = await cell.connected(path);
      assert.equal(await ada.invoke("GetActiveTransportName"), cell.variant.transport);
    }
  }),
  behaviour("the client may choose the transport", async (cell) => {
    const ada = await cell.connected("/testhub", { options: { transport: undefined } });
    assert.equal(await ada.invoke("Echo", "chosen"), "chosen");
  }),
  behaviour("a hub without WebSockets", async (cell) => {
    const ada = await cell.connected("/testhub-nowebsockets", { options: DISCOVERED });
    await assertTransport(ada, cell.variant.isMessagePack ? "LongPolling" : "ServerSentEvents");
    const grace = await cell.connected("/default-nowebsockets", { options: DISCOVERED });
    assert.equal(await grace.invoke("Echo", "found"), "found");
  }, isFallback),
  behaviour("a hub with one transport", async (cell) => {
    const path = { WebSockets: "/chat-ws", ServerSentEvents: "/chat-sse", LongPolling: "/chat-lp" }[cell.variant.transport];
    const ada = await cell.connected(path, { options: DISCOVERED });
    assert.equal(await ada.invoke("Echo", "found"), "found");
  }),
  behaviour("a hub without the client's transport", async (cell) => {
    const ada = cell.client(cell.variant.transport === "WebSockets" ? "/testhub-nowebsockets" : "/chat-ws");
    await assert.rejects(ada.start(), { message: /^Unable to connect to the server with any of the available transports\. / });
    assert.equal(ada.connection.state, "Disconnected");
  }),
  behaviour(
    "a start without negotiation where there are no WebSockets",
    async (cell) => {
      const ada = cell.client("/testhub-nowebsockets", { options: { skipNegotiation: true } });
      await assert.rejects(ada.start(), { message: /WebSocket failed to connect/ });
    },
    { where: ({ transport }) => transport === "WebSockets" },
  ),
  behaviour("a client that cannot open any better transport", async (cell) => {
    const { transport } = cell.variant;
    const [WebSocket, EventSource] = TRANSPORTS.map((name) => (betterThan(transport).includes(name) ? Unavailable : undefined));
    const ada = await cell.connected("/testhub", { options: { ...DISCOVERED, WebSocket, EventSource } });
    await assertTransport(ada, transport);
  }, isFallback),
  behaviour("a proxy that lets no better transport pass", async (cell) => {
    const { transport } = cell.variant;
    const proxy = await cell.blockingProxy(betterThan(transport));
    const ada = await cell.connected("/testhub", { server: proxy, options: DISCOVERED });
    await assertTransport(ada, transport);
  }, isProxiedFallback),
  started("paths in any case, with a slash or without", "/testHub", "/TESTHUB", "/testhub/", "/Chat/"),
  started("a minimum of the negotiate version that is met", "/chat-v1", "/negotiateProtocolVersionNegative"),
  unstarted(
    "a minimum that is not met: 12",
    "/negotiateProtocolVersion12",
    "The client requested version '1', but the server does not support this version.",
  ),
  unstarted(
    "a minimum that is not met: 2",
    "/chat-v2",
    "The client requested version '1', but the server does not support this version.",
  ),
  unstarted("a refusal's status and text", "/bad-negotiate", `${negotiating}Some response from server: Status code '400'`),
  unstarted(
    "no hub at the path",
    "/no-such-hub",
    // A response in HTTP/2 has no reason beside its status.
    ({ httpProtocol }) =>
      `${negotiating}${httpProtocol === "HTTP/2" ? "" : "Not Found"}: Status code '404' Either this is not a SignalR endpoint or there is a proxy blocking the connection.`,
  ),
  behaviour("a redirect in the answer is followed", async (cell) => {
    const url = `/redirect?numRedirects=0&baseUrl=${cell.server.url}`;
    const ada = await cell.connected(url);
    const first = await ada.invoke("GetNumRedirects");
    assert.equal(await ada.invoke("GetCallerConnectionId"), ada.connection.connectionId);
    await ada.stop();
    await ada.start();
    assert.equal(await ada.invoke("GetNumRedirects"), first + 1);
  }),
  behaviour("307 names an absolute URL, query kept", async (cell) => {
    const url = cell.url("/echoredirect/negotiate?negotiateVersion=1&a=b%20c");
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(url, { method: "POST", redirect: "manual", signal });
    assert.equal(answer.status, 307);
    assert.equal(answer.headers.get("location"), cell.url("/echo/negotiate?negotiateVersion=1&a=b%20c"));
  }),
];
