// Who may connect, who may call which methods, and until when.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { Requests } from "../support/requests.mjs";
import { collected } from "../support/streams.mjs";

export const theme = "authentication";

const isOnSockets = { where: ({ transport }) => transport === "WebSockets" };
const isPosted = { where: ({ transport }) => transport !== "WebSockets" };
const isPolled = { where: ({ transport }) => transport === "LongPolling" };

// A response in HTTP/2 has no reason beside its status.
const refusal = ({ httpProtocol }) => `${httpProtocol === "HTTP/2" ? "" : "Unauthorized"}: Status code '401'`;
const unauthorized = (method) => `Failed to invoke '${method}' because user is unauthorized`;

/** Returns a token for the hubs that ask for one. */
async function issued(cell) {
  const response = await fetch(cell.url("/generateJwtToken"), { signal: AbortSignal.timeout(5000) });
  assert.equal(response.status, 200);
  return response.text();
}

/** The options of a client with this token. */
const withToken = (token) => ({ options: { accessTokenFactory: () => token } });

/** Options with a new token each time that one is asked for: all of them are Ann's. `asked` counts. */
function countedTokens(options) {
  const tokens = { asked: 0 };
  tokens.options = { ...options, accessTokenFactory: async () => `ann.${600 + tokens.asked++}s` };
  return tokens;
}

/** How often a client asks for a token to start: for the negotiation, and for its WebSocket. */
const asksPerStart = ({ variant }) => (variant.transport === "WebSockets" ? 2 : 1);

/** `settings` makes the settings of a client that is not let in. */
const unstarted = (name, path, settings) =>
  behaviour(name, async (cell) => {
    const ada = cell.client(path, await settings(cell));
    const message = `Failed to complete negotiation with the server: Error: ${refusal(cell.variant)}`;
    await assert.rejects(ada.start(), { message });
    assert.equal(ada.connection.state, "Disconnected");
    assert.equal(ada.closed.all.length, 0);
  });

/** Returns the token with another signature. */
function forged(token) {
  const signature = token.lastIndexOf(".") + 1;
  const other = token[signature] === "A" ? "B" : "A";
  return token.slice(0, signature) + other + token.slice(signature + 1);
}

export const behaviours = [
  behaviour("a hub that asks for a token, with one", async (cell) => {
    const token = await issued(cell);
    for (const path of ["/authorizedhub", "/authorizedHub", "/authorizedhub2"]) {
      const ada = await cell.connected(path, withToken(token));
      for (const text of ["first", "second", "Grüße"]) assert.equal(await ada.invoke("Echo", text), text);
    }
  }),
  behaviour("a token that is fetched when it is needed", async (cell) => {
    const ada = await cell.connected("/authorizedhub", { options: { accessTokenFactory: () => issued(cell) } });
    assert.equal(await ada.invoke("Echo", "fetched"), "fetched");
  }),
  unstarted("a hub that asks for a token, without one", "/authorizedhub", () => ({})),
  unstarted("an empty token", "/authorizedhub", () => withToken("")),
  unstarted("what is no token", "/authorizedhub", () => withToken("ada")),
  unstarted("a token with another signature", "/authorizedhub", async (cell) => withToken(forged(await issued(cell)))),
  unstarted("a hub for users, without a user", "/chat-auth", () => ({})),
  unstarted("a hub for users, with a token that is no good", "/chat-auth", () => withToken("bad")),
  behaviour("a start without negotiation, with a token", async (cell) => {
    const { options } = withToken(await issued(cell));
    const ada = await cell.connected("/authorizedhub", { options: { ...options, skipNegotiation: true } });
    assert.equal(await ada.invoke("Echo", "at once"), "at once");
  }, isOnSockets),
  behaviour("a start without negotiation and without a token", async (cell) => {
    const ada = cell.client("/authorizedhub", { options: { skipNegotiation: true } });
    await assert.rejects(ada.start(), { message: /WebSocket failed to connect/ });
    assert.equal(ada.connection.state, "Disconnected");
  }, isOnSockets),
  behaviour("a redirect that brings a token, in place of one's own", async (cell) => {
    const ada = await cell.connected("/redirect", withToken("of no use here"));
    assert.equal(await ada.invoke("Echo", "redirected"), "redirected");
    await ada.stop();
    await ada.start();
    assert.equal(await ada.invoke("Echo", "again"), "again");
    const grace = await cell.connected("/redirect");
    assert.equal(await grace.invoke("Echo", "without"), "without");
  }),
  behaviour("every start asks for a token", async (cell) => {
    const tokens = countedTokens();
    const ada = await cell.connected("/chat-auth", tokens);
    assert.equal(await ada.invoke("UserIdentifier"), "ann");
    assert.equal(tokens.asked, asksPerStart(cell));
    await ada.stop();
    await ada.start();
    assert.equal(await ada.invoke("UserIdentifier"), "ann");
    assert.equal(tokens.asked, 2 * asksPerStart(cell));
  }),
  behaviour("a message with a token that is no good is refused alone", async (cell) => {
    const requests = new Requests(cell.variant);
    const ada = await cell.connected("/chat-auth", countedTokens({ httpClient: requests.httpClient }));
    requests.spoil("POST");
    await assert.rejects(ada.invoke("Echo", "refused"), { message: refusal(cell.variant) });
    assert.equal(await ada.invoke("Echo", "lives"), "lives");
    assert.equal(ada.reconnecting.all.length, 0);
  }, isPosted),
  behaviour("a poll with a token that is no good: back with another", async (cell) => {
    const requests = new Requests(cell.variant);
    const tokens = countedTokens({ httpClient: requests.httpClient });
    const ada = await cell.connected("/chat-auth", tokens);
    requests.spoil("GET");
    // The poll that is held brings the answer; the next one is refused.
    assert.equal(await ada.invoke("Echo", "the last"), "the last");
    assert.equal((await ada.reconnecting.next()).message, refusal(cell.variant));
    await ada.reconnected.next();
    assert.equal(tokens.asked, 2 * asksPerStart(cell));
    assert.equal(await ada.invoke("UserIdentifier"), "ann");
  }, isPolled),
  // The client's own HTTP client throws, so only with another one does it try again.
  behaviour("a client that sees the 401 asks for a token, and tries once more", async (cell) => {
    const requests = new Requests(cell.variant, { returnsRefusals: true });
    const tokens = countedTokens({ httpClient: requests.httpClient });
    const ada = await cell.connected("/chat-auth", tokens);
    const methods = cell.variant.transport === "LongPolling" ? ["POST", "GET"] : ["POST"];
    for (const method of methods) {
      requests.spoil(method);
      assert.equal(await ada.invoke("Echo", method), method);
      const refused = await requests.answered.until(({ status }) => status === 401);
      assert.equal(refused.method, method);
      assert.equal(await ada.invoke("UserIdentifier"), "ann");
    }
    assert.equal(tokens.asked, 1 + methods.length);
    assert.equal(ada.reconnecting.all.length, 0);
  }, isPosted),
  behaviour("another's request for the connection", async (cell) => {
    for (const [path, withoutUser] of [["/chat", 403], ["/chat-auth", 401]]) {
      const requests = new Requests(cell.variant);
      const { options } = withToken("ann");
      const ada = await cell.connected(path, { options: { ...options, httpClient: requests.httpClient } });
      const { url } = await requests.answered.until(({ method, url }) => method === "POST" && url.searchParams.has("id"));
      const send = (method, headers) => fetch(url, { method, headers, signal: AbortSignal.timeout(5000) });
      for (const method of ["GET", "POST", "DELETE"]) {
        assert.equal((await send(method, { Authorization: "Bearer bob" })).status, 403, `${method} ${path}`);
        assert.equal((await send(method, {})).status, withoutUser, `${method} ${path}`);
      }
      assert.equal(await ada.invoke("UserIdentifier"), "ann");
      assert.equal(ada.reconnecting.all.length, 0);
    }
  }, isPosted),
  behaviour("what is sent to a user reaches each of their connections", async (cell) => {
    const of = (token) => cell.connected("/chat", { ...withToken(token), pushes: ["ReceiveMessage"] });
    const [ann, another, bob] = [await of("ann"), await of("ann"), await of("bob")];
    for (const [client, user] of [[ann, "ann"], [another, "ann"], [bob, "bob"]]) {
      assert.equal(await client.invoke("UserIdentifier"), user);
    }
    const id = bob.connection.connectionId;
    for (const [user, text] of [["ann", "for ann"], ["Ann", "for nobody"], ["bob", "for bob"]]) await bob.invoke("SendToUser", user, text);
    assert.deepEqual(await ann.arrived.ReceiveMessage.next(), [id, "for ann"]);
    assert.deepEqual(await another.arrived.ReceiveMessage.next(), [id, "for ann"]);
    assert.deepEqual(await bob.arrived.ReceiveMessage.next(), [id, "for bob"]);
  }),
  behaviour("methods for users, without a user", async (cell) => {
    const pushes = ["Announced"];
    const [nobody, ann] = [await cell.connected("/members", { pushes }), await cell.connected("/members", withToken("ann"))];
    for (const method of ["Announce", "Dismiss"]) {
      await assert.rejects(nobody.invoke(method, "invoked"), { message: unauthorized(method) });
    }
    // The text has the declared name.
    await assert.rejects(nobody.invoke("announce", "invoked"), { message: unauthorized("Announce") });
    // Nothing of a refused call is looked at.
    await assert.rejects(nobody.invoke("Announce", 1, 2), { message: unauthorized("Announce") });
    assert.deepEqual(await collected(nobody, "Count", 3), [{ end: unauthorized("Count") }]);
    assert.deepEqual(await collected(nobody, "Announce", "streamed"), [{ end: unauthorized("Announce") }]);
    await nobody.send("Announce", "sent");
    assert.equal(await nobody.invoke("Echo", "lives"), "lives");
    await ann.invoke("Announce", "of Ann's");
    assert.deepEqual(await nobody.arrived.Announced.next(), ["of Ann's"]);
  }),
  behaviour("methods for users and for a role", async (cell) => {
    const pushes = ["Announced"];
    const ann = await cell.connected("/members", { ...withToken("ann"), pushes });
    await ann.invoke("Announce", "invoked");
    await ann.send("Announce", "sent");
    for (const text of ["invoked", "sent"]) assert.deepEqual(await ann.arrived.Announced.next(), [text]);
    assert.deepEqual(await collected(ann, "Count", 3), [0, 1, 2, { end: undefined }]);
    await assert.rejects(ann.invoke("Dismiss", "bob"), { message: unauthorized("Dismiss") });
    const admin = await cell.connected("/members", withToken("admin"));
    assert.equal(await admin.invoke("Dismiss", "bob"), "dismissed bob");
  }),
  behaviour("the authentication expires: back with another token", async (cell) => {
    let token = "ann.3s";
    const ada = await cell.connected("/chat-expiring", { options: { accessTokenFactory: () => token } });
    token = "ann";
    assert.equal(await ada.invoke("UserIdentifier"), "ann");
    assert.equal(await ada.reconnecting.next(), undefined);
    assert.deepEqual(ada.closes, [[undefined, true]]);
    await ada.reconnected.next();
    assert.equal(await ada.invoke("UserIdentifier"), "ann");
    assert.equal(ada.closed.all.length, 0);
  }),
];
