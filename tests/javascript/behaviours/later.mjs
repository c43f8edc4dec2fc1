// What later issues bring; each row moves to its theme then.

import { notYet } from "../support/cell.mjs";

export const theme = "later";

export const behaviours = [
  notYet("stateful reconnects"),
  notYet("authorized hubs"),
  notYet("hubs without WebSockets"),
  notYet("connections without a hub, and 307 followed"),
];
