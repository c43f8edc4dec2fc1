// The exact texts that a failing call gets to read.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { within } from "../support/waiting.mjs";

export const theme = "errors";

const failed = (method, detail) => `An unexpected error occurred invoking '${method}' on the server.${detail ? ` ${detail}` : ""}`;
const refused = (method, detail) => `Failed to invoke '${method}' due to an error on the server.${detail ? ` ${detail}` : ""}`;
const MISSING = "HubException: Method does not exist.";
const BINDING =
  "InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.";
const count = (given, expected) => `InvalidDataException: Invocation provides ${given} argument(s) but target expects ${expected}.`;

/** For each call: method, arguments, text. After all of them the connection still answers. */
const texts = (name, path, calls) =>
  behaviour(name, async (cell) => {
    const ada = await cell.connected(path);
    for (const [method, values, message] of calls) {
      await assert.rejects(ada.invoke(method, ...values), { message });
    }
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
  });

function streamed(ada, method, ...values) {
  const items = new Promise((complete, error) => {
    ada.connection.stream(method, ...values).subscribe({ next: () => {}, complete, error });
  });
  return within(items, `the end of the stream of ${method}`);
}

export const behaviours = [
  texts("an error with details", "/testhub", [
    ["ThrowException", ["exception from server"], failed("ThrowException", "InvalidOperationException: exception from server")],
    ["throwexception", ["Grüße"], failed("ThrowException", "InvalidOperationException: Grüße")],
  ]),
  texts("an error without details", "/chat", [
    ["ThrowPlain", [], failed("ThrowPlain")],
    ["ThrowPlainAsync", [], failed("ThrowPlainAsync")],
    ["TaskCancelled", [], failed("TaskCancelled")],
  ]),
  texts("an error meant for clients, details off", "/chat", [
    ["ThrowHub", [], failed("ThrowHub", "HubException: Message cannot be empty")],
    ["ThrowHubSubclass", [], failed("ThrowHubSubclass", "CustomHubException: subclassed")],
    ["ThrowHubInner", [], failed("ThrowHubInner", "HubException: outer")],
  ]),
  texts("an error meant for clients, details on", "/chat-detailed", [
    ["ThrowPlain", [], failed("ThrowPlain", "InvalidOperationException: plain boom")],
    ["ThrowHub", [], failed("ThrowHub", "HubException: Message cannot be empty")],
  ]),
  texts("an unknown method", "/testhub", [
    ["!@#$%", [], refused("!@#$%", MISSING)],
    ["!@#$%", ["with", 2], refused("!@#$%", MISSING)],
    ["on_connected", [], refused("on_connected", MISSING)],
    ["OnConnectedAsync", [], refused("OnConnectedAsync", MISSING)],
  ]),
  texts("an unknown method, details off", "/chat", [
    ["Nope", [], refused("Nope", MISSING)],
    ["OnDisconnectedAsync", [null], refused("OnDisconnectedAsync", MISSING)],
  ]),
  texts("too few or too many arguments", "/testhub", [
    ["Echo", [], refused("Echo", count(0, 1))],
    ["Echo", ["p1", 42], refused("Echo", count(2, 1))],
    ["SendComplexObject", [1], refused("SendComplexObject", count(1, 0))],
  ]),
  texts("arguments of another type", "/testhub", [
    ["Echo", [["array"]], refused("Echo", BINDING)],
    ["Echo", [42], refused("Echo", BINDING)],
    ["SendCustomObject", ["text"], refused("SendCustomObject", BINDING)],
    ["SendCustomObject", [{ Name: "test", Value: "42" }], refused("SendCustomObject", BINDING)],
  ]),
  texts("wrong arguments, details off", "/chat", [
    ["Echo", [], refused("Echo")],
    ["Echo", [42], refused("Echo")],
    ["Add", [1, "2"], refused("Add")],
    ["Add", [1, 2147483648], refused("Add")],
    ["Add", [1, 2.5], refused("Add")],
    ["Add", [1, null], refused("Add")],
  ]),
  behaviour("stream() of a plain method", async (cell) => {
    const ada = await cell.connected("/testhub");
    await assert.rejects(streamed(ada, "Echo", "x"), {
      message: "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
    });
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
  }),
  behaviour("stream() of an unknown method", async (cell) => {
    const ada = await cell.connected("/default");
    await assert.rejects(streamed(ada, "!@#$%", 1), { message: refused("!@#$%", MISSING) });
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
  }),
  texts("a result that cannot be written", "/chat", [["Loop", [], failed("Loop")]]),
];
