// The behaviours of the socket tests with the official client in Chromium pages, over every
// transport and in every encoding that it carries.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { THEMES } from "../javascript/behaviours/index.mjs";
import { certificate } from "../javascript/support/certificate.mjs";
import { conformance } from "../javascript/support/server.mjs";
import { Table } from "../javascript/support/table.mjs";
import { launch } from "./support/chromium.mjs";
import { COLUMNS, inBrowsers } from "./support/matrix.mjs";
import { openOn } from "./support/repository.mjs";

/** The time limit of a cell, in milliseconds. */
const LIMIT = 40_000;
/** Its rows stop the server, so each gets one of its own. */
const OUTAGES = "outages";

const themes = inBrowsers(THEMES);
const table = new Table(themes, COLUMNS);
// Not in after(), because the reporter is still writing then.
process.once("exit", () => console.log(`\n${table}\n`));

let browser;

/** A page of the conformance server, which runs cells. */
class Column {
  static async open(column) {
    const opened = new Column();
    opened.column = column;
    opened.server = await conformance({ certificate: column.isSecure ? certificate() : undefined });
    opened.context = await browser.newContext();
    opened.page = await opened.context.newPage();
    await opened.page.exposeFunction("stopServer", (signal) => opened.server.stop(signal));
    await opened.page.exposeFunction("restartServer", () => opened.server.restart());
    const proxies = new Map();
    await opened.page.exposeFunction("startProxy", async (method, ...settings) => {
      const proxy = await opened.server[method](...settings);
      proxies.set(proxy.port, proxy);
      return proxy.port;
    });
    await opened.page.exposeFunction("cutProxy", (port) => proxies.get(port).cut());
    await opened.page.exposeFunction("stopProxy", (port) => proxies.get(port).stop());
    await openOn(opened.page, opened.server.url, "/tests/browser/page/matrix.html");
    assert.equal(await opened.page.evaluate(() => window.clientVersion), column.client);
    return opened;
  }

  async run(theme, name) {
    await this.page.evaluate((cell) => window.runCell(...cell), [theme, name, this.column]);
  }

  async close() {
    await this.context?.close();
    await this.server?.stop();
  }
}

// Columns run concurrently, each with its own server; the cells of a column run in order.
describe("matrix", { concurrency: COLUMNS.length }, () => {
  before(async () => {
    browser = await launch({ trusted: certificate() });
  });
  after(() => browser?.close());

  for (const column of COLUMNS) {
    describe(column.name, { concurrency: 1 }, () => {
      let shared;
      before(async () => {
        shared = await Column.open(column);
      });
      after(() => shared?.close());

      for (const { theme, behaviours } of themes) {
        for (const behaviour of behaviours.filter(({ run, where }) => run && where(column))) {
          test(`${theme}: ${behaviour.name}`, { timeout: LIMIT }, async (t) => {
            table.mark(behaviour, column, "FAIL");
            const page = theme === OUTAGES ? await Column.open(column) : shared;
            if (page !== shared) t.after(() => page.close());
            await page.run(theme, behaviour.name);
            table.mark(behaviour, column, "pass");
          });
        }
      }
    });
  }
});
