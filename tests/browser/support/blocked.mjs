// Pages in a browser without some transports.

const NAMES = { WebSockets: "WebSocket", ServerSentEvents: "EventSource" };
const namesOf = (transports) => transports.map((transport) => NAMES[transport]);

/** The browser has no such thing. */
export function missing(page, transports) {
  return page.addInitScript((names) => {
    for (const name of names) delete window[name];
  }, namesOf(transports));
}

/** The browser has it, but no connection can be opened with it. */
export function failing(page, transports) {
  return page.addInitScript((names) => {
    for (const name of names) {
      window[name] = class {
        constructor() {
          setTimeout(() => {
            this.onerror?.(new Event("error"));
            this.onclose?.(new CloseEvent("close", { code: 1006 }));
          });
        }

        close() {}
      };
    }
  }, namesOf(transports));
}
