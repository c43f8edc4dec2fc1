// The server invokes its clients for results.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "client results";

const FAILED = "An unexpected error occurred invoking";

/** Clients older than 7.0 return no results; all of ours do. */
function returning(client, method, handler) {
  client.connection.on(method, handler);
  return client;
}

async function invoked(cell, client) {
  // The server registers a client after the handshake; an answer shows that it has.
  await client.invoke("Echo", "registered");
  const response = await fetch(cell.url(`/clientresult/${client.connection.connectionId}`));
  return response.text();
}

export const behaviours = [
  behaviour("a client invoked from outside a hub returns a result", async (cell) => {
    const ada = returning(await cell.connected("/testhub"), "Result", () => 10);
    assert.equal(await invoked(cell, ada), "10");
  }),
  behaviour("a client that returns later", async (cell) => {
    const later = () => new Promise((resolve) => setTimeout(() => resolve(11), 50));
    const ada = returning(await cell.connected("/testhub"), "Result", later);
    assert.equal(await invoked(cell, ada), "11");
  }),
  behaviour("a handler that fails", async (cell) => {
    const ada = returning(await cell.connected("/testhub"), "Result", () => {
      throw new Error("from callback");
    });
    assert.equal(await invoked(cell, ada), "Error: from callback");
  }),
  behaviour("no handler, and one that returns nothing", async (cell) => {
    const ada = await cell.connected("/testhub");
    assert.equal(await invoked(cell, ada), "Client didn't provide a result.");
    returning(ada, "Result", () => {});
    assert.equal(await invoked(cell, ada), "Client didn't provide a result.");
  }),
  behaviour("two handlers that return something", async (cell) => {
    const ada = returning(await cell.connected("/testhub"), "Result", () => 1);
    returning(ada, "Result", () => 2);
    assert.equal(await invoked(cell, ada), "Client provided multiple results.");
  }),
  behaviour("a result of the wrong type", async (cell) => {
    const ada = returning(await cell.connected("/testhub"), "Result", () => "ten");
    assert.match(await invoked(cell, ada), /^Error trying to deserialize result to Int32\. /);
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("an unknown connection", async (cell) => {
    const response = await fetch(cell.url("/clientresult/nobody"));
    assert.equal(await response.text(), "Connection 'nobody' does not exist.");
  }),
  behaviour("a client that is gone before it returns", async (cell) => {
    let begun;
    const hasBegun = new Promise((resolve) => (begun = resolve));
    const ada = returning(await cell.connected("/testhub"), "Result", () => {
      begun();
      return new Promise(() => {});
    });
    const id = ada.connection.connectionId;
    const result = invoked(cell, ada);
    await hasBegun;
    await ada.stop();
    assert.equal(await result, `Connection '${id}' disconnected.`);
  }),
  behaviour("invoked within a call of its own, which goes on", async (cell) => {
    const ada = returning(await cell.connected("/results"), "GetName", () => "Ada");
    assert.equal(await ada.invoke("AskName"), "Ada");
    assert.equal(await ada.invoke("AskTwo"), "Ada+Ada");
  }),
  behaviour("its handler calls the server first", async (cell) => {
    const ada = await cell.connected("/results");
    returning(ada, "GetName", async () => `echo of ${await ada.invoke("Echo", "Ada")}`);
    assert.equal(await ada.invoke("AskName"), "echo of Ada");
  }),
  behaviour("one client invokes another", async (cell) => {
    const ada = await cell.connected("/results");
    const bob = returning(await cell.connected("/results"), "GetName", () => "Bob");
    await bob.invoke("Echo", "registered");
    assert.equal(await ada.invoke("AskClient", bob.connection.connectionId), "result Bob");
    assert.equal(await ada.invoke("AskFromOutside", bob.connection.connectionId), "result Bob");
  }),
  behaviour("an error that the caller reads", async (cell) => {
    const ada = returning(await cell.connected("/results"), "GetName", () => {
      throw new Error("no name");
    });
    const message = `${FAILED} 'AskName' on the server. HubException: Error: no name`;
    await assert.rejects(ada.invoke("AskName"), { message });
  }),
  behaviour("given up in time", async (cell) => {
    const ada = returning(await cell.connected("/results"), "GetName", () => new Promise(() => {}));
    const text = await ada.invoke("AskInTime", ada.connection.connectionId, 100);
    assert.equal(text, "HubException: Invocation canceled by the server.");
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("invoked from a stream", async (cell) => {
    let count = 0;
    const ada = returning(await cell.connected("/results"), "GetName", () => `${++count}`);
    const items = [];
    await new Promise((complete, error) => {
      ada.connection.stream("AskStream", 3).subscribe({ next: (item) => items.push(item), complete, error });
    });
    assert.deepEqual(items, ["1", "2", "3"]);
  }),
];
