// ShopNest where WebSockets, and event streams too, cannot be opened: the page has all its scenes.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { shopnest } from "../javascript/support/server.mjs";
import { failing } from "./support/blocked.mjs";
import { launch } from "./support/chromium.mjs";
import { ADMIN, comeBack, shipAnOrder, talkInTwoRooms } from "./support/shop-scenes.mjs";
import { ShopWindow } from "./support/shop-window.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** How the client complains of each attempt that fails before it falls back. */
const FALLING_BACK = /Error: Failed to start the transport '(WebSockets|ServerSentEvents)'/;

const CASES = [
  { name: "without WebSockets", blocked: ["WebSockets"], opened: "eventsource" },
  { name: "without WebSockets and event streams", blocked: ["WebSockets", "ServerSentEvents"], opened: "fetch" },
];

for (const { name, blocked, opened } of CASES) {
  describe(name, () => {
    async function start(t) {
      const server = await shopnest();
      t.after(() => server.stop());
      return server;
    }

    /** Opens a window and asserts that each of its three connections has the expected transport. */
    async function open(t, server, name, claims) {
      const kinds = new Map();
      const window = await ShopWindow.connected(t, browser, server.url, {
        name,
        claims,
        prepare: async (page) => {
          await failing(page, blocked);
          page.on("request", (request) => {
            const id = new URL(request.url()).searchParams.get("id");
            if (id && request.method() === "GET") kinds.set(id, request.resourceType());
          });
        },
      });
      assert.deepEqual([...kinds.values()], [opened, opened, opened]);
      return window;
    }

    test("two windows talk in two rooms", async (t) => {
      const server = await start(t);
      const windows = [await open(t, server, "Ada"), await open(t, server, "Grace")];
      await talkInTwoRooms(...windows);
      for (const { complaints } of windows) {
        assert.deepEqual(complaints.all.filter((text) => !FALLING_BACK.test(text)), []);
      }
    });

    test("a shipped order moves in every window that watches it", async (t) => {
      const server = await start(t);
      await shipAnOrder(await open(t, server, "Ada", ADMIN), await open(t, server, "Grace"), await open(t, server, "Edsger"));
    });

    for (const signal of ["SIGKILL", "SIGTERM"]) {
      test(`after ${signal} and a new start the rooms and orders are live again`, async (t) => {
        const server = await start(t);
        await comeBack(server, signal, await open(t, server, "Ada"), await open(t, server, "Grace"));
      });
    }
  });
}
