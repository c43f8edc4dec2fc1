// Who the visitor is: a token from the shop, kept by this tab and renewed before it expires. Whoever has
// none becomes a guest. No password is kept, so an account's user whose token the shop does not renew any
// more is asked for it again.

import { claimsOf } from "./token.js";

const TOKEN = "shopnest.token";
// Whether the token is an account's.
const ACCOUNT = "shopnest.account";
const NAME = "shopnest.name";

const RETRIES = [1000, 2000, 5000];
const ANSWERING = 10_000;
// Which part of its time a token is used before it is renewed.
const USED = 0.8;
// Longer times do not fit into a browser's timer.
const LONGEST_WAIT = 24 * 60 * 60 * 1000;

/** Why the shop did not sign somebody in; the message is for people. `now` is the shop's time, if it is known. */
export class SignInError extends Error {
  constructor(status, message, now) {
    super(message);
    this.status = status;
    this.now = now;
  }
}

/**
 * Dispatches "token" with each new token, "change" when the visitor is another user or nobody, and
 * "expiring" when the shop has not renewed an account's token, which is still good for a while.
 */
export class Session extends EventTarget {
  #stateChanged;
  #token = null;
  #user = null;
  #timer;
  // Counts the tokens and the requests for guests: a guest that has been overtaken must not win.
  #turn = 0;
  // Counts what somebody has chosen: the answer to an earlier choice must not win. Renewals are no choice.
  #choice = 0;
  // The latest sign-in that somebody has asked for.
  #asked = Promise.resolve();
  // The turn in which a guest is asked for, if it has not been overtaken.
  #entering = null;

  /** `stateChanged` gets "connected" with a token, "offline" if the shop gives none, "signed-out" if nobody asks for one. */
  constructor({ stateChanged }) {
    super();
    this.#stateChanged = stateChanged;
  }

  /** The token to show to the shop, or null. */
  get token() {
    return this.#token;
  }

  /** Id, name and kind of the visitor, or null. */
  get user() {
    return this.#user;
  }

  /** Continues with the token of this tab, or begins as a guest. */
  start() {
    const token = read("sessionStorage", TOKEN);
    if (claimsOf(token)) this.#accept({ token, isGuest: read("sessionStorage", ACCOUNT) === null });
    else this.#becomeGuest();
  }

  /** Waits until there is a token. */
  async signedIn() {
    while (this.#token === null) {
      await new Promise((resolve) => this.addEventListener("token", resolve, { once: true }));
    }
  }

  /** Waits for the sign-in that somebody has asked for, whatever comes of it. */
  settled() {
    return this.#asked.catch(() => {});
  }

  /**
   * Signs in with a password; throws a `SignInError` or what `fetch` throws. If somebody has chosen otherwise before
   * the shop answers, nothing comes of it.
   */
  signIn(user, password) {
    return (this.#asked = this.#signIn(user, password));
  }

  /** Becomes a new guest with this name, which this browser remembers; throws as `signIn` does. */
  beGuest(name) {
    return (this.#asked = this.#beGuest(name));
  }

  /** Becomes a guest in place of an account's user. */
  signOut() {
    this.#choice += 1;
    this.#forget();
    return this.#becomeGuest();
  }

  /** The shop has refused this token. A guest gets another one; others are asked for their password. */
  refused(token) {
    if (token === null || token !== this.#token) return;
    const { isGuest, name } = this.#user;
    if (!isGuest) return this.#end();
    this.#forget();
    // A second request would find the name taken by the first.
    if (this.#entering !== this.#turn) this.#becomeGuest(name);
  }

  // The time of an account's user is up.
  #end() {
    this.#forget();
    this.#user = null;
    this.#stateChanged("signed-out");
    this.dispatchEvent(new Event("change"));
  }

  async #signIn(user, password) {
    const granted = await this.#choose({ user, password });
    if (granted !== null) this.#accept({ ...granted, isGuest: false });
  }

  async #beGuest(name) {
    const granted = await this.#choose({ guest: true, name });
    if (granted === null) return;
    write("localStorage", NAME, name);
    this.#accept({ ...granted, isGuest: true });
  }

  // Returns what the shop grants; null if somebody has chosen otherwise by then.
  async #choose(body) {
    const choice = ++this.#choice;
    try {
      const granted = await ask(body);
      return choice === this.#choice ? granted : null;
    } catch (error) {
      if (choice === this.#choice) throw error;
      return null;
    }
  }

  // Asks until the shop lets a guest in. The token of a guest is renewed; if the shop does not know it
  // any more, the new guest has the same name, unless another has taken it.
  async #becomeGuest(name = read("localStorage", NAME) ?? undefined) {
    const turn = (this.#entering = ++this.#turn);
    let known = this.#token;
    for (let failures = 0; turn === this.#turn; ) {
      try {
        const granted = await ask({ guest: true, name }, known);
        if (turn === this.#turn) this.#accept({ ...granted, isGuest: true });
        return;
      } catch (error) {
        if (turn !== this.#turn) return;
        const isRefused = error.status === 400 || error.status === 409;
        if (isRefused && (name !== undefined || known !== null)) {
          [name, known] = [undefined, null];
          continue;
        }
        if (this.#token === null) this.#stateChanged("offline");
      }
      await pause(failures++);
    }
  }

  // Asks until the shop answers, or the token is another one. If the shop can be reached only after the token has
  // expired, that answer says so.
  async #renewAccount() {
    const known = this.#token;
    for (let failures = 0; this.#token === known; failures++) {
      try {
        const granted = await ask({ renew: true }, known);
        if (this.#token === known) this.#accept({ ...granted, isGuest: false });
        return;
      } catch (error) {
        if (this.#token !== known) return;
        if (error.status === 401) return this.#notRenewed(error.now);
      }
      await pause(failures);
    }
  }

  // The token is good until it expires.
  #notRenewed(now = Date.now()) {
    const left = claimsOf(this.#token).exp * 1000 - now;
    if (left <= 0) return this.#end();
    this.dispatchEvent(new Event("expiring"));
    this.#at(Date.now() + left, () => this.#end());
  }

  // `now` is the shop's time, if it is known: this computer's clock may be wrong.
  #accept({ token, isGuest, now = Date.now() }) {
    const { sub, name, exp } = claimsOf(token);
    this.#turn += 1;
    const isAnother = this.#user?.id !== sub;
    this.#token = token;
    this.#user = { id: sub, name: name ?? sub, isGuest };
    write("sessionStorage", TOKEN, token);
    if (isGuest) remove("sessionStorage", ACCOUNT);
    else write("sessionStorage", ACCOUNT, "yes");
    this.#stateChanged("connected");
    this.#at(Date.now() + (exp * 1000 - now) * USED, () => this.#renew());
    this.dispatchEvent(new Event("token"));
    if (isAnother) this.dispatchEvent(new Event("change"));
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#token = null;
    remove("sessionStorage", TOKEN);
  }

  #renew() {
    if (this.#user.isGuest) this.#becomeGuest(this.#user.name);
    else this.#renewAccount();
  }

  // Acts at this time of the computer's clock, unless there is another token by then.
  #at(time, act) {
    clearTimeout(this.#timer);
    const left = time - Date.now();
    this.#timer = setTimeout(() => (left > LONGEST_WAIT ? this.#at(time, act) : act()), Math.min(left, LONGEST_WAIT));
  }
}

function pause(failures) {
  const delay = RETRIES[Math.min(failures, RETRIES.length - 1)];
  return new Promise((resolve) => setTimeout(resolve, delay));
}

// Returns a token, and the shop's time.
async function ask(body, known = null) {
  const headers = { "Content-Type": "application/json" };
  if (known !== null) headers.Authorization = `Bearer ${known}`;
  const signal = AbortSignal.timeout(ANSWERING);
  const response = await fetch("/api/login", { method: "POST", headers, body: JSON.stringify(body), signal });
  const now = Date.parse(response.headers.get("Date")) || undefined;
  if (!response.ok) throw new SignInError(response.status, (await response.text()).trim(), now);
  const { token } = await response.json();
  return { token, now };
}

// Storage may be disabled; what is in it then lasts as long as the page.
function read(storage, key) {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    window[storage].setItem(key, value);
  } catch {
    // Storage may be disabled.
  }
}

function remove(storage, key) {
  try {
    window[storage].removeItem(key);
  } catch {
    // Storage may be disabled.
  }
}
