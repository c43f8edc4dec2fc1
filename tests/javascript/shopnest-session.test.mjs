// What ShopNest's page makes of answers that come late, where the latest choice wins, and how it renews an
// account's token. No server is needed.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { Session } from "../../apps/shopnest/page/modules/session.js";
import { claimsOf, token } from "./support/shop-tokens.mjs";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

// The requests, in their order.
let asked;
let session;
// What the session has told since its start.
let told;

// Time passes only in tests that are about it, and not for sessions of earlier tests.
beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  asked = [];
  told = [];
  globalThis.window = { sessionStorage: storage(), localStorage: storage() };
  mock.method(globalThis, "fetch", (_, { body, headers }) => new Promise((resolve, reject) => asked.push({ body: JSON.parse(body), headers, resolve, reject })));
  session = new Session({ stateChanged: (state) => told.push(state) });
  for (const event of ["change", "expiring"]) session.addEventListener(event, () => told.push(event));
});

function storage() {
  const items = new Map();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) };
}

const granted = (claims) => Response.json({ token: token(claims) });
const ann = () => granted({ sub: "ann", name: "ann" });

/** Lets a guest in, and returns once the session has the token. */
async function guest(name = "Guest 00001") {
  void session.start();
  asked.shift().resolve(granted({ name }));
  await session.signedIn();
}

describe("the latest choice wins", () => {
  test("a guest's name over a password whose answer is late", async () => {
    await guest();
    const first = session.signIn("ann", "ann-demo");
    const second = session.beGuest("Ada");
    asked[1].resolve(granted({ name: "Ada" }));
    await second;
    asked[0].resolve(ann());
    await first;
    assert.deepEqual([session.user.name, session.user.isGuest], ["Ada", true]);
    assert.equal(claimsOf(window.sessionStorage.getItem("shopnest.token")).name, "Ada");
  });

  test("a password over a guest's name whose answer is late, which is not remembered", async () => {
    await guest();
    const first = session.beGuest("Ada");
    const second = session.signIn("ann", "ann-demo");
    asked[0].resolve(granted({ name: "Ada" }));
    await first;
    assert.equal(session.user.name, "Guest 00001");
    asked[1].resolve(ann());
    await second;
    assert.deepEqual([session.user.name, session.user.isGuest], ["ann", false]);
    assert.equal(window.localStorage.getItem("shopnest.name"), null);
  });

  test("signing out over a password whose answer is late", async () => {
    await guest();
    const first = session.signIn("ann", "ann-demo");
    const second = session.signOut();
    asked[1].resolve(granted({ name: "Guest 00002" }));
    await second;
    asked[0].resolve(ann());
    await first;
    assert.deepEqual([session.user.name, session.user.isGuest], ["Guest 00002", true]);
  });

  test("whatever comes of the earlier one", async () => {
    await guest();
    const first = session.signIn("ann", "wrong");
    const second = session.beGuest("Ada");
    asked[0].resolve(new Response("The name or the password is wrong.\n", { status: 401 }));
    await first;
    asked[1].resolve(granted({ name: "Ada" }));
    await second;
    assert.equal(session.user.name, "Ada");
  });
});

describe("an account's token", () => {
  /** Signs ann in, with a token that is good for an hour. */
  async function annIsHere() {
    const signingIn = session.signIn("ann", "ann-demo");
    asked.shift().resolve(ann());
    await signingIn;
    told.length = 0;
    return session.token;
  }

  /** Lets time pass, and what is due by then happen. */
  async function pass(time) {
    mock.timers.tick(time);
    await new Promise(setImmediate);
  }

  async function answered(response) {
    asked.shift().resolve(response);
    await new Promise(setImmediate);
  }

  const refusal = () => new Response("Please sign in again.\n", { status: 401, headers: { Date: new Date(Date.now()).toUTCString() } });
  const renewed = () => granted({ sub: "ann", name: "ann", renewals: 1 });

  test("is renewed after four fifths of its time, and nobody notices", async () => {
    const first = await annIsHere();
    await pass(0.8 * HOUR - SECOND);
    assert.deepEqual(asked, []);
    await pass(SECOND);
    const [{ body, headers }] = asked;
    assert.deepEqual(body, { renew: true });
    assert.equal(headers.Authorization, `Bearer ${first}`);
    await answered(renewed());
    assert.equal(claimsOf(session.token).renewals, 1);
    assert.equal(window.sessionStorage.getItem("shopnest.token"), session.token);
    assert.deepEqual([session.user.name, session.user.isGuest, told], ["ann", false, ["connected"]]);
    await pass(0.8 * HOUR);
    assert.equal(asked.length, 1);
  });

  test("that is not renewed is good until it expires; then nobody is signed in", async () => {
    const first = await annIsHere();
    await pass(0.8 * HOUR);
    await answered(refusal());
    assert.deepEqual([session.token, told], [first, ["expiring"]]);
    await pass(0.2 * HOUR - 2 * SECOND);
    assert.deepEqual(told, ["expiring"]);
    await pass(3 * SECOND);
    assert.deepEqual([session.token, session.user, told], [null, null, ["expiring", "signed-out", "change"]]);
    assert.equal(window.sessionStorage.getItem("shopnest.token"), null);
    assert.deepEqual(asked, []);
  });

  test("that is not renewed does not end the session of a user who signs in again", async () => {
    await annIsHere();
    await pass(0.8 * HOUR);
    await answered(refusal());
    const signingIn = session.signIn("ann", "ann-demo");
    await answered(ann());
    await signingIn;
    await pass(0.3 * HOUR);
    assert.deepEqual([session.user.name, told], ["ann", ["expiring", "connected"]]);
  });

  test("is renewed as soon as the shop can be reached", async () => {
    await annIsHere();
    await pass(0.8 * HOUR);
    asked.shift().reject(new TypeError("Failed to fetch"));
    await pass(0);
    await pass(SECOND);
    await answered(new Response("busy", { status: 503 }));
    await pass(2 * SECOND);
    await answered(renewed());
    assert.deepEqual([claimsOf(session.token).renewals, told], [1, ["connected"]]);
  });

  test("that has expired before the shop can be reached ends at once", async () => {
    await annIsHere();
    await pass(0.8 * HOUR);
    asked.shift().reject(new TypeError("Failed to fetch"));
    await pass(0);
    await pass(HOUR);
    await answered(refusal());
    assert.deepEqual([session.user, told], [null, ["signed-out", "change"]]);
  });

  test("goes by the shop's clock, not by the computer's", async () => {
    window.sessionStorage.setItem("shopnest.token", token({ sub: "ann", name: "ann", lifetime: -1000 }));
    window.sessionStorage.setItem("shopnest.account", "yes");
    session.start();
    await pass(0);
    const { headers } = refusal();
    headers.set("Date", new Date(Date.now() - 2 * HOUR).toUTCString());
    await answered(new Response("", { status: 401, headers }));
    assert.equal(session.user.name, "ann");
    assert.equal(told.at(-1), "expiring");
  });

  test("that comes late does not overtake a choice", async () => {
    await annIsHere();
    await pass(0.8 * HOUR);
    const [renewal] = asked.splice(0);
    void session.signOut();
    await answered(granted({ name: "Guest 00003" }));
    renewal.resolve(renewed());
    await pass(0);
    assert.equal(session.user.name, "Guest 00003");
  });

  test("whose refusal comes late says nothing of another user", async () => {
    await annIsHere();
    await pass(0.8 * HOUR);
    const [renewal] = asked.splice(0);
    const signingIn = session.signIn("bob", "bob-demo");
    await answered(granted({ sub: "bob", name: "bob" }));
    await signingIn;
    told.length = 0;
    renewal.resolve(refusal());
    await pass(HOUR / 2);
    assert.deepEqual([session.user.name, told], ["bob", []]);
  });
});

test("a choice that the shop refuses throws, and changes nobody", async () => {
  await guest();
  const chosen = session.beGuest("Ada");
  asked[0].resolve(new Response("Somebody has this name already.\n", { status: 409 }));
  await assert.rejects(chosen, { status: 409, message: "Somebody has this name already." });
  assert.equal(session.user.name, "Guest 00001");
});

test("a new guest in place of one whose token is refused does not overtake a password", async () => {
  await guest();
  const chosen = session.signIn("ann", "ann-demo");
  session.refused(session.token);
  asked[1].resolve(granted({ name: "Guest 00002" }));
  await session.signedIn();
  asked[0].resolve(ann());
  await chosen;
  assert.equal(session.user.name, "ann");
});

test("a password that is wrong does not end the attempts to become a guest", async () => {
  void session.start();
  const chosen = session.signIn("ann", "wrong");
  asked[1].resolve(new Response("The name or the password is wrong.\n", { status: 401 }));
  await assert.rejects(chosen, { status: 401 });
  asked[0].resolve(granted({ name: "Guest 00001" }));
  await session.signedIn();
  assert.equal(session.user.name, "Guest 00001");
});
