// Node's strict assertions, as far as the behaviours use them; `page-assert.test.mjs` holds them
// against Node's own.
/* global util */

export class AssertionError extends Error {
  name = "AssertionError";
}

function fail(message, what, ...values) {
  throw new AssertionError(message ?? [what, ...values.map((value) => util.inspect(value))].join("\n"));
}

function equal(actual, expected, message) {
  if (!Object.is(actual, expected)) fail(message, "not equal:", actual, expected);
}

function notEqual(actual, expected, message) {
  if (Object.is(actual, expected)) fail(message, "equal:", actual);
}

function ok(value, message) {
  if (!value) fail(message, "not true:", value);
}

function match(text, pattern, message) {
  if (typeof text !== "string" || !pattern.test(text)) fail(message, "does not match:", text, pattern);
}

function deepEqual(actual, expected, message) {
  if (!isSame(actual, expected)) fail(message, "not deeply equal:", actual, expected);
}

function isSame(one, other) {
  if (Object.is(one, other)) return true;
  if (![one, other].every((value) => typeof value === "object" && value !== null)) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Map || one instanceof Set) throw new TypeError("maps and sets are not compared here");
  if (one instanceof Date && one.getTime() !== other.getTime()) return false;
  if (one instanceof Error && (one.name !== other.name || one.message !== other.message)) return false;
  if (one.length !== other.length) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]));
}

/** `expected` is a pattern for the error, or the properties that it must have. */
async function rejects(promise, expected) {
  const error = await promise.then((value) => fail(undefined, "not rejected, but:", value), (error) => error);
  if (expected instanceof RegExp) return match(String(error), expected);
  for (const [key, value] of Object.entries(expected ?? {})) {
    if (value instanceof RegExp && typeof error[key] === "string") match(error[key], value);
    else deepEqual(error[key], value);
  }
}

export default { equal, notEqual, ok, match, deepEqual, rejects, AssertionError };
