// A ShopNest window of one visitor, used as a person would use it.

import { token } from "../../javascript/support/shop-tokens.mjs";
import { Complaints } from "./chromium.mjs";

const SHORT = 5000;
/** Longer than the longest pause between two attempts to reconnect. */
const RECONNECT = 15_000;

export class ShopWindow {
  page;
  complaints;
  #context;

  /**
   * Opens a window; `settings` are Playwright's context options, `prepare` runs before the page loads. A window `beside`
   * another shares what tabs of a browser share, connections included. With a `name`, its visitor has a token already, which
   * is a guest's unless its `claims` have a `sub`; otherwise the page asks for one.
   */
  static async open(t, browser, url, { name, claims, prepare, beside, ...settings } = {}) {
    const window = new ShopWindow();
    window.#context = beside?.#context;
    if (!beside) {
      window.#context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...settings });
      t.after(() => window.#context.close());
    }
    window.page = await window.#context.newPage();
    window.page.setDefaultTimeout(SHORT);
    window.complaints = await Complaints.of(window.page);
    if (name) await window.#keeps(token({ name, ...claims }), claims?.sub !== undefined);
    await prepare?.(window.page);
    await window.page.goto(url);
    return window;
  }

  /** The tab has kept this token; what the page does with it later stays. */
  async #keeps(token, isAccount) {
    const keep = ([token, isAccount]) => {
      if (window.name === "kept") return;
      window.name = "kept";
      sessionStorage.setItem("shopnest.token", token);
      if (isAccount) sessionStorage.setItem("shopnest.account", "yes");
    };
    await this.page.addInitScript(keep, [token, isAccount]);
  }

  /** Like `open`, but also waits until it is connected. */
  static async connected(...settings) {
    const window = await ShopWindow.open(...settings);
    await window.state("connected");
    return window;
  }

  /** Waits until the header shows one of these connection states. */
  async state(...states) {
    const selector = states.map((state) => `[data-testid="connection-state"][data-state="${state}"]`).join(", ");
    await this.page.locator(selector).waitFor({ timeout: RECONNECT });
  }

  /** Waits until the header shows a visitor of this kind, with this name. */
  async visitor(kind, name = "") {
    await this.page.locator(`[data-testid="visitor"][data-kind="${kind}"][data-name="${name}"]`).waitFor({ timeout: RECONNECT });
  }

  /** Signs in by the form. */
  async signIn(user, password) {
    await this.page.getByTestId("sign-in").click();
    await this.page.getByTestId("user").fill(user);
    await this.page.getByTestId("password").fill(password);
    await this.page.getByTestId("submit-sign-in").click();
  }

  /** The token that the tab keeps. */
  get token() {
    return this.page.evaluate(() => sessionStorage.getItem("shopnest.token"));
  }

  room(testId) {
    return new Room(this.page.getByTestId(testId));
  }

  get support() {
    return this.room("support-room");
  }

  get questions() {
    return this.room("product-room");
  }

  async askAbout(product) {
    await this.page.getByTestId(`product-${product}`).check();
    await this.page.locator(`[data-testid="product-room"][data-room="product-${product}"][data-joined="true"]`).waitFor();
  }

  async watch(order) {
    await this.page.getByTestId("order-number").fill(String(order));
    await this.page.getByTestId("watch").click();
    await this.orderIs(order, "watching");
  }

  ship(order) {
    return this.page.getByTestId(`ship-${order}`).click();
  }

  /** Waits until the order's status is no longer "watching", and returns it. */
  async moved(order) {
    const row = this.page.getByTestId(`order-${order}`).and(this.page.locator("[data-moved]"));
    await row.waitFor();
    return row.getAttribute("data-status");
  }

  orderIs(order, status) {
    return this.page.locator(`[data-testid="order-${order}"][data-status="${status}"]`).waitFor();
  }
}

class Room {
  locator;

  constructor(locator) {
    this.locator = locator;
  }

  get input() {
    return this.locator.getByTestId("message-input");
  }

  get connectionId() {
    return this.locator.getAttribute("data-connection-id");
  }

  /** Sends a message and waits until it has come back. */
  async say(text) {
    await this.input.fill(text);
    await this.locator.getByTestId("send").click();
    await this.hears(text);
  }

  async hears(text) {
    await this.locator.getByTestId("message-text").getByText(text, { exact: true }).waitFor();
  }

  /** Returns every message on screen as "user: text". */
  messages() {
    return this.locator
      .getByTestId("message")
      .evaluateAll((nodes) =>
        nodes.map((node) => ["message-user", "message-text"].map((id) => node.querySelector(`[data-testid="${id}"]`).textContent).join(": ")),
      );
  }

  async error() {
    const error = this.locator.getByTestId("error");
    await error.waitFor();
    return error.textContent();
  }
}
