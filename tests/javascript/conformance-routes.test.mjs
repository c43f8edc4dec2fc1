// The conformance server's routes, request by request: what no client of the matrix shows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { conformance } from "./support/server.mjs";
import { Inbox, within } from "./support/waiting.mjs";

// The WebSockets that the client uses.
const WebSocket = createRequire(import.meta.resolve("@microsoft/signalr"))("ws");
const RECORD = "\u001e";
const COOKIES = ["testCookie=testValue; path=/", "testCookie2=testValue2; path=/"];

let server;
before(async () => {
  server = await conformance();
});
after(() => server?.stop());

const send = (method, path, options) =>
  fetch(server.url + path, { method, redirect: "manual", signal: AbortSignal.timeout(5000), ...options });

async function negotiated(path) {
  const response = await send("POST", `${path}/negotiate?negotiateVersion=1`);
  assert.equal(response.status, 200, path);
  return response.json();
}

/** Asks for a WebSocket, and returns the status and text of the answer. */
function upgrade(path) {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key };
  const answered = new Promise((resolve, reject) => {
    const sent = request(server.url + path, { headers }, async (answer) => {
      const text = Buffer.concat(await answer.toArray()).toString();
      resolve([answer.statusCode, text]);
    });
    sent.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve([answer.statusCode, ""]);
    });
    sent.on("error", reject);
    sent.end();
  });
  return within(answered, "the answer to the upgrade");
}

for (const path of ["/testhub", "/default", "/dynamic", "/hubT", "/version", "/negotiateProtocolVersionNegative"]) {
  test(`${path} offers every transport`, async () => {
    const { availableTransports } = await negotiated(path);
    assert.deepEqual(availableTransports, [
      { transport: "WebSockets", transferFormats: ["Text", "Binary"] },
      { transport: "ServerSentEvents", transferFormats: ["Text"] },
      { transport: "LongPolling", transferFormats: ["Text", "Binary"] },
    ]);
    assert.deepEqual(await upgrade(path), [101, ""]);
  });
}

for (const path of ["/testhub-nowebsockets", "/default-nowebsockets"]) {
  test(`${path} offers no WebSockets and takes none`, async () => {
    const { availableTransports, connectionToken } = await negotiated(path);
    assert.deepEqual(availableTransports.map(({ transport }) => transport), ["ServerSentEvents", "LongPolling"]);
    const refused = [404, "WebSockets transport not supported by this end point type"];
    assert.deepEqual(await upgrade(path), refused);
    assert.deepEqual(await upgrade(`${path}?id=${connectionToken}`), refused);
  });
}

test("a minimum of 12 is met by no version", async () => {
  for (const version of [0, 1, 11]) {
    const response = await send("POST", `/negotiateProtocolVersion12/negotiate?negotiateVersion=${version}`);
    const error = `The client requested version '${version}', but the server does not support this version.`;
    assert.deepEqual([response.status, await response.json()], [200, { error }]);
  }
});

test("a hub protocol of a version to come is refused in the handshake", async () => {
  const { connectionToken } = await negotiated("/version");
  const path = `/version?id=${connectionToken}`;
  assert.equal((await send("GET", path)).status, 200);
  const body = JSON.stringify({ protocol: "json", version: 2147483647 }) + RECORD;
  assert.equal((await send("POST", path, { body })).status, 200);
  const error = "The server does not support version 2147483647 of the 'json' protocol.";
  assert.equal(await (await send("GET", path)).text(), JSON.stringify({ error }) + RECORD);
});

test("every negotiation sets cookies, a refused one too", async () => {
  for (const path of ["/testhub", "/default", "/TESTHUB", "/bad-negotiate", "/no-such-hub", "/authorizedhub"]) {
    const response = await send("POST", `${path}/negotiate?negotiateVersion=1`);
    const [first, second, expired, last] = response.headers.getSetCookie();
    assert.deepEqual([first, second, last], [...COOKIES, "fromNegotiate=a%20value; path=/"], path);
    assert.match(expired, /^expiredCookie=doesntmatter; expires=.* GMT; path=\/$/);
    assert.ok(new Date(/expires=([^;]*)/.exec(expired)[1]) < Date.now());
  }
  const elsewhere = await send("GET", "/testhub?id=unknown");
  assert.deepEqual(elsewhere.headers.getSetCookie(), []);
});

test("other origins may do everything, and OPTIONS is always answered", async () => {
  const Origin = "http://localhost:1234";
  const asked = { Origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-requested-with" };
  const preflight = await send("OPTIONS", "/testhub/negotiate", { headers: asked });
  assert.deepEqual([preflight.status, await preflight.text()], [204, ""]);
  const allowed = (response, name) => response.headers.get(`access-control-allow-${name}`);
  assert.deepEqual(["origin", "credentials", "methods", "headers"].map((name) => allowed(preflight, name)), [
    Origin, "true", "POST", "x-requested-with",
  ]);
  const response = await send("POST", "/testhub/negotiate", { headers: { Origin } });
  assert.deepEqual([response.status, allowed(response, "origin"), allowed(response, "methods")], [200, Origin, null]);
  assert.equal((await send("OPTIONS", "/no-such-path")).status, 204);
});

test("a bad negotiation has a text", async () => {
  const response = await send("POST", "/bad-negotiate/negotiate");
  assert.deepEqual([response.status, await response.text()], [400, "Some response from server"]);
});

test("redirects count up, and point into the base URL", async () => {
  const counts = [];
  for (const path of ["/redirect", "/redirect/negotiate", "/Redirect"]) {
    const response = await send("POST", `${path}?numRedirects=0&baseUrl=http://example.test`);
    const { url } = await response.json();
    counts.push(Number(/^http:\/\/example\.test\/testHub\?numRedirects=(\d+)$/.exec(url)[1]));
  }
  assert.deepEqual(counts, [1, 2, 3]);
});

/** Returns header and claims of a token. */
const read = (token) => token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));

async function issued(path = "/generateJwtToken") {
  const response = await send("GET", path);
  assert.equal(response.status, 200, path);
  return response.text();
}

test("a token names its user, and expires after 5 s", async () => {
  const nameIdentifier = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
  const names = { "/generateJwtToken": "testuser", "/generatejwttoken/Ann%20B": "Ann B", "/generateJwtToken/fred/": "fred" };
  for (const [path, name] of Object.entries(names)) {
    const [header, { exp, ...claims }] = read(await issued(path));
    assert.equal(header.alg, "HS256");
    assert.deepEqual(claims, { [nameIdentifier]: name, iss: "SignalRTestServer", aud: "SignalRTests" });
    const seconds = exp - Date.now() / 1000;
    assert.ok(seconds > 0 && seconds <= 5, `${seconds} s`);
  }
  const response = await send("GET", "/generateJwtToken", { headers: { Origin: "http://localhost:1234" } });
  assert.equal(response.headers.get("access-control-allow-origin"), "http://localhost:1234");
});

test("an authorized hub refuses every request without a token", async () => {
  const token = await issued();
  for (const path of ["/authorizedhub", "/authorizedHub2"]) {
    const refused = [
      send("POST", `${path}/negotiate?negotiateVersion=1`),
      // Only WebSockets and event streams may have it in the query.
      send("POST", `${path}/negotiate?negotiateVersion=1&access_token=${token}`),
      send("POST", `${path}/negotiate?negotiateVersion=1`, { headers: { Authorization: `Basic ${token}` } }),
      ...["GET", "POST", "DELETE", "PUT"].map((method) => send(method, `${path}?id=unknown`)),
      send("GET", path, { headers: { Accept: "text/event-stream" } }),
    ];
    for (const response of await Promise.all(refused)) {
      assert.deepEqual([response.status, response.statusText, await response.text()], [401, "Unauthorized", ""]);
    }
    assert.deepEqual(await upgrade(path), [401, ""]);
    assert.deepEqual(await upgrade(`${path}?access_token=${token}`), [101, ""]);
  }
});

test("an authorized hub is one in any case, and another than the second", async () => {
  const headers = { Authorization: `Bearer ${await issued()}` };
  const response = await send("POST", "/authorizedHub/negotiate?negotiateVersion=1", { headers });
  const { connectionToken } = await response.json();
  const posted = async (path) => {
    const { status } = await send("POST", `${path}?id=${connectionToken}`, { headers });
    return status;
  };
  assert.deepEqual([await posted("/authorizedhub"), await posted("/AUTHORIZEDHUB"), await posted("/authorizedhub2")], [200, 200, 404]);
});

test("without a base URL, a redirect brings a token for the authorized hub", async () => {
  for (const path of ["/redirect/negotiate?negotiateVersion=1", "/Redirect"]) {
    const response = await send("POST", path);
    const { url, accessToken } = await response.json();
    assert.deepEqual([response.status, url], [200, `${server.url}/authorizedHub`]);
    const headers = { Authorization: `Bearer ${accessToken}` };
    assert.equal((await send("POST", "/authorizedHub/negotiate", { headers })).status, 200);
  }
});

test("307 is absolute and keeps path and query", async () => {
  const response = await send("GET", "/echoredirect?id=x&a=b%20c");
  assert.deepEqual([response.status, response.headers.get("location")], [307, `${server.url}/echo?id=x&a=b%20c`]);
});

test("the client for web workers is that of the package", async () => {
  const response = await send("GET", "/lib/signalr-webworker/signalr.js");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^text\/javascript/);
  const file = new URL("node_modules/@microsoft/signalr/dist/webworker/signalr.js", import.meta.url);
  assert.equal(await response.text(), readFileSync(file, "utf8"));
});

test("the deployment is described", async () => {
  const response = await send("GET", "/deployment");
  assert.equal(response.status, 200);
  assert.equal((await response.json()).Name, "conformance");
});

test("/echo takes a WebSocket without negotiation, and returns 1000 for a Close without a code", async () => {
  const socket = new WebSocket(`${server.url}/echo`.replace("http", "ws"));
  const [messages, closed] = [new Inbox("an echo"), new Inbox("the Close")];
  socket.on("message", (data) => messages.put(data.toString()));
  socket.on("close", (code) => closed.put(code));
  await within(new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject)), "the upgrade");
  for (const sent of ["text", Buffer.from("bytes")]) {
    socket.send(sent);
    assert.equal(await messages.next(), sent.toString());
  }
  socket.close();
  assert.equal(await closed.next(), 1000);
});
