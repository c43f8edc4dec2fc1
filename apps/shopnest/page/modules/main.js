// Puts the page together: one visitor, one badge, and a connection for each live part.

import { ChatRoom } from "./chat-room.js";
import { ConnectionState } from "./connection-state.js";
import { Orders } from "./orders.js";
import { PRODUCTS, fillShelf } from "./products.js";
import { Visitor } from "./visitor.js";

const byId = (id) => document.getElementById(id);
const roomOf = (product) => `product-${product.id}`;

const visitor = new Visitor(byId("name"));
const state = new ConnectionState(byId("connection-state"));

const support = new ChatRoom(byId("support-room"), { room: "support", visitor, stateChanged: state.track() });
const questions = new ChatRoom(byId("product-room"), { room: roomOf(PRODUCTS[0]), visitor, stateChanged: state.track() });
const orders = new Orders(byId("orders"), { stateChanged: state.track() });

fillShelf(byId("products"), (product) => {
  byId("product-title").textContent = product.name;
  questions.enter(roomOf(product));
});

for (const part of [support, questions, orders]) part.start();
