// How calls find their method and their caller.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "calls";

export const behaviours = [
  behaviour("several arguments, direct and async methods", async (cell) => {
    const ada = await cell.connected("/chat");
    for (const method of ["Add", "AddAsync", "AddValueTask"]) assert.equal(await ada.invoke(method, 40, 2), 42);
  }),
  behaviour("names of methods match in any case", async (cell) => {
    const ada = await cell.connected("/testhub", { pushes: ["Message"] });
    assert.equal(await ada.invoke("eCHO", "any"), "any");
    await ada.invoke("invokeWithString", "case");
    assert.deepEqual(await ada.arrived.Message.next(), ["case"]);
  }),
  behaviour("a renamed method, and one of an odd name", async (cell) => {
    const ada = await cell.connected("/chat");
    assert.equal(await ada.invoke("renamed"), "renamed");
    await assert.rejects(ada.invoke("OriginalName"), /Method does not exist/);
    const grace = await cell.connected("/typed");
    assert.equal(await grace.invoke("with space, and é"), "odd");
  }),
  behaviour("a hub of each route", async (cell) => {
    for (const path of ["/default", "/dynamic", "/hubT"]) {
      const ada = await cell.connected(path);
      assert.equal(await ada.invoke("HelloWorld"), "Hello World!", path);
    }
    const bench = await cell.connected("/bench");
    assert.equal(await bench.invoke("Echo", "payload"), "payload");
    const version = await cell.connected("/version");
    assert.equal(await version.invoke("Echo", "payload"), "payload");
  }),
  behaviour("send is carried out and never answered", async (cell) => {
    const ada = await cell.connected("/testhub", { pushes: ["Message"] });
    await ada.send("InvokeWithString", "sent");
    assert.deepEqual(await ada.arrived.Message.next(), ["sent"]);
    await ada.send("ThrowException", "unheard");
    await ada.send("Echo");
    await ada.send("Nope");
    assert.equal(await ada.invoke("Echo", "last"), "last");
    assert.deepEqual(ada.completions.map(({ result }) => result), ["last"]);
  }),
  behaviour("50 calls at once reach their callers", async (cell) => {
    const callers = await Promise.all(Array.from({ length: 5 }, () => cell.connected("/testhub")));
    const calls = Array.from({ length: 50 }, (_, i) => callers[i % 5].invoke("Echo", `call ${i}`));
    assert.deepEqual(await Promise.all(calls), calls.map((_, i) => `call ${i}`));
    for (const [i, caller] of callers.entries()) {
      assert.equal(caller.completions.length, 10);
      for (const { result } of caller.completions) assert.equal(Number(result.slice(5)) % 5, i);
    }
  }),
  behaviour("calls of one connection run in turn", async (cell) => {
    const ada = await cell.connected("/chat");
    await Promise.all([ada.invoke("Delay", 100, "slow"), ada.invoke("Delay", 0, "quick"), ada.invoke("Echo", "last")]);
    assert.deepEqual(ada.completions.map(({ result }) => result), ["slow", "quick", "last"]);
  }),
  behaviour("calls overtake one another where three may run", async (cell) => {
    const ada = await cell.connected("/chat-parallel");
    const [slow, quick] = [ada.invoke("Delay", 500, "slow"), ada.invoke("Delay", 0, "quick")];
    await Promise.all([slow, quick]);
    assert.deepEqual(ada.completions.map(({ result }) => result), ["quick", "slow"]);
  }),
  behaviour("a fourth waits where three may run", async (cell) => {
    const ada = await cell.connected("/chat-parallel");
    const slow = ["one", "two", "three"].map((name) => ada.invoke("Delay", 200, name));
    await Promise.all([...slow, ada.invoke("Delay", 0, "fourth")]);
    const [{ result }] = ada.completions;
    assert.ok(["one", "two", "three"].includes(result), result);
  }),
  behaviour("a long call holds up no other connection", async (cell) => {
    const [ada, grace] = [await cell.connected("/chat"), await cell.connected("/chat")];
    await ada.send("Delay", 60_000, "long");
    assert.equal(await grace.invoke("Echo", "short"), "short");
  }),
];
