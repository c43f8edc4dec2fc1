// Puts the page together: one visitor, one badge, and a connection for each live part.

import { ChatRoom } from "./chat-room.js";
import { ConnectionState } from "./connection-state.js";
import { Orders } from "./orders.js";
import { PRODUCTS, fillShelf } from "./products.js";
import { Session } from "./session.js";
import { SignInForm } from "./sign-in-form.js";
import { Visitor } from "./visitor.js";

const byId = (id) => document.getElementById(id);
const roomOf = (product) => `product-${product.id}`;

const state = new ConnectionState(byId("connection-state"));
const session = new Session({ stateChanged: state.track() });
const form = new SignInForm(byId("sign-in-form"), session);
new Visitor(byId("visitor"), { session, signIn: () => form.open() });

const support = new ChatRoom(byId("support-room"), { room: "support", session, stateChanged: state.track() });
const questions = new ChatRoom(byId("product-room"), { room: roomOf(PRODUCTS[0]), session, stateChanged: state.track() });
const orders = new Orders(byId("orders"), { session, stateChanged: state.track() });

fillShelf(byId("products"), (product) => {
  byId("product-title").textContent = product.name;
  questions.enter(roomOf(product));
});

session.start();
for (const part of [support, questions, orders]) part.start();
