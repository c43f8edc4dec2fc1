// A hub connection under observation.

import { Inbox, within } from "./waiting.mjs";

/** Pause before each attempt to reconnect, in milliseconds. */
const RETRY = 25;

/**
 * Builds a connection that is stopped when the test `t` ends. `pushes` names the client methods to
 * collect; each becomes an Inbox of argument lists in `arrived`.
 */
export function client(t, variant, url, { pushes = [], options = {} } = {}) {
  const observed = new Client(variant, url, pushes, options);
  t.after(() => within(observed.connection.stop(), "the connection to stop"));
  return observed;
}

/** As `client`, and started. */
export async function connected(t, variant, url, settings) {
  const observed = client(t, variant, url, settings);
  await observed.start();
  return observed;
}

class Client {
  connection;
  arrived = {};
  /** Every hub message that the server sent, as the client's parser returned it. */
  messages = [];
  reconnecting = new Inbox("reconnecting");
  reconnected = new Inbox("reconnected");
  closed = new Inbox("closed");

  constructor(variant, url, pushes, options) {
    this.connection = new variant.signalR.HubConnectionBuilder()
      .withUrl(url, { ...variant.options(), ...options })
      .withHubProtocol(recording(variant.protocol(), this.messages))
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

  /** The completions that have arrived. */
  get completions() {
    return this.messages.filter((message) => message.type === 3);
  }
}

function recording(protocol, messages) {
  const parse = protocol.parseMessages.bind(protocol);
  protocol.parseMessages = (input, logger) => {
    const parsed = parse(input, logger);
    messages.push(...parsed);
    return parsed;
  };
  return protocol;
}
