// The visitor in the header: a guest's name, which can be changed, or the name of an account.

import { showError } from "./dom.js";

export class Visitor {
  #section;
  #session;
  #field;
  #error;
  #button;

  /** `signIn` opens the form for accounts. */
  constructor(section, { session, signIn }) {
    this.#section = section;
    this.#session = session;
    this.#field = section.querySelector("input");
    this.#error = section.querySelector(".error");
    this.#button = section.querySelector("button");
    this.#field.addEventListener("change", () => this.#rename());
    this.#field.addEventListener("input", () => this.#fail(""));
    this.#button.addEventListener("click", () => (this.#button.hasAttribute("data-leaves") ? session.signOut() : signIn()));
    session.addEventListener("change", () => this.#show());
    session.addEventListener("token", () => this.#offer());
    session.addEventListener("expiring", () => this.#warn());
  }

  #show() {
    const { user } = this.#session;
    this.#section.dataset.kind = user === null ? "nobody" : user.isGuest ? "guest" : "account";
    this.#section.dataset.name = this.#field.value = user?.name ?? "";
    this.#field.readOnly = user?.isGuest === false;
    this.#fail("");
    this.#offer();
  }

  #offer() {
    const isAccount = this.#session.user?.isGuest === false;
    this.#button.textContent = isAccount ? "Sign out" : "Sign in";
    this.#button.toggleAttribute("data-leaves", isAccount);
    if (isAccount) this.#error.textContent = "";
  }

  #warn() {
    this.#error.textContent = "Your time here is almost up.";
    this.#button.textContent = "Sign in again";
    this.#button.removeAttribute("data-leaves");
  }

  async #rename() {
    const name = this.#field.value.trim();
    const current = this.#session.user?.name ?? "";
    if (name === "" || name === current) {
      this.#field.value = current;
      return;
    }
    try {
      await this.#session.beGuest(name);
    } catch (error) {
      this.#fail(error.status ? error.message : "The shop cannot be reached. Try again in a moment.");
    }
  }

  #fail(text) {
    showError(this.#field, this.#error, text);
  }
}
