// Tokens for ShopNest, signed by the tests: as good as the shop's own.

import { createHmac, randomUUID } from "node:crypto";

/** The value of `SHOPNEST_JWT_KEY`. */
export const KEY = "the tests' own key, which is long enough";

const HOUR = 60 * 60;

/** Returns a token with the shop's claims; other `claims` replace them, and undefined ones are left out. */
export function token({ name = "Ada", lifetime = HOUR, key = KEY, ...claims } = {}) {
  const exp = Math.floor(Date.now() / 1000) + lifetime;
  const all = { sub: `guest-${randomUUID()}`, name, iss: "shopnest", aud: "shopnest", exp, ...claims };
  const signed = [{ alg: "HS256", typ: "JWT" }, all].map((part) => base64url(JSON.stringify(part))).join(".");
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

export const adminToken = () => token({ sub: "admin", name: "admin", role: "Admin" });

/** Returns what a token claims. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

/** The options of a client that has a token. */
export const bearing = (token) => ({ accessTokenFactory: () => token });

/** Asks the shop to ship an order; returns the response. */
export function ship(server, order, token = adminToken()) {
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  return fetch(`${server.url}/api/orders/${order}/ship`, { method: "POST", headers, signal: AbortSignal.timeout(5000) });
}

/** Asks the shop for a token; returns the response. `body` may be text. */
export function login(server, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`${server.url}/api/login`, { method: "POST", headers, body: text, signal: AbortSignal.timeout(10_000) });
}

/** Signs in, and returns the token. */
export async function signIn(server, body, token) {
  const response = await login(server, body, token);
  if (response.status !== 200) throw new Error(`signing in answered ${response.status}: ${await response.text()}`);
  return (await response.json()).token;
}

function base64url(text) {
  return Buffer.from(text).toString("base64url");
}
