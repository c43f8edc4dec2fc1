// The server goes down and comes back.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "outages";

const RECONNECTING = 10_000;
/** How long a call continues while the server, told to stop, waits for it. */
const RUNNING = 1500;
/** How many clients are connected under load. */
const crowdOf = ({ variant }) => (variant.isOlderClient ? 10 : 40);

async function assertBack(clients) {
  for (const [client, formerId] of clients) {
    const id = await client.reconnected.next(RECONNECTING);
    assert.notEqual(id, formerId);
    assert.equal(client.connection.connectionId, id);
    assert.equal(await client.invoke("GetCallerConnectionId"), id);
    assert.equal(client.closed.all.length, 0);
  }
}

/** Creates two clients, and returns each with its id. */
async function two(cell, server) {
  const clients = [await cell.connected("/testhub", { server }), await cell.connected("/testhub", { server })];
  return clients.map((client) => [client, client.connection.connectionId]);
}

/** Calls `method` repeatedly until a call fails. */
async function untilItFails(client, method) {
  try {
    for (;;) await client.invoke(method, "again and again");
  } catch {
    // The server has stopped.
  }
}

export const behaviours = [
  behaviour("killed and started again: clients come back", async (cell) => {
    const server = await cell.serverOfItsOwn();
    const clients = await two(cell, server);
    await server.stop("SIGKILL");
    for (const [{ reconnecting }] of clients) await reconnecting.next();
    await server.restart();
    await assertBack(clients);
  }),
  behaviour("cut off by the network: clients come back", async (cell) => {
    const proxy = await cell.cuttableProxy();
    const clients = await two(cell, proxy);
    proxy.cut();
    await assertBack(clients);
  }),
  behaviour("told to stop: a Close that allows reconnecting", async (cell) => {
    const server = await cell.serverOfItsOwn();
    const clients = await two(cell, server);
    assert.deepEqual(await server.stop("SIGTERM"), { code: 0, signal: null });
    for (const [client] of clients) {
      assert.equal(await client.reconnecting.next(), undefined);
      assert.deepEqual(client.closes, [[undefined, true]]);
    }
    await server.restart();
    await assertBack(clients);
  }),
  behaviour("told to stop under load: every client may come back", async (cell) => {
    const server = await cell.serverOfItsOwn();
    const open = () => cell.connected("/bench", { server, pushes: ["bench"] });
    const clients = await Promise.all(Array.from({ length: crowdOf(cell) }, open));
    const calls = clients.map((client, index) => untilItFails(client, index % 10 ? "Echo" : "Broadcast"));
    await Promise.all(clients.flatMap((client) => [client.arrived.bench.next(), client.completed.next()]));
    assert.deepEqual(await server.stop("SIGTERM"), { code: 0, signal: null });
    await Promise.all(calls);
    for (const client of clients) {
      await client.reconnecting.next();
      assert.deepEqual(client.closes, [[undefined, true]]);
    }
    await server.restart();
    for (const client of clients) {
      await client.reconnected.next(RECONNECTING);
      assert.equal(await client.invoke("Echo", "again"), "again");
      assert.equal(client.closed.all.length, 0);
    }
  }),
  behaviour("told to stop during a call: it is rejected", async (cell) => {
    const server = await cell.serverOfItsOwn();
    const ada = await cell.connected("/chat", { server, pushes: ["Before"] });
    const message = "Invocation canceled due to the underlying connection being closed.";
    const rejected = assert.rejects(ada.invoke("LateSend", RUNNING), { message });
    await ada.arrived.Before.next();
    assert.deepEqual(await server.stop("SIGTERM"), { code: 0, signal: null });
    await rejected;
    await ada.reconnecting.next();
    await server.restart();
    await ada.reconnected.next(RECONNECTING);
    assert.equal(await ada.invoke("Echo", "again"), "again");
  }),
];
