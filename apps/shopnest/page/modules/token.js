// What a token claims. Only the shop can tell whether that is true.

/** Returns the claims of a JSON Web Token; null if it is none, or says neither whose it is nor until when. */
export function claimsOf(token) {
  try {
    const [, payload] = token.split(".");
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims.sub === "string" && typeof claims.exp === "number" ? claims : null;
  } catch {
    return null;
  }
}
