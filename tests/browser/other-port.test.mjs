// A page from another port: the official client with its defaults, with and without an allowed
// origin.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { conformance } from "../javascript/support/server.mjs";
import { Complaints, launch } from "./support/chromium.mjs";
import { PageServer } from "./support/page-server.mjs";

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

/** Connects like the tutorials, and calls a method. */
function connect(page, path) {
  return page.evaluate(async (url) => {
    const connection = new signalR.HubConnectionBuilder().withUrl(url).build();
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
  }, server.url + path);
}

for (const path of ["/chat-cors", "/chat-cors-layered"]) {
  test(`a page of an allowed origin connects to ${path}`, async (t) => {
    const { page, complaints } = await open(t, "localhost");
    assert.deepEqual(await connect(page, path), { isNegotiated: true, echo: "hello" });
    assert.deepEqual(complaints.all, []);
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

test("a page of any other origin cannot open a WebSocket either", async (t) => {
  const { page } = await open(t, "127.0.0.1");
  const opened = (path) =>
    page.evaluate((url) => {
      const socket = new WebSocket(url);
      return new Promise((resolve) => {
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      });
    }, server.url.replace("http", "ws") + path);
  assert.equal(await opened("/chat-cors"), false);
  assert.equal(await opened("/chat-cors-layered"), false);
});
