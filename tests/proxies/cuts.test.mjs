// Proxies that cut connections on which nothing happens: clients come back, and pings keep the connections.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { connected } from "../javascript/support/client.mjs";
import { Requests } from "../javascript/support/requests.mjs";
import { TRANSPORTS, trustAuthority } from "./support/clients.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { assertHolds } from "./support/statistics.mjs";

/** How long the proxies wait, in seconds. */
const SILENCE = 5;
/** How often something is sent that they must see, in seconds. */
const INTERVAL = 2;
/** The time limit of a test, in milliseconds. */
const LIMIT = 40_000;
const CUT = {
  WebSockets: /^WebSocket closed with status code: 1006/,
  // Event sources say nothing about the reason.
  ServerSentEvents: undefined,
  LongPolling: /Status code '504'$/,
};

trustAuthority();

describe("cut off", { concurrency: true }, () => {
  for (const Proxy of PROXIES) {
    describe(Proxy.title, { concurrency: true }, () => {
      for (const variant of TRANSPORTS) {
        const { transport } = variant;

        test(`${transport}: a client that is cut off comes back`, { timeout: LIMIT }, async (t) => {
          const { server, proxy } = await behind(t, Proxy, { replacements: Proxy.silence(SILENCE) });
          // Neither side pings before 15 s.
          const ada = await connected(t, variant, `${proxy.plain}/testhub`);
          const formerId = ada.connection.connectionId;
          const error = await ada.reconnecting.next(2 * SILENCE * 1000);
          if (CUT[transport]) assert.match(error.message, CUT[transport]);
          else assert.equal(error, undefined);
          const id = await ada.reconnected.next();
          assert.notEqual(id, formerId);
          assert.equal(await ada.invoke("GetCallerConnectionId"), id);
          await ada.stop();
          await assertHolds(server, 0, LIMIT);
        });

        test(`${transport}: pings and polls more frequent than that keep the connection`, { timeout: LIMIT }, async (t) => {
          const { proxy } = await behind(t, Proxy, { replacements: Proxy.silence(SILENCE) });
          const requests = new Requests(variant);
          const options = transport === "LongPolling" ? { httpClient: requests.httpClient } : {};
          const limits = { keepAliveIntervalInMilliseconds: INTERVAL * 1000 };
          // The hub pings as often, and answers a poll after that time.
          const ada = await connected(t, variant, `${proxy.plain}/frequent`, { options, limits });
          const id = ada.connection.connectionId;
          const isPoll = ({ method, isEmpty }) => method === "GET" && isEmpty;
          for (let seconds = 0; seconds < 2.5 * SILENCE; seconds += INTERVAL) {
            await (transport === "LongPolling" ? requests.answered.until(isPoll) : ada.pings.next());
          }
          assert.equal(await ada.invoke("GetCallerConnectionId"), id);
          assert.equal(ada.reconnecting.all.length, 0);
        });
      }
    });
  }
});
