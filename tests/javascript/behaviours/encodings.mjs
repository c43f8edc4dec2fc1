// What JavaScript gets of the values in docs/values.md, and whether the server knows them again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";

import { behaviour } from "../support/cell.mjs";

export const theme = "encodings";

const DOCUMENT = readFileSync(new URL("../../../docs/values.md", import.meta.url), "utf8");

/** The rows of the document: its first cell, and what JavaScript gets in JSON and in MessagePack. */
const ROWS = DOCUMENT.split("\n")
  .filter((line) => line.startsWith("| ") && line.includes("` |"))
  .map((line) => line.slice(2, -2).split(" | "));

const METHODS = [
  "Bool", "I32", "I64", "U64", "F64", "Whole", "F32", "NotANumber", "Infinity", "Text", "Char", "None", "Unit", "List",
  "Octets", "Binary", "Timestamp", "Fraction", "Uuid", "Duration", "Tuple", "Map", "Weather", "Weather", "Mood",
  "Mood", "MoodCounts", "AnyMood", "Access", "Circle", "Empty", "Person", "Person",
];

const hubOf = (row, method) => {
  if (row.includes("Naming::DotNetStringEnums")) return "/values-string-enums";
  if (row.includes("Naming::DotNet")) return "/values-dotnet";
  return ["NotANumber", "Infinity"].includes(method) ? "/values-floats" : "/values";
};

/** As the document writes it: a mark behind a value says that it does not come back as the same. */
const LOST = " (lost)";

export const behaviours = [
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
