// The proxies of the tests.

import { conformance } from "../../javascript/support/server.mjs";
import { HaProxy } from "./haproxy.mjs";
import { Nginx } from "./nginx.mjs";

export const PROXIES = [Nginx, HaProxy];

/** Starts a server and a proxy in front of it, and stops both after the test `t`. */
export async function behind(t, Proxy, settings, options) {
  const server = await conformance(options);
  t.after(() => server.stop());
  const proxy = await Proxy.start(server, settings);
  t.after(() => proxy.stop());
  return { server, proxy };
}
