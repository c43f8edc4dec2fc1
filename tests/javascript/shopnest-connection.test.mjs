// What ShopNest's page does with its connections when nobody is signed in any more. No server is needed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { LiveConnection } from "../../apps/shopnest/page/modules/connection.js";

/** The official client, with a hub that is connected. */
class Hub {
  state = "Connected";
  stops = 0;
  onreconnecting() {}
  onreconnected() {}
  onclose() {}
  async stop() {
    this.stops += 1;
  }
}

function clientOf(hub) {
  class HubConnectionBuilder {
    withUrl() {
      return this;
    }
    withAutomaticReconnect() {
      return this;
    }
    configureLogging() {
      return this;
    }
    build() {
      return hub;
    }
  }
  const HubConnectionState = { Connected: "Connected", Disconnected: "Disconnected" };
  return { HubConnectionBuilder, HubConnectionState, HttpClient: class {}, DefaultHttpClient: class {}, NullLogger: {}, LogLevel: {} };
}

const hub = new Hub();
before(() => (globalThis.signalR = clientOf(hub)));
after(() => delete globalThis.signalR);

test("a connection ends when its user's time is up, and none that is new is waited for", async () => {
  const session = Object.assign(new EventTarget(), { user: { id: "ann" }, token: "a token" });
  const connection = new LiveConnection("/hubs/chat", session, { ready: () => {}, stateChanged: () => {} });
  Object.assign(session, { user: null, token: null });
  session.dispatchEvent(new Event("change"));
  assert.equal(hub.stops, 1);
  await connection.replaced();
  hub.state = "Disconnected";
  session.dispatchEvent(new Event("change"));
  assert.equal(hub.stops, 1);
});
