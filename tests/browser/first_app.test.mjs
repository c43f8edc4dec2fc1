// The tutorial's page: two windows chat.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { firstApp } from "../javascript/support/server.mjs";
import { Complaints, launch } from "./support/chromium.mjs";

let server;
let browser;
before(async () => {
  server = await firstApp();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(t, name) {
  const context = await browser.newContext({ viewport: { width: 360, height: 780 } });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(5000);
  const complaints = await Complaints.of(page);
  await page.goto(server.url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("status").getByText("Connected", { exact: true }).waitFor();
  return { page, complaints };
}

async function say(page, to, text) {
  await page.getByLabel("To").selectOption(to);
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

const hears = (page, text) => page.getByRole("listitem").filter({ hasText: text }).first().waitFor();

test("two windows talk, to everyone and in the lobby", async (t) => {
  const [ada, grace] = [await open(t, "Ada"), await open(t, "Grace")];
  await say(ada.page, "all", "hello");
  for (const { page } of [ada, grace]) await hears(page, "Ada hello");
  await hears(ada.page, "joined lobby");
  await say(grace.page, "room", "hello, lobby");
  for (const { page } of [ada, grace]) await hears(page, "hello, lobby");
  for (const { page, complaints } of [ada, grace]) {
    assert.equal(await page.getByRole("listitem").filter({ hasText: "hello" }).count(), 2);
    assert.deepEqual(complaints.all, []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  }
});

test("the page comes back after the server has", async (t) => {
  const { page } = await open(t, "Ada");
  await server.stop("SIGKILL");
  await page.getByRole("status").getByText("Reconnecting…").waitFor();
  await server.restart();
  await page.getByRole("status").getByText("Connected", { exact: true }).waitFor({ timeout: 10_000 });
  await say(page, "room", "back");
  await hears(page, "back");
});
