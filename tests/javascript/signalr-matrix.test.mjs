// Every behaviour with every client, transport and encoding: one test per cell, then the whole
// matrix.

import "./support/trusting.mjs";
import { after, before, describe, test } from "node:test";

import { THEMES } from "./behaviours/index.mjs";
import { Cell } from "./support/cell.mjs";
import { secureVariants, VARIANTS } from "./support/matrix.mjs";
import { conformance } from "./support/server.mjs";
import { Table } from "./support/table.mjs";

/** The time limit of a cell, in milliseconds. */
const LIMIT = 40_000;
/** More would wait for one another: a row that keeps one busy keeps all of them busy at the same time. */
const COLUMNS_AT_ONCE = 8;

const COLUMNS = [...VARIANTS, ...secureVariants()];

const table = new Table(THEMES, COLUMNS);
// Not in after(), because the reporter is still writing then.
process.once("exit", () => console.log(`\n${table}\n`));

// Columns run concurrently, each with its own server; the cells of a column run in order.
describe("matrix", { concurrency: COLUMNS_AT_ONCE }, () => {
  for (const variant of COLUMNS) {
    describe(variant.name, { concurrency: 1 }, () => {
      let server;
      before(async () => {
        server = await conformance({ certificate: variant.certificate });
      });
      after(() => server?.stop());

      for (const { theme, behaviours } of THEMES) {
        for (const behaviour of behaviours.filter(({ run, where }) => run && where(variant))) {
          test(`${theme}: ${behaviour.name}`, { timeout: LIMIT }, async (t) => {
            table.mark(behaviour, variant, "FAIL");
            await behaviour.run(new Cell(t, variant, server));
            table.mark(behaviour, variant, "pass");
          });
        }
      }
    });
  }
});
