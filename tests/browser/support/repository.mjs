// Files of this repository, served to a page as if they came from the page's own server.

import { fileURLToPath } from "node:url";

const ROOT = new URL("../../../", import.meta.url);
const SERVED = /^\/(tests|docs)\//;

/** Opens `path` of the repository as a page of the server at `origin`; all other requests reach that server. */
export async function openOn(page, origin, path) {
  const isServed = (url) => url.origin === origin && SERVED.test(url.pathname);
  const fulfil = (route) => route.fulfill({ path: fileURLToPath(new URL(`.${new URL(route.request().url()).pathname}`, ROOT)) });
  // To Chromium, what a test serves comes from no address at all, least of all from this machine.
  await page.context().grantPermissions(["local-network-access"], { origin });
  await page.route(isServed, fulfil);
  await page.goto(origin + path);
  // What is routed is no longer streamed.
  await page.unroute(isServed, fulfil);
}
