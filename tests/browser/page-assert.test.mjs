// The page's assertions fail where Node's do, and only there.

import node from "node:assert/strict";
import { test } from "node:test";
import util from "node:util";

globalThis.util = util;
const { default: page } = await import("./page/node/assert.mjs");

const VALUES = [
  ...[undefined, null, 0, -0, 1, NaN, "", "1", true, Symbol.iterator],
  ...[[], [1], [1, 2], [undefined], [[1], { a: [2] }], [[1], { a: [3] }]],
  ...[{}, { a: 1 }, { a: 1, b: undefined }, { b: 1 }, { a: undefined }, Object.assign(Object.create(null), { a: 1 })],
  ...[new Date(0), new Date(1), new Uint8Array([1, 2]), new Uint8Array([1, 3]), new Uint16Array([1, 2])],
  ...[new Error("a"), new Error("b"), new TypeError("a")],
];

function verdict(assertion, ...values) {
  try {
    assertion(...values);
    return "passes";
  } catch (error) {
    node.equal(error.name, "AssertionError");
    return "fails";
  }
}

for (const name of ["equal", "notEqual", "deepEqual"]) {
  test(`${name} of any two values`, () => {
    // Copies, because what is the same object needs no comparison.
    const copies = VALUES.map((value) => (typeof value === "object" ? structuredClone(value) : value));
    for (const one of VALUES) {
      for (const other of [...VALUES, ...copies]) {
        const label = `${name} of ${util.inspect(one)} and ${util.inspect(other)}`;
        node.equal(verdict(page[name], one, other), verdict(node[name], one, other), label);
      }
    }
  });
}

test("ok and match of any value", () => {
  for (const value of VALUES) {
    node.equal(verdict(page.ok, value), verdict(node.ok, value), util.inspect(value));
    node.equal(verdict(page.match, value, /^1$/), verdict(node.match, value, /^1$/), util.inspect(value));
  }
});

test("rejects, by pattern and by properties", async () => {
  const error = () => Promise.reject(Object.assign(new TypeError("not so"), { code: 7 }));
  const cases = [
    [() => Promise.resolve(1), /./],
    [() => Promise.resolve(1), undefined],
    [error, undefined],
    ...[/not so/, /^TypeError: not so$/, /^not so/, /other/].map((pattern) => [error, pattern]),
    ...[{ message: "not so" }, { message: "not" }, { message: /^not/ }, { code: 7, name: "TypeError" }, { code: 8 }].map((wanted) => [error, wanted]),
  ];
  const outcome = (assertion, promise, wanted) => assertion(promise, wanted).then(() => "passes", ({ name }) => name);
  for (const [promise, wanted] of cases) {
    const label = `${promise} against ${util.inspect(wanted)}`;
    node.equal(await outcome(page.rejects, promise(), wanted), await outcome(node.rejects, promise(), wanted), label);
  }
});
