// What each client must be able to do behind each proxy.

import assert from "node:assert/strict";

import { connected } from "../../javascript/support/client.mjs";
import { collected } from "../../javascript/support/streams.mjs";

/** Has no limit for the size of messages. */
const PATH = "/chat-unlimited";
/** Less than what nginx takes in a body by default. */
const MEGABYTE = 1_000_000;

/** Uses every feature that a proxy could break. */
export async function useEverything(t, variant, base) {
  const pushes = ["ReceiveMessage", "Push"];
  const [ada, grace] = await Promise.all([0, 1].map(() => connected(t, variant, base + PATH, { pushes })));
  const idOfGrace = await grace.invoke("WhoAmI");
  assert.equal(idOfGrace, grace.connection.connectionId);

  assert.deepEqual(await collected(ada, "Stream", 5, 1), [0, 1, 2, 3, 4, { end: undefined }]);

  await ada.invoke("PushMany", idOfGrace, 3, 10);
  for (const number of [0, 1, 2]) assert.deepEqual(await grace.arrived.Push.next(), [number, "x".repeat(10)]);

  const room = `room of ${idOfGrace}`;
  await Promise.all([ada, grace].map((client) => client.invoke("JoinRoom", room)));
  await ada.invoke("SendToRoom", room, "to all here");
  for (const { arrived } of [ada, grace]) {
    assert.deepEqual(await arrived.ReceiveMessage.next(), [ada.connection.connectionId, "to all here"]);
  }

  const text = "m".repeat(MEGABYTE);
  assert.equal(await ada.invoke("Echo", text), text);

  await Promise.all([ada, grace].map((client) => client.stop()));
  for (const { closed, reconnecting } of [ada, grace]) {
    assert.equal(await closed.next(), undefined);
    assert.equal(reconnecting.all.length, 0);
  }
}
