// The form for accounts. It opens by itself if an account's token is refused.

import { showError } from "./dom.js";

const WELCOME = "Guests look around and talk. Shipping an order takes an admin.";
const AGAIN = "Your time here is up. Sign in again to go on.";

export class SignInForm {
  #dialog;
  #session;
  #user;
  #password;
  #error;
  #note;

  constructor(dialog, session) {
    this.#dialog = dialog;
    this.#session = session;
    this.#user = dialog.querySelector("#user");
    this.#password = dialog.querySelector("#password");
    this.#error = dialog.querySelector(".error");
    this.#note = dialog.querySelector(".panel-note");
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    dialog.querySelector(".stay-guest").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.#closed());
    session.addEventListener("change", () => {
      if (session.user === null) this.open(AGAIN);
    });
  }

  open(note = WELCOME) {
    this.#note.textContent = note;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  async #submit() {
    const [user, password] = [this.#user.value.trim(), this.#password.value];
    if (user === "" || password === "") return this.#fail("Enter the name of your account and its password.");
    this.#fail("");
    try {
      await this.#session.signIn(user, password);
      this.#dialog.close();
    } catch (error) {
      this.#fail(error.status ? error.message : "The shop cannot be reached. Try again in a moment.");
      this.#password.select();
    }
  }

  // Whoever leaves without an account is a guest.
  #closed() {
    this.#password.value = "";
    this.#fail("");
    if (this.#session.user === null) this.#session.signOut();
  }

  #fail(text) {
    showError(this.#password, this.#error, text);
  }
}
