// The conformance server's address over TLS, request by request and in both versions of HTTP.

import "./support/trusting.mjs";
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { after, before, test } from "node:test";

import { certificate } from "./support/certificate.mjs";
import { conformance } from "./support/server.mjs";
import { within } from "./support/waiting.mjs";

const ATTRIBUTES = "; secure; samesite=none; partitioned";

let server;
before(async () => {
  server = await conformance({ certificate: certificate() });
});
after(() => server?.stop());

/** Sends a POST over HTTP/1.1, and returns its status, cookies and location. */
async function sendByHttp1(path) {
  const response = await fetch(server.url + path, { method: "POST", redirect: "manual", signal: AbortSignal.timeout(5000) });
  return { status: response.status, cookies: response.headers.getSetCookie(), location: response.headers.get("location") };
}

/** The same over HTTP/2. */
async function sendByHttp2(path) {
  const session = connect(server.url);
  try {
    const answered = new Promise((resolve, reject) => {
      session.once("error", reject);
      const stream = session.request({ ":method": "POST", ":path": path });
      stream.once("error", reject).once("response", resolve).resume().end();
    });
    const headers = await within(answered, "the response");
    return { status: headers[":status"], cookies: headers["set-cookie"] ?? [], location: headers.location ?? null };
  } finally {
    session.destroy();
  }
}

for (const [version, send] of [["HTTP/1.1", sendByHttp1], ["HTTP/2", sendByHttp2]]) {
  test(`${version}: cookies of a negotiation are for pages of other sites too`, async () => {
    const { status, cookies } = await send("/testHub/negotiate?negotiateVersion=1");
    assert.equal(status, 200);
    const [first, second, expired, last] = cookies;
    assert.deepEqual([first, second], ["testCookie=testValue", "testCookie2=testValue2"].map((cookie) => `${cookie}; path=/${ATTRIBUTES}`));
    assert.match(expired, new RegExp(`^expiredCookie=doesntmatter; expires=.* GMT; path=/${ATTRIBUTES}$`));
    assert.equal(last, "fromNegotiate=a%20value; path=/");
  });

  test(`${version}: a redirect names the address that was asked`, async () => {
    const { status, location } = await send("/echoRedirect/negotiate?a=b");
    assert.equal(status, 307);
    assert.equal(location, `${server.url}/echo/negotiate?a=b`);
  });
}

test("both addresses serve the same application, and end together", async () => {
  const own = await conformance({ certificate: certificate() });
  try {
    const [plain] = /http:\/\/[\d.:]+/.exec(own.output);
    const signal = AbortSignal.timeout(5000);
    const negotiation = await fetch(`${own.url}/testhub/negotiate?negotiateVersion=1`, { method: "POST", signal });
    const { connectionToken } = await negotiation.json();
    const posted = await fetch(`${plain}/testhub?id=${connectionToken}`, { method: "POST", signal });
    assert.equal(posted.status, 200);
    const end = await own.stop("SIGTERM");
    assert.deepEqual(end, { code: 0, signal: null });
    for (const url of [plain, own.url]) await assert.rejects(fetch(url, { signal }));
  } finally {
    await own.stop();
  }
});
