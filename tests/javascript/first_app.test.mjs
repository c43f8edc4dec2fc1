// The tutorial's hub, method by method.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { connected } from "./support/client.mjs";
import { VARIANTS } from "./support/matrix.mjs";
import { firstApp } from "./support/server.mjs";

let server;
before(async () => {
  server = await firstApp();
});
after(() => server?.stop());

for (const variant of VARIANTS) {
  describe(variant.name, () => {
    // The handshake response comes before the server counts the connection among all; a completion
    // comes after.
    async function visitor(t) {
      const pushes = ["ReceiveMessage", "UserJoined"];
      const it = await connected(t, variant, `${server.url}/chathub`, { pushes });
      await it.invoke("LeaveRoom", "nowhere");
      return it;
    }
    const visitors = (t, count) => Promise.all(Array.from({ length: count }, () => visitor(t)));

    // Everyone gets this message, so nothing else can arrive after it.
    async function assertHeard(sender, everyone, expected) {
      await sender.invoke("SendMessage", "end", "end");
      for (const [i, { arrived }] of everyone.entries()) {
        const heard = [];
        for (;;) {
          const message = await arrived.ReceiveMessage.next();
          if (message.length === 3) {
            const timestamp = message.pop();
            assert.ok(Math.abs(new Date(timestamp).getTime() - Date.now()) < 60_000, `timestamp is ${timestamp}`);
          }
          if (message[0] === "end") break;
          heard.push(message);
        }
        assert.deepEqual(heard, expected[i]);
      }
    }

    test("SendMessage reaches everyone", async (t) => {
      const everyone = await visitors(t, 2);
      await everyone[0].invoke("SendMessage", "Ada", "hello, 世界");
      await assertHeard(everyone[0], everyone, [[["Ada", "hello, 世界"]], [["Ada", "hello, 世界"]]]);
    });

    test("Echo reaches its caller", async (t) => {
      const [ada, grace] = await visitors(t, 2);
      const texts = ["", "hello", "Grüße, 世界 🪺 \u001e \"\\"];
      for (const text of texts) await ada.invoke("Echo", text);
      await assertHeard(ada, [ada, grace], [texts.map((text) => [text]), []]);
    });

    test("Broadcast reaches the others", async (t) => {
      const [ada, grace, edsger] = await visitors(t, 3);
      await ada.invoke("Broadcast", "hear, hear");
      const heard = [["hear, hear"]];
      await assertHeard(ada, [ada, grace, edsger], [[], heard, heard]);
    });

    test("Whisper reaches one connection", async (t) => {
      const [ada, grace, edsger] = await visitors(t, 3);
      await ada.invoke("Whisper", grace.connection.connectionId, "psst");
      await assertHeard(ada, [ada, grace, edsger], [[], [["psst"]], []]);
    });

    test("Whisper to nobody is no error", async (t) => {
      const ada = await visitor(t);
      await ada.invoke("Whisper", "no-such-connection", "psst");
      await assertHeard(ada, [ada], [[]]);
    });

    test("JoinRoom tells the room, whoever joins included", async (t) => {
      const room = randomUUID();
      const [ada, grace] = await visitors(t, 2);
      const joined = [ada, grace].map(({ connection }) => [connection.connectionId, room]);
      await ada.invoke("JoinRoom", room);
      assert.deepEqual(await ada.arrived.UserJoined.next(), joined[0]);
      await grace.invoke("JoinRoom", room);
      assert.deepEqual(await ada.arrived.UserJoined.next(), joined[1]);
      assert.deepEqual(await grace.arrived.UserJoined.next(), joined[1]);
    });

    test("SendToRoom reaches the room, and LeaveRoom ends that", async (t) => {
      const room = randomUUID();
      const [ada, grace, edsger] = await visitors(t, 3);
      await ada.invoke("JoinRoom", room);
      await grace.invoke("JoinRoom", room);
      await ada.invoke("SendToRoom", room, "first");
      await grace.invoke("LeaveRoom", room);
      await ada.invoke("SendToRoom", room, "second");
      const id = ada.connection.connectionId;
      await assertHeard(ada, [ada, grace, edsger], [[[id, "first"], [id, "second"]], [[id, "first"]], []]);
    });
  });
}
