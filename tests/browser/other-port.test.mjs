// A page from another port: the official client on every transport, with and without an allowed
// origin.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { conformance } from "../javascript/support/server.mjs";
import { Complaints, launch } from "./support/chromium.mjs";
import { PageServer } from "./support/page-server.mjs";

/** The client's values for its option `transport`. */
const TRANSPORTS = [["default", undefined], ["WebSockets", 1], ["ServerSentEvents", 2], ["LongPolling", 4]];
const COLOURS = /\u001b\[\d+m/g;

let pages;
let server;
let browser;
before(async () => {
  pages = await PageServer.start();
  server = await conformance({ args: ["--allowed-origin", pages.origin("localhost")] });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await pages?.stop();
});

/** Opens the page under one of its host names; each is an origin of its own. */
async function open(t, host) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(5000);
  const complaints = await Complaints.of(page);
  await page.goto(pages.origin(host));
  return { page, complaints };
}

/** Connects like the tutorials, unless `options` say more, and calls a method. */
function connect(page, path, options = {}) {
  const task = [server.url + path, options];
  return page.evaluate(async ([url, options]) => {
    const connection = new signalR.HubConnectionBuilder().withUrl(url, options).build();
    const connected = new Promise((resolve) => connection.on("Connected", resolve));
    try {
      await connection.start();
      const [id, echo] = [await connected, await connection.invoke("Echo", "hello")];
      const isNegotiated = connection.connectionId === id;
      await connection.stop();
      return { isNegotiated, echo };
    } catch (error) {
      return { error: String(error) };
    }
  }, task);
}

for (const path of ["/chat-cors", "/chat-cors-layered"]) {
  for (const [name, transport] of TRANSPORTS) {
    test(`a page of an allowed origin connects to ${path} by ${name}`, async (t) => {
      const { page, complaints } = await open(t, "localhost");
      assert.deepEqual(await connect(page, path, { transport }), { isNegotiated: true, echo: "hello" });
      assert.deepEqual(complaints.beyondPolling, []);
    });
  }
}

for (const [name, transport] of TRANSPORTS.slice(2)) {
  test(`by ${name}, each request of an allowed origin has the visitor's cookies`, async (t) => {
    const { page, complaints } = await open(t, "localhost");
    // Ports of one host are one site.
    const hub = `http://localhost:${server.port}`;
    await page.context().addCookies([{ name: "visitor", value: "ada", url: hub }]);
    const requests = [];
    page.on("request", (request) => {
      if (request.method() !== "OPTIONS" && request.url().startsWith(hub)) requests.push(request);
    });
    const report = await page.evaluate(async ([url, transport]) => {
      const connection = new signalR.HubConnectionBuilder().withUrl(url, { transport }).build();
      await connection.start();
      const echo = await connection.invoke("Echo", "hello");
      await connection.stop();
      return echo;
    }, [`${hub}/chat-cors`, transport]);
    assert.equal(report, "hello");
    // The last poll is aborted, perhaps before it is sent.
    const answered = requests.filter((request) => request.failure() === null);
    const sent = await Promise.all(answered.map((request) => request.allHeaders()));
    assert.ok(sent.length >= 4, `${sent.length} requests`);
    assert.deepEqual([...new Set(sent.map(({ cookie }) => cookie))], ["visitor=ada"]);
    assert.deepEqual(complaints.beyondPolling, []);
  });
}

test("a page of an allowed origin may send what the client sends, and reads every status", async (t) => {
  const { page } = await open(t, "localhost");
  const read = (method, path) =>
    page.evaluate(
      async ([method, url]) => {
        const headers = { "X-Requested-With": "XMLHttpRequest", "X-SignalR-User-Agent": "test", Authorization: "Bearer ann" };
        const response = await fetch(url, { method, headers, credentials: "include" });
        return [response.status, await response.text()];
      },
      [method, server.url + path],
    );
  const unknown = "No Connection with that ID";
  assert.deepEqual(await read("POST", "/chat-cors"), [400, "Connection ID required"]);
  assert.deepEqual(await read("POST", "/chat-cors?id=x"), [404, unknown]);
  assert.deepEqual(await read("GET", "/chat-cors?id=x"), [404, unknown]);
  assert.deepEqual(await read("DELETE", "/chat-cors?id=x"), [404, unknown]);
  assert.deepEqual(await read("GET", "/chat-cors/negotiate"), [405, ""]);
});

test("a page of any other origin is refused, and the log says what to do", async (t) => {
  const { page, complaints } = await open(t, "127.0.0.1");
  const { error } = await connect(page, "/chat-cors");
  assert.match(error, /Failed to complete negotiation with the server: TypeError: Failed to fetch/);
  const blocked = complaints.all.find((text) => text.includes("has been blocked by CORS policy"));
  assert.match(blocked, /preflight request doesn't pass .*: No 'Access-Control-Allow-Origin' header is present/);
  await connect(page, "/chat-cors");

  const log = server.output.replaceAll(COLOURS, "").split("\n");
  const lines = log.filter((line) => line.includes(pages.origin("127.0.0.1")));
  assert.equal(lines.length, 1, server.output);
  for (const part of ["WARN hubwire::endpoint", `host=127.0.0.1:${server.port}`, 'option="allowed_origins"']) {
    assert.ok(lines[0].includes(part), lines[0]);
  }
});

/** Opens a WebSocket or an event stream without the client, as any page can; returns whether it was accepted. */
function accepted(page, kind, url) {
  return page.evaluate(([kind, url]) => {
    const socket = kind === "WebSocket" ? new WebSocket(url) : new EventSource(url, { withCredentials: true });
    return new Promise((resolve) => {
      socket.onopen = () => resolve(true);
      socket.onerror = () => resolve(false);
    }).finally(() => socket.close());
  }, [kind, url]);
}

/** Asserts that a page cannot open a WebSocket, with or without negotiation, or an event stream of these hubs. */
async function assertRefused(page, hub) {
  for (const path of ["/chat-cors", "/chat-cors-layered"]) {
    const negotiated = await fetch(`${server.url}${path}/negotiate?negotiateVersion=1`, { method: "POST" });
    const { connectionToken } = await negotiated.json();
    const url = `${hub}${path}?id=${connectionToken}`;
    assert.equal(await accepted(page, "WebSocket", url.replace("http", "ws")), false);
    assert.equal(await accepted(page, "WebSocket", `${hub}${path}`.replace("http", "ws")), false);
    assert.equal(await accepted(page, "EventSource", url), false);
  }
}

test("a page of any other origin cannot open a WebSocket or an event stream, with the visitor's cookies either", async (t) => {
  const { page } = await open(t, "127.0.0.1");
  // Ports of one host are one site, so the browser sends the cookie for this page.
  const hub = `http://127.0.0.1:${server.port}`;
  await page.context().addCookies([{ name: "visitor", value: "ada", url: hub, sameSite: "Strict" }]);
  const own = pages.origin("127.0.0.1").replace("http", "ws");
  assert.equal(await accepted(page, "WebSocket", own), false);
  assert.deepEqual(pages.cookies.splice(0), ["visitor=ada"]);
  await assertRefused(page, hub);
  // The same, from a page that is allowed.
  const { page: allowed } = await open(t, "localhost");
  assert.equal(await accepted(allowed, "WebSocket", `${hub}/chat-cors`.replace("http", "ws")), true);
});

test("a page of another site cannot open a WebSocket or an event stream either", async (t) => {
  const { page } = await open(t, "127.0.0.1");
  // To browsers, the two names of this machine are two sites.
  const hub = `http://localhost:${server.port}`;
  await assertRefused(page, hub);
  const { page: allowed } = await open(t, "localhost");
  assert.equal(await accepted(allowed, "WebSocket", `${hub}/chat-cors`.replace("http", "ws")), true);
});
