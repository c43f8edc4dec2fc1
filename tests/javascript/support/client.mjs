// A hub connection whose messages are recorded.

import { Inbox, within } from "./waiting.mjs";

/** Pause before each attempt to reconnect, in milliseconds. */
const RETRY = 25;

// Types of hub messages.
const INVOCATION = 1;
const COMPLETION = 3;
const PING = 6;
const CLOSE = 7;

/**
 * Builds a connection that is stopped when the test `t` ends. `pushes` names the client methods to
 * collect; each becomes an Inbox of argument lists in `arrived`. `options` are passed to `withUrl`,
 * `limits` are properties of the connection.
 */
export function client(t, variant, url, { pushes = [], options = {}, limits = {} } = {}) {
  const observed = new Client(variant, url, pushes, options);
  Object.assign(observed.connection, limits);
  t.after(() => observed.stop());
  return observed;
}

/** Like `client`, but started. */
export async function connected(t, variant, url, settings) {
  const observed = client(t, variant, url, settings);
  await observed.start();
  return observed;
}

class Client {
  connection;
  arrived = {};
  /** Every hub message from the server, as returned by the client's parser. */
  messages = [];
  pings = new Inbox("a ping");
  /** Every hub message to the server. */
  sent = new Inbox("a message to the server");
  completed = new Inbox("a completion");
  reconnecting = new Inbox("reconnecting");
  reconnected = new Inbox("reconnected");
  closed = new Inbox("closed");

  constructor(variant, url, pushes, options) {
    this.connection = new variant.signalR.HubConnectionBuilder()
      .withUrl(url, { ...variant.options(), ...options })
      .withHubProtocol(recording(variant.protocol(), (message) => this.#record(message), (message) => this.sent.put(message)))
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => RETRY })
      .configureLogging(variant.signalR.LogLevel.None)
      .build();
    for (const name of pushes) {
      const inbox = (this.arrived[name] = new Inbox(`the push ${name}`));
      this.connection.on(name, (...values) => inbox.put(values));
    }
    this.connection.onreconnecting((error) => this.reconnecting.put(error));
    this.connection.onreconnected((id) => this.reconnected.put(id));
    this.connection.onclose((error) => this.closed.put(error));
  }

  start() {
    return within(this.connection.start(), "the connection to start");
  }

  invoke(method, ...values) {
    return within(this.connection.invoke(method, ...values), `the completion of ${method}`);
  }

  send(method, ...values) {
    return within(this.connection.send(method, ...values), `${method} to be sent`);
  }

  stop() {
    return within(this.connection.stop(), "the connection to stop");
  }

  #record(message) {
    this.messages.push(message);
    if (message.type === PING) this.pings.put(message);
    if (message.type === COMPLETION) this.completed.put(message);
  }

  /** Returns the invocations that have arrived. */
  get invocations() {
    return this.#ofType(INVOCATION);
  }

  /** Returns the completions that have arrived. */
  get completions() {
    return this.#ofType(COMPLETION);
  }

  /** Returns error and permission to reconnect of each Close that has arrived; JSON leaves out what MessagePack denies. */
  get closes() {
    return this.#ofType(CLOSE).map(({ error, allowReconnect }) => [error ?? undefined, allowReconnect || undefined]);
  }

  #ofType(type) {
    return this.messages.filter((message) => message.type === type);
  }
}

function recording(protocol, record, recordSent) {
  const parse = protocol.parseMessages.bind(protocol);
  protocol.parseMessages = (input, logger) => {
    const parsed = parse(input, logger);
    parsed.forEach(record);
    return parsed;
  };
  const write = protocol.writeMessage.bind(protocol);
  protocol.writeMessage = (message) => {
    recordSent(message);
    return write(message);
  };
  return protocol;
}
