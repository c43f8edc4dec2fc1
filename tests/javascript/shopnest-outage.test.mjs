// What clients see when the server goes down, cleanly or not, and comes back.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { connected } from "./support/client.mjs";
import { VARIANTS } from "./support/matrix.mjs";
import { shopnest } from "./support/server.mjs";
import { bearing, token } from "./support/shop-tokens.mjs";

const RECONNECTING = 10_000;

async function running(t) {
  const server = await shopnest();
  t.after(() => server.stop());
  return server;
}

for (const variant of VARIANTS) {
  describe(variant.name, () => {
    const visitor = (t, server) =>
      connected(t, variant, `${server.url}/hubs/chat`, { pushes: ["Connected", "ReceiveMessage"], options: bearing(token()) });

    test("a server told to stop says goodbye with a Close that allows reconnecting", async (t) => {
      const server = await running(t);
      const visitors = [await visitor(t, server), await visitor(t, server)];
      const end = await server.stop("SIGTERM");
      assert.deepEqual(end, { code: 0, signal: null });
      for (const visitor of visitors) {
        await visitor.reconnecting.next();
        assert.deepEqual(visitor.closes, [[undefined, true]]);
        assert.equal(visitor.closed.all.length, 0);
      }
      await server.restart();
      for (const { connection, reconnected } of visitors) {
        assert.equal(await reconnected.next(RECONNECTING), connection.connectionId);
      }
    });

    for (const signal of ["SIGTERM", "SIGKILL"]) {
      test(`after ${signal} clients reconnect under a new id and can talk again`, async (t) => {
        const room = randomUUID();
        const server = await running(t);
        const visitors = [await visitor(t, server), await visitor(t, server)];
        const ids = visitors.map(({ connection }) => connection.connectionId);
        // A killed server sends nothing more.
        for (const [i, { arrived }] of visitors.entries()) assert.deepEqual(await arrived.Connected.next(), [ids[i]]);
        await server.stop(signal);
        for (const { reconnecting } of visitors) await reconnecting.next();
        await server.restart();
        for (const [i, { connection, reconnected, arrived }] of visitors.entries()) {
          const id = await reconnected.next(RECONNECTING);
          assert.equal(id, connection.connectionId);
          assert.notEqual(id, ids[i]);
          assert.deepEqual(await arrived.Connected.next(), [id]);
          await visitors[i].invoke("JoinRoom", room);
        }
        await visitors[0].invoke("SendMessage", room, "Ada", "back again");
        for (const { arrived } of visitors) {
          assert.equal((await arrived.ReceiveMessage.next())[0].message, "back again");
        }
      });
    }
  });
}
