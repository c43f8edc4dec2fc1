// Clients that the server disconnects: by connection, user or group, and as one too many of their user.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { within } from "../support/waiting.mjs";

export const theme = "kicks";

const CANCELED = "Invocation canceled due to the underlying connection being closed.";
const REASON = "Grüße \u{1f600}: \"you\" <are> \\ banned";

const told = (reason) => `Server returned an error on close: ${reason}`;

/** A client of this user. */
const as = (cell, user, path = "/kick", settings = {}) =>
  cell.client(path, { ...settings, options: { accessTokenFactory: () => user } });

async function connected(...args) {
  const client = as(...args);
  await client.start();
  return client;
}

/** Asserts that a client was told this reason, or none, and that it does not come back. */
async function assertEndedForGood(client, reason) {
  const error = await client.closed.next();
  assert.equal(error?.message, reason && told(reason));
  assert.deepEqual(client.closes, [[reason, undefined]]);
  assert.equal(client.reconnecting.all.length, 0);
  assert.equal(client.connection.state, "Disconnected");
}

/** Disconnects a client in one of the ways; each returns how many connections were told to end. */
const WAYS = [
  ["a connection", (ann, bob, ...how) => bob.invoke("KickConnection", ann.connection.connectionId, ...how)],
  ["a user", (ann, bob, ...how) => bob.invoke("KickUser", "kicked ann", ...how)],
  [
    "a group",
    async (ann, bob, ...how) => {
      await ann.invoke("Enter", "kicked room");
      return bob.invoke("KickGroup", "kicked room", ...how);
    },
  ],
];

export const behaviours = [
  ...WAYS.map(([whom, kick]) =>
    behaviour(`${whom} is disconnected for good, and told why`, async (cell) => {
      const [ann, bob] = [await connected(cell, "kicked ann"), await connected(cell, "bob", "/kick", { pushes: ["Left"] })];
      const id = ann.connection.connectionId;
      assert.equal(await kick(ann, bob, REASON, false), 1);
      await assertEndedForGood(ann, REASON);
      const [, reason] = await bob.arrived.Left.until(([left]) => left === id);
      assert.match(reason, /^disconnected by the hub: Grüße/);
      assert.equal(await bob.invoke("Echo", "lives"), "lives");
      assert.equal(bob.closed.all.length, 0);
    }),
  ),
  ...WAYS.map(([whom, kick]) =>
    behaviour(`${whom} is disconnected and comes back`, async (cell) => {
      const [ann, bob] = [await connected(cell, "kicked ann"), await connected(cell, "bob")];
      const id = ann.connection.connectionId;
      assert.equal(await kick(ann, bob, "the server is full", true), 1);
      assert.equal((await ann.reconnecting.next()).message, told("the server is full"));
      const newId = await ann.reconnected.next();
      assert.notEqual(newId, id);
      assert.equal(await ann.invoke("Echo", "again"), "again");
      assert.deepEqual(ann.closes, [["the server is full", true]]);
      assert.equal(ann.closed.all.length, 0);
    }),
  ),
  behaviour("without a reason there is no error", async (cell) => {
    const [ann, bob] = [await connected(cell, "kicked ann"), await connected(cell, "bob")];
    assert.equal(await bob.invoke("KickUser", "kicked ann", null, false), 1);
    await assertEndedForGood(ann, undefined);
  }),
  behaviour("nobody is disconnected twice", async (cell) => {
    const [ann, bob] = [await connected(cell, "kicked ann"), await connected(cell, "bob")];
    const id = ann.connection.connectionId;
    assert.equal(await bob.invoke("KickConnection", "nobody", REASON, false), 0);
    assert.equal(await bob.invoke("KickUser", "nobody", REASON, false), 0);
    assert.equal(await bob.invoke("KickGroup", "nobody", REASON, false), 0);
    assert.equal(await bob.invoke("KickConnection", id, REASON, false), 1);
    assert.equal(await bob.invoke("KickConnection", id, "again", true), 0);
    await assertEndedForGood(ann, REASON);
  }),
  behaviour("a method disconnects its own caller", async (cell) => {
    const ann = await connected(cell, "ann");
    const call = ann.invoke("KickConnection", ann.connection.connectionId, null, false);
    await assert.rejects(call, { message: CANCELED });
    await assertEndedForGood(ann, undefined);
  }),
  behaviour("a reason of 10 KB is cut", async (cell) => {
    const [ann, bob] = [await connected(cell, "kicked ann"), await connected(cell, "bob")];
    await bob.invoke("KickUser", "kicked ann", "x".repeat(10_000), false);
    await assertEndedForGood(ann, `${"x".repeat(1024)}...`);
  }),
  behaviour("the newest connection of a user replaces the one before", async (cell) => {
    const [first, bob] = [await connected(cell, "ann", "/one-newest"), await connected(cell, "bob", "/one-newest")];
    const second = await connected(cell, "ann", "/one-newest");
    await assertEndedForGood(first, "The user has connected again.");
    for (const client of [second, bob]) {
      assert.equal(await client.invoke("Echo", "lives"), "lives");
      assert.equal(client.closed.all.length, 0);
    }
  }),
  behaviour("the oldest connection of a user keeps others out", async (cell) => {
    const bob = await connected(cell, "bob", "/one-oldest", { pushes: ["Left"] });
    const first = await connected(cell, "ann", "/one-oldest");
    const id = first.connection.connectionId;
    const second = as(cell, "ann", "/one-oldest");
    const refused = second.start().then(() => second.closed.next(), (error) => error);
    const error = await within(refused, "the refusal");
    assert.equal(error.message, told("The user is already connected."));
    assert.deepEqual(second.closes, [["The user is already connected.", undefined]]);
    assert.equal(second.reconnecting.all.length, 0);
    for (const client of [first, bob]) assert.equal(await client.invoke("Echo", "lives"), "lives");
    await first.stop();
    await bob.arrived.Left.until(([left]) => left === id);
    const third = await connected(cell, "ann", "/one-oldest");
    assert.equal(await third.invoke("Echo", "again"), "again");
  }),
];
