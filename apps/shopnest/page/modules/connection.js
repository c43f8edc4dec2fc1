// A hub connection that never gives up: a failed first start is retried, a lost connection is
// restored, and a plain Close from the server leads to a new start.
/* global signalR */

const DELAYS = [0, 1000, 2000, 5000];
// A connection that ends sooner than this counts as another failed attempt. Otherwise a server
// that accepts and then closes connections would be called without a pause.
const STEADY = 5000;

export class LiveConnection {
  #hub;
  #ready;
  #stateChanged;
  #failures = 0;
  #upSince = Infinity;

  /**
   * `ready` runs on each new connection (join rooms there); the state becomes "connected" only when it
   * is done. `stateChanged` gets "connecting", "connected", "reconnecting" or "offline".
   */
  constructor(url, { ready, stateChanged }) {
    this.#ready = ready;
    this.#stateChanged = stateChanged;
    this.#hub = new signalR.HubConnectionBuilder()
      .withUrl(url)
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => this.#nextDelay() })
      .configureLogging(signalR.LogLevel.Warning)
      .build();
    this.#hub.onreconnecting(() => this.#stateChanged("reconnecting"));
    this.#hub.onreconnected(() => this.#settle());
    this.#hub.onclose(() => {
      this.#stateChanged("offline");
      this.start();
    });
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

  invoke(method, ...values) {
    return this.#hub.invoke(method, ...values);
  }

  /** Starts, and retries until it works. */
  async start() {
    for (;;) {
      const delay = this.#nextDelay();
      await new Promise((resolve) => setTimeout(resolve, delay));
      try {
        await this.#hub.start();
        break;
      } catch {
        this.#stateChanged("offline");
      }
    }
    await this.#settle();
  }

  async #settle() {
    const id = this.id;
    this.#upSince = performance.now();
    await this.#ready();
    if (this.isUp && this.id === id) this.#stateChanged("connected");
  }

  #nextDelay() {
    if (performance.now() - this.#upSince > STEADY) this.#failures = 0;
    this.#upSince = Infinity;
    const delay = DELAYS[Math.min(this.#failures, DELAYS.length - 1)];
    this.#failures += 1;
    return delay;
  }
}
