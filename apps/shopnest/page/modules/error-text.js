// What a failed call says to a person.

const MARK = "HubException: ";

/** The hub's own words where it has any, otherwise `fallback`. */
export function errorText(error, fallback) {
  const text = String(error?.message ?? "");
  const at = text.indexOf(MARK);
  return at < 0 ? fallback : text.slice(at + MARK.length);
}
