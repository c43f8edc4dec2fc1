// Who may use ShopNest: tokens from POST /api/login or signed elsewhere, and what each is good for.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { client, connected } from "./support/client.mjs";
import { VARIANTS } from "./support/matrix.mjs";
import { shopnest } from "./support/server.mjs";
import { adminToken, bearing, claimsOf, login, ship, signIn, token } from "./support/shop-tokens.mjs";

const HUBS = ["chat", "orders", "notifications"];
const [newest] = VARIANTS;

let server;
before(async () => {
  server = await shopnest();
});
after(() => server?.stop());

const negotiate = (hub, token) => {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return fetch(`${server.url}/hubs/${hub}/negotiate?negotiateVersion=1`, { method: "POST", headers, signal: AbortSignal.timeout(5000) });
};

describe("accounts", () => {
  for (const [user, role] of [["ann"], ["bob"], ["admin", "Admin"]]) {
    test(`${user} signs in, ${role ? `in the role ${role}` : "without a role"}`, async () => {
      const { exp, auth_time, ...claims } = claimsOf(await signIn(server, { user, password: `${user}-demo` }));
      assert.deepEqual(claims, { sub: user, name: user, ...(role && { role }), iss: "shopnest", aud: "shopnest" });
      assert.ok(Math.abs(exp - Date.now() / 1000 - 3600) < 10, `exp is ${exp}`);
      assert.ok(Math.abs(auth_time - Date.now() / 1000) < 10, `auth_time is ${auth_time}`);
    });
  }

  test("a wrong password and an unknown user get the same answer, after the same work", async () => {
    const ask = async (user) => {
      const began = performance.now();
      const response = await login(server, { user, password: "wrong" });
      const { date, ...headers } = Object.fromEntries(response.headers);
      return { time: performance.now() - began, answer: [response.status, headers, await response.text()] };
    };
    const { answer } = await ask("ann");
    assert.equal(answer[0], 401);
    // A busy machine delays either; the shortest of several times is that of the work.
    const times = { ann: Infinity, nobody: Infinity };
    const areAlike = () => times.nobody > times.ann / 2 && times.nobody < times.ann * 2;
    for (let i = 0; i < 3 || (i < 50 && !areAlike()); i++) {
      for (const user of Object.keys(times)) {
        const asked = await ask(user);
        assert.deepEqual(asked.answer, answer);
        times[user] = Math.min(times[user], asked.time);
      }
    }
    assert.ok(areAlike(), JSON.stringify(times));
  });
});

describe("guests", () => {
  test("a guest has the name that was chosen, and an id of its own", async () => {
    const name = `Ada ${randomUUID().slice(0, 8)}`;
    const { sub, role, ...claims } = claimsOf(await signIn(server, { guest: true, name: ` ${name} ` }));
    assert.equal(claims.name, name);
    assert.equal(role, undefined);
    assert.match(sub, /^guest-[0-9a-f]{32}$/);
    for (const same of [name, name.toUpperCase()]) {
      assert.equal((await login(server, { guest: true, name: same })).status, 409);
    }
  });

  test("a guest's token is renewed with the same id and name", async () => {
    const first = await signIn(server, { guest: true });
    const [was, is] = [first, await signIn(server, { guest: true, name: "Somebody else" }, first)].map(claimsOf);
    assert.deepEqual([is.sub, is.name], [was.sub, was.name]);
    assert.ok(is.exp >= was.exp);
  });

  test("a guest's token that was signed elsewhere is renewed as well, unless it has expired", async () => {
    const name = `Grace ${randomUUID().slice(0, 8)}`;
    const sub = `guest-${randomUUID()}`;
    const renewed = claimsOf(await signIn(server, { guest: true }, token({ sub, name, lifetime: 60 })));
    assert.deepEqual([renewed.sub, renewed.name], [sub, name]);
    const expired = claimsOf(await signIn(server, { guest: true }, token({ sub, name, lifetime: -60 })));
    assert.notEqual(expired.sub, sub);
  });

  for (const name of ["ann", "Admin", " BOB "]) {
    test(`${JSON.stringify(name)} is an account's`, async () => {
      assert.equal((await login(server, { guest: true, name })).status, 409);
    });
  }

  for (const name of ["", "   ", "x".repeat(41), "a\u0007b", 7]) {
    test(`${JSON.stringify(name)} is no name`, async () => {
      assert.equal((await login(server, { guest: true, name })).status, 400);
    });
  }
});

describe("renewals", () => {
  const secondsAgo = (seconds) => Math.floor(Date.now() / 1000) - seconds;
  const ann = (claims) => token({ sub: "ann", name: "ann", lifetime: 3600, ...claims });

  test("an account's token is renewed, and says when its user signed in", async () => {
    const first = await signIn(server, { user: "admin", password: "admin-demo" });
    const { exp, ...claims } = claimsOf(await signIn(server, { renew: true }, first));
    const { exp: was, ...before } = claimsOf(first);
    assert.deepEqual(claims, before);
    assert.ok(exp >= was);
  });

  test("its role is the account's, whatever the token says", async () => {
    const renewed = await signIn(server, { renew: true }, ann({ role: "Admin", auth_time: secondsAgo(9) }));
    assert.equal(claimsOf(renewed).role, undefined);
    assert.equal((await ship(server, 1, renewed)).status, 403);
  });

  const day = 24 * 60 * 60;
  for (const [what, known, status] of [
    ["of somebody who signed in an hour ago", ann({ auth_time: secondsAgo(3600) }), 200],
    ["of somebody who signed in yesterday", ann({ auth_time: secondsAgo(day), iat: secondsAgo(1) }), 401],
    ["that was signed an hour ago", ann({ iat: secondsAgo(3600) }), 200],
    ["that was signed yesterday", ann({ iat: secondsAgo(day) }), 401],
    ["of nobody knows when", ann(), 401],
    ["that has expired", ann({ auth_time: secondsAgo(9), lifetime: -1 }), 401],
    ["of no account", ann({ sub: "carol", role: "Admin", auth_time: secondsAgo(9) }), 401],
    ["of a guest", token({ name: `Grace ${randomUUID().slice(0, 8)}`, lifetime: 3600 }), 200],
    ["that is missing", undefined, 401],
  ]) {
    test(`a token ${what}: ${status}`, async () => {
      assert.equal((await login(server, { renew: true }, known)).status, status);
    });
  }
});

for (const [what, body, status] of [
  ["nothing", "", 400],
  ["no JSON", "{", 400],
  ["neither", {}, 400],
  ["half of an account", { user: "ann" }, 400],
  ["both", { user: "ann", password: "ann-demo", guest: true }, 400],
  ["too much", { user: "ann", password: "x".repeat(100_000) }, 413],
]) {
  test(`a request with ${what} is refused with ${status}`, async () => {
    assert.equal((await login(server, body)).status, status);
  });
}

describe("tokens", () => {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const refused = {
    none: undefined,
    "an empty one": "",
    garbage: "garbage",
    "one that has expired": token({ lifetime: -1 }),
    "one without an end": token({ exp: undefined }),
    "one with another key": token({ key: "another key, which is as long as it should be" }),
    "one of another issuer": token({ iss: "shop" }),
    "one for another audience": token({ aud: ["chat", "shop"] }),
    "one that is not signed": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify({ sub: "ann", iss: "shopnest", aud: "shopnest", exp })).toString("base64url")}.`,
  };
  for (const [what, value] of Object.entries(refused)) {
    test(`${what}: no hub lets it in`, async (t) => {
      for (const hub of HUBS) {
        const response = await negotiate(hub, value);
        assert.deepEqual([response.status, await response.text()], [401, ""]);
      }
      assert.equal((await ship(server, 1, value ?? null)).status, 401);
      const visitor = client(t, newest, `${server.url}/hubs/chat`, { options: value === undefined ? {} : bearing(value) });
      await assert.rejects(visitor.start(), /Status code '401'/);
    });
  }

  for (const [role, status] of [["Admin", 200], [["Staff", "Admin"], 200], [["Staff"], 403], ["admin", 403], [undefined, 403], [[], 403]]) {
    test(`signed elsewhere with the role ${JSON.stringify(role)}, shipping responds with ${status}`, async (t) => {
      const carol = token({ sub: "carol", name: "Carol", role });
      assert.equal((await ship(server, 1, carol)).status, status);
      for (const hub of HUBS) await connected(t, newest, `${server.url}/hubs/${hub}`, { options: bearing(carol) });
    });
  }
});

for (const variant of VARIANTS) {
  test(`guest, ann and admin talk, and only admin ships (${variant.name})`, async (t) => {
    const room = randomUUID();
    const asked = [{ guest: true }, { user: "ann", password: "ann-demo" }, { user: "admin", password: "admin-demo" }];
    const tokens = await Promise.all(asked.map((body) => signIn(server, body)));
    const pushes = ["ReceiveMessage"];
    const visitors = [];
    for (const token of tokens) {
      const visitor = await connected(t, variant, `${server.url}/hubs/chat`, { pushes, options: bearing(token) });
      await visitor.invoke("JoinRoom", room);
      visitors.push(visitor);
    }
    for (const [i, visitor] of visitors.entries()) {
      await visitor.invoke("SendMessage", room, "somebody else", "Hello");
      const { name } = claimsOf(tokens[i]);
      for (const { arrived } of visitors) assert.equal((await arrived.ReceiveMessage.next())[0].user, name);
    }
    const statuses = await Promise.all(tokens.map(async (token) => (await ship(server, 7, token)).status));
    assert.deepEqual(statuses, [403, 403, 200]);
  });
}

test("guessing passwords is bounded, while others talk and sign in", async (t) => {
  const room = randomUUID();
  const ada = await connected(t, newest, `${server.url}/hubs/chat`, { pushes: ["ReceiveMessage"], options: bearing(token()) });
  await ada.invoke("JoinRoom", room);
  const statuses = new Map();
  let goesOn = true;
  const guess = async () => {
    while (goesOn) {
      const response = await login(server, { user: "admin", password: randomUUID() });
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (response.status === 429) assert.ok(Number(response.headers.get("Retry-After")) > 0);
      await response.arrayBuffer();
    }
  };
  const guessing = Array.from({ length: 100 }, guess);
  try {
    for (let i = 0; i < 20; i++) {
      await ada.invoke("SendMessage", room, "Ada", String(i));
      assert.equal((await ada.arrived.ReceiveMessage.next(2000))[0].message, String(i));
      await signIn(server, { guest: true });
      await new Promise((resolve) => setTimeout(resolve, 110));
    }
    assert.equal((await ship(server, 1, adminToken())).status, 200);
  } finally {
    goesOn = false;
    await Promise.all(guessing);
  }
  assert.deepEqual([...statuses.keys()].sort(), [401, 429]);
  t.diagnostic(`${statuses.get(401)} guesses were answered, ${statuses.get(429)} refused`);
  await signIn(server, { user: "admin", password: "admin-demo" });
});

test("many sign in one after another", async () => {
  for (let i = 0; i < 40; i++) await signIn(server, { user: "ann", password: "ann-demo" });
});
