// ShopNest's chat hub: ids, rooms, messages, and the errors that a wrong call gets to read.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { client, connected } from "./support/client.mjs";
import { VARIANTS } from "./support/matrix.mjs";
import { shopnest } from "./support/server.mjs";
import { bearing, token } from "./support/shop-tokens.mjs";
import { within } from "./support/waiting.mjs";

const PUSHES = ["Connected", "ReceiveMessage", "UserJoined", "UserLeft"];

let server;
before(async () => {
  server = await shopnest();
});
after(() => server?.stop());

for (const variant of VARIANTS) {
  describe(variant.name, () => {
    const visitor = (t, name) => connected(t, variant, `${server.url}/hubs/chat`, { pushes: PUSHES, options: bearing(token({ name })) });

    const sending = "An unexpected error occurred invoking 'SendMessage' on the server. HubException: ";

    async function visitorsIn(t, room, count) {
      const visitors = [];
      for (let i = 0; i < count; i++) {
        visitors.push(await visitor(t));
        await visitors[i].invoke("JoinRoom", room);
      }
      return visitors;
    }

    test("a new connection is told its id", async (t) => {
      const ada = await visitor(t);
      assert.deepEqual(await ada.arrived.Connected.next(), [ada.connection.connectionId]);
      assert.match(ada.connection.connectionId, /^[\w-]{22,}$/);
    });

    test("a start without negotiation works as well", async (t) => {
      const transport = variant.signalR.HttpTransportType.WebSockets;
      const options = { transport, skipNegotiation: true, ...bearing(token()) };
      const ada = await connected(t, variant, `${server.url}/hubs/chat`, { pushes: PUSHES, options });
      const [id] = await ada.arrived.Connected.next();
      assert.match(id, /^[\w-]{22,}$/);
      const room = randomUUID();
      await ada.invoke("JoinRoom", room);
      await ada.invoke("SendMessage", room, "Ada", "no negotiation");
      assert.equal((await ada.arrived.ReceiveMessage.next())[0].message, "no negotiation");
    });

    test("stop and start again gives a new connection", async (t) => {
      const ada = await visitor(t);
      const [first] = await ada.arrived.Connected.next();
      await within(ada.connection.stop(), "the stop");
      assert.equal(await ada.closed.next(), undefined);
      await ada.start();
      const [second] = await ada.arrived.Connected.next();
      assert.equal(second, ada.connection.connectionId);
      assert.notEqual(second, first);
    });

    test("a message reaches everyone in the room, its sender too", async (t) => {
      const room = randomUUID();
      const [ada, grace] = await visitorsIn(t, room, 2);
      const before = Date.now();
      await ada.invoke("SendMessage", room, "Ada", "Grüße, 世界 🪺");
      for (const { arrived } of [ada, grace]) {
        const [message, ...rest] = await arrived.ReceiveMessage.next();
        assert.deepEqual(rest, []);
        assert.deepEqual(Object.keys(message).sort(), ["at", "message", "user"]);
        assert.equal(message.user, "Ada");
        assert.equal(message.message, "Grüße, 世界 🪺");
        const age = new Date(message.at).getTime() - before;
        assert.ok(Math.abs(age) < 60_000, `at is ${message.at}`);
      }
    });

    test("a message has the name of the signed-in user, whatever its sender says", async (t) => {
      const room = randomUUID();
      const grace = await visitor(t, "Grace Hopper");
      await grace.invoke("JoinRoom", room);
      for (const claimed of ["admin", "", "x".repeat(1000)]) {
        await grace.invoke("SendMessage", room, claimed, "Who said that?");
        assert.equal((await grace.arrived.ReceiveMessage.next())[0].user, "Grace Hopper");
      }
    });

    test("a message stays in its room", async (t) => {
      const [tea, lamps] = [randomUUID(), randomUUID()];
      const [ada] = await visitorsIn(t, tea, 1);
      const [grace] = await visitorsIn(t, lamps, 1);
      await ada.invoke("SendMessage", tea, "Ada", "about tea");
      await grace.invoke("SendMessage", lamps, "Grace", "about lamps");
      assert.equal((await grace.arrived.ReceiveMessage.next())[0].message, "about lamps");
      assert.equal((await ada.arrived.ReceiveMessage.next())[0].message, "about tea");
      assert.equal(grace.arrived.ReceiveMessage.all.length, 1);
      assert.equal(ada.arrived.ReceiveMessage.all.length, 1);
    });

    test("messages of one sender arrive in order", async (t) => {
      const room = randomUUID();
      const [ada, grace] = await visitorsIn(t, room, 2);
      const numbers = Array.from({ length: 10 }, (_, i) => String(i));
      await Promise.all(numbers.map((number) => ada.invoke("SendMessage", room, "Ada", number)));
      for (const number of numbers) {
        assert.equal((await grace.arrived.ReceiveMessage.next())[0].message, number);
      }
    });

    test("only members speak in a room", async (t) => {
      const room = randomUUID();
      const stranger = await visitor(t);
      const sent = stranger.invoke("SendMessage", room, "Stranger", "buy this");
      await assert.rejects(sent, { message: `${sending}Join the room first` });
      await speaksOn(stranger);
    });

    test("a connection sends ten messages a second", async (t) => {
      const room = randomUUID();
      const [ada, grace] = await visitorsIn(t, room, 2);
      const numbers = Array.from({ length: 100 }, (_, i) => String(i));
      const sent = await Promise.allSettled(numbers.map((number) => ada.invoke("SendMessage", room, "Ada", number)));
      const refused = sent.filter(({ status }) => status === "rejected");
      // A busy machine takes more than a second for all of them.
      assert.ok(refused.length > 0, "all were taken");
      for (const { reason } of refused) assert.equal(reason.message, `${sending}Ten messages a second are enough`);
      assert.equal((await grace.arrived.ReceiveMessage.next())[0].message, "0");
    });

    test("who leaves a room hears no more of it", async (t) => {
      const [left, kept] = [randomUUID(), randomUUID()];
      const [ada, grace] = await visitorsIn(t, left, 2);
      await grace.invoke("JoinRoom", kept);
      await grace.invoke("LeaveRoom", left);
      await ada.invoke("SendMessage", left, "Ada", "unheard");
      await ada.invoke("JoinRoom", kept);
      await ada.invoke("SendMessage", kept, "Ada", "heard");
      assert.equal((await grace.arrived.ReceiveMessage.next())[0].message, "heard");
      assert.equal(grace.arrived.ReceiveMessage.all.length, 1);
    });

    test("a room hears who joins and leaves", async (t) => {
      const [room, other] = [randomUUID(), randomUUID()];
      const [ada] = await visitorsIn(t, room, 1);
      const [stranger] = await visitorsIn(t, other, 1);
      const [grace] = await visitorsIn(t, room, 1);
      const id = grace.connection.connectionId;
      await until(ada.arrived.UserJoined, [id, room]);
      await grace.invoke("LeaveRoom", room);
      assert.deepEqual(await ada.arrived.UserLeft.next(), [id, room]);
      await stranger.invoke("SendMessage", other, "Stranger", "quiet here");
      await stranger.arrived.ReceiveMessage.next();
      const heard = [...stranger.arrived.UserJoined.all, ...stranger.arrived.UserLeft.all];
      assert.deepEqual(heard.filter(([, place]) => place === room), []);
    });

    test("method names match in any case", async (t) => {
      const room = randomUUID();
      const ada = await visitor(t);
      await ada.invoke("joinroom", room);
      await ada.invoke("SENDMESSAGE", room, "Ada", "any case");
      assert.equal((await ada.arrived.ReceiveMessage.next())[0].message, "any case");
    });

    const joining = "Failed to invoke 'JoinRoom' due to an error on the server.";
    const refused = [
      ["an empty message", "SendMessage", ["room", "Ada", ""], `${sending}Message cannot be empty`],
      ["a blank message", "SendMessage", ["room", "Ada", " \t\n "], `${sending}Message cannot be empty`],
      ["a message of 1,001 characters", "SendMessage", ["room", "Ada", "é".repeat(1001)], `${sending}Message too long`],
      ["an unknown method", "Nope", [], "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."],
      ["an argument too few", "JoinRoom", [], joining],
      ["an argument too many", "JoinRoom", ["room", "extra"], joining],
      ["an argument of another type", "JoinRoom", [42], joining],
      ["null for a room", "JoinRoom", [null], joining],
    ];
    for (const [what, method, values, text] of refused) {
      test(`${what} is refused in the exact words, and the connection lives`, async (t) => {
        const ada = await visitor(t);
        await assert.rejects(ada.invoke(method, ...values), { message: text });
        await speaksOn(ada);
      });
    }

    test("a message of 1,000 characters passes", async (t) => {
      const room = randomUUID();
      const [ada] = await visitorsIn(t, room, 1);
      await ada.invoke("SendMessage", room, "Ada", "é".repeat(1000));
      assert.equal((await ada.arrived.ReceiveMessage.next())[0].message, "é".repeat(1000));
    });

    test("a plain method cannot be streamed", async (t) => {
      const ada = await visitor(t);
      const streamed = new Promise((resolve, reject) => {
        ada.connection.stream("JoinRoom", "room").subscribe({ next: resolve, complete: resolve, error: reject });
      });
      await assert.rejects(within(streamed, "the refusal"), {
        message: "The client attempted to invoke the non-streaming 'JoinRoom' method with a streaming invocation.",
      });
      await speaksOn(ada);
    });

    test("send is never answered, whether it works or fails", async (t) => {
      const room = randomUUID();
      const ada = await visitor(t);
      await ada.connection.send("JoinRoom", room);
      await ada.connection.send("SendMessage", room, "Ada", "sent");
      assert.equal((await ada.arrived.ReceiveMessage.next())[0].message, "sent");
      await ada.connection.send("SendMessage", room, "Ada", "");
      await ada.connection.send("JoinRoom", 42);
      await ada.connection.send("Nope");
      await ada.invoke("SendMessage", room, "Ada", "invoked");
      assert.equal((await ada.arrived.ReceiveMessage.next())[0].message, "invoked");
      assert.equal(ada.completions.length, 1);
      assert.equal(ada.completions[0].error, undefined);
    });

    test("there is no hub at another path", async (t) => {
      const lost = client(t, variant, `${server.url}/hubs/nowhere`, { options: bearing(token()) });
      await assert.rejects(lost.start(), /Status code '404'/);
    });

    async function speaksOn(visitor) {
      const room = randomUUID();
      await visitor.invoke("JoinRoom", room);
      await visitor.invoke("SendMessage", room, "Ada", "still here");
      assert.equal((await visitor.arrived.ReceiveMessage.next())[0].message, "still here");
    }
  });
}

// Whether visitors are told of their own joining is the hub's choice, so news about others may
// come first.
async function until(inbox, expected) {
  for (;;) {
    const values = await inbox.next();
    if (values[0] === expected[0]) return assert.deepEqual(values, expected);
  }
}
