// The official client over HTTP/2: everything that a browser has open shares one connection.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { certificate } from "../javascript/support/certificate.mjs";
import { conformance } from "../javascript/support/server.mjs";
import { launch } from "./support/chromium.mjs";
import { openOn } from "./support/repository.mjs";

const TRANSPORTS = ["WebSockets", "ServerSentEvents", "LongPolling"];
/** Over HTTP/1.1, six would be too many: no call gets through next to them. */
const TABS = 4;
const STREAMS_OF_A_TAB = 3;

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([conformance({ certificate: certificate() }), launch({ trusted: certificate() })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Returns a way to the server that counts connections, and a function that opens tabs of one browser. */
async function start(t) {
  const way = await server.cuttableProxy();
  t.after(() => way.stop());
  const context = await browser.newContext();
  t.after(() => context.close());
  const openTab = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await openOn(page, way.url, "/tests/browser/page/matrix.html");
    return page;
  };
  return { way, openTab };
}

/** Connects to hubs, by path and transport, and returns what they say of their connections; they stay open. */
function connect(page, hubs) {
  return page.evaluate(async (hubs) => {
    window.connections ??= [];
    const seen = [];
    for (const [path, transport] of hubs) {
      const options = { transport: signalR.HttpTransportType[transport] };
      const connection = new signalR.HubConnectionBuilder().withUrl(path, options).build();
      window.connections.push(connection);
      await connection.start();
      seen.push([await connection.invoke("GetActiveTransportName"), await connection.invoke("GetHttpProtocol")]);
    }
    return seen;
  }, hubs);
}

/** Calls the hubs of all the page's connections at the same time. */
const callAll = (page) =>
  page.evaluate(() => Promise.all(window.connections.map((connection, i) => connection.invoke("Echo", `call ${i}`))));

test("several hubs on every transport share one connection, WebSockets included", async (t) => {
  const { way, openTab } = await start(t);
  const page = await openTab();
  const hubs = [...TRANSPORTS, ...TRANSPORTS].map((transport) => ["/default", transport]);
  const expected = [...TRANSPORTS, ...TRANSPORTS].map((transport) => [transport, "HTTP/2"]);
  assert.deepEqual(await connect(page, hubs), expected);
  assert.deepEqual(await callAll(page), hubs.map((_, i) => `call ${i}`));
  assert.equal(way.clients, 1);
});

test("event streams of several tabs leave room for calls", async (t) => {
  const { way, openTab } = await start(t);
  const streams = Array.from({ length: STREAMS_OF_A_TAB }, () => ["/default", "ServerSentEvents"]);
  const tabs = [];
  for (let i = 0; i < TABS; i++) {
    const tab = await openTab();
    await connect(tab, streams);
    tabs.push(tab);
  }
  for (const tab of tabs) assert.deepEqual(await callAll(tab), ["call 0", "call 1", "call 2"]);
  assert.equal(way.clients, 1);
});

test("a WebSocket without negotiation is HTTP/2 too, next to other requests", async (t) => {
  const { way, openTab } = await start(t);
  const page = await openTab();
  // The page itself did not come from the server. Only on an open connection does a browser know that the server
  // takes WebSockets over HTTP/2.
  await page.evaluate(() => fetch("/deployment"));
  const protocol = await page.evaluate(async () => {
    const options = { transport: signalR.HttpTransportType.WebSockets, skipNegotiation: true };
    const connection = new signalR.HubConnectionBuilder().withUrl("/default", options).build();
    await connection.start();
    return connection.invoke("GetHttpProtocol");
  });
  assert.equal(protocol, "HTTP/2");
  assert.equal(way.clients, 1);
});
