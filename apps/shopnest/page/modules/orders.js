// The order panel: watches orders, shows their status as it changes, ships them.

import { LiveConnection } from "./connection.js";
import { element, icon, showError } from "./dom.js";
import { errorText } from "./error-text.js";

const LARGEST = 2 ** 31 - 1;

export class Orders {
  #live;
  #session;
  #field;
  #error;
  #list;
  #rows = new Map();

  constructor(section, { session, stateChanged }) {
    this.#session = session;
    this.#field = section.querySelector("#order-number");
    this.#error = section.querySelector(".error");
    this.#list = section.querySelector(".order-list");
    section.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#watchField();
    });
    this.#field.addEventListener("input", () => this.#fail(""));
    this.#live = new LiveConnection("/hubs/orders", session, { ready: () => this.#rewatch(), stateChanged });
    this.#live.on("OrderShipped", ({ orderId, status }) => this.#moved(orderId, status));
  }

  start() {
    this.#live.start();
  }

  async #watchField() {
    const id = orderNumber(this.#field.value);
    if (id === null) return this.#fail("Enter an order number, such as 1042.");
    if (!this.#live.isUp) return this.#fail("Not connected right now. Try again in a moment.");
    this.#fail("");
    this.#field.value = "";
    if (this.#rows.has(id)) return;
    this.#addRow(id);
    try {
      await this.#watch(id);
    } catch (error) {
      // The row stays if the connection was lost: its order is watched again on the next one.
      if (this.#live.isUp) this.#refuse(id, error);
    }
  }

  async #watch(id) {
    await this.#live.invoke("WatchOrder", id);
    const row = this.#rows.get(id);
    if (row.dataset.status !== "asking") return;
    row.dataset.status = "watching";
    row.querySelector(".order-status").textContent = "Watching for news";
  }

  // A new connection watches nothing yet.
  async #rewatch() {
    const calls = await Promise.allSettled([...this.#rows.keys()].map((id) => this.#watch(id)));
    const failed = calls.find((call) => call.status === "rejected");
    if (failed && this.#live.isUp) this.#fail(errorText(failed.reason, "Some orders cannot be watched right now."));
  }

  #refuse(id, error) {
    this.#rows.get(id).remove();
    this.#rows.delete(id);
    if (this.#field.value === "") this.#field.value = id;
    this.#fail(errorText(error, "This order cannot be watched right now."));
  }

  async #ship(id) {
    this.#fail("");
    const { token } = this.#session;
    try {
      const response = await fetch(`/api/orders/${id}/ship`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
      if (response.status === 401) this.#session.refused(token);
      if (!response.ok) return this.#fail(refusal(id, response.status));
      this.#moved(id, (await response.json()).status);
    } catch {
      this.#fail(`Order ${id} was not shipped: the shop cannot be reached.`);
    }
  }

  #addRow(id) {
    const ship = element("button", { class: "button quiet", type: "button", "data-testid": `ship-${id}`, "aria-label": `Ship order ${id}` }, "Ship");
    ship.addEventListener("click", () => this.#ship(id));
    const row = element(
      "li",
      { class: "order", tabindex: "-1", "data-testid": `order-${id}`, "data-status": "asking" },
      icon("parcel", "order-icon"),
      element(
        "div",
        { class: "order-text" },
        element("div", { class: "order-number" }, `Order ${id}`),
        element("div", { class: "order-status", "data-testid": "order-status" }, "Asking the shop…"),
      ),
      ship,
    );
    this.#rows.set(id, row);
    this.#list.prepend(row);
  }

  #moved(id, status) {
    const row = this.#rows.get(Number(id));
    if (!row || row.dataset.status === status) return;
    row.dataset.status = status;
    row.dataset.moved = "true";
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    row.querySelector(".order-status").textContent = `${capitalised(status)} at ${time}`;
    const button = row.querySelector("button");
    if (button === document.activeElement) row.focus();
    button?.remove();
  }

  #fail(text) {
    showError(this.#field, this.#error, text);
  }
}

function refusal(id, status) {
  if (status === 401) return "The shop no longer knows who you are. Try again in a moment.";
  if (status === 403) return `Order ${id} was not shipped: only an admin ships orders. Sign in as one.`;
  return `Order ${id} was not shipped (status ${status}).`;
}

function orderNumber(text) {
  const number = /^\s*#?(\d+)\s*$/.exec(text)?.[1];
  return number && Number(number) >= 1 && Number(number) <= LARGEST ? Number(number) : null;
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
