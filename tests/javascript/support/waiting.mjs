// Waiting, always with a limit.

const LIMIT = 5000;

/** The promise's value, or a failure that names what was waited for. */
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

/** Values that arrive one after another: `next()` awaits each, `all` keeps every one. */
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

  /** The next value that is wanted; those before it are passed over. */
  async until(wanted, limit) {
    for (;;) {
      const value = await this.next(limit);
      if (wanted(value)) return value;
    }
  }
}
