// Connections on which the application sends nothing for longer than the proxies' time limits, all at the same time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { connected } from "../javascript/support/client.mjs";
import { Requests } from "../javascript/support/requests.mjs";
import { CERTIFICATE } from "./support/certificate.mjs";
import { TRANSPORTS, trustAuthority, variants } from "./support/clients.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { HaProxy } from "./support/haproxy.mjs";
import { FetchingEventSource, session, webSocketOver } from "./support/http2.mjs";
import { assertHolds } from "./support/statistics.mjs";

/** The server pings after 15 s without a message, so these are 75 s. */
const PINGS = 5;
/** A poll that brings nothing ends after 90 s. */
const POLL = 100_000;
/** The time limit of a test, in milliseconds. */
const LIMIT = 120_000;
/** A client that polls is gone 15 s after its last poll. */
const GONE = 30_000;

trustAuthority({ allowH2: true });

/** Connects, lets time pass, and uses the same connection. */
async function assertKept(t, variant, base) {
  const requests = new Requests(variant);
  const polls = variant.transport === "LongPolling";
  const options = polls ? { httpClient: requests.httpClient } : {};
  const ada = await connected(t, variant, `${base}/testhub`, { options });
  const id = ada.connection.connectionId;
  if (polls) {
    // The first one opens the connection, and the second one brings the end of the handshake.
    const emptyPoll = ({ method, isEmpty }) => method === "GET" && isEmpty;
    for (const _ of ["first", "idle"]) await requests.answered.until(emptyPoll, POLL);
  } else {
    for (let count = 0; count < PINGS; count++) await ada.pings.next(POLL);
  }
  assert.equal(await ada.invoke("GetCallerConnectionId"), id);
  assert.equal(ada.reconnecting.all.length, 0);
}

describe("idle", { concurrency: true }, () => {
  for (const Proxy of PROXIES) {
    for (const variant of TRANSPORTS) {
      const name = `${Proxy.title}, ${variant.transport}`;
      test(`${name}: as documented`, { timeout: LIMIT }, async (t) => {
        const { proxy } = await behind(t, Proxy);
        await assertKept(t, variant, proxy.plain);
      });

      for (const [version, replacements] of Object.entries(Proxy.httpsUpstream())) {
        test(`${name}: ${version} over TLS to the server`, { timeout: LIMIT }, async (t) => {
          const { proxy } = await behind(t, Proxy, { replacements }, { certificate: CERTIFICATE.node });
          await assertKept(t, variant, proxy.secure);
        });
      }

      if (variant.transport === "LongPolling") {
        test(`${name}: a poll is too long for the proxy's own time limits, so the client comes back`, { timeout: LIMIT }, async (t) => {
          const { proxy } = await behind(t, Proxy, { replacements: Proxy.ownTimeouts });
          const ada = await connected(t, variant, `${proxy.plain}/testhub`);
          assert.match((await ada.reconnecting.next(POLL)).message, /Status code '504'$/);
          const id = await ada.reconnected.next();
          assert.equal(await ada.invoke("GetCallerConnectionId"), id);
        });
      } else {
        test(`${name}: with the proxy's own time limits`, { timeout: LIMIT }, async (t) => {
          const { proxy } = await behind(t, Proxy, { replacements: Proxy.ownTimeouts });
          await assertKept(t, variant, proxy.plain);
        });
      }
    }

    test(`${Proxy.title}, WebSockets: over TLS`, { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy);
      await assertKept(t, TRANSPORTS[0], proxy.secure);
    });

    for (const variant of variants({ EventSource: FetchingEventSource })) {
      if (variant.transport === "WebSockets" || variant.encoding !== "JSON") continue;
      test(`${Proxy.title}, ${variant.transport}: over HTTP/2`, { timeout: LIMIT }, async (t) => {
        const { proxy } = await behind(t, Proxy);
        await assertKept(t, variant, proxy.secure);
      });
    }

    test(`${Proxy.title}: the server notices that the client of a poll is gone`, { timeout: LIMIT }, async (t) => {
      const { server, proxy } = await behind(t, Proxy);
      const negotiated = await fetch(`${proxy.plain}/testhub/negotiate?negotiateVersion=1`, { method: "POST" });
      const url = `${proxy.plain}/testhub?id=${(await negotiated.json()).connectionToken}`;
      await fetch(url);
      await fetch(url, { method: "POST", body: '{"protocol":"json","version":1}\x1e' });
      await fetch(url);
      const gone = new AbortController();
      const poll = fetch(url, { signal: gone.signal });
      await assertHolds(server, 1);
      gone.abort();
      await assert.rejects(poll, { name: "AbortError" });
      await assertHolds(server, 0, GONE);
    });
  }

  test("HAProxy, WebSockets: over HTTP/2", { timeout: LIMIT }, async (t) => {
    const { proxy } = await behind(t, HaProxy);
    const WebSocket = webSocketOver(await session(t, proxy.secure));
    await assertKept(t, variants({ WebSocket })[0], proxy.secure);
  });
});
