// Values that are sent through a call and come back.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "values";

const GUID = "00010203-0405-0607-0706-050403020100";

async function assertEchoed(cell, path, calls) {
  const ada = await cell.connected(path);
  for (const [method, value, expected = value] of calls) {
    assert.deepEqual(await ada.invoke(method, value), expected, `${method} of ${JSON.stringify(value)}`);
  }
}

export const behaviours = [
  behaviour("texts in any script", (cell) =>
    assertEchoed(cell, "/testhub", [
      ["Echo", "你好，世界"],
      ["Echo", "Grüße, שלום, 🪺 \u{1f469}\u200d\u{1f680}"],
      ["Echo", "\u001e \u0000 \t \r\n \" \\ \u2028 <&'+>"],
    ]),
  ),
  behaviour("the empty text and null", (cell) => assertEchoed(cell, "/testhub", [["Echo", ""], ["Echo", null]])),
  behaviour("a text of 20 KB", (cell) => assertEchoed(cell, "/testhub", [["Echo", "0123456789".repeat(2048)]])),
  behaviour("a result of 1 MB", async (cell) => {
    const ada = await cell.connected("/chat");
    assert.equal(await ada.invoke("Large", 1_000_000), "x".repeat(1_000_000));
  }),
  behaviour("a text with every escape", async (cell) => {
    const ada = await cell.connected("/chat");
    const expected = "a\"b\\c/d<e>&'+\u{e9}\u{4e2d}\u{1f600}\u{1}\t\r\n\u{1e}\u{2028}\u{7f}";
    assert.equal(await ada.invoke("Escapes"), expected);
  }),
  behaviour("whole numbers", (cell) =>
    assertEchoed(cell, "/chat", [
      ["EchoByte", 255],
      ["EchoLong", Number.MAX_SAFE_INTEGER],
      ["EchoLong", Number.MIN_SAFE_INTEGER],
      ["EchoNullableInt", -2147483648],
      ["EchoNullableInt", null],
      ["EchoMood", 2],
    ]),
  ),
  behaviour("fractions", (cell) =>
    assertEchoed(cell, "/chat", [
      ["EchoDouble", 0.1],
      ["EchoDouble", -1.7976931348623157e308],
      ["EchoDouble", 5e-324],
      ["EchoFloat", 1.5],
      ["EchoDecimal", 12.25],
    ]),
  ),
  behaviour("truth, bytes, letters, ids, instants", (cell) => {
    const { bytes } = cell.variant.forms;
    return assertEchoed(cell, "/chat", [
      ["EchoBool", true],
      ["EchoBool", false],
      ["EchoBytes", bytes([0, 1, 254, 255])],
      ["EchoBytes", null],
      ["EchoChar", "é"],
      ["EchoGuid", GUID],
      ["EchoDateTime", "2002-04-01T10:20:15Z"],
    ]);
  }),
  behaviour("arrays and dictionaries", (cell) =>
    assertEchoed(cell, "/chat", [
      ["EchoInts", [1, -2, 3]],
      ["EchoInts", []],
      ["EchoStrings", ["a", null, ""]],
      ["EchoDictionary", { one: 1, two: ["zwei", null], three: { deep: true } }],
    ]),
  ),
  behaviour("any value as it came", (cell) =>
    assertEchoed(cell, "/chat", [
      ["EchoObject", { a: [1, 2.5, null, { b: "c" }] }],
      ["EchoObject", []],
      ["EchoObject", "text"],
      ["EchoObject", null],
    ]),
  ),
  behaviour("an object, and what it lacks", (cell) => {
    const ann = { name: "Ann", age: 7, mood: 1, born: null, tags: ["a"], scores: { x: 1 } };
    const bare = { name: null, age: 0, mood: 0, born: null, tags: null, scores: null };
    return assertEchoed(cell, "/chat", [
      ["EchoPerson", ann],
      ["EchoPerson", {}, bare],
      ["EchoPerson", { age: 7, unknown: 1 }, { ...bare, age: 7 }],
      ["EchoPerson", null],
    ]);
  }),
  behaviour("an object of every kind of member", async (cell) => {
    const { bytes, instant } = cell.variant.forms;
    const given = {
      String: "Hello, World!",
      IntArray: [0x01, 0x02, 0x03, 0xff],
      ByteArray: bytes([0xff, 0x03, 0x02, 0x01]),
      Guid: GUID,
      DateTime: instant("2002-04-01T10:20:15Z"),
    };
    const ada = await cell.connected("/testhub");
    assert.deepEqual(await ada.invoke("EchoComplexObject", given), given);
    assert.deepEqual(await ada.invoke("SendComplexObject"), {
      String: "hello world",
      IntArray: [1, 2, 3],
      ByteArray: bytes([1, 2, 3]),
      Guid: GUID,
      DateTime: instant("2000-01-01T00:00:00Z"),
    });
  }),
  behaviour("a null for no result, and a null result", async (cell) => {
    const ada = await cell.connected("/chat");
    for (const method of ["Nothing", "NothingAsync", "Null", "NullAsync"]) {
      assert.equal(await ada.invoke(method), null, method);
    }
  }),
];
