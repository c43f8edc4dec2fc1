// ShopNest's order hub: clients that watch an order are told when it is shipped over HTTP.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { connected } from "./support/client.mjs";
import { VARIANTS } from "./support/matrix.mjs";
import { shopnest } from "./support/server.mjs";
import { bearing, ship as askToShip, token } from "./support/shop-tokens.mjs";

let server;
let lastOrder = 1000;
before(async () => {
  server = await shopnest();
});
after(() => server?.stop());

async function ship(order) {
  const answer = await askToShip(server, order);
  assert.ok(answer.ok, `shipping answered ${answer.status}`);
  return answer.json();
}

for (const variant of VARIANTS) {
  describe(variant.name, () => {
    async function watcher(t, order) {
      const visitor = await connected(t, variant, `${server.url}/hubs/orders`, { pushes: ["OrderShipped"], options: bearing(token()) });
      await visitor.invoke("WatchOrder", order);
      return visitor;
    }

    test("every watcher of an order hears that it is shipped", async (t) => {
      const order = ++lastOrder;
      const watchers = [await watcher(t, order), await watcher(t, order)];
      const answer = await ship(order);
      assert.equal(answer.orderId, order);
      assert.equal(typeof answer.status, "string");
      for (const { arrived } of watchers) assert.deepEqual(await arrived.OrderShipped.next(), [answer]);
    });

    test("a watcher of another order hears nothing of it", async (t) => {
      const [order, other] = [++lastOrder, ++lastOrder];
      const stranger = await watcher(t, other);
      await ship(order);
      await ship(other);
      assert.equal((await stranger.arrived.OrderShipped.next())[0].orderId, other);
      assert.equal(stranger.arrived.OrderShipped.all.length, 1);
    });

    test("one connection watches several orders", async (t) => {
      const [first, second] = [++lastOrder, ++lastOrder];
      const visitor = await watcher(t, first);
      await visitor.invoke("WatchOrder", second);
      await ship(second);
      await ship(first);
      assert.equal((await visitor.arrived.OrderShipped.next())[0].orderId, second);
      assert.equal((await visitor.arrived.OrderShipped.next())[0].orderId, first);
    });

    test("shipping without a watcher is fine", async () => {
      const order = ++lastOrder;
      assert.equal((await ship(order)).orderId, order);
    });

    for (const value of ["1042", 10.5, null]) {
      test(`${JSON.stringify(value)} is no order number`, async (t) => {
        const visitor = await watcher(t, ++lastOrder);
        await assert.rejects(visitor.invoke("WatchOrder", value), {
          message: "Failed to invoke 'WatchOrder' due to an error on the server.",
        });
        await visitor.invoke("WatchOrder", ++lastOrder);
      });
    }
  });
}

test("an order is shipped by POST only", async () => {
  const answer = await fetch(`${server.url}/api/orders/1/ship`, { signal: AbortSignal.timeout(5000) });
  assert.equal(answer.status, 405);
});
