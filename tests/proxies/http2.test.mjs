// Every transport through every proxy, over HTTP/2 between client and proxy.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { conformance } from "../javascript/support/server.mjs";
import { agreedProtocols, trustAuthority, variants } from "./support/clients.mjs";
import { useEverything } from "./support/everything.mjs";
import { PROXIES } from "./support/fronts.mjs";
import { HaProxy } from "./support/haproxy.mjs";
import { FetchingEventSource, session, webSocketOver } from "./support/http2.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 30_000;

trustAuthority({ allowH2: true });
let server;
before(async () => {
  server = await conformance();
});
after(() => server?.stop());

for (const Proxy of PROXIES) {
  describe(Proxy.title, () => {
    let proxy;
    before(async () => {
      proxy = await Proxy.start(server);
    });
    after(() => proxy?.stop());

    for (const variant of variants({ EventSource: FetchingEventSource }).filter(({ transport }) => transport !== "WebSockets")) {
      test(variant.name, { timeout: LIMIT }, async (t) => {
        await useEverything(t, variant, proxy.secure);
        assert.deepEqual([...agreedProtocols], ["h2"]);
      });
    }

    test("WebSockets, where they are announced", { timeout: LIMIT }, async (t) => {
      const opened = await session(t, proxy.secure);
      const { enableConnectProtocol } = opened.remoteSettings;
      assert.equal(enableConnectProtocol, Proxy === HaProxy);
      if (!enableConnectProtocol) return;
      const classes = { WebSocket: webSocketOver(opened) };
      for (const variant of variants(classes).filter(({ transport }) => transport === "WebSockets")) {
        await useEverything(t, variant, proxy.secure);
      }
    });
  });
}
