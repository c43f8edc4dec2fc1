// The rows of the matrix, by theme.

import * as authentication from "./authentication.mjs";
import * as busy from "./busy.mjs";
import * as calls from "./calls.mjs";
import * as connections from "./connections.mjs";
import * as contracts from "./contracts.mjs";
import * as encodings from "./encodings.mjs";
import * as errors from "./errors.mjs";
import * as filters from "./filters.mjs";
import * as groups from "./groups.mjs";
import * as kicks from "./kicks.mjs";
import * as later from "./later.mjs";
import * as limits from "./limits.mjs";
import * as negotiation from "./negotiation.mjs";
import * as outages from "./outages.mjs";
import * as pushes from "./pushes.mjs";
import * as rawConnections from "./raw_connections.mjs";
import * as requests from "./requests.mjs";
import * as results from "./results.mjs";
import * as streams from "./streams.mjs";
import * as values from "./values.mjs";

/** The theme without the cells of older clients, and of those over TLS, that would only repeat what their WebSockets show. */
const once = ({ theme, behaviours }) => ({
  theme,
  behaviours: behaviours.map((row) => ({
    ...row,
    where: (variant) =>
      row.where(variant) && (!(variant.isOlderClient || variant.isSecure) || variant.transport === "WebSockets"),
  })),
});

export const THEMES = [
  once(values), once(encodings), calls, once(contracts), streams, results, once(pushes), groups, busy, errors, once(filters),
  negotiation, authentication, requests, connections, kicks, once(limits), outages, rawConnections, later,
];
