// Every transport and encoding through every proxy, plain and with TLS, over HTTP/1.1.

import { after, before, describe, test } from "node:test";

import { conformance } from "../javascript/support/server.mjs";
import { trustAuthority, variants } from "./support/clients.mjs";
import { useEverything } from "./support/everything.mjs";
import { PROXIES } from "./support/fronts.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 30_000;

trustAuthority();
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

    for (const front of ["plain", "secure"]) {
      for (const variant of variants()) {
        test(`${front}: ${variant.name}`, { timeout: LIMIT }, (t) => useEverything(t, variant, proxy[front]));
      }
    }
  });
}
