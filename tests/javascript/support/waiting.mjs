// Waiting, always with a time limit.

const LIMIT = 10_000;

/** Returns the promise's value, or fails with the name of what was waited for. */
export async function within(promise, what, limit = LIMIT) {
  let timer;
  const expired = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms in vain for ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Values that arrive one after another: `next()` waits for the next one, `all` keeps every value. */
export class Inbox {
  all = [];
  #what;
  #taken = 0;
  #waiting = [];

  constructor(what) {
    this.#what = what;
  }

  put(value) {
    this.all.push(value);
    this.#waiting.shift()?.();
  }

  async next(limit) {
    const index = this.#taken++;
    if (index >= this.all.length) {
      const arrived = new Promise((resolve) => this.#waiting.push(resolve));
      await within(arrived, this.#what, limit);
    }
    return this.all[index];
  }

  /** Returns the next value that satisfies `wanted`; earlier ones are skipped. */
  async until(wanted, limit) {
    for (;;) {
      const value = await this.next(limit);
      if (wanted(value)) return value;
    }
  }
}
