// Client methods that the server calls.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "pushes";

export const behaviours = [
  behaviour("a push arrives before its call is answered", async (cell) => {
    const ada = await cell.connected("/testhub", { pushes: ["Message"] });
    await ada.invoke("InvokeWithString", "pushed");
    assert.deepEqual(ada.arrived.Message.all, [["pushed"]]);
    const [pushed, answered] = [ada.invocations[0], ada.completions[0]];
    assert.ok(ada.messages.indexOf(pushed) < ada.messages.indexOf(answered));
  }),
  behaviour("an object", async (cell) => {
    const ada = await cell.connected("/testhub", { pushes: ["CustomObject"] });
    await ada.invoke("SendCustomObject", { Name: "test", Value: 42 });
    assert.deepEqual(await ada.arrived.CustomObject.next(), [{ Name: "test", Value: 42 }]);
  }),
  behaviour("to the caller by its id, null too", async (cell) => {
    for (const path of ["/default", "/dynamic"]) {
      const ada = await cell.connected(path, { pushes: ["Echo"] });
      await ada.invoke("CallEcho", "back");
      await ada.invoke("CallEcho", null);
      assert.deepEqual(ada.arrived.Echo.all, [["back"], [null]]);
    }
  }),
  behaviour("no arguments, one, null", async (cell) => {
    const ada = await cell.connected("/chat", { pushes: ["NoArguments", "OneArgument"] });
    await ada.invoke("CallMe");
    await ada.invoke("CallMeWith", { any: ["value"] });
    await ada.invoke("CallMeNull");
    assert.deepEqual(ada.arrived.NoArguments.all, [[]]);
    assert.deepEqual(ada.arrived.OneArgument.all, [[{ any: ["value"] }], [null]]);
  }),
  behaviour("typed: names and values as declared", async (cell) => {
    const pushes = ["ReceiveMessage", "ReceiveMessageAsync", "NoArguments", "WithToken", "Spread", "Typed", "renamed-client"];
    const ada = await cell.connected("/typed", { pushes });
    for (const method of ["Plain", "NameWithAsync", "NoArguments", "WithToken", "Spread", "Typed", "Renamed"]) {
      await ada.invoke(method);
    }
    const person = { name: "Ann", age: 0, mood: 0, born: null, tags: null, scores: null };
    const expected = [[["ann", "hello"]], [["hello"]], [[]], [["hello"]], [[[1, "two", null]]], [[person, 2]], [["hello"]]];
    assert.deepEqual(pushes.map((name) => ada.arrived[name].all), expected);
  }),
  behaviour("no handler in the client does no harm", async (cell) => {
    const ada = await cell.connected("/default");
    await ada.invoke("CallHandlerThatDoesntExist");
    assert.deepEqual(ada.invocations.map(({ target }) => target), ["NoClientHandler"]);
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
  }),
  behaviour("from OnConnected", async (cell) => {
    const ada = await cell.connected("/chat", { pushes: ["Connected"] });
    assert.deepEqual(await ada.arrived.Connected.next(), [ada.connection.connectionId]);
  }),
  behaviour("while a call still runs", async (cell) => {
    const ada = await cell.connected("/chat", { pushes: ["Before", "After"] });
    await ada.invoke("LateSend", 1);
    assert.deepEqual([ada.arrived.Before.all, ada.arrived.After.all], [[[]], [[]]]);
    await ada.send("LateSend", 60_000);
    await ada.arrived.Before.next();
    await ada.arrived.Before.next();
    assert.equal(ada.arrived.After.all.length, 1);
  }),
  behaviour("500 to another connection, in order", async (cell) => {
    const ada = await cell.connected("/chat", { pushes: ["Push"] });
    const grace = await cell.connected("/chat");
    await grace.invoke("PushMany", ada.connection.connectionId, 500, 100);
    for (let i = 0; i < 500; i++) assert.deepEqual(await ada.arrived.Push.next(), [i, "x".repeat(100)]);
  }),
];
