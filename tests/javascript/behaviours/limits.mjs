// Limits of time and size.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { Requests } from "../support/requests.mjs";

export const theme = "limits";

const CLOSED = "Server returned an error on close: Connection closed with an error.";
const LIMIT = 32 * 1024;
const SILENCE = 10_000;

// Neither side pings where polls show that the client is there.
const pings = { where: ({ transport }) => transport !== "LongPolling" };
const polls = { where: ({ transport }) => transport === "LongPolling" };

/** Returns a text that makes the first call of Echo a message of this many bytes. */
function textFor(variant, bytes) {
  const size = (text) => {
    const call = { type: 1, target: "Echo", arguments: [text], invocationId: "0" };
    return new Blob([variant.protocol().writeMessage(call)]).size;
  };
  const guess = "x".repeat(bytes - 200);
  return guess + "x".repeat(bytes - size(guess));
}

const tooLarge = (name, path, detail) =>
  behaviour(name, async (cell) => {
    const ada = await cell.connected(path);
    const id = ada.connection.connectionId;
    const message = CLOSED + detail;
    await assert.rejects(ada.invoke("Echo", textFor(cell.variant, LIMIT + 1)), { message });
    assert.equal((await ada.reconnecting.next()).message, message);
    assert.notEqual(await ada.reconnected.next(), id);
    assert.equal(await ada.invoke("Echo", "again"), "again");
  });

export const behaviours = [
  behaviour("a message of 32 KiB passes", async (cell) => {
    const ada = await cell.connected("/chat");
    const text = textFor(cell.variant, LIMIT);
    assert.equal(await ada.invoke("Echo", text), text);
  }),
  tooLarge("one byte more ends the connection", "/chat", ""),
  tooLarge(
    "one byte more, with details",
    "/chat-detailed",
    ` InvalidDataException: The maximum message size of ${LIMIT}B was exceeded. The message size can be configured in AddHubOptions.`,
  ),
  behaviour("no limit: 1 MB passes", async (cell) => {
    const ada = await cell.connected("/chat-unlimited");
    const text = "é".repeat(500_000);
    assert.equal(await ada.invoke("Echo", text), text);
  }),
  behaviour("pings keep an idle connection alive", async (cell) => {
    const limits = { serverTimeoutInMilliseconds: 3000, keepAliveIntervalInMilliseconds: 1000 };
    const ada = await cell.connected("/chat-fast", { limits });
    for (let i = 0; i < 4; i++) await ada.pings.next();
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
    assert.equal(ada.reconnecting.all.length, 0);
  }, pings),
  behaviour("polls that bring nothing follow one another, without pings", async (cell) => {
    const requests = new Requests(cell.variant);
    const ada = await cell.connected("/chat-fast", { options: { httpClient: requests.httpClient } });
    // The first poll is empty in any case; the others end after two seconds.
    const isEmpty = ({ method, status, isEmpty }) => method === "GET" && status === 200 && isEmpty;
    for (let i = 0; i < 3; i++) await requests.answered.until(isEmpty);
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
    assert.equal(ada.pings.all.length, 0);
    assert.equal(ada.reconnecting.all.length, 0);
  }, polls),
  behaviour("a client that falls silent is given up", async (cell) => {
    const grace = await cell.connected("/chat-fast", { pushes: ["Disconnected"], limits: { keepAliveIntervalInMilliseconds: 1000 } });
    // It pings once when it starts, and then not for an hour.
    const ada = await cell.connected("/chat-fast", { limits: { keepAliveIntervalInMilliseconds: 3_600_000 } });
    const id = ada.connection.connectionId;
    assert.equal((await ada.reconnecting.next(SILENCE)).message, CLOSED);
    const why = "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
    assert.deepEqual(await grace.arrived.Disconnected.until(([left]) => left === id), [id, "OperationCanceledException", why]);
    assert.notEqual(await ada.reconnected.next(), id);
    assert.equal(grace.reconnecting.all.length, 0);
  }, pings),
];
