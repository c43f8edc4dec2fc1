// The visitor's name: a field in the header, remembered by this browser.

const KEY = "shopnest.name";

export class Visitor {
  #field;
  #fallback;

  constructor(field) {
    this.#field = field;
    this.#fallback = `Guest ${1000 + Math.floor(Math.random() * 9000)}`;
    field.value = recall() ?? this.#fallback;
    remember(this.name);
    field.addEventListener("change", () => {
      field.value = this.name;
      remember(this.name);
    });
  }

  get name() {
    return this.#field.value.trim() || this.#fallback;
  }
}

// Storage may be disabled; the name then lasts as long as the page.
function recall() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function remember(name) {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Storage may be disabled.
  }
}
