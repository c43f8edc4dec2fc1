// A hub connection that never gives up: a failed first start is retried, a lost connection is
// restored, and a plain Close from the server leads to a new start.
/* global signalR */

import { withNewestToken } from "./newest-token.js";

const DELAYS = [0, 1000, 2000, 5000];
// A connection that ends sooner than this counts as another failed attempt. Otherwise a server
// that accepts and then closes connections would be called without a pause.
const STEADY = 5000;

export class LiveConnection {
  #hub;
  #session;
  #ready;
  #stateChanged;
  // The user that the connection is for, and the latest token that was shown for it.
  #user = null;
  #shown = null;
  #isLeaving = false;
  // Whether the connection of a new user has replaced that of the previous one.
  #replaced = Promise.resolve();
  #replace = () => {};
  #failures = 0;
  #upSince = Infinity;

  /**
   * `ready` runs on each new connection (join rooms there); the state becomes "connected" only when it
   * is done. `stateChanged` gets "connecting", "connected", "reconnecting" or "offline". If the
   * session's user is another one, so is the connection.
   */
  constructor(url, session, { ready, stateChanged }) {
    this.#session = session;
    this.#ready = ready;
    this.#stateChanged = stateChanged;
    this.#hub = new signalR.HubConnectionBuilder()
      .withUrl(url, { accessTokenFactory: () => this.#present(), httpClient: withNewestToken(() => this.#newest()) })
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: ({ retryReason }) => this.#nextReconnect(retryReason) })
      .configureLogging(signalR.LogLevel.Warning)
      .build();
    this.#hub.onreconnecting(() => this.#stateChanged("reconnecting"));
    this.#hub.onreconnected(() => this.#settle());
    this.#hub.onclose(() => {
      this.#ended();
      this.start();
    });
    session.addEventListener("change", () => this.#leave());
  }

  /** The server's id for this connection; it changes with each reconnect. */
  get id() {
    return this.#hub.connectionId;
  }

  get isUp() {
    return this.#hub.state === signalR.HubConnectionState.Connected;
  }

  on(event, handler) {
    this.#hub.on(event, handler);
  }

  /** Waits for the connection of a new user, if one is under way. */
  replaced() {
    return this.#replaced;
  }

  async invoke(method, ...values) {
    try {
      return await this.#hub.invoke(method, ...values);
    } catch (error) {
      this.#refusedIf(error);
      throw error;
    }
  }

  /** Starts once somebody is signed in, and retries until it works. */
  async start() {
    for (;;) {
      const delay = this.#nextDelay();
      await new Promise((resolve) => setTimeout(resolve, delay));
      await this.#session.signedIn();
      this.#isLeaving = false;
      try {
        await this.#hub.start();
        break;
      } catch (error) {
        this.#ended();
        this.#replace();
        this.#refusedIf(error);
      }
    }
    await this.#settle();
  }

  // Called at each attempt to connect: signing in here would make another guest of each.
  #present() {
    this.#user = this.#session.user;
    return (this.#shown = this.#session.token) ?? "";
  }

  #newest() {
    const { user, token } = this.#session;
    if (token !== null && user.id === this.#user?.id) this.#shown = token;
    return this.#shown;
  }

  // Ends the connection of the previous user; a new one is started when it is closed and somebody is signed in.
  #leave() {
    if (this.#hub.state === signalR.HubConnectionState.Disconnected) return;
    this.#replace();
    if (this.#session.user !== null) {
      this.#isLeaving = true;
      this.#failures = 0;
      this.#replaced = new Promise((resolve) => (this.#replace = resolve));
    }
    this.#hub.stop();
  }

  #ended() {
    this.#stateChanged(this.#isLeaving ? "connecting" : "offline");
  }

  // Without a good token, there is no use in retrying before somebody has signed in.
  #nextReconnect(reason) {
    return this.#refusedIf(reason) ? null : this.#nextDelay();
  }

  // Tells the session if the server does not accept its token.
  #refusedIf(error) {
    const isRefused = error?.statusCode === 401 || /Status code '401'/.test(error?.message);
    if (isRefused) this.#session.refused(this.#shown);
    return isRefused;
  }

  async #settle() {
    const id = this.id;
    this.#upSince = performance.now();
    await this.#ready();
    if (this.isUp && this.id === id) this.#stateChanged("connected");
    this.#replace();
  }

  #nextDelay() {
    if (performance.now() - this.#upSince > STEADY) this.#failures = 0;
    this.#upSince = Infinity;
    const delay = DELAYS[Math.min(this.#failures, DELAYS.length - 1)];
    this.#failures += 1;
    return delay;
  }
}
