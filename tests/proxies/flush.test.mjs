// Nothing is held back: by the proxies' buffers as they are by default, or by compression.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { request } from "undici";

import { client, connected } from "../javascript/support/client.mjs";
import { TRANSPORTS, trustAuthority } from "./support/clients.mjs";
import { PROXIES, behind } from "./support/fronts.mjs";
import { Nginx } from "./support/nginx.mjs";
import { statistics } from "./support/statistics.mjs";
import { until } from "./support/until.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 30_000;
const GZIP = { "Accept-Encoding": "gzip" };
/** If each took 200 ms, as long as the kernel waits for more, they would take longer than the limit. */
const CALLS = 200;

const FRONTS = ["plain", "secure"];
const [WEB_SOCKETS, EVENTS, POLLS] = TRANSPORTS;

trustAuthority();

for (const [Proxy, front] of PROXIES.flatMap((Proxy) => FRONTS.map((front) => [Proxy, front]))) {
  describe(`${Proxy.title}, ${front}`, { concurrency: true }, () => {
    for (const variant of TRANSPORTS) {
      test(`${variant.name}: each message arrives before the next one is sent`, { timeout: LIMIT }, async (t) => {
        const { server, proxy } = await behind(t, Proxy, { surroundings: Proxy.compression });
        const grace = await connected(t, WEB_SOCKETS, `${server.url}/chat`);
        const ada = await connected(t, variant, `${proxy[front]}/chat`, { pushes: ["Push"], options: { headers: GZIP } });
        const id = await ada.invoke("WhoAmI");
        for (const size of [1, 10, 100, 1000, 10_000]) {
          await grace.invoke("PushMany", id, 1, size);
          assert.deepEqual(await ada.arrived.Push.next(), [0, "x".repeat(size)]);
        }
      });

      test(`${variant.name}: no call waits for the next one`, { timeout: LIMIT }, async (t) => {
        const { proxy } = await behind(t, Proxy);
        const ada = await connected(t, variant, `${proxy[front]}/chat`);
        for (let number = 0; number < CALLS; number++) assert.equal(await ada.invoke("Add", number, 1), number + 1);
      });
    }

    test("what may be compressed is, and an event stream is not", { timeout: LIMIT }, async (t) => {
      const { proxy } = await behind(t, Proxy, { surroundings: Proxy.compression });
      const url = `${proxy[front]}/chat`;
      const send = (method, path, headers = {}, body) => request(url + path, { method, headers: { ...GZIP, ...headers }, body });
      const unzipped = (body) => new Response(new Response(body).body.pipeThrough(new DecompressionStream("gzip"))).text();
      const token = async () => {
        const negotiated = await send("POST", "/negotiate?negotiateVersion=1");
        assert.equal(negotiated.headers["content-encoding"], "gzip");
        return JSON.parse(await unzipped(negotiated.body)).connectionToken;
      };
      const events = await send("GET", `?id=${await token()}`, { Accept: "text/event-stream" });
      assert.equal(events.statusCode, 200);
      assert.equal(events.headers["content-encoding"], "identity");
      const { value } = await events.body[Symbol.asyncIterator]().next();
      assert.equal(value.toString(), ":\r\n");
      events.body.destroy();

      const poll = `?id=${await token()}`;
      await (await send("GET", poll)).body.dump();
      await (await send("POST", poll, {}, `{"protocol":"json","version":1}\x1e`)).body.dump();
      const answered = await send("GET", poll);
      assert.equal(answered.headers["content-encoding"], "gzip");
      assert.match(await unzipped(answered.body), /^\{\}\x1e/);
    });
  });
}

test("a proxy that keeps event streams: starting takes until they end, and polls pass", { timeout: LIMIT }, async (t) => {
  const deaf = [
    ["proxy_http_version 1.1;", "proxy_ignore_headers X-Accel-Buffering;"],
    ["proxy_set_header Connection $connection_upgrade;", ""],
  ];
  const { server, proxy } = await behind(t, Nginx, { replacements: deaf });
  const ada = client(t, EVENTS, `${proxy.plain}/chat`);
  const started = ada.connection.start().then(() => "started", (error) => error.message);
  await until(async () => (await statistics(server)).tasks === 1, "the server to open the event stream");
  const grace = await connected(t, POLLS, `${proxy.plain}/chat`);
  assert.equal(await grace.invoke("Echo", "passes"), "passes");
  assert.equal(await Promise.race([started, "waits"]), "waits");
  await proxy.kill();
  assert.match(await started, /^Unable to connect .* a proxy is refusing\/buffering the connection/);
});
