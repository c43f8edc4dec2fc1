// The text that a person reads when a call fails.

const MARK = "HubException: ";

/** Returns the hub's own text if there is one, otherwise `fallback`. */
export function errorText(error, fallback) {
  const text = String(error?.message ?? "");
  const at = text.indexOf(MARK);
  return at < 0 ? fallback : text.slice(at + MARK.length);
}
