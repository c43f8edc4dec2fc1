// Signing in on ShopNest's page: guests, accounts, tokens that expire or are refused.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { shopnest } from "../javascript/support/server.mjs";
import { claimsOf } from "../javascript/support/shop-tokens.mjs";
import { failing } from "./support/blocked.mjs";
import { launch } from "./support/chromium.mjs";
import { ShopWindow } from "./support/shop-window.mjs";

/** What Chromium says of each request that is refused for want of a good token. */
const UNAUTHORIZED = /^Failed to load resource: the server responded with a status of 401/;

/** The claims of an account's user; the shop renews tokens of users who have signed in lately. */
const annsClaims = (lifetime, auth_time) => ({ sub: "ann", lifetime, auth_time });
const LATELY = Math.floor(Date.now() / 1000);
const YESTERDAY = LATELY - 24 * 60 * 60;
const ALMOST_UP = "Your time here is almost up.";
const UP = "Your time here is up. Sign in again to go on.";

/** Seconds that leave a slow machine several of them between a renewal, after four fifths, and the end. */
const BRIEF = 40;
/** For what happens at the end of a brief time. */
const BY_ITS_END = { timeout: 60_000 };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function running(t, options) {
  const server = await shopnest(options);
  t.after(() => server.stop());
  return server;
}

const open = (t, server, settings) => ShopWindow.connected(t, browser, server.url, settings);

/** Records the token of each negotiation. */
function negotiated(page) {
  const tokens = [];
  page.on("request", (request) => {
    if (request.url().includes("/negotiate")) tokens.push(request.headers().authorization?.replace("Bearer ", ""));
  });
  return tokens;
}

/** Counts the requests to sign in. */
function signIns(page) {
  const requests = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/login")) requests.push(request.postDataJSON());
  });
  return requests;
}

test("a visitor is a guest at once, signs in once for all connections, and stays the same when reloading", async (t) => {
  const server = await running(t);
  let requests;
  const ada = await open(t, server, { prepare: (page) => void (requests = signIns(page)) });
  assert.deepEqual(requests, [{ guest: true }]);
  const name = await ada.page.getByTestId("name").inputValue();
  assert.match(name, /^Guest \d{5}$/);
  const { sub } = claimsOf(await ada.token);
  await ada.page.reload();
  await ada.state("connected");
  await ada.visitor("guest", name);
  assert.equal(claimsOf(await ada.token).sub, sub);
  assert.equal(requests.length, 1);
  await ada.support.say("Still me");
  assert.deepEqual(await ada.support.messages(), [`${name}: Still me`]);
  assert.deepEqual(ada.complaints.all, []);
});

test("a guest chooses a name that nobody else has, and the browser remembers it", async (t) => {
  const server = await running(t);
  const ada = await open(t, server);
  await ada.page.getByTestId("name").fill("Ada");
  await ada.page.getByTestId("name").press("Enter");
  await ada.visitor("guest", "Ada");
  await ada.state("connected");
  await ada.support.say("My name is Ada");
  assert.deepEqual(await ada.support.messages(), ["Ada: My name is Ada"]);
  assert.deepEqual(ada.complaints.all, []);

  const other = await open(t, server);
  const before = await other.page.getByTestId("name").inputValue();
  for (const [name, text] of [["ada", "Somebody has this name already."], ["admin", "Somebody has this name already."]]) {
    await other.page.getByTestId("name").fill(name);
    await other.page.getByTestId("name").press("Tab");
    await other.page.getByTestId("name-error").getByText(text).waitFor();
    assert.equal(await other.page.getByTestId("name").getAttribute("aria-invalid"), "true");
  }
  await other.visitor("guest", before);
  await other.support.say("I am still here");
  assert.ok((await ada.support.messages()).includes(`${before}: I am still here`));

  // A second tab of the browser asks for the remembered name, which the first one has.
  const beside = await open(t, server, { beside: ada });
  const name = await beside.page.getByTestId("name").inputValue();
  assert.match(name, /^Guest \d{5}$/);
  assert.notEqual(claimsOf(await beside.token).sub, claimsOf(await ada.token).sub);
});

test("what somebody says right after choosing a name has that name", async (t) => {
  const server = await running(t);
  const [ada, grace] = [await open(t, server), await open(t, server)];
  await ada.page.getByTestId("name").fill("Ada");
  await ada.support.say("Who am I?");
  await grace.page.getByTestId("name").fill("Grace");
  await grace.questions.input.fill("And I?");
  await grace.questions.input.press("Enter");
  await grace.questions.hears("And I?");
  assert.deepEqual(await ada.support.messages(), ["Ada: Who am I?"]);
  assert.deepEqual(await grace.questions.messages(), ["Grace: And I?"]);
});

test("an account signs in and out, and talks under its name", async (t) => {
  const server = await running(t);
  const ann = await open(t, server);
  const guest = await ann.page.getByTestId("name").inputValue();
  await ann.signIn("ann", "wrong");
  await ann.page.getByTestId("sign-in-error").getByText("The name or the password is wrong.").waitFor();
  await ann.page.getByTestId("password").fill("ann-demo");
  await ann.page.getByTestId("password").press("Enter");
  await ann.visitor("account", "ann");
  await ann.state("connected");
  assert.ok(await ann.page.getByTestId("sign-in-form").isHidden());
  await ann.support.say("This is ann");
  assert.deepEqual(await ann.support.messages(), ["ann: This is ann"]);
  await ann.page.reload();
  await ann.visitor("account", "ann");
  await ann.state("connected");
  await ann.page.getByTestId("sign-in").getByText("Sign out").click();
  await ann.page.locator('[data-testid="visitor"][data-kind="guest"]').waitFor();
  await ann.state("connected");
  assert.notEqual(await ann.page.getByTestId("name").inputValue(), guest);
  await ann.support.say("And this is a guest");
  // Neither is kept anywhere.
  const kept = await ann.page.evaluate(() => JSON.stringify([sessionStorage, localStorage]));
  assert.ok(!kept.includes("ann-demo"), kept);
  assert.equal(await ann.page.getByTestId("password").inputValue(), "");
});

test("only the admin ships, and others read why not", async (t) => {
  const server = await running(t);
  const [window, watcher] = [await open(t, server), await open(t, server)];
  await watcher.watch(7042);
  await window.watch(7042);
  const refused = window.page.getByText("Order 7042 was not shipped: only an admin ships orders. Sign in as one.");
  await window.ship(7042);
  await refused.waitFor();
  await window.signIn("ann", "ann-demo");
  await window.visitor("account", "ann");
  await window.state("connected");
  await window.ship(7042);
  await refused.waitFor();
  await window.page.getByTestId("sign-in").click();
  await window.page.locator('[data-testid="visitor"][data-kind="guest"]').waitFor();
  await window.signIn("admin", "admin-demo");
  await window.visitor("account", "admin");
  await window.state("connected");
  await window.ship(7042);
  assert.equal(await window.moved(7042), "shipped");
  assert.equal(await watcher.moved(7042), "shipped");
});

test("a guest whose token is refused is a guest of the same name again, and connects anew", async (t) => {
  // Each start has another key.
  const server = await running(t, { env: {} });
  const windows = [await open(t, server), await open(t, server)];
  const before = await Promise.all(windows.map((window) => window.token));
  const requests = windows.map(({ page }) => signIns(page));
  await server.stop();
  for (const window of windows) await window.state("reconnecting", "offline");
  await server.restart();
  for (const [i, window] of windows.entries()) {
    await window.page.waitForFunction((token) => (sessionStorage.getItem("shopnest.token") ?? token) !== token, before[i], { timeout: 15_000 });
    await window.state("connected");
    const [was, is] = [before[i], await window.token].map(claimsOf);
    assert.equal(is.name, was.name);
    assert.notEqual(is.sub, was.sub);
    assert.equal(requests[i].length, 1);
  }
  await windows[0].support.say("All new");
  await windows[1].support.hears("All new");
  for (const { complaints } of windows) {
    assert.deepEqual(complaints.beyondOutage.filter((text) => !UNAUTHORIZED.test(text)), []);
  }
});

test("an account's token that is refused asks for the password; until then nobody is signed in", async (t) => {
  const server = await running(t, { env: {} });
  const ann = await open(t, server);
  await ann.signIn("ann", "ann-demo");
  await ann.visitor("account", "ann");
  await ann.state("connected");
  await server.stop();
  await ann.state("reconnecting", "offline");
  await server.restart();
  await ann.state("signed-out");
  await ann.visitor("nobody");
  await ann.page.getByText(UP).waitFor();
  const tokens = negotiated(ann.page);
  await ann.page.getByTestId("user").fill("ann");
  await ann.page.getByTestId("password").fill("ann-demo");
  await ann.page.getByTestId("submit-sign-in").click();
  await ann.visitor("account", "ann");
  await ann.state("connected");
  assert.deepEqual(new Set(tokens), new Set([await ann.token]));
  await ann.support.say("Back");
});

test("who leaves that form is a guest", async (t) => {
  const server = await running(t);
  const ann = await ShopWindow.open(t, browser, server.url, { name: "ann", claims: { sub: "ann", lifetime: -1 } });
  await ann.state("signed-out");
  await ann.page.keyboard.press("Escape");
  await ann.page.locator('[data-testid="visitor"][data-kind="guest"]').waitFor();
  await ann.state("connected");
  await ann.support.say("A guest now");
});

// They mostly wait.
describe("tokens that expire", { concurrency: 4 }, () => {
  test("a guest's token is renewed before it expires, with the same id and name", async (t) => {
    const server = await running(t);
    const ada = await open(t, server, { name: "Ada", claims: { lifetime: BRIEF } });
    await ada.visitor("guest", "Ada");
    const short = await ada.token;
    const id = await ada.support.connectionId;
    await ada.page.waitForFunction((token) => sessionStorage.getItem("shopnest.token") !== token, short, BY_ITS_END);
    const [was, is] = [short, await ada.token].map(claimsOf);
    assert.deepEqual([is.sub, is.name], [was.sub, was.name]);
    assert.ok(is.exp > was.exp + 3000);
    assert.ok(Date.now() / 1000 < was.exp, "it was renewed too late");
    // The connection is none the worse for it.
    await ada.support.say("Still here");
    assert.equal(await ada.support.connectionId, id);
    assert.deepEqual(ada.complaints.all, []);
  });

  test("an account's token is renewed before it expires, and its user notices nothing", async (t) => {
    const server = await running(t);
    const ann = await open(t, server, { name: "ann", claims: annsClaims(BRIEF, LATELY) });
    const short = await ann.token;
    await ann.page.waitForFunction((token) => sessionStorage.getItem("shopnest.token") !== token, short, BY_ITS_END);
    const [was, is] = [short, await ann.token].map(claimsOf);
    assert.deepEqual([is.sub, is.auth_time], ["ann", LATELY]);
    assert.ok(is.exp > was.exp + 3000);
    assert.ok(Date.now() / 1000 < was.exp, "it was renewed too late");
    await ann.support.say("Still here");
    assert.equal(await ann.page.getByTestId("sign-in").textContent(), "Sign out");
    assert.ok(await ann.page.getByText(ALMOST_UP).isHidden());
    await ann.visitor("account", "ann");
    assert.deepEqual(ann.complaints.all, []);
  });

  test("an account whose time is almost up is told so, and goes on after signing in again", async (t) => {
    const server = await running(t);
    const ann = await open(t, server, { name: "ann", claims: annsClaims(BRIEF, YESTERDAY) });
    await ann.page.getByText(ALMOST_UP).waitFor(BY_ITS_END);
    await ann.visitor("account", "ann");
    await ann.signIn("ann", "ann-demo");
    await ann.page.getByText(ALMOST_UP).waitFor({ state: "hidden" });
    await ann.state("connected");
    await ann.support.say("Here I stay");
    assert.equal(await ann.page.getByTestId("sign-in").textContent(), "Sign out");
  });

  test("an account whose time is up reads that, and nothing else", async (t) => {
    const server = await running(t);
    const ann = await open(t, server, { name: "ann", claims: annsClaims(BRIEF, YESTERDAY) });
    const { exp } = claimsOf(await ann.token);
    await ann.page.getByText(ALMOST_UP).waitFor(BY_ITS_END);
    await ann.page.getByText(UP).waitFor(BY_ITS_END);
    assert.ok(await ann.page.getByText(ALMOST_UP).isHidden());
    await ann.visitor("nobody");
    await ann.state("signed-out");
    assert.ok(Date.now() / 1000 >= exp, "it was not up yet");
    assert.equal(await ann.token, null);
  });

  for (const [transport, blocked] of [["WebSockets", []], ["event streams", ["WebSockets"]], ["polls", ["WebSockets", "ServerSentEvents"]]]) {
    const prepare = (page) => failing(page, blocked);
    const isPolled = transport === "polls";
    for (const [who, name, claims] of [["a guest", "Ada", { lifetime: BRIEF }], ["an account's user", "ann", annsClaims(BRIEF, LATELY)]]) {
      test(`over ${transport}, ${who} goes on with a renewed token when the first one expires`, async (t) => {
        const server = await running(t);
        const window = await open(t, server, { name, claims, prepare });
        const [id, short] = [await window.support.connectionId, await window.token];
        const tokens = negotiated(window.page);
        await window.page.waitForFunction((token) => sessionStorage.getItem("shopnest.token") !== token, short, BY_ITS_END);
        const renewed = await window.token;
        if (isPolled) {
          // The next poll has the renewed token, so the connection stays.
          await window.support.say("Here");
          // By then, the shop has ended connections with the first one.
          await window.page.waitForFunction((end) => Date.now() > end, claimsOf(short).exp * 1000 + 2500, BY_ITS_END);
          await window.support.say("Still here");
          assert.equal(await window.support.connectionId, id);
        } else {
          await window.page.locator(`[data-testid="support-room"][data-joined="true"]:not([data-connection-id="${id}"])`).waitFor(BY_ITS_END);
          await window.support.say("Back again");
          assert.deepEqual(await window.support.messages(), [`${name}: Back again`]);
          assert.deepEqual(new Set(tokens), new Set([renewed]));
        }
        assert.equal(await window.page.getByTestId("name").inputValue(), name);
      });
    }

    test(`over ${transport}, what an account's user was writing when the time was up is kept until it has signed in again`, async (t) => {
      const server = await running(t);
      const ann = await open(t, server, { name: "ann", claims: annsClaims(BRIEF / 2, YESTERDAY), prepare });
      await ann.support.input.fill("Too late?");
      await ann.page.getByText(UP).waitFor(BY_ITS_END);
      await ann.state("signed-out");
      await ann.page.getByTestId("user").fill("ann");
      await ann.page.getByTestId("password").fill("ann-demo");
      await ann.page.getByTestId("submit-sign-in").click();
      await ann.state("connected");
      assert.equal(await ann.support.input.inputValue(), "Too late?");
      await ann.support.say("Too late?");
    });
  }
});

test("while the shop cannot be reached, the page says so and signs in later", async (t) => {
  const server = await running(t);
  const ada = await ShopWindow.open(t, browser, server.url, { prepare: (page) => page.route("**/api/login", (route) => route.abort()) });
  await ada.state("offline");
  await ada.visitor("nobody");
  await ada.page.unroute("**/api/login");
  await ada.state("connected");
  await ada.support.say("In at last");
});

test("where storage is disabled, a visitor lasts as long as the page", async (t) => {
  const server = await running(t);
  const disable = () => {
    for (const name of ["sessionStorage", "localStorage"]) {
      Object.defineProperty(window, name, { get: () => { throw new DOMException("disabled", "SecurityError"); } });
    }
  };
  const ada = await open(t, server, { prepare: (page) => page.addInitScript(disable) });
  await ada.page.getByTestId("name").fill("Ada");
  await ada.page.getByTestId("name").press("Enter");
  await ada.visitor("guest", "Ada");
  await ada.state("connected");
  await ada.support.say("Hello");
  assert.deepEqual(ada.complaints.all, []);
});
