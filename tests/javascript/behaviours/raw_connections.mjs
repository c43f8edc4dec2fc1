// Connections without a hub, by the part of the client below its hub protocol.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

import http from "@microsoft/signalr/dist/cjs/HttpConnection.js";
import http7 from "signalr7/dist/cjs/HttpConnection.js";
import http8 from "signalr8/dist/cjs/HttpConnection.js";
import signalR from "@microsoft/signalr";
import signalR7 from "signalr7";
import signalR8 from "signalr8";

import { behaviour } from "../support/cell.mjs";
import { Inbox, within } from "../support/waiting.mjs";

export const theme = "raw connections";

const HTTP_CONNECTIONS = new Map([
  [signalR, http],
  [signalR8, http8],
  [signalR7, http7],
]);

// The WebSockets that the client uses.
const WebSocket = createRequire(import.meta.resolve("@microsoft/signalr"))("ws");

/** A started connection; what it receives is gathered. */
class Raw {
  static async start(cell, path, options = {}) {
    const { signalR, isMessagePack } = cell.variant;
    const { HttpConnection } = HTTP_CONNECTIONS.get(signalR);
    const settings = { ...cell.variant.options(), logger: signalR.NullLogger.instance, ...options };
    const raw = new Raw();
    raw.pieces = [];
    raw.arrived = new Inbox("an echo");
    raw.closed = new Inbox("the end of the connection");
    raw.connection = new HttpConnection(cell.url(path), settings);
    raw.connection.onreceive = (data) => {
      raw.pieces.push(Buffer.from(data));
      raw.arrived.put(data);
    };
    raw.connection.onclose = (error) => raw.closed.put(error);
    const format = isMessagePack ? signalR.TransferFormat.Binary : signalR.TransferFormat.Text;
    await within(raw.connection.start(format), "the start");
    return raw;
  }

  /** Sends, and asserts that the same comes back, in however many pieces. */
  async echo(data) {
    const expected = Buffer.from(data);
    this.pieces = [];
    const sent = this.connection.send(data);
    let size = 0;
    while (size < expected.length) size += Buffer.from(await this.arrived.next(20_000)).length;
    await within(sent, "the end of sending");
    assert.ok(Buffer.concat(this.pieces).equals(expected), "the echo differs");
  }

  async stop() {
    await within(this.connection.stop(), "the stop");
    assert.equal(await this.closed.next(), undefined);
  }
}

const isText = ({ isMessagePack }) => !isMessagePack;
const isBinary = ({ isMessagePack }) => isMessagePack;
const isHttp = ({ transport }) => transport !== "WebSockets";

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
      for (const bytes of [[0], [0xff, 0xfe, 0, 10, 13]]) {
        await raw.echo(Uint8Array.from(bytes));
        assert.ok(raw.arrived.all.at(-1) instanceof ArrayBuffer);
      }
      await raw.stop();
    },
    { where: isBinary },
  ),
  behaviour("3 MB come back", async (cell) => {
    const raw = await Raw.start(cell, "/echo");
    const text = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".repeat(120_000);
    await raw.echo(isBinary(cell.variant) ? Uint8Array.from(Buffer.from(text)) : text);
    await raw.stop();
  }),
  behaviour(
    "307 is followed by every request",
    async (cell) => {
      const raw = await Raw.start(cell, "/echoredirect?a=b");
      await raw.echo(isBinary(cell.variant) ? Uint8Array.of(1, 2, 3) : "redirected");
      await raw.stop();
    },
    { where: isHttp },
  ),
  behaviour(
    "a WebSocket alone: no negotiation, closed with 1000",
    async (cell) => {
      const socket = new WebSocket(cell.url("/echo").replace("http", "ws"));
      const [messages, closed] = [new Inbox("an echo"), new Inbox("the Close")];
      socket.on("message", (data, isBinaryFrame) => messages.put([data.toString(), isBinaryFrame ?? typeof data !== "string"]));
      socket.on("close", (code) => closed.put(code));
      await within(new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject)), "the upgrade");
      socket.send("text");
      assert.equal((await messages.next())[0], "text");
      socket.send(Buffer.from("bytes"));
      assert.equal((await messages.next())[0], "bytes");
      socket.close();
      assert.equal(await closed.next(), 1000);
    },
    { where: (variant) => variant.transport === "WebSockets" && isText(variant) },
  ),
];
