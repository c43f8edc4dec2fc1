// What a client misses while it is away between two polls.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { Requests } from "../support/requests.mjs";

export const theme = "busy clients";

const KILOBYTES_QUEUED = 16;
const numbers = (count) => Array.from({ length: count }, (_, i) => i);

/** Runs `push` while a client is away, and returns the numbers that it gets when it is back. */
async function heardAfterwards(cell, push) {
  const requests = new Requests(cell.variant);
  const { httpClient } = requests;
  const ada = await cell.connected("/busy", { pushes: ["Number"], options: { httpClient } });
  const grace = await cell.connected("/busy");
  const pushed = (policy, ...values) => grace.invoke("PushNumbers", ada.connection.connectionId, policy, values);
  // The response to a poll, so none is pending from then on.
  requests.hold();
  await pushed("close", 1000);
  await ada.arrived.Number.next();
  await push(pushed);
  requests.release();
  await pushed("close", 1001);
  const heard = [];
  for (;;) {
    const [number] = await ada.arrived.Number.next();
    if (number === 1001) return heard;
    heard.push(number);
  }
}

const missing = (name, push, verify) =>
  behaviour(name, async (cell) => verify(await heardAfterwards(cell, push)), { where: ({ transport }) => transport === "LongPolling" });

export const behaviours = [
  missing(
    "of each key, only the latest",
    async (pushed) => {
      await pushed({ latest: "AAPL" }, 1, 2, 3);
      await pushed("close", 4);
      await pushed({ latest: "MSFT" }, 5, 6);
      await pushed({ latest: "AAPL" }, 7);
    },
    (heard) => assert.deepEqual(heard, [7, 4, 6]),
  ),
  missing(
    "what is volatile",
    async (pushed) => {
      await pushed("volatile", 1, 2);
      await pushed("close", 3);
    },
    (heard) => assert.deepEqual(heard, [3]),
  ),
  missing(
    "the newest that its queue has no room for",
    (pushed) => pushed("drop_newest", ...numbers(2 * KILOBYTES_QUEUED)),
    (heard) => {
      assert.ok(heard.length > 0 && heard.length < KILOBYTES_QUEUED, `${heard.length} arrived`);
      assert.deepEqual(heard, numbers(heard.length));
    },
  ),
  missing(
    "the oldest that its queue has no room for",
    (pushed) => pushed("drop_oldest", ...numbers(2 * KILOBYTES_QUEUED)),
    (heard) => {
      assert.ok(heard.length > 0 && heard.length < KILOBYTES_QUEUED, `${heard.length} arrived`);
      assert.deepEqual(heard, numbers(2 * KILOBYTES_QUEUED).slice(-heard.length));
    },
  ),
];
