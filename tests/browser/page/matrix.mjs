// Runs one cell at a time for the test that opened the page.
/* global signalR */

import { THEMES } from "../../javascript/behaviours/index.mjs";
import { Cell } from "../../javascript/support/cell.mjs";
import { server } from "./server.mjs";

const ENCODINGS = {
  JSON: {
    protocol: () => new signalR.JsonHubProtocol(),
    forms: { bytes: (bytes) => btoa(String.fromCharCode(...bytes)), instant: (iso) => iso },
  },
  MessagePack: {
    protocol: () => new signalR.protocols.msgpack.MessagePackHubProtocol(),
    forms: { bytes: (bytes) => Uint8Array.from(bytes), instant: (iso) => new Date(iso) },
  },
};

/** Runs the behaviour of this theme and name; `column` names client, transport and encoding. */
window.runCell = async (theme, name, column) => {
  const row = THEMES.find((each) => each.theme === theme).behaviours.find((each) => each.name === name);
  const options = () => ({ transport: signalR.HttpTransportType[column.transport] });
  const variant = { ...column, signalR, options, ...ENCODINGS[column.encoding] };
  const ends = [];
  try {
    await row.run(new Cell({ after: (end) => ends.push(end) }, variant, server));
  } finally {
    for (const end of ends) await end();
  }
};

window.clientVersion = signalR.VERSION;
