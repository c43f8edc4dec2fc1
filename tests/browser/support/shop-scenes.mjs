// What visitors do on ShopNest, whichever transport their windows have.

import assert from "node:assert/strict";

import { ship } from "../../javascript/support/shop-tokens.mjs";

/** Two windows, both connected, talk in both rooms. */
export async function talkInTwoRooms(ada, grace) {
  await ada.support.say("Where is my parcel?");
  await grace.questions.say("Does the teapot drip?");
  await grace.support.hears("Where is my parcel?");
  await ada.questions.hears("Does the teapot drip?");
  await grace.support.say("On its way.");
  await ada.questions.say("Never.");
  await ada.support.hears("On its way.");
  await grace.questions.hears("Never.");
  for (const window of [ada, grace]) {
    assert.deepEqual(await window.support.messages(), ["Ada: Where is my parcel?", "Grace: On its way."]);
    assert.deepEqual(await window.questions.messages(), ["Grace: Does the teapot drip?", "Ada: Never."]);
  }
}

/** What an admin's token claims beside the name. */
export const ADMIN = { sub: "admin", role: "Admin" };

/** An order that Ada, an admin, ships moves in Grace's window, and one that neither watches in Edsger's alone. */
export async function shipAnOrder(ada, grace, edsger) {
  await ada.watch(2042);
  await grace.watch(2042);
  await edsger.watch(2043);
  await ada.ship(2042);
  const status = await ada.moved(2042);
  assert.equal(await grace.moved(2042), status);
  await ada.watch(2043);
  await ada.ship(2043);
  assert.equal(await edsger.moved(2043), status);
  assert.equal(await edsger.page.getByTestId("order-2042").count(), 0);
  assert.equal(await grace.page.getByTestId("order-2043").count(), 0);
}

/** The server ends by `signal` and is started again: both windows show that, and continue where they were. */
export async function comeBack(server, signal, ada, grace) {
  const windows = [ada, grace];
  await ada.askAbout("lamp");
  await grace.askAbout("lamp");
  for (const window of windows) await window.watch(4042);
  const before = await ada.support.connectionId;

  await server.stop(signal);
  for (const window of windows) await window.state("reconnecting", "offline");
  await ada.support.input.fill("Anybody there?");
  await ada.support.input.press("Enter");
  assert.match(await ada.support.error(), /^Not connected right now/);
  assert.equal(await ada.support.input.inputValue(), "Anybody there?");

  await server.restart();
  for (const window of windows) await window.state("connected");
  assert.notEqual(await ada.support.connectionId, before);
  await ada.support.input.press("Enter");
  await grace.support.hears("Anybody there?");
  await grace.questions.say("Is the lamp bright?");
  await ada.questions.hears("Is the lamp bright?");
  await ship(server, 4042);
  for (const window of windows) {
    await window.moved(4042);
    assert.deepEqual(window.complaints.beyondOutage, []);
  }
}
