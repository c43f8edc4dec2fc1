// What the server holds.

import assert from "node:assert/strict";

import { until } from "./until.mjs";

export async function statistics(server) {
  const response = await fetch(`${server.url}/statistics`);
  return response.json();
}

/** Waits until the server has so many connections, and nothing else that belongs to one. */
export async function assertHolds(server, connections, limit) {
  const wanted = { connections, tasks: connections, tokens: connections };
  let held;
  const holds = async () => {
    held = await statistics(server);
    return Object.entries(wanted).every(([name, count]) => held[name] === count);
  };
  await until(holds, "connections that have ended to be gone", limit).catch((error) => assert.deepEqual(held, wanted, error.message));
}
