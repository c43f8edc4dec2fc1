// Clients of several versions of a hub.

import assert from "node:assert/strict";

import { behaviour } from "../support/cell.mjs";

export const theme = "contracts";

const REFUSED = "Failed to invoke 'Greet' due to an error on the server. InvalidDataException: ";
const count = (given) => `${REFUSED}Invocation provides ${given} argument(s) but target expects 3.`;

export const behaviours = [
  behaviour("trailing arguments that are left out", async (cell) => {
    const ada = await cell.connected("/contracts");
    assert.equal(await ada.invoke("Greet", "Ada"), "hello Ada, 0");
    assert.equal(await ada.invoke("Greet", "Ada", "Lady"), "hello Lady Ada, 0");
    assert.equal(await ada.invoke("Greet", "Ada", null), "hello Ada, 0");
    assert.equal(await ada.invoke("Greet", "Ada", "Lady", 2), "hello Lady Ada, 2");
  }),
  behaviour("too few and too many all the same", async (cell) => {
    const ada = await cell.connected("/contracts");
    await assert.rejects(ada.invoke("Greet"), { message: count(0) });
    await assert.rejects(ada.invoke("Greet", "Ada", "Lady", 2, "more"), { message: count(4) });
    await assert.rejects(ada.invoke("Greet", "Ada", "Lady", null), { message: new RegExp(`^${REFUSED}Error binding arguments`) });
    assert.equal(await ada.invoke("Greet", "Ada"), "hello Ada, 0");
  }),
  behaviour("a deprecated method", async (cell) => {
    const ada = await cell.connected("/contracts");
    assert.equal(await ada.invoke("Salute", "Ada"), "hello Ada, 0");
  }),
];
