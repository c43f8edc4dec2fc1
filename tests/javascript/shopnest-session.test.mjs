// What ShopNest's page makes of answers that come late: the latest choice wins. No server is needed.

import assert from "node:assert/strict";
import { before, beforeEach, describe, mock, test } from "node:test";

import { Session } from "../../apps/shopnest/page/modules/session.js";
import { claimsOf, token } from "./support/shop-tokens.mjs";

// The requests that have no answer yet, in their order.
let asked;
let session;

// No token is renewed meanwhile.
before(() => mock.timers.enable({ apis: ["setTimeout"] }));

beforeEach(() => {
  asked = [];
  globalThis.window = { sessionStorage: storage(), localStorage: storage() };
  mock.method(globalThis, "fetch", (_, { body }) => new Promise((resolve, reject) => asked.push({ body: JSON.parse(body), resolve, reject })));
  session = new Session({ stateChanged: () => {} });
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
