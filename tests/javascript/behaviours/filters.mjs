// Filters around calls and around the beginning and end of connections.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { collected } from "../support/streams.mjs";
import { within } from "../support/waiting.mjs";

export const theme = "filters";

// From the outermost to the innermost: two of the server, two of the hub.
const FILTERS = ["global1", "global2", "hub1", "hub2"];
const FAILED = "An unexpected error occurred invoking";

/** Each filter wraps the result of the one inside it. */
const wrapped = (text) => FILTERS.reduceRight((inner, filter) => `${filter}(${inner})`, text);

const results = (name, calls) =>
  behaviour(name, async (cell) => {
    const ada = await cell.connected("/filters");
    for (const [method, values, expected] of calls) assert.equal(await ada.invoke(method, ...values), expected, method);
  });

export const behaviours = [
  behaviour("around a call, the first of the server outermost", async (cell) => {
    const ada = await cell.connected("/filters", { pushes: ["Filter"] });
    // The first answer shows that all is told about the connection's beginning.
    await ada.invoke("Echo", "first");
    const before = ada.arrived.Filter.all.length;
    assert.equal(await ada.invoke("Echo", "x"), wrapped("x"));
    const told = ada.arrived.Filter.all.slice(before);
    const inward = FILTERS.map((filter) => [filter, "before", "Echo", ["x"]]);
    const inside = ["x", "hub2(x)", "hub1(hub2(x))", "global2(hub1(hub2(x)))"];
    const outward = FILTERS.toReversed().map((filter, i) => [filter, "after", inside[i]]);
    assert.deepEqual(told, [...inward, ...outward]);
  }),
  results("answers in the method's place, other arguments, other results", [
    ["ShortCircuit", ["x"], wrapped("short")],
    ["Replace", ["x"], wrapped("replaced")],
    ["WrongResult", [7], wrapped("not a number")],
    ["VoidWithResult", [], wrapped("something")],
    ["NullResult", ["x"], null],
    ["Swallow", [], wrapped("swallowed InvalidOperationException")],
  ]),
  behaviour("refusals before and after the method", async (cell) => {
    const ada = await cell.connected("/filters");
    const refusals = [
      ["ThrowBefore", ["x"], " HubException: filter says no"],
      ["ThrowAfter", ["x"], " HubException: filter says no afterwards"],
      ["Rethrow", [], " HubException: rethrown: method boom"],
      ["ThrowPlainBefore", ["x"], ""],
      ["WrongType", ["x"], ""],
    ];
    for (const [method, values, detail] of refusals) {
      const message = `${FAILED} '${method}' on the server.${detail}`;
      await assert.rejects(ada.invoke(method, ...values), { message });
    }
    assert.equal(await ada.invoke("Echo", "lives"), wrapped("lives"));
  }),
  behaviour("around streams: as they are, refused, replaced", async (cell) => {
    const ada = await cell.connected("/filters");
    assert.deepEqual(await collected(ada, "Stream", 3), [0, 1, 2, { end: undefined }]);
    assert.deepEqual(await collected(ada, "StreamReplaced", 3), [0, { end: undefined }]);
    const end = `${FAILED} 'StreamThrowBefore' on the server. HubException: filter says no`;
    assert.deepEqual(await collected(ada, "StreamThrowBefore", 3), [{ end }]);
  }),
  behaviour("around the beginning and the end of a connection", async (cell) => {
    const pushes = ["Filter", "OnConnected", "OnDisconnected"];
    const [ada, grace] = [await cell.connected("/filters", { pushes }), await cell.connected("/filters")];
    await ada.invoke("Nothing");
    const stages = FILTERS.map((filter) => [filter, "connecting"]);
    const connected = FILTERS.toReversed().map((filter) => [filter, "connected"]);
    assert.deepEqual(ada.arrived.Filter.all.slice(0, 8), [...stages, ...connected]);
    assert.deepEqual(ada.arrived.OnConnected.all, [[]]);
    await grace.stop();
    await ada.arrived.OnDisconnected.next();
    const [last] = FILTERS;
    await ada.arrived.Filter.until(([filter, stage]) => filter === last && stage === "disconnected");
  }),
  behaviour("a filter keeps the hub from hearing of a connection", async (cell) => {
    const ada = await cell.connected("/filters-silent", { pushes: ["OnConnected"] });
    assert.equal(await ada.invoke("Echo", "unheard"), wrapped("unheard"));
    assert.deepEqual(ada.arrived.OnConnected.all, []);
  }),
  behaviour("a filter turns a connection away", async (cell) => {
    const ada = cell.client("/filters-throw");
    const told = ada.start().then(() => ada.closed.next(), (error) => error);
    const { message } = await within(told, "the refusal");
    assert.equal(message, "Server returned an error on close: Connection closed with an error. HubException: filter says no");
  }),
];
