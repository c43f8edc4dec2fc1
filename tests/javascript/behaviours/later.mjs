// What later versions bring; each row then moves to its theme.

import { notYet } from "../support/cell.mjs";

export const theme = "later";

export const behaviours = [
  notYet("stateful reconnects"),
];
