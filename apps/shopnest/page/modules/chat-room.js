// A chat panel with its own connection, in one room at a time. A message does not say which room
// it is for, so two panels must never share a connection.

import { LiveConnection } from "./connection.js";
import { showError } from "./dom.js";
import { errorText } from "./error-text.js";
import { KEPT, MessageLog } from "./message-log.js";

export class ChatRoom {
  #section;
  #session;
  #live;
  #log;
  #field;
  #error;
  #entries = new Map();
  #wanted;
  // The room whose messages arrive on the connection; null on a new connection.
  #joined = null;
  #moving = Promise.resolve();
  #sending = [];
  // The id of the user that was here before; null at first.
  #before = null;

  constructor(section, { room, session, stateChanged }) {
    this.#section = section;
    this.#session = session;
    this.#wanted = section.dataset.room = room;
    this.#log = new MessageLog(section.querySelector(".log"));
    this.#field = section.querySelector(".composer input");
    this.#error = section.querySelector(".error");
    section.querySelector(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener("input", () => this.#fail(""));
    this.#live = this.#connect(stateChanged);
  }

  start() {
    this.#live.start();
  }

  /** Leaves the current room for another one and shows what was seen there before. */
  enter(room) {
    if (room === this.#wanted) return;
    this.#wanted = this.#section.dataset.room = room;
    this.#section.dataset.joined = "false";
    this.#fail("");
    this.#log.show(this.#entriesOf(room));
    if (this.#live.isUp) this.#move();
  }

  #connect(stateChanged) {
    const live = new LiveConnection("/hubs/chat", this.#session, {
      ready: () => this.#rejoin(),
      stateChanged: (state) => {
        if (state !== "connected") this.#section.dataset.joined = "false";
        stateChanged(state);
      },
    });
    live.on("Connected", (id) => {
      this.#section.dataset.connectionId = id;
    });
    live.on("ReceiveMessage", (message) => this.#receive(message));
    live.on("UserJoined", (id, room) => this.#noteGuest(id, room, "joined"));
    live.on("UserLeft", (id, room) => this.#noteGuest(id, room, "left"));
    return live;
  }

  #rejoin() {
    this.#joined = null;
    const { id, name } = this.#session.user;
    if (this.#before === id) this.#add(this.#wanted, { note: "Back online. Messages sent in the meantime are not shown." });
    else if (this.#before !== null) this.#add(this.#wanted, { note: `You are ${name} now` });
    this.#before = id;
    return this.#move();
  }

  // Moves run one after another; each goes to the latest wanted room.
  #move() {
    this.#moving = this.#moving.then(() => this.#follow()).catch((error) => {
      if (this.#live.isUp) this.#fail(errorText(error, "This room cannot be joined right now."));
    });
    return this.#moving;
  }

  async #follow() {
    while (this.#joined !== this.#wanted) {
      if (this.#joined !== null) await this.#live.invoke("LeaveRoom", this.#joined);
      const room = (this.#joined = this.#wanted);
      try {
        await this.#live.invoke("JoinRoom", room);
      } catch (error) {
        this.#joined = null;
        throw error;
      }
    }
    this.#section.dataset.joined = "true";
  }

  async #send() {
    const message = this.#field.value;
    this.#fail("");
    this.#field.value = "";
    // Somebody who has just chosen a name says this under it.
    await this.#session.settled();
    await this.#live.replaced();
    if (this.#section.dataset.joined !== "true" || this.#session.user === null) {
      this.#keep(message, "Not connected right now. Your message is kept, send it in a moment.");
      return;
    }
    const sent = { user: this.#session.user.name, message };
    this.#sending.push(sent);
    try {
      await this.#live.invoke("SendMessage", this.#wanted, sent.user, message);
    } catch (error) {
      this.#keep(message, errorText(error, "The message was not sent. Please try again."));
    } finally {
      this.#sending = this.#sending.filter((other) => other !== sent);
    }
  }

  #keep(message, why) {
    if (this.#field.value === "") this.#field.value = message;
    this.#fail(why);
  }

  #receive({ user, message, at }) {
    const mine = this.#sending.findIndex((sent) => sent.user === user && sent.message === message);
    if (mine >= 0) this.#sending.splice(mine, 1);
    this.#add(this.#joined, { user, message, at, own: mine >= 0 });
  }

  #noteGuest(id, room, what) {
    if (id !== this.#live.id) this.#add(room, { note: `Visitor ${id.replace(/[^a-z0-9]/gi, "").slice(0, 4)} ${what}`, passing: true });
  }

  #add(room, entry) {
    if (room === null) return;
    const entries = this.#entriesOf(room);
    if (entry.passing && entries.at(-1)?.passing) entries.pop();
    entries.push(entry);
    if (entries.length > KEPT) entries.shift();
    if (room === this.#wanted) this.#log.add(entry);
  }

  #entriesOf(room) {
    if (!this.#entries.has(room)) this.#entries.set(room, []);
    return this.#entries.get(room);
  }

  #fail(text) {
    showError(this.#field, this.#error, text);
  }
}
