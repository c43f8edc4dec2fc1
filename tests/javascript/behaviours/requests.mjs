// What a hub sees of the request that opened its connection.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "requests";

// Client 7 has a cookie jar only if Node has no fetch of its own.
const keepsCookies = ({ client }) => !client.startsWith("7.");

async function assertCookies(cell) {
  const ada = await cell.connected("/testhub");
  assert.equal(await ada.invoke("GetCookie", "testCookie"), "testValue");
  assert.equal(await ada.invoke("GetCookie", "testCookie2"), "testValue2");
  assert.equal(await ada.invoke("GetCookie", "expiredCookie"), null);
  const grace = await cell.connected("/default");
  assert.equal(await grace.invoke("GetCookieValue", "fromNegotiate"), "a value");
  assert.equal(await grace.invoke("GetCookieValue", "absent"), null);
}

export const behaviours = [
  behaviour("headers of the client's options", async (cell) => {
    const ada = await cell.connected("/testhub", { options: { headers: { "X-Test": "a value", "X-Empty": "" } } });
    assert.equal(await ada.invoke("GetHeader", "X-Test"), "a value");
    assert.equal(await ada.invoke("GetHeader", "x-test"), "a value");
    // The event source leaves out what is empty.
    const isEventStream = cell.variant.transport === "ServerSentEvents";
    assert.equal(await ada.invoke("GetHeader", "X-Empty"), isEventStream ? null : "");
    assert.equal(await ada.invoke("GetHeader", "X-Absent"), null);
  }),
  behaviour("several headers at once, null for the absent", async (cell) => {
    const options = { headers: { "X-One": "1", "X-Two": "zwei" } };
    const ada = await cell.connected("/default", { options });
    assert.deepEqual(await ada.invoke("GetHeaderValues", ["X-Two", "X-Absent", "X-One"]), ["zwei", null, "1"]);
  }),
  behaviour("the client's user agent, and another", async (cell) => {
    const ada = await cell.connected("/testhub");
    assert.match(await ada.invoke("GetHeader", "User-Agent"), new RegExp(`^Microsoft SignalR/.* \\(${cell.variant.client};.*NodeJS`));
    const grace = await cell.connected("/testhub", { options: { headers: { "User-Agent": "a test" } } });
    assert.equal(await grace.invoke("GetHeader", "User-Agent"), "a test");
  }),
  behaviour("what fetch says besides: only polls are its requests", async (cell) => {
    const ada = await cell.connected("/testhub");
    const expected = cell.variant.transport === "LongPolling" ? "XMLHttpRequest" : null;
    assert.equal(await ada.invoke("GetHeader", "X-Requested-With"), expected);
    assert.equal(await ada.invoke("GetContentTypeHeader"), null);
  }),
  behaviour("a token, which an open hub ignores", async (cell) => {
    const ada = await cell.connected("/default", { options: { accessTokenFactory: () => "test" } });
    // An event source gets it in the query.
    const isEventStream = cell.variant.transport === "ServerSentEvents";
    assert.deepEqual(await ada.invoke("GetHeaderValues", ["Authorization"]), [isEventStream ? null : "Bearer test"]);
  }),
  behaviour("cookies of the negotiation", assertCookies, { where: keepsCookies }),
  behaviour("a key of the query", async (cell) => {
    const ada = await cell.connected("/testhub?other=1&numRedirects=7");
    assert.equal(await ada.invoke("GetNumRedirects"), 7);
  }),
  behaviour("the user of a header", async (cell) => {
    const ada = await cell.connected("/default", { options: { headers: { "Super-Insecure-UserName": "ada" } } });
    assert.equal(await ada.invoke("GetUserIdentifier"), "ada");
    const nobody = await cell.connected("/default");
    assert.equal(await nobody.invoke("GetUserIdentifier"), null);
  }),
  behaviour("addresses, ports and the HTTP version", async (cell) => {
    const ada = await cell.connected("/default");
    const [localPort, remotePort, ...addresses] = await ada.invoke("GetIHttpConnectionFeatureProperties");
    assert.equal(localPort, cell.server.port);
    assert.ok(remotePort > 0 && remotePort !== localPort, `remote port ${remotePort}`);
    assert.deepEqual(addresses, ["127.0.0.1", "127.0.0.1"]);
    assert.equal(await ada.invoke("GetHttpProtocol"), cell.variant.httpProtocol);
  }),
];
