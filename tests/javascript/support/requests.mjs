// The HTTP requests of a client: all but those that open WebSockets and event streams in Node.

import { Inbox } from "./waiting.mjs";

/**
 * Sends a client's requests, records them, can hold them back and spoil their tokens. With `returnsRefusals`, it
 * returns the responses for which the client's own HTTP client throws.
 */
export class Requests {
  /** Method, URL and headers of each request, and the status of its response. */
  answered = new Inbox("the response to a request");
  /** The value of the client's option `httpClient`. */
  httpClient;
  #gate = Promise.resolve();
  #open = () => {};
  #spoiled = [];
  #returned;

  constructor({ signalR }, { returnsRefusals = false } = {}) {
    this.#returned = returnsRefusals ? signalR.HttpResponse : undefined;
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

  /** Sends the next request of this method with a token that is no good. */
  spoil(method) {
    this.#spoiled.push(method);
  }

  #spoiledIfWanted(request) {
    const index = this.#spoiled.indexOf(request.method);
    if (index < 0) return request;
    this.#spoiled.splice(index, 1);
    return { ...request, headers: { ...request.headers, Authorization: "Bearer bad" } };
  }

  async #send(inner, wanted) {
    await this.#gate;
    const request = this.#spoiledIfWanted(wanted);
    const { method, url, headers } = request;
    const answered = (status, isEmpty) => this.answered.put({ method, url: new URL(url), headers, status, isEmpty });
    try {
      const response = await inner.send(request);
      answered(response.statusCode, !response.content || response.content.byteLength === 0);
      return response;
    } catch (error) {
      answered(error.statusCode);
      if (this.#returned && error.statusCode) return new this.#returned(error.statusCode, error.message);
      throw error;
    }
  }
}
