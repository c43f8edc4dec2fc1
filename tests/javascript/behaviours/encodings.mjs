// The values in docs/values.md as JavaScript receives them, and whether the server recognises them
// again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";

import { behaviour } from "../support/cell.mjs";

export const theme = "encodings";

/** The text before the second table, which lists other forms that are read. */
const DOCUMENT = readFileSync(new URL("../../../docs/values.md", import.meta.url), "utf8").split("\n## ")[0];

/** The rows of the document: its first cell, and what JavaScript receives in JSON and in MessagePack. */
const ROWS = DOCUMENT.split("\n")
  .filter((line) => line.startsWith("| ") && line.includes("` |"))
  .map((line) => line.slice(2, -2).split(" | "));

const METHODS = [
  "Bool", "I32", "I64", "U64", "F64", "Whole", "F32", "NotANumber", "Infinity", "Text", "Char", "Char", "None", "Unit", "List",
  "Octets", "Binary", "Timestamp", "Fraction", "DateTimeOffset", "Decimal", "TimeSpan",
  "DateOnly", "TimeOnly", "Uuid", "Duration", "Tuple", "Map", "Prices", "Weather", "Weather", "Mood", "Mood", "MoodCounts",
  "AnyMood", "Access", "Circle", "Empty", "Person", "Person",
];

const hubOf = (row, method) => {
  if (row.includes("Naming::DotNetStringEnums")) return "/values-string-enums";
  if (row.includes("Naming::DotNet")) return "/values-dotnet";
  return ["NotANumber", "Infinity"].includes(method) ? "/values-floats" : "/values";
};

const DATE = new Date("2020-01-02T03:04:05Z");

/** Values with their own form in JavaScript: a method, its argument, and the value as text. */
const FORMS = [
  ["Integer", 2 ** 53, "9007199254740992"],
  ["Integer", -(2 ** 54), "-18014398509481984"],
  ["Integer", -0, "0"],
  ["Keys", { 7: "x" }, '{7: "x"}'],
  ["Flags", { true: "x" }, '{true: "x"}'],
  ["Text", DATE, { JSON: "2020-01-02T03:04:05.000Z", MessagePack: "2020-01-02T03:04:05Z" }],
  ["Timestamp", DATE, "2020-01-02T03:04:05Z"],
  ["Anything", DATE, { JSON: '"2020-01-02T03:04:05.000Z"', MessagePack: '"2020-01-02T03:04:05Z"' }],
  ["Anything", new Uint8Array([1, 200]), { MessagePack: '"Acg="' }],
  ["Decimal", 1.1, "1.1"],
  ["Decimal", "1.10", "1.10"],
  ["Option", undefined, "None"],
];

/** As in the document: a mark after a value says that it does not come back unchanged. */
const LOST = " (lost)";

export const behaviours = [
  behaviour("what JavaScript has forms of its own for", async (cell) => {
    const client = await cell.connected("/values-forms");
    for (const [method, value, forms] of FORMS) {
      const expected = typeof forms === "string" ? forms : forms[cell.variant.encoding];
      if (expected !== undefined) assert.equal(await client.invoke(method, value), expected, method);
    }
  }),
  behaviour("every row of docs/values.md", async (cell) => {
    assert.equal(ROWS.length, METHODS.length);
    const clients = {};
    for (const [index, row] of ROWS.entries()) {
      const method = METHODS[index];
      const path = hubOf(row[0], method);
      const client = (clients[path] ??= await cell.connected(path));
      const value = await client.invoke(method);
      const cellOfRow = row[cell.variant.encoding === "MessagePack" ? 5 : 4].replaceAll("`", "");
      const [expected, isLost] = [cellOfRow.replace(LOST, ""), cellOfRow.endsWith(LOST)];
      const got = inspect(value, { breakLength: Infinity });
      assert.equal(got, expected, `${row[0]}: ${got}`);
      if (path !== "/values-floats") {
        const isSame = client.invoke(`Is${method}`, value);
        assert.equal(await isSame.catch(() => false), !isLost, `${row[0]} sent back`);
      }
    }
  }),
];
