// Whom the server takes for the client, and which host for the one that was asked for, with and without `trusted_proxies`.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { connected } from "../javascript/support/client.mjs";
import { TrustingWebSocket, trustAuthority, variants } from "./support/clients.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { FetchingEventSource } from "./support/http2.mjs";
import { ADMITTED, REFUSED, statusesFor } from "./support/origins.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 30_000;
const PROXY = "127.0.0.1";
/** The clients' own address; Linux has all of 127.0.0.0/8. */
const CLIENT = "127.0.0.5";
const FORGED = "1.2.3.4";
const FOREIGN = "elsewhere.example";
const INNER = "hubwire.internal";

/** With TLS, what is fetched is so over HTTP/2. */
trustAuthority({ allowH2: true, localAddress: CLIENT });

class WebSocket extends TrustingWebSocket {
  constructor(url, protocols, options) {
    super(url, protocols, { ...options, localAddress: CLIENT });
  }
}

const CLIENTS = variants({ WebSocket, EventSource: FetchingEventSource }).filter(({ encoding }) => encoding === "JSON");

const trusting = (...proxies) => ({ args: proxies.flatMap((proxy) => ["--trusted-proxy", proxy]) });

/** Connects by each transport, and compares the address that hubs are told. */
async function assertClientIs(address, t, proxy, headers = {}) {
  for (const base of [proxy.plain, proxy.secure]) {
    for (const variant of CLIENTS) {
      const ada = await connected(t, variant, `${base}/default`, { options: { headers } });
      const [, port, , remote] = await ada.invoke("GetIHttpConnectionFeatureProperties");
      assert.equal(remote, address, `${base}, ${variant.name}`);
      // Proxies forward no ports.
      assert.equal(port === 0, address !== PROXY);
    }
  }
}

for (const Proxy of PROXIES) {
  describe(Proxy.title, { concurrency: true }, () => {
    test("trusted: the client has its own address, whatever it says", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy, {}, trusting(PROXY));
      await assertClientIs(CLIENT, t, proxy);
      await assertClientIs(CLIENT, t, proxy, { "X-Forwarded-For": FORGED });
    });

    test("not trusted: the client has the proxy's address, whatever it says", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy, {}, trusting("10.0.0.0/8"));
      await assertClientIs(PROXY, t, proxy);
      await assertClientIs(PROXY, t, proxy, { "X-Forwarded-For": FORGED });
    });

    test("what a trusted proxy passes on counts as its word", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy, { replacements: Proxy.passesForwardedFor }, trusting(PROXY));
      await assertClientIs(FORGED, t, proxy, { "X-Forwarded-For": FORGED });
    });

    test("a proxy that adds to what it was sent: an outer proxy counts if it is trusted", { timeout: LIMIT }, async (t) => {
      const settings = { replacements: Proxy.appendsForwardedFor };
      for (const [trusted, address] of [[[PROXY], CLIENT], [[PROXY, CLIENT], FORGED]]) {
        const { proxy } = await behind(t, Proxy, settings, trusting(...trusted));
        await assertClientIs(address, t, proxy, { "X-Forwarded-For": FORGED });
      }
    });

    test("a proxy that rewrites the host: pages of the client's are the server's own if it is trusted", { timeout: LIMIT }, async (t) => {
      const settings = { replacements: Proxy.rewritesHost(INNER) };
      for (const [trusted, outer, inner] of [[[PROXY], ADMITTED, REFUSED], [[], REFUSED, ADMITTED]]) {
        const { proxy } = await behind(t, Proxy, settings, trusting(...trusted));
        for (const base of [proxy.plain, proxy.secure]) {
          assert.deepEqual(await statusesFor(base, base), outer);
          assert.deepEqual(await statusesFor(`http://${INNER}`, base), inner);
          assert.deepEqual(await statusesFor(`https://${FOREIGN}`, base), REFUSED);
          assert.deepEqual(await statusesFor(`https://${FOREIGN}`, base, { "X-Forwarded-Host": FOREIGN }), REFUSED);
        }
      }
    });
  });
}
