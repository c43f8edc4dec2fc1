// Pages that are closed, and pages that are frozen as browsers freeze hidden tabs: the server
// notices, and a page that wakes up comes back.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import signalR from "@microsoft/signalr";

import { connected } from "../javascript/support/client.mjs";
import { conformance } from "../javascript/support/server.mjs";
import { launch } from "./support/chromium.mjs";
import { openOn } from "./support/repository.mjs";

/** A client between two polls has 15 seconds, in milliseconds. */
const DISCONNECT_TIMEOUT = 15_000;
/** For the server's clock, which ticks once a second, and for a busy machine. */
const SLACK = 10_000;

const OBSERVER = {
  signalR,
  options: () => ({ transport: signalR.HttpTransportType.WebSockets }),
  protocol: () => new signalR.JsonHubProtocol(),
};

/** Often enough for every hub. */
const PINGS = { keepAliveIntervalInMilliseconds: 1000 };

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([conformance(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Returns a client in Node that hears which connections to the hub end. */
const observer = (t, path) => connected(t, OBSERVER, server.url + path, { pushes: ["Disconnected"], limits: PINGS });

/** Opens a page with a connection to the hub; returns both. */
async function visitor(t, browser, path, transport) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await openOn(page, server.url, "/tests/browser/page/matrix.html");
  const id = await page.evaluate(
    async ([path, transport, pings]) => {
      const options = { transport: signalR.HttpTransportType[transport] };
      const connection = new signalR.HubConnectionBuilder().withUrl(path, options).withAutomaticReconnect([0, 25, 25]).build();
      Object.assign(connection, pings);
      window.reconnected = new Promise((resolve) => connection.onreconnected(resolve));
      window.connection = connection;
      await connection.start();
      await connection.invoke("Echo", "there");
      return connection.connectionId;
    },
    [path, transport, PINGS],
  );
  return { page, id };
}

const disconnected = ({ arrived }, id, limit) => arrived.Disconnected.until(([left]) => left === id, limit);

/** Sends a signal to every renderer process of the browser. */
async function signalRenderers(browser, signal) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  for (const { id, type } of processInfo) if (type === "renderer") process.kill(id, signal);
}

describe("a page", { concurrency: true }, () => {
  describe("closed", { concurrency: true }, () => {
    for (const transport of ["WebSockets", "ServerSentEvents"]) {
      test(`${transport}: its connection ends at once`, async (t) => {
        const [grace, { page, id }] = [await observer(t, "/chat"), await visitor(t, browser, "/chat", transport)];
        await page.close();
        await disconnected(grace, id);
      });
    }

    test("LongPolling: its connection ends after the disconnect timeout", async (t) => {
      const [grace, { page, id }] = [await observer(t, "/chat"), await visitor(t, browser, "/chat", "LongPolling")];
      await page.close();
      await disconnected(grace, id, DISCONNECT_TIMEOUT + SLACK);
    });
  });

  describe("frozen", { concurrency: true }, () => {
    // This hub's client timeout is 3 s, and its polls end after 2 s.
    for (const transport of ["WebSockets", "ServerSentEvents", "LongPolling"]) {
      test(`${transport}: its connection ends, and the page comes back when it goes on`, async (t) => {
        const browser = await launch();
        t.after(async () => {
          await signalRenderers(browser, "SIGCONT");
          await browser.close();
        });
        const [grace, { page, id }] = [await observer(t, "/chat-fast"), await visitor(t, browser, "/chat-fast", transport)];
        await signalRenderers(browser, "SIGSTOP");
        await disconnected(grace, id, DISCONNECT_TIMEOUT + SLACK);
        await signalRenderers(browser, "SIGCONT");
        const next = await page.evaluate(() => window.reconnected);
        assert.notEqual(next, id);
        assert.equal(await page.evaluate(() => window.connection.invoke("Echo", "back")), "back");
      });
    }
  });
});
