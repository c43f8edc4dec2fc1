// Several nodes behind a proxy: every request of a connection reaches the node that negotiated it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connected } from "../javascript/support/client.mjs";
import { conformance } from "../javascript/support/server.mjs";
import { TRANSPORTS, trustAuthority } from "./support/clients.mjs";
import { HaProxy } from "./support/haproxy.mjs";
import { Nginx } from "./support/nginx.mjs";
import { documented, replaced } from "./support/proxy.mjs";
import { statistics } from "./support/statistics.mjs";

/** The time limit of a test, in milliseconds. */
const LIMIT = 30_000;
/** How many clients each transport has. */
const CLIENTS = 6;

trustAuthority();

/** Starts two nodes and a proxy, connects clients, and returns how many of them each node has. */
async function clientsOfNodes(t, Proxy, replacements) {
  const nodes = await Promise.all([conformance(), conformance()]);
  nodes.forEach((node) => t.after(() => node.stop()));
  const proxy = await Proxy.start(nodes[0], { replacements: replacements(nodes.map(({ port }) => `127.0.0.1:${port}`)) });
  t.after(() => proxy.stop());
  for (const variant of TRANSPORTS) {
    for (let count = 0; count < CLIENTS; count++) {
      const ada = await connected(t, variant, `${proxy.plain}/testhub`);
      assert.equal(await ada.invoke("GetCallerConnectionId"), ada.connection.connectionId);
    }
  }
  const held = await Promise.all(nodes.map(statistics));
  return held.map(({ connections }) => connections);
}

test("HAProxy: by cookie", { timeout: LIMIT }, async (t) => {
  const [, oneNode] = documented("haproxy.cfg").split(/^(?=backend hubwire)/m);
  const counts = await clientsOfNodes(t, HaProxy, ([first, second]) => {
    const bothNodes = replaced(documented("haproxy-nodes.cfg"), [["10.0.0.1:5000", first], ["10.0.0.2:5000", second]]);
    return [[oneNode, `${bothNodes}# server node1 127.0.0.1:5000\n`]];
  });
  assert.deepEqual(counts, [(TRANSPORTS.length * CLIENTS) / 2, (TRANSPORTS.length * CLIENTS) / 2]);
});

test("nginx: by address", { timeout: LIMIT }, async (t) => {
  const counts = await clientsOfNodes(t, Nginx, ([, second]) => {
    const oneNode = "    server 127.0.0.1:5000;";
    return [[oneNode, `    ip_hash;\n${oneNode}\n    server ${second};`]];
  });
  assert.deepEqual(counts.toSorted(), [0, TRANSPORTS.length * CLIENTS]);
});
