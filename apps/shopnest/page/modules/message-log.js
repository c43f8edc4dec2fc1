// A room's messages on screen.

import { element } from "./dom.js";

// The number of entries that a room keeps; the newest ones stay.
export const KEPT = 500;

const TONES = 5;
// A reader within this many pixels of the end counts as reading the newest message.
const NEAR = 48;

export class MessageLog {
  #list;
  #last = null;

  #atEnd = true;

  constructor(list) {
    this.#list = list;
    list.addEventListener("scroll", () => {
      this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    });
    new ResizeObserver(() => this.#follow()).observe(list);
  }

  /** Shows these entries in place of the previous ones. */
  show(entries) {
    this.#list.replaceChildren();
    this.#last = null;
    this.#atEnd = true;
    for (const entry of entries) this.add(entry);
  }

  /**
   * Adds `{ user, message, at, own }` or `{ note, passing }`, and stays at the end if the reader was
   * there. The next note replaces a passing one. If there are too many entries, the oldest is removed.
   */
  add(entry) {
    if (entry.passing && this.#last?.passing) this.#list.lastElementChild.remove();
    this.#list.append(entry.note ? element("div", { class: "note" }, entry.note) : this.#message(entry));
    if (this.#list.childElementCount > KEPT) this.#list.firstElementChild.remove();
    this.#last = entry;
    if (entry.own) this.#atEnd = true;
    this.#follow();
  }

  #follow() {
    if (this.#atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #message(entry) {
    const at = timeOf(entry.at);
    const continued = this.#last?.user === entry.user && this.#last.own === entry.own;
    return element(
      "div",
      { class: "message", "data-testid": "message", "data-own": entry.own, "data-continued": continued },
      element("span", { class: "avatar", "data-tone": toneOf(entry.user), "aria-hidden": "true" }, initialsOf(entry.user)),
      element(
        "span",
        { class: "message-head" },
        element("span", { class: "message-user", "data-testid": "message-user" }, entry.user),
        element(
          "time",
          { datetime: at.toISOString() },
          at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
        ),
      ),
      element("span", { class: "bubble", "data-testid": "message-text" }, entry.message),
    );
  }
}

function timeOf(value) {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? new Date() : at;
}

function initialsOf(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => [...word][0]).join("").toUpperCase();
}

function toneOf(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return sum % TONES;
}
