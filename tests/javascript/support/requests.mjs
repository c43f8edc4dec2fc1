// The HTTP requests of a client: all but those that open WebSockets and event streams in Node.

import { Inbox } from "./waiting.mjs";

/** Sends a client's requests, records them, and can hold them back. */
export class Requests {
  /** Method, URL and headers of each request, and the status of its response. */
  answered = new Inbox("the response to a request");
  /** The value of the client's option `httpClient`. */
  httpClient;
  #gate = Promise.resolve();
  #open = () => {};

  constructor({ signalR }) {
    const inner = new signalR.DefaultHttpClient(signalR.NullLogger.instance);
    const send = (request) => this.#send(inner, request);
    this.httpClient = new (class extends signalR.HttpClient {
      send(request) {
        return send(request);
      }

      getCookieString(url) {
        return inner.getCookieString(url);
      }
    })();
  }

  /** Holds all later requests back until `release`. */
  hold() {
    this.#gate = new Promise((open) => (this.#open = open));
  }

  release() {
    this.#open();
  }

  async #send(inner, request) {
    await this.#gate;
    const { method, url, headers } = request;
    const answered = (status, isEmpty) => this.answered.put({ method, url: new URL(url), headers, status, isEmpty });
    try {
      const response = await inner.send(request);
      answered(response.statusCode, !response.content || response.content.byteLength === 0);
      return response;
    } catch (error) {
      answered(error.statusCode);
      throw error;
    }
  }
}
