// The state of the session and all connections as one badge in the header: the worst state counts.

const TEXT = {
  "signed-out": "Signed out",
  offline: "Offline — retrying",
  reconnecting: "Reconnecting…",
  connecting: "Connecting…",
  connected: "Connected",
};
const ICON = { "signed-out": "offline" };
const WORST_FIRST = Object.keys(TEXT);

export class ConnectionState {
  #badge;
  #states = [];

  constructor(badge) {
    this.#badge = badge;
  }

  /** Adds a connection, or the visitor's session; returns the function that receives its states. */
  track() {
    const index = this.#states.push("connecting") - 1;
    return (state) => {
      this.#states[index] = state;
      this.#show(WORST_FIRST.find((worst) => this.#states.includes(worst)));
    };
  }

  #show(state) {
    if (this.#badge.dataset.state === state) return;
    this.#badge.dataset.state = state;
    this.#badge.querySelector("use").setAttribute("href", `#icon-${ICON[state] ?? state}`);
    this.#badge.querySelector(".connection-text").textContent = TEXT[state];
  }
}
