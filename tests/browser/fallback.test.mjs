// What the official client does where WebSockets, and event streams too, do not work: in the
// browser or on the way. The page comes from another port, and cookies must pass as well.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { conformance } from "../javascript/support/server.mjs";
import { launch } from "./support/chromium.mjs";
import { BlockingProxy } from "./support/blocking-proxy.mjs";
import { PageServer } from "./support/page-server.mjs";
import { failing, missing } from "./support/blocked.mjs";

const [NO_SOCKETS, NO_STREAMS] = [["WebSockets"], ["WebSockets", "ServerSentEvents"]];

let pages;
let server;
let browser;
before(async () => {
  [pages, server, browser] = await Promise.all([PageServer.start(), conformance(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await pages?.stop();
});

/** Opens a page and returns it with the negotiations that it asks for. */
async function open(t, prepare) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(5000);
  const negotiations = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/negotiate?")) negotiations.push(request.url());
  });
  await prepare?.(page);
  await page.goto(pages.origin("127.0.0.1"));
  return { page, negotiations };
}

/** Connects to the test hub, calls it and hears a push; returns what the hub says of the connection. */
function visit(page, base, { options = {}, isMessagePack = false } = {}) {
  const task = { url: `${base}/testhub`, options, isMessagePack };
  return page.evaluate(async ({ url, options, isMessagePack }) => {
    const protocol = isMessagePack ? new signalR.protocols.msgpack.MessagePackHubProtocol() : new signalR.JsonHubProtocol();
    const connection = new signalR.HubConnectionBuilder().withUrl(url, options).withHubProtocol(protocol).build();
    const pushed = new Promise((resolve) => connection.on("Message", resolve));
    await connection.start();
    await connection.invoke("InvokeWithString", "pushed");
    const seen = {
      transport: await connection.invoke("GetActiveTransportName"),
      cookie: await connection.invoke("GetCookie", "testCookie"),
      pushed: await pushed,
    };
    await connection.stop();
    return seen;
  }, task);
}

const WAYS = [
  { where: "missing in the browser", inPage: missing, attempts: () => 1 },
  { where: "failing in the browser", inPage: failing, attempts: (blocked) => 1 + blocked.length },
  { where: "refused on the way", onTheWay: true, attempts: (blocked) => 1 + blocked.length },
];

for (const { where, inPage, onTheWay, attempts } of WAYS) {
  describe(where, () => {
    async function assertVisited(t, blocked, transport, settings, negotiated) {
      const { page, negotiations } = await open(t, inPage && ((page) => inPage(page, blocked)));
      let base = server.url;
      if (onTheWay) {
        const proxy = await BlockingProxy.start(server, blocked);
        t.after(() => proxy.stop());
        base = proxy.url;
      }
      assert.deepEqual(await visit(page, base, settings), { transport, cookie: "testValue", pushed: "pushed" });
      assert.equal(negotiations.length, negotiated);
    }

    test("without WebSockets: event streams", (t) => assertVisited(t, NO_SOCKETS, "ServerSentEvents", {}, attempts(NO_SOCKETS)));
    test("without event streams either: long polling", (t) => assertVisited(t, NO_STREAMS, "LongPolling", {}, attempts(NO_STREAMS)));
    // Event streams are no choice for a binary protocol, so nothing is negotiated for them.
    test("MessagePack without WebSockets: long polling", (t) =>
      assertVisited(t, NO_SOCKETS, "LongPolling", { isMessagePack: true }, attempts(NO_SOCKETS)));
  });
}

test("without credentials, WebSockets alone carry cookies, and none are kept", async (t) => {
  for (const [blocked, expected] of [[[], "of the visitor"], [NO_SOCKETS, null], [NO_STREAMS, null]]) {
    const { page } = await open(t, (page) => missing(page, blocked));
    const context = page.context();
    await context.addCookies([{ name: "testCookie", value: "of the visitor", url: server.url }]);
    const { cookie } = await visit(page, server.url, { options: { withCredentials: false } });
    assert.equal(cookie, expected);
    assert.deepEqual((await context.cookies()).map(({ name, value }) => [name, value]), [["testCookie", "of the visitor"]]);
  }
});

test("a client that has fallen back tries WebSockets again when it reconnects", async (t) => {
  const proxy = await BlockingProxy.start(server, NO_SOCKETS);
  t.after(() => proxy.stop());
  const { page } = await open(t);
  const transport = () => page.evaluate(() => window.connection.invoke("GetActiveTransportName"));
  await page.evaluate(async (url) => {
    window.connection = new signalR.HubConnectionBuilder().withUrl(url).withAutomaticReconnect([25, 25, 25]).build();
    window.reconnected = new Promise((resolve) => window.connection.onreconnected(resolve));
    await window.connection.start();
  }, `${proxy.url}/testhub`);
  assert.equal(await transport(), "ServerSentEvents");
  proxy.blocked = [];
  proxy.cut();
  await page.evaluate(() => window.reconnected);
  assert.equal(await transport(), "WebSockets");
});
