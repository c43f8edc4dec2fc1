// The server asks its clients.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "client results";

const FAILED = "An unexpected error occurred invoking";

/** Older clients than 7.0 cannot answer; every one of ours can. */
function answering(client, method, answer) {
  client.connection.on(method, answer);
  return client;
}

async function ask(cell, client) {
  const response = await fetch(cell.url(`/clientresult/${client.connection.connectionId}`));
  return response.text();
}

export const behaviours = [
  behaviour("a client answers from outside a hub", async (cell) => {
    const ada = answering(await cell.connected("/testhub"), "Result", () => 10);
    assert.equal(await ask(cell, ada), "10");
  }),
  behaviour("a client that answers later", async (cell) => {
    const later = () => new Promise((resolve) => setTimeout(() => resolve(11), 50));
    const ada = answering(await cell.connected("/testhub"), "Result", later);
    assert.equal(await ask(cell, ada), "11");
  }),
  behaviour("a handler that fails", async (cell) => {
    const ada = answering(await cell.connected("/testhub"), "Result", () => {
      throw new Error("from callback");
    });
    assert.equal(await ask(cell, ada), "Error: from callback");
  }),
  behaviour("no handler, and one that returns nothing", async (cell) => {
    const ada = await cell.connected("/testhub");
    assert.equal(await ask(cell, ada), "Client didn't provide a result.");
    answering(ada, "Result", () => {});
    assert.equal(await ask(cell, ada), "Client didn't provide a result.");
  }),
  behaviour("two handlers that return something", async (cell) => {
    const ada = answering(await cell.connected("/testhub"), "Result", () => 1);
    answering(ada, "Result", () => 2);
    assert.equal(await ask(cell, ada), "Client provided multiple results.");
  }),
  behaviour("an answer of the wrong type", async (cell) => {
    const ada = answering(await cell.connected("/testhub"), "Result", () => "ten");
    assert.match(await ask(cell, ada), /^Error trying to deserialize result to Int32\. /);
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("an unknown connection", async (cell) => {
    const response = await fetch(cell.url("/clientresult/nobody"));
    assert.equal(await response.text(), "Connection 'nobody' does not exist.");
  }),
  behaviour("a client that is gone before it answers", async (cell) => {
    let asked;
    const wasAsked = new Promise((resolve) => (asked = resolve));
    const ada = answering(await cell.connected("/testhub"), "Result", () => {
      asked();
      return new Promise(() => {});
    });
    const id = ada.connection.connectionId;
    const answer = ask(cell, ada);
    await wasAsked;
    await ada.stop();
    assert.equal(await answer, `Connection '${id}' disconnected.`);
  }),
  behaviour("asked within a call of its own, which goes on", async (cell) => {
    const ada = answering(await cell.connected("/results"), "GetName", () => "Ada");
    assert.equal(await ada.invoke("AskName"), "Ada");
    assert.equal(await ada.invoke("AskTwo"), "Ada+Ada");
  }),
  behaviour("its answer calls the server first", async (cell) => {
    const ada = await cell.connected("/results");
    answering(ada, "GetName", async () => `echo of ${await ada.invoke("Echo", "Ada")}`);
    assert.equal(await ada.invoke("AskName"), "echo of Ada");
  }),
  behaviour("one client asks another", async (cell) => {
    const ada = await cell.connected("/results");
    const bob = answering(await cell.connected("/results"), "GetName", () => "Bob");
    assert.equal(await ada.invoke("AskClient", bob.connection.connectionId), "result Bob");
    assert.equal(await ada.invoke("AskFromOutside", bob.connection.connectionId), "result Bob");
  }),
  behaviour("an error that the caller reads", async (cell) => {
    const ada = answering(await cell.connected("/results"), "GetName", () => {
      throw new Error("no name");
    });
    const message = `${FAILED} 'AskName' on the server. HubException: Error: no name`;
    await assert.rejects(ada.invoke("AskName"), { message });
  }),
  behaviour("given up in time", async (cell) => {
    const ada = answering(await cell.connected("/results"), "GetName", () => new Promise(() => {}));
    const text = await ada.invoke("AskInTime", ada.connection.connectionId, 100);
    assert.equal(text, "HubException: Invocation canceled by the server.");
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("asked from a stream", async (cell) => {
    let count = 0;
    const ada = answering(await cell.connected("/results"), "GetName", () => `${++count}`);
    const items = [];
    await new Promise((complete, error) => {
      ada.connection.stream("AskStream", 3).subscribe({ next: (item) => items.push(item), complete, error });
    });
    assert.deepEqual(items, ["1", "2", "3"]);
  }),
];
