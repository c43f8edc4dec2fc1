// Proxies that are restarted under load: every client comes back, and nothing of its former connections is left.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connected } from "../javascript/support/client.mjs";
import { TRANSPORTS, trustAuthority } from "./support/clients.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { assertHolds } from "./support/statistics.mjs";
import { until } from "./support/until.mjs";

/** How many clients each transport has. */
const CLIENTS = 67;
/** The time limit of a test, in milliseconds. */
const LIMIT = 180_000;
const WORKING = 30_000;
/** A client that polls is gone 15 s after its last poll. */
const GONE = 40_000;

trustAuthority();

/** Connects all clients of a transport. */
function crowd(t, variant, base) {
  return Promise.all(Array.from({ length: CLIENTS }, () => connected(t, variant, `${base}/testhub`)));
}

/** Calls again and again until `load.ends`, although calls fail. */
async function callUntilTheEnd(client, load) {
  const isConnected = () => client.connection.state === "Connected";
  while (!load.ends) {
    try {
      await client.invoke("Echo", "again and again");
    } catch {
      await until(isConnected, "a client to reconnect", WORKING);
    }
  }
}

/** Restarts the proxy while all clients call, and waits until all are back; `noticing` are those that must lose their connections. */
async function assertBack(clients, noticing, restart) {
  const load = { ends: false };
  const calls = clients.map(({ completed }) => completed.all.length);
  const loads = clients.map((client) => callUntilTheEnd(client, load));
  await until(() => clients.every(({ completed }, index) => completed.all.length > calls[index]), "a call of each client", WORKING);
  await restart();
  for (const { reconnecting, reconnected } of noticing) {
    await reconnecting.next(WORKING);
    await reconnected.next(WORKING);
  }
  load.ends = true;
  await Promise.all(loads);
  for (const client of clients) {
    assert.equal(await client.invoke("GetCallerConnectionId"), client.connection.connectionId);
    assert.equal(client.closed.all.length, 0);
  }
}

for (const Proxy of PROXIES) {
  test(`${Proxy.title}, killed and reloaded under load`, { timeout: LIMIT }, async (t) => {
    const { server, proxy } = await behind(t, Proxy);
    const clients = [];
    for (const variant of TRANSPORTS) clients.push(...(await crowd(t, variant, proxy.plain)));
    // A client that polls does not notice if it has no request under way.
    const noticing = new Set(clients.slice(0, 2 * CLIENTS));
    await assertBack(clients, noticing, async () => {
      await proxy.kill();
      await proxy.restart();
    });
    await assertBack(clients, noticing, () => proxy.reload());
    await assertHolds(server, clients.length, GONE);
  });
}
