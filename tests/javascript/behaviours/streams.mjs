// Streams in both directions.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { collected, subscribed } from "../support/streams.mjs";

export const theme = "streams";

/** The type of the hub message that ends an upload. */
const COMPLETION = 3;
const FAILED = "An unexpected error occurred invoking";

/** Creates a stream that the client sends. */
function upload(cell) {
  return new cell.variant.signalR.Subject();
}

/** Every item of an upload is a request of its own where there is no socket, and waits for the one before it. */
const itemsOf = ({ variant }, count) => (variant.transport === "WebSockets" ? count : count / 10);

export const behaviours = [
  behaviour("items in order, then the end", async (cell) => {
    const ada = await cell.connected("/testhub");
    assert.deepEqual(await collected(ada, "Stream"), ["a", "b", "c", { end: undefined }]);
    assert.deepEqual(await collected(ada, "EmptyStream"), [{ end: undefined }]);
  }),
  behaviour("thousands of items", async (cell) => {
    const ada = await cell.connected("/chat");
    const count = cell.variant.isOlderClient ? 1000 : 10_000;
    const items = await collected(ada, "Stream", count, 0);
    assert.equal(items.length, count + 1);
    assert.ok(items.slice(0, -1).every((item, index) => item === index));
  }),
  behaviour("an error before the first item", async (cell) => {
    const ada = await cell.connected("/testhub");
    const end = `${FAILED} 'StreamThrowException' on the server. InvalidOperationException: boom`;
    assert.deepEqual(await collected(ada, "StreamThrowException", "boom"), [{ end }]);
  }),
  behaviour("an error behind items, hidden or for the client to read", async (cell) => {
    const ada = await cell.connected("/chat");
    const end = "An error occurred on the server while streaming results.";
    assert.deepEqual(await collected(ada, "StreamThrow", 2), [0, 1, { end }]);
    const shown = `${end} HubException: stream hub boom`;
    assert.deepEqual(await collected(ada, "StreamThrowHub", 2), [0, 1, { end: shown }]);
  }),
  behaviour("a stream that is cancelled", async (cell) => {
    const ada = await cell.connected("/testhub", { pushes: ["StreamCanceled"] });
    const { subscription } = subscribed(ada, "InfiniteStream");
    assert.equal(await ada.invoke("Echo", "before"), "before");
    subscription.dispose();
    await ada.arrived.StreamCanceled.next();
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("no item after a cancel, with or without a token", async (cell) => {
    for (const method of ["StreamNoToken", "StreamTokenInTheMiddle"]) {
      const ada = await cell.connected("/services");
      const { inbox, subscription } = subscribed(ada, method, 1000, 5);
      await inbox.next();
      subscription.dispose();
      await ada.invoke("Echo", "behind the cancel");
      const items = () => ada.messages.filter(({ type }) => type === 2).length;
      const before = items();
      await ada.invoke("UntilAborted", 50);
      assert.equal(items(), before);
      const completed = ({ type, invocationId, result }) => type === 3 && invocationId === "0" && result === undefined;
      assert.ok(ada.messages.some(completed), "no completion");
    }
  }),
  behaviour("the wrong kind of call", async (cell) => {
    const ada = await cell.connected("/testhub");
    const message = "The client attempted to invoke the streaming 'Stream' method with a non-streaming invocation.";
    await assert.rejects(ada.invoke("Stream"), { message });
    const end = "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.";
    assert.deepEqual(await collected(ada, "Echo", "x"), [{ end }]);
  }),
  behaviour("calls and a hundred streams side by side", async (cell) => {
    const ada = await cell.connected("/chat");
    const streams = Array.from({ length: 100 }, () => collected(ada, "Stream", 20, 1));
    assert.equal(await ada.invoke("Echo", "meanwhile"), "meanwhile");
    for (const items of await Promise.all(streams)) assert.equal(items.length, 21);
  }),
  behaviour("an upload", async (cell) => {
    const ada = await cell.connected("/testhub");
    const parts = upload(cell);
    const whole = ada.invoke("StreamingConcat", parts);
    for (const part of ["a", "", "中"]) parts.next(part);
    parts.complete();
    assert.equal(await whole, "a中");
  }),
  behaviour("an upload that ends with an error", async (cell) => {
    const ada = await cell.connected("/testhub");
    const parts = upload(cell);
    const message = `${FAILED} 'StreamingConcat' on the server. HubException: broken`;
    const rejected = assert.rejects(ada.invoke("StreamingConcat", parts), { message });
    parts.next("a");
    parts.error("broken");
    await rejected;
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("two uploads of one call, with many items", async (cell) => {
    const ada = await cell.connected("/chat");
    const [words, numbers] = [upload(cell), upload(cell)];
    // The client overlooks a stream directly after another; their positions do not matter to the
    // server.
    const joined = ada.invoke("UploadJoin", words, ",", numbers);
    const count = itemsOf(cell, 500);
    for (let index = 0; index < count; index++) words.next(`w${index}`);
    words.complete();
    for (let index = 0; index < count; index++) numbers.next(index);
    numbers.complete();
    assert.equal((await joined).split(",").length, 2 * count);
  }),
  behaviour("an upload that is answered with a stream", async (cell) => {
    const ada = await cell.connected("/chat");
    const numbers = upload(cell);
    const { inbox } = subscribed(ada, "UploadDouble", numbers);
    for (const number of [1, 2, 3]) {
      numbers.next(number);
      assert.equal(await inbox.next(), 2 * number);
    }
    numbers.complete();
    assert.deepEqual(await inbox.next(), { end: undefined });
  }),
  behaviour("an item of the wrong type fails its upload only", async (cell) => {
    const ada = await cell.connected("/chat");
    const numbers = upload(cell);
    const report = ada.invoke("UploadReport", numbers);
    numbers.next(1);
    numbers.next("two");
    const failed = "1 items, Microsoft.AspNetCore.SignalR.HubException: Failed to bind Stream message.";
    assert.equal(await report, failed);
    numbers.complete();
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
  behaviour("an upload that its method does not read to the end", async (cell) => {
    const ada = await cell.connected("/chat");
    const numbers = upload(cell);
    const first = ada.invoke("UploadFirst", numbers);
    for (let number = 1; number <= itemsOf(cell, 100); number++) numbers.next(number);
    numbers.complete();
    assert.equal(await first, 1);
    // A stop while the client still sends would be an error that nothing handles.
    await ada.sent.until(({ type }) => type === COMPLETION);
    assert.equal(await ada.invoke("Echo", "after"), "after");
  }),
];
