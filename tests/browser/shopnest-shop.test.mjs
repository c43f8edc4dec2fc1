// Two windows on ShopNest: rooms, names, orders, and what the server refuses.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { shopnest } from "../javascript/support/server.mjs";
import { ship } from "../javascript/support/shop-tokens.mjs";
import { launch } from "./support/chromium.mjs";
import { ADMIN, shipAnOrder, talkInTwoRooms } from "./support/shop-scenes.mjs";
import { ShopWindow } from "./support/shop-window.mjs";

let server;
let browser;
before(async () => {
  server = await shopnest();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (t, name, settings) => ShopWindow.connected(t, browser, server.url, { name, ...settings });

test("two windows talk in two rooms, and no message is in the wrong one", async (t) => {
  const [ada, grace] = [await open(t, "Ada"), await open(t, "Grace")];
  await talkInTwoRooms(ada, grace);
  for (const window of [ada, grace]) assert.deepEqual(window.complaints.all, []);
});

test("each product has a room of its own, and a window keeps what it saw there", async (t) => {
  const [ada, grace] = [await open(t, "Ada"), await open(t, "Grace")];
  await grace.questions.say("Teapots for two?");
  await ada.questions.hears("Teapots for two?");
  await grace.askAbout("lamp");
  assert.deepEqual(await grace.questions.messages(), []);
  await ada.questions.say("For three, even.");
  await grace.questions.say("Is the lamp bright?");
  assert.deepEqual(await grace.questions.messages(), ["Grace: Is the lamp bright?"]);
  await grace.askAbout("teapot");
  assert.deepEqual(await grace.questions.messages(), ["Grace: Teapots for two?"]);
  await grace.questions.say("And for four?");
  await ada.questions.hears("And for four?");
  assert.deepEqual(await ada.questions.messages(), ["Grace: Teapots for two?", "Ada: For three, even.", "Grace: And for four?"]);
});

test("quick changes of mind end in the room chosen last", async (t) => {
  const [ada, grace] = [await open(t, "Ada"), await open(t, "Grace")];
  await ada.askAbout("planter");
  for (const product of ["lamp", "planter", "teapot", "lamp"]) await grace.page.getByTestId(`product-${product}`).check();
  await grace.askAbout("planter");
  await ada.questions.say("Only about planters");
  await grace.questions.hears("Only about planters");
  assert.deepEqual(await grace.questions.messages(), ["Ada: Only about planters"]);
});

test("a room shows its newest 500 messages", async (t) => {
  const ada = await open(t, "Ada");
  const shown = await ada.page.evaluate(async () => {
    const { MessageLog } = await import("/modules/message-log.js");
    const list = document.createElement("div");
    const log = new MessageLog(list);
    for (let i = 0; i < 1200; i++) log.add({ user: "Ada", message: String(i), at: "2026-11-20T12:00:00Z" });
    const texts = [...list.querySelectorAll("[data-testid=message-text]")].map((text) => text.textContent);
    return [list.childElementCount, texts.at(0), texts.at(-1)];
  });
  assert.deepEqual(shown, [500, "700", "1199"]);
});

test("a message is shown as text, whatever is in it", async (t) => {
  const ada = await open(t, "<b>Ada</b>");
  const text = `<img src=x onerror="alert(1)"> & 'quotes' 世界`;
  await ada.support.say(text);
  assert.deepEqual(await ada.support.messages(), [`<b>Ada</b>: ${text}`]);
  assert.deepEqual(ada.complaints.all, []);
});

test("a blank message is refused in the server's words, and typing clears them", async (t) => {
  const ada = await open(t, "Ada");
  await ada.support.input.fill("   ");
  await ada.support.input.press("Enter");
  assert.equal(await ada.support.error(), "Message cannot be empty");
  assert.equal(await ada.support.input.getAttribute("aria-invalid"), "true");
  await ada.support.say("Better");
  assert.equal(await ada.support.locator.getByTestId("error").textContent(), "");
  assert.deepEqual(await ada.support.messages(), ["Ada: Better"]);
});

test("a message that is too long is refused and kept in the field", async (t) => {
  const ada = await open(t, "Ada");
  const long = "a".repeat(1001);
  await ada.questions.input.fill(long);
  await ada.questions.input.press("Enter");
  assert.equal(await ada.questions.error(), "Message too long");
  assert.equal(await ada.questions.input.inputValue(), long);
  assert.deepEqual(await ada.questions.messages(), []);
});

test("own messages are marked, also between visitors of the same name", async (t) => {
  const [one, two] = [await open(t, "Ada"), await open(t, "Ada")];
  await one.support.say("From the first");
  await two.support.hears("From the first");
  const own = (window) => window.support.locator.getByTestId("message").getAttribute("data-own");
  assert.equal(await own(one), "true");
  assert.equal(await own(two), "false");
});

test("a shipped order moves in every window that watches it, and in no other", async (t) => {
  await shipAnOrder(await open(t, "Ada", { claims: ADMIN }), await open(t, "Grace"), await open(t, "Edsger"));
});

test("an order shipped elsewhere moves here", async (t) => {
  const ada = await open(t, "Ada");
  await ada.watch(3042);
  await ada.watch(3043);
  const answer = await ship(server, 3042);
  const { status } = await answer.json();
  assert.equal(await ada.moved(3042), status);
  await ada.orderIs(3043, "watching");
});

test("an order number must be one", async (t) => {
  const ada = await open(t, "Ada");
  for (const text of ["", "tea", "0", "-4", "99999999999"]) {
    await ada.page.getByTestId("order-number").fill(text);
    await ada.page.getByTestId("watch").click();
    await ada.page.getByText("Enter an order number, such as 1042.").waitFor();
  }
  assert.equal(await ada.page.getByTestId("order-list").locator("li").count(), 0);
});
