// ShopNest's page while the server is down: it shows that, keeps trying, and continues where it
// was.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { shopnest } from "../javascript/support/server.mjs";
import { launch } from "./support/chromium.mjs";
import { comeBack } from "./support/shop-scenes.mjs";
import { ShopWindow } from "./support/shop-window.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function running(t) {
  const server = await shopnest();
  t.after(() => server.stop());
  return server;
}

const open = (t, server, name, settings) => ShopWindow.connected(t, browser, server.url, { name, ...settings });

for (const signal of ["SIGKILL", "SIGTERM"]) {
  test(`after ${signal} and a new start the rooms and orders are live again`, async (t) => {
    const server = await running(t);
    await comeBack(server, signal, await open(t, server, "Ada"), await open(t, server, "Grace"));
  });
}

test("a first start that fails is tried again", async (t) => {
  const server = await running(t);
  const hubs = "**/hubs/**";
  const ada = await ShopWindow.open(t, browser, server.url, {
    name: "Ada",
    prepare: (page) => page.route(hubs, (route) => route.abort()),
  });
  await ada.state("offline");
  assert.equal((await ada.page.getByRole("status").textContent()).trim(), "Offline — retrying");
  await ada.page.unroute(hubs);
  await ada.state("connected");
  await ada.support.say("Made it");
  assert.deepEqual(ada.complaints.beyondOutage, []);
});

test("a Close that forbids reconnecting leads to a new start", async (t) => {
  const server = await running(t);
  const sockets = [];
  const ada = await open(t, server, "Ada", {
    prepare: (page) =>
      page.routeWebSocket("**/hubs/chat*", (socket) => {
        socket.connectToServer();
        sockets.push(socket);
      }),
  });
  assert.equal(sockets.length, 2);
  const before = await ada.support.connectionId;
  for (const socket of [...sockets]) socket.send('{"type":7}\u001e');
  await ada.page.waitForFunction(
    (id) => document.querySelector("[data-testid=support-room]").dataset.connectionId !== id,
    before,
  );
  await ada.state("connected");
  await ada.support.say("Still open?");
  await ada.questions.say("And here?");
});
