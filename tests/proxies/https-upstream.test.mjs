// Every transport and encoding through every proxy, with TLS on both sides of it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { connected } from "../javascript/support/client.mjs";
import { conformance } from "../javascript/support/server.mjs";
import { CERTIFICATE } from "./support/certificate.mjs";
import { TRANSPORTS, trustAuthority, variants } from "./support/clients.mjs";
import { useEverything } from "./support/everything.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { HaProxy } from "./support/haproxy.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 30_000;
/** A certificate of the same authority, for another name. */
const ANOTHER = { cert: CERTIFICATE.certificate, key: CERTIFICATE.key };

trustAuthority();
let server;
before(async () => {
  server = await conformance({ certificate: CERTIFICATE.node });
});
after(() => server?.stop());

for (const Proxy of PROXIES) {
  for (const [version, replacements] of Object.entries(Proxy.httpsUpstream())) {
    describe(`${Proxy.title}, ${version} to the server`, () => {
      let proxy;
      before(async () => {
        proxy = await Proxy.start(server, { replacements });
      });
      after(() => proxy?.stop());

      for (const variant of variants()) {
        test(variant.name, { timeout: LIMIT }, (t) => useEverything(t, variant, proxy.secure));
      }

      test("every transport has that version", { timeout: LIMIT }, async (t) => {
        for (const variant of TRANSPORTS) {
          const ada = await connected(t, variant, `${proxy.secure}/default`);
          assert.equal(await ada.invoke("GetHttpProtocol"), version, variant.name);
        }
      });

      test("a server with a certificate for another name is asked nothing", { timeout: LIMIT }, async (t) => {
        const { proxy } = await behind(t, Proxy, { replacements }, { certificate: ANOTHER });
        const { status } = await fetch(`${proxy.secure}/chat/negotiate?negotiateVersion=1`, { method: "POST" });
        assert.equal(status, Proxy === HaProxy ? 503 : 502);
      });
    });
  }
}
