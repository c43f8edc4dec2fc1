// The official client in a dedicated worker, on every transport.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { conformance } from "../javascript/support/server.mjs";
import { within } from "../javascript/support/waiting.mjs";
import { Complaints, launch } from "./support/chromium.mjs";
import { PageServer } from "./support/page-server.mjs";

let pages;
let server;
let browser;
before(async () => {
  [pages, server, browser] = await Promise.all([PageServer.start(), conformance(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await pages?.stop();
});

/** Gives the worker its task and returns what it reports. */
function inWorker(task) {
  const worker = new Worker("/worker.js");
  worker.postMessage(task);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  }).finally(() => worker.terminate());
}

for (const transport of ["WebSockets", "ServerSentEvents", "LongPolling"]) {
  test(`a worker connects by ${transport}, invokes and hears a push`, async (t) => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const complaints = await Complaints.of(page);
    await page.goto(pages.origin("127.0.0.1"));
    const task = { url: `${server.url}/testhub`, transport };
    const report = await within(page.evaluate(inWorker, task), "the worker", 10_000);
    assert.deepEqual(report, { transport, echo: "你好", pushed: "pushed", hasWindow: false, state: "Disconnected" });
    assert.deepEqual(complaints.beyondPolling, []);
  });
}
