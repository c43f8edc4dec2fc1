// The rows of the matrix, by theme.

import * as calls from "./calls.mjs";
import * as connections from "./connections.mjs";
import * as encodings from "./encodings.mjs";
import * as errors from "./errors.mjs";
import * as groups from "./groups.mjs";
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

export const THEMES = [values, encodings, calls, streams, results, pushes, groups, errors, negotiation, requests, connections, limits, outages, rawConnections, later];
