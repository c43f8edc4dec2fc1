// What pages of an origin are answered.

import { request } from "undici";

import { TrustingWebSocket } from "./clients.mjs";

export const ADMITTED = { negotiation: 200, webSocket: 101 };
export const REFUSED = { negotiation: 403, webSocket: 403 };

/** Returns the statuses of both requests that open a connection, as a page of an origin sends them. */
export async function statusesFor(origin, base, headers = {}) {
  const url = `${base}/chat`;
  const [negotiation, webSocket] = await Promise.all([negotiated(url, origin, headers), upgraded(url, origin, headers)]);
  return { negotiation, webSocket };
}

async function negotiated(url, origin, headers) {
  const options = { method: "POST", headers: { ...headers, origin }, body: "" };
  const { statusCode, body } = await request(`${url}/negotiate?negotiateVersion=1`, options);
  await body.dump();
  return statusCode;
}

function upgraded(url, origin, headers) {
  return new Promise((resolve, reject) => {
    const socket = new TrustingWebSocket(url.replace(/^http/, "ws"), [], { origin, headers });
    socket.on("error", reject);
    socket.once("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.once("unexpected-response", (request, { statusCode }) => {
      resolve(statusCode);
      request.destroy();
    });
  });
}
