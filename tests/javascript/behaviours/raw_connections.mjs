// Connections without a hub, by the part of the client below its hub protocol.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";
import { Inbox, within } from "../support/waiting.mjs";

export const theme = "raw connections";

/** A started connection; what it receives is gathered. */
class Raw {
  pieces = [];
  arrived = new Inbox("an echo");
  closed = new Inbox("the end of the connection");

  static async start(cell, path) {
    const { signalR, isMessagePack } = cell.variant;
    const raw = new Raw();
    const builder = new signalR.HubConnectionBuilder().withUrl(cell.url(path), cell.variant.options());
    // A hub connection that is not started has the connection that it would use.
    raw.connection = builder.configureLogging(signalR.LogLevel.None).build().connection;
    raw.connection.onreceive = (data) => {
      raw.pieces.push(bytes(data));
      raw.arrived.put(data);
    };
    raw.connection.onclose = (error) => raw.closed.put(error);
    const format = isMessagePack ? signalR.TransferFormat.Binary : signalR.TransferFormat.Text;
    await within(raw.connection.start(format), "the start");
    return raw;
  }

  /** Sends, and asserts that the same comes back, in however many pieces. */
  async echo(data) {
    const expected = bytes(data);
    this.pieces = [];
    const sent = this.connection.send(data);
    let size = 0;
    while (size < expected.length) size += bytes(await this.arrived.next(20_000)).length;
    await within(sent, "the end of sending");
    assert.ok(same(this.pieces, expected), "the echo differs");
  }

  async stop() {
    await within(this.connection.stop(), "the stop");
    assert.equal(await this.closed.next(), undefined);
  }
}

const bytes = (data) => (typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));

function same(pieces, expected) {
  let at = 0;
  for (const piece of pieces) for (const byte of piece) if (byte !== expected[at++]) return false;
  return at === expected.length;
}

const isText = ({ isMessagePack }) => !isMessagePack;
const isBinary = ({ isMessagePack }) => isMessagePack;
// Node's fetch cannot send the bytes of client 7 a second time.
const isRedirectable = ({ transport, isMessagePack, client }) => transport !== "WebSockets" && !(isMessagePack && client.startsWith("7."));

export const behaviours = [
  behaviour(
    "text comes back as text",
    async (cell) => {
      const raw = await Raw.start(cell, "/echo");
      for (const text of ["x", "grüße, 你好", "{}\u001e", "two\nlines"]) {
        await raw.echo(text);
        assert.equal(typeof raw.arrived.all.at(-1), "string");
      }
      await raw.stop();
    },
    { where: isText },
  ),
  behaviour(
    "bytes come back as bytes",
    async (cell) => {
      const raw = await Raw.start(cell, "/echo");
      for (const values of [[0], [0xff, 0xfe, 0, 10, 13]]) {
        await raw.echo(Uint8Array.from(values));
        assert.ok(raw.arrived.all.at(-1) instanceof ArrayBuffer);
      }
      await raw.stop();
    },
    { where: isBinary },
  ),
  behaviour("3 MB come back", async (cell) => {
    const raw = await Raw.start(cell, "/echo");
    const text = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".repeat(120_000);
    await raw.echo(isBinary(cell.variant) ? bytes(text) : text);
    await raw.stop();
  }),
  behaviour(
    "307 is followed by every request",
    async (cell) => {
      const raw = await Raw.start(cell, "/echoredirect?a=b");
      await raw.echo(isBinary(cell.variant) ? Uint8Array.of(1, 2, 3) : "redirected");
      await raw.stop();
    },
    { where: isRedirectable },
  ),
];
