// Waiting for what tells nobody when it happens.

import { setTimeout as pause } from "node:timers/promises";

/** Between two looks, in milliseconds. */
const PAUSE = 20;
const LIMIT = 10_000;

/** Looks again and again until `look` returns something true, or its promise does, and returns that. */
export async function until(look, what, limit = LIMIT) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain for ${what}`);
    await pause(PAUSE);
  }
}
