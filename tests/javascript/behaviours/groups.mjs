// Who receives what: everybody, others, connections, users, groups.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { behaviour } from "../support/cell.mjs";

export const theme = "who hears it";

const id = ({ connection }) => connection.connectionId;

/** Creates Ada, who sends, and others; a user's name signs one in. */
function people(cell, count, users = []) {
  const person = async (_, i) => {
    const options = users[i] ? { accessTokenFactory: () => users[i] } : {};
    const client = await cell.connected("/chat", { pushes: ["ReceiveMessage"], options });
    // The server registers a client after the handshake; an answer shows that it has.
    await client.invoke("Echo", "registered");
    return client;
  };
  return Promise.all(Array.from({ length: count }, person));
}

/** Asserts what each has received from the first; a last message to all shows that nothing else is on its way. */
async function assertHeard(everyone, expected) {
  const [ada] = everyone;
  const end = randomUUID();
  await ada.invoke("SendMessage", "end", end);
  const heard = everyone.map(async ({ arrived }) => {
    const messages = [];
    for (;;) {
      const [from, message] = await arrived.ReceiveMessage.next();
      if (message === end) return messages;
      assert.equal(from, id(ada));
      messages.push(message);
    }
  });
  assert.deepEqual(await Promise.all(heard), expected);
}

const room = (name, run) =>
  behaviour(name, async (cell) => {
    const everyone = await people(cell, 3);
    const name = randomUUID();
    for (const person of everyone.slice(0, 2)) await person.invoke("JoinRoom", name);
    await assertHeard(everyone, await run(name, ...everyone));
  });

export const behaviours = [
  behaviour("everybody", async (cell) => {
    const [ada, grace] = await people(cell, 2);
    await ada.invoke("SendMessage", "Ada", "to all");
    for (const { arrived } of [ada, grace]) {
      assert.deepEqual(await arrived.ReceiveMessage.next(), ["Ada", "to all", "2020-01-02T03:04:05Z"]);
    }
  }),
  behaviour("the others", async (cell) => {
    const everyone = await people(cell, 3);
    await everyone[0].invoke("Broadcast", "to others");
    await assertHeard(everyone, [[], ["to others"], ["to others"]]);
  }),
  behaviour("everybody except some", async (cell) => {
    const everyone = await people(cell, 3);
    await everyone[0].invoke("SendExcept", "not to Grace", [id(everyone[1]), "nobody"]);
    await assertHeard(everyone, [["not to Grace"], [], ["not to Grace"]]);
  }),
  behaviour("one connection, and one that is not there", async (cell) => {
    const everyone = await people(cell, 3);
    await everyone[0].invoke("Whisper", id(everyone[1]), "to Grace");
    await everyone[0].invoke("Whisper", "nobody", "to nobody");
    await assertHeard(everyone, [[], ["to Grace"], []]);
  }),
  behaviour("several connections", async (cell) => {
    const everyone = await people(cell, 3);
    await everyone[0].invoke("WhisperMany", [id(everyone[0]), id(everyone[2]), "nobody"], "to two");
    await assertHeard(everyone, [["to two"], [], ["to two"]]);
  }),
  behaviour("a user on every connection", async (cell) => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    const everyone = await people(cell, 4, [, ann, ann, bob]);
    assert.equal(await everyone[0].invoke("UserIdentifier"), null);
    assert.equal(await everyone[1].invoke("UserIdentifier"), ann);
    await everyone[0].invoke("SendToUser", ann, "to Ann");
    await everyone[0].invoke("SendToUser", ann.toUpperCase(), "to nobody");
    await assertHeard(everyone, [[], ["to Ann"], ["to Ann"], []]);
  }),
  behaviour("several users", async (cell) => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    const everyone = await people(cell, 4, [, ann, bob]);
    await everyone[0].invoke("SendToUsers", [ann, bob, "nobody"], "to both");
    await assertHeard(everyone, [[], ["to both"], ["to both"], []]);
  }),
  room("a group", async (name, ada) => {
    await ada.invoke("SendToRoom", name, "to the room");
    await ada.invoke("SendToRoom", randomUUID(), "to an empty room");
    return [["to the room"], ["to the room"], []];
  }),
  room("a group except the caller", async (name, ada) => {
    await ada.invoke("SendToRoomOthers", name, "to others");
    return [[], ["to others"], []];
  }),
  room("a group except some", async (name, ada, grace) => {
    await ada.invoke("SendToRoomExcept", name, "not to Grace", [id(grace)]);
    return [["not to Grace"], [], []];
  }),
  room("several groups", async (name, ada, _, edsger) => {
    const other = randomUUID();
    await edsger.invoke("JoinRoom", other);
    await ada.invoke("SendToRooms", [name, other, randomUUID()], "to both");
    return [["to both"], ["to both"], ["to both"]];
  }),
  room("a group joined twice and left once", async (name, ada, grace) => {
    await grace.invoke("JoinRoom", name);
    await ada.invoke("SendToRoom", name, "once");
    await grace.invoke("LeaveRoom", name);
    await grace.invoke("LeaveRoom", name);
    await ada.invoke("SendToRoom", name, "without Grace");
    return [["once", "without Grace"], ["once"], []];
  }),
  room("a group that others add one to and remove one from", async (name, ada, grace, edsger) => {
    await ada.invoke("AddToRoom", id(edsger), name);
    await ada.invoke("RemoveFromRoom", id(grace), name);
    await ada.invoke("SendToRoom", name, "changed");
    return [["changed"], [], ["changed"]];
  }),
  room("a group after one of it has gone", async (name, ada, grace) => {
    await grace.stop();
    await grace.start();
    await ada.invoke("SendToRoom", name, "Grace is new");
    return [["Grace is new"], [], []];
  }),
];
