// ShopNest's page for everyone: keyboard, screen reader, phone, dark mode, strict policy.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { shopnest } from "../javascript/support/server.mjs";
import { adminToken, ship } from "../javascript/support/shop-tokens.mjs";
import { launch } from "./support/chromium.mjs";
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

test("the page comes with a policy that allows nothing from elsewhere, and keeps to it", async (t) => {
  const ada = await ShopWindow.open(t, browser, "about:blank");
  const foreign = [];
  ada.page.on("request", (request) => {
    if (new URL(request.url()).host !== new URL(server.url).host) foreign.push(request.url());
  });
  await ada.page.addInitScript((token) => sessionStorage.setItem("shopnest.token", token), adminToken());
  const answer = await ada.page.goto(server.url);
  assert.match(answer.headers()["content-security-policy"] ?? "", /default-src 'self'/);
  await ada.state("connected");
  await ada.watch(5042);
  await ada.ship(5042);
  await ada.moved(5042);
  await ada.support.say("All from here");
  assert.deepEqual(foreign, []);
  assert.deepEqual(ada.complaints.all, []);
});

test("the keyboard alone reaches everything in order, always visibly, and sends", async (t) => {
  const ada = await open(t);
  const stops = [];
  for (let i = 0; i < 12; i++) {
    await ada.page.keyboard.press("Tab");
    stops.push(await ada.page.evaluate(focused));
  }
  assert.deepEqual(
    stops.map(({ name }) => name),
    [
      "skip-link",
      "name",
      "sign-in",
      "product-teapot",
      ...["messages", "message-input", "send"].map((part) => `support-room ${part}`),
      ...["messages", "message-input", "send"].map((part) => `product-room ${part}`),
      "order-number",
      "watch",
    ],
  );
  assert.deepEqual(stops.filter(({ visible }) => !visible), []);

  for (let i = 0; i < 6; i++) await ada.page.keyboard.press("Shift+Tab");
  assert.equal((await ada.page.evaluate(focused)).name, "support-room message-input");
  await ada.page.keyboard.type("Typed");
  await ada.page.keyboard.press("Enter");
  await ada.support.hears("Typed");
});

test("the skip link skips the header", async (t) => {
  const ada = await open(t);
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.press("Enter");
  await ada.page.keyboard.press("Tab");
  assert.equal((await ada.page.evaluate(focused)).name, "product-teapot");
  await ada.page.keyboard.press("ArrowRight");
  await ada.page.locator('[data-testid="product-room"][data-room="product-lamp"][data-joined="true"]').waitFor();
});

test("every control and landmark has a name", async (t) => {
  const ada = await open(t, "Ada");
  await ada.watch(5043);
  await ada.support.say("Hello");
  const session = await ada.page.context().newCDPSession(ada.page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const named = ["button", "textbox", "radio", "link", "log", "list", "region", "group", "radiogroup"];
  const controls = nodes.filter((node) => !node.ignored && named.includes(node.role?.value));
  const names = controls.map((node) => `${node.role.value} ${node.name?.value ?? ""}`);
  assert.deepEqual(names.filter((text) => text.endsWith(" ")), []);
  for (const expected of [
    "textbox Chatting as",
    "button Sign in",
    "radio Wren lamp, €64",
    "log Support messages",
    "textbox Message to support",
    "button Send to support",
    "textbox Question about the product",
    "button Send question",
    "textbox Order number",
    "button Watch",
    "button Ship order 5043",
  ]) {
    assert.ok(names.includes(expected), `${expected} is missing in ${names.join("; ")}`);
  }
  const roles = nodes.map((node) => node.role?.value);
  for (const role of ["banner", "main", "contentinfo", "status"]) assert.ok(roles.includes(role), `no ${role}`);
});

test("the form for accounts is a dialog that the keyboard alone fills in and leaves", async (t) => {
  const ada = await open(t, "Ada");
  await ada.page.getByTestId("sign-in").focus();
  await ada.page.keyboard.press("Enter");
  const session = await ada.page.context().newCDPSession(ada.page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const names = nodes.filter((node) => !node.ignored).map((node) => `${node.role?.value} ${node.name?.value}`);
  for (const expected of ["dialog Sign in", "textbox Account", "textbox Password", "button Go on as a guest", "button Sign in"]) {
    assert.ok(names.includes(expected), `${expected} is missing in ${names.join("; ")}`);
  }
  const stops = [];
  for (let i = 0; i < 4; i++) {
    stops.push(await ada.page.evaluate(focused));
    await ada.page.keyboard.press("Tab");
  }
  assert.deepEqual(stops.map(({ name }) => name), ["user", "password", "stay-guest", "submit-sign-in"]);
  assert.deepEqual(stops.filter(({ visible }) => !visible), []);
  await ada.page.keyboard.press("Escape");
  assert.equal((await ada.page.evaluate(focused)).name, "sign-in");
  await picture(ada.page, "shopnest-guest");
});

for (const width of [320, 360, 768, 1280]) {
  test(`the form for accounts fits into ${width} pixels`, async (t) => {
    const ada = await open(t, "Ada", { viewport: { width, height: 640 } });
    await ada.signIn("ann", "wrong");
    await ada.page.getByText("The name or the password is wrong.").waitFor();
    const box = await ada.page.getByTestId("sign-in-form").boundingBox();
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= 640, JSON.stringify(box));
    await picture(ada.page, `shopnest-sign-in-${width}`);
  });


  test(`nothing sticks out at ${width} pixels`, async (t) => {
    const ada = await open(t, "A name that goes on for forty characters!", { viewport: { width, height: 780 } });
    await ada.support.say("w".repeat(300));
    await ada.watch(2147483647);
    const size = await ada.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(size[0] <= size[1], `${size[0]} pixels in a window of ${size[1]}`);
    const state = await ada.page.getByTestId("connection-state").boundingBox();
    assert.ok(state.x >= 0 && state.x + state.width <= width);
  });
}

test("the connection state stays in sight on a phone", async (t) => {
  const ada = await open(t, "Ada", { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true });
  await ada.page.getByTestId("watch").scrollIntoViewIfNeeded();
  assert.ok((await ada.page.evaluate(() => window.scrollY)) > 0);
  const state = await ada.page.getByTestId("connection-state").boundingBox();
  assert.ok(state.y >= 0 && state.y < 100);
});

test("the page is light or dark as the visitor's system is", async (t) => {
  const brightness = async (colorScheme) => {
    const { page } = await ShopWindow.open(t, browser, server.url, { colorScheme });
    const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    return Math.max(...colour.match(/\d+/g).slice(0, 3).map(Number));
  };
  assert.ok((await brightness("light")) > 200);
  assert.ok((await brightness("dark")) < 60);
});

test("nothing moves for who prefers that", async (t) => {
  const hold = (page) => page.route("**/hubs/**", () => {});
  const spinning = async (reducedMotion) => {
    const { page } = await ShopWindow.open(t, browser, server.url, { reducedMotion, prepare: hold });
    return page.evaluate(() => document.getAnimations().length);
  };
  assert.equal(await spinning("reduce"), 0);
  assert.equal(await spinning("no-preference"), 1);
});

test("two conversations and the orders fit on one screen", async (t) => {
  const light = { colorScheme: "light" };
  const [ada, noor, guest] = [await open(t, "Ada", light), await open(t, "Noor", light), await open(t, "Guest 4821", light)];
  await ada.support.say("Hello! When does my parcel leave?");
  await noor.support.say("Hi Ada. The courier comes at four, so today.");
  await noor.support.say("Watch order 1042 on the right and you see it go.");
  await ada.support.say("Lovely, thank you.");
  await guest.questions.say("Does the teapot drip?");
  await ada.questions.say("Mine never has, and I pour a lot of tea.");
  await noor.questions.say("The spout is cut twice for that. 0.9 litres, by the way.");
  await ada.watch(1044);
  await ada.watch(1042);
  await ship(server, 1042);
  await ada.moved(1042);
  await ada.questions.hears("The spout is cut twice for that. 0.9 litres, by the way.");

  for (const panel of ["support-room", "product-room", "orders"]) {
    const box = await ada.page.getByTestId(panel).boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= 800, `${panel} ends at ${box.y + box.height}`);
  }
  await picture(ada.page, "shopnest");
});

async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.mouse.move(2, 2);
  await page.evaluate(() => {
    document.activeElement.blur();
    for (const animation of document.getAnimations()) animation.finish();
  });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

// Runs in the page: which hook has the focus, and is it visible?
function focused() {
  const node = document.activeElement;
  const room = node.closest(".room")?.dataset.testid;
  const ring = getComputedStyle(node.closest(".product") ?? node);
  const box = node.getBoundingClientRect();
  return {
    name: [room, node.dataset.testid ?? node.className].filter(Boolean).join(" "),
    visible: ring.outlineStyle === "solid" && parseFloat(ring.outlineWidth) >= 2 && box.bottom > 0 && box.top < innerHeight,
  };
}
