// The distribution's Chromium, and the complaints of a window.

import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Launches a browser, which trusts a certificate of the tests. */
export function launch({ trusted } = {}) {
  // Chromium heeds this only with a profile of its own, which Playwright always makes.
  const trust = trusted ? [`--ignore-certificate-errors-spki-list=${trusted.publicKeyHash}`] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: [...ARGUMENTS, ...trust] });
}

// The client deletes a polled connection that it stops or that has ended; its own Close, or the
// server, may have been quicker.
const DELETED_TWICE = /^Failed to load resource: the server responded with a status of 404/;

/** Collects a page's warnings, errors and policy violations. */
export class Complaints {
  all = [];

  static async of(page) {
    const complaints = new Complaints();
    page.on("pageerror", (error) => complaints.all.push(`exception: ${error.message}`));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.all.push(message.text());
    });
    await page.exposeFunction("reportViolation", (text) => complaints.all.push(`policy violation: ${text}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    return complaints;
  }

  /** All complaints except those explained by the end of polled connections. */
  get beyondPolling() {
    return this.all.filter((text) => !DELETED_TWICE.test(text));
  }

  /** All complaints except those explained by the loss of the server. */
  get beyondOutage() {
    const expected = [
      /^Failed to load resource: net::ERR_/,
      DELETED_TWICE,
      /^WebSocket connection to .* failed/,
      /(Error|Warning): (Connection disconnected with error|Error from HTTP request|Failed to complete negotiation|Failed to start the (connection|transport))/,
    ];
    return this.all.filter((text) => !expected.some((pattern) => pattern.test(text)));
  }
}
