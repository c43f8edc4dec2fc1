// What proxies tell the server about clients, and how many of one address they let in.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { client, connected } from "../javascript/support/client.mjs";
import { TRANSPORTS, trustAuthority } from "./support/clients.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { ADMITTED, REFUSED, statusesFor } from "./support/origins.mjs";
import { until } from "./support/until.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 20_000;
const CONNECTIONS = 5;
const FORGED = { "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "forged.example", "X-Forwarded-Proto": "gopher" };

trustAuthority();

for (const Proxy of PROXIES) {
  describe(Proxy.title, { concurrency: true }, () => {
    test("client, host and scheme are those of the proxy's own connection", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy);
      for (const base of [proxy.plain, proxy.secure]) {
        const { host, protocol } = new URL(base);
        const expected = ["127.0.0.1", host, protocol.slice(0, -1), host];
        for (const variant of TRANSPORTS) {
          const ada = await connected(t, variant, `${base}/testhub`, { options: { headers: FORGED } });
          const header = (name) => ada.invoke("GetHeader", name);
          assert.deepEqual(await Promise.all([...Object.keys(FORGED), "Host"].map(header)), expected, variant.name);
        }
      }
    });

    test("the server recognises its own pages by the host", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy);
      for (const base of [proxy.plain, proxy.secure]) {
        assert.deepEqual(await statusesFor(base, base), ADMITTED);
        assert.deepEqual(await statusesFor("https://elsewhere.example", base), REFUSED);
      }
    });

    test("an address has so many connections and no more", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy, Proxy.limitedTo(CONNECTIONS));
      const [webSockets] = TRANSPORTS;
      // Requests that negotiate would count as well.
      const options = { skipNegotiation: true };
      const url = `${proxy.plain}/testhub`;
      const enough = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(t, webSockets, url, { options })));
      const more = () => client(t, webSockets, url, { options }).start();
      await assert.rejects(more, /WebSocket failed to connect/);
      await enough[0].stop();
      await until(() => more().then(() => true, () => false), "another one to be let in");
    });
  });
}
