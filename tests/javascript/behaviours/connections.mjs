// How connections begin and end, one by one.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { Requests } from "../support/requests.mjs";
import { within } from "../support/waiting.mjs";

export const theme = "connections";

const CANCELED = "Invocation canceled due to the underlying connection being closed.";

/** Asserts that `observer` is told of the connection's end, and that it was an orderly end. */
async function assertLeft(observer, id) {
  const heard = await observer.arrived.Disconnected.until(([left]) => left === id);
  assert.deepEqual(heard, [id, null, null]);
}

const observer = (cell) => cell.connected("/chat", { pushes: ["Disconnected"] });

/** A hub with a failing OnConnected: the client is told, and does not try again. */
const turnedAway = (name, path, detail) =>
  behaviour(name, async (cell) => {
    const ada = cell.client(path);
    const told = ada.start().then(() => ada.closed.next(), (error) => error);
    const error = await within(told, "the refusal");
    assert.equal(error.message, `Server returned an error on close: Connection closed with an error.${detail}`);
    assert.deepEqual(ada.closes.map(([, allowReconnect]) => allowReconnect), [undefined]);
    assert.equal(ada.reconnecting.all.length, 0);
  });

export const behaviours = [
  behaviour("stop, then start: a new id", async (cell) => {
    const ada = await cell.connected("/testhub");
    const ids = [ada.connection.connectionId];
    for (let i = 0; i < 3; i++) {
      await ada.stop();
      assert.equal(await ada.closed.next(), undefined);
      await ada.start();
      assert.equal(await ada.invoke("GetCallerConnectionId"), ada.connection.connectionId);
      ids.push(ada.connection.connectionId);
    }
    assert.equal(new Set(ids).size, ids.length);
  }),
  behaviour("a start from the closed event", async (cell) => {
    const ada = await cell.connected("/default");
    let again = true;
    const restarted = new Promise((resolve, reject) => {
      ada.connection.onclose(() => {
        if (again) ada.connection.start().then(resolve, reject);
        again = false;
      });
    });
    await ada.stop();
    await within(restarted, "the second start");
    assert.equal(await ada.invoke("Echo", "again"), "again");
  }),
  behaviour("a stop is heard as an orderly end", async (cell) => {
    const [grace, ada] = [await observer(cell), await cell.connected("/chat")];
    const id = ada.connection.connectionId;
    await ada.stop();
    assert.equal(await ada.closed.next(), undefined);
    await assertLeft(grace, id);
  }),
  behaviour(
    "a stop deletes the connection of polls",
    async (cell) => {
      const requests = new Requests(cell.variant);
      const { httpClient } = requests;
      const [grace, ada] = [await observer(cell), await cell.connected("/chat", { options: { httpClient } })];
      const id = ada.connection.connectionId;
      await ada.stop();
      const deleted = await requests.answered.until(({ method }) => method === "DELETE");
      // The Close that the client posts meanwhile may have been quicker.
      assert.ok([202, 404].includes(deleted.status), `${deleted.status}`);
      await assertLeft(grace, id);
      const poll = async () => {
        const response = await fetch(deleted.url);
        return [response.status, await response.text()];
      };
      // What the Close has ended is told to one poll, if the client's own was given up before.
      if (deleted.status === 404) await poll();
      assert.deepEqual(await poll(), [404, "No Connection with that ID"]);
    },
    { where: ({ transport }) => transport === "LongPolling" },
  ),
  behaviour("a stop during a call rejects it", async (cell) => {
    const [grace, ada] = [await observer(cell), await cell.connected("/chat", { pushes: ["Before"] })];
    const id = ada.connection.connectionId;
    const rejected = assert.rejects(ada.invoke("LateSend", 60_000), { message: CANCELED });
    // A DELETE may overtake the POST of a call, which the client then rejects because of that POST's 404.
    await ada.arrived.Before.next();
    await ada.stop();
    await rejected;
    await assertLeft(grace, id);
  }),
  ...["/default", "/chat"].map((path) =>
    behaviour(`an abort by the server ends ${path} for good`, async (cell) => {
      const ada = await cell.connected(path);
      await assert.rejects(ada.invoke("Abort"), { message: CANCELED });
      assert.equal(await ada.closed.next(), undefined);
      assert.deepEqual(ada.closes, [[undefined, undefined]]);
      assert.equal(ada.reconnecting.all.length, 0);
      assert.equal(ada.connection.state, "Disconnected");
    }),
  ),
  behaviour("two of one process know nothing of each other", async (cell) => {
    const settings = { pushes: ["Message"] };
    const [ada, grace] = [await cell.connected("/testhub", settings), await cell.connected("/testhub", settings)];
    assert.notEqual(ada.connection.connectionId, grace.connection.connectionId);
    await Promise.all([ada.invoke("InvokeWithString", "for Ada"), grace.invoke("InvokeWithString", "for Grace")]);
    assert.deepEqual(ada.arrived.Message.all, [["for Ada"]]);
    assert.deepEqual(grace.arrived.Message.all, [["for Grace"]]);
    await ada.stop();
    assert.equal(await grace.invoke("Echo", "lives"), "lives");
    assert.equal(grace.closed.all.length, 0);
  }),
  turnedAway("an OnConnected that fails, details off", "/chat-throw", ""),
  turnedAway("an OnConnected that fails, details on", "/chat-throw-detailed", " InvalidOperationException: connect boom"),
  turnedAway("an OnConnected that fails for clients to read", "/chat-throw-hub-exception", " HubException: hub connect boom"),
  turnedAway(
    "a hub that cannot be made",
    "/uncreatable",
    " InvalidOperationException: Unable to resolve service for type 'System.Object' while attempting to activate 'FunctionalTests.UncreatableHub'.",
  ),
  behaviour("an OnDisconnected that fails harms nobody", async (cell) => {
    const [ada, grace] = [await cell.connected("/chat-throw-later"), await cell.connected("/chat-throw-later")];
    await ada.stop();
    assert.equal(await ada.closed.next(), undefined);
    assert.equal(await grace.invoke("Echo", "lives"), "lives");
    await ada.start();
    assert.equal(await ada.invoke("Echo", "again"), "again");
  }),
];
