// ShopNest over TLS: HTTP/2, on which all tabs of a browser share a connection.

import "../javascript/support/trusting.mjs";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { certificate } from "../javascript/support/certificate.mjs";
import { shopnest } from "../javascript/support/server.mjs";
import { failing } from "./support/blocked.mjs";
import { launch } from "./support/chromium.mjs";
import { ADMIN, comeBack, shipAnOrder, talkInTwoRooms } from "./support/shop-scenes.mjs";
import { ShopWindow } from "./support/shop-window.mjs";

/** How the client complains of WebSockets before it falls back. */
const FALLING_BACK = /Error: Failed to start the transport 'WebSockets'/;

let browser;
before(async () => {
  browser = await launch({ trusted: certificate() });
});
after(() => browser?.close());

async function start(t) {
  const server = await shopnest({ certificate: certificate() });
  t.after(() => server.stop());
  return server;
}

test("two windows talk and ship over WebSockets, without a complaint and on one connection each", async (t) => {
  const server = await start(t);
  const windows = [];
  for (const name of ["Ada", "Grace", "Edsger"]) {
    const way = await server.cuttableProxy();
    t.after(() => way.stop());
    windows.push({ way, window: await ShopWindow.connected(t, browser, way.url, { name, claims: name === "Ada" ? ADMIN : {} }) });
  }
  const [ada, grace, edsger] = windows.map(({ window }) => window);
  await talkInTwoRooms(ada, grace);
  await shipAnOrder(ada, grace, edsger);
  for (const { way, window } of windows) {
    assert.deepEqual(window.complaints.all, []);
    assert.equal(way.clients, 1);
  }
});

test("without WebSockets, two tabs of one browser have all their event streams", async (t) => {
  const server = await start(t);
  const prepare = (page) => failing(page, ["WebSockets"]);
  const ada = await ShopWindow.connected(t, browser, server.url, { name: "Ada", prepare });
  const grace = await ShopWindow.connected(t, browser, server.url, { name: "Grace", prepare, beside: ada });
  await talkInTwoRooms(ada, grace);
  for (const { complaints } of [ada, grace]) {
    assert.deepEqual(complaints.all.filter((text) => !FALLING_BACK.test(text)), []);
  }
});

for (const signal of ["SIGKILL", "SIGTERM"]) {
  test(`after ${signal} and a new start the rooms and orders are live again`, async (t) => {
    const server = await start(t);
    const open = (name) => ShopWindow.connected(t, browser, server.url, { name });
    await comeBack(server, signal, await open("Ada"), await open("Grace"));
  });
}
