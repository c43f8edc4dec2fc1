// The matrix as text.

const NOT_YET = "not yet";
const NOT_APPLICABLE = "-";

/** A table with behaviours under their themes as rows, and variants as columns; `mark` fills a cell. */
export class Table {
  #themes;
  #columns;
  /** The texts of each row's cells, by column. */
  #marks = new Map();

  constructor(themes, columns) {
    this.#themes = themes;
    this.#columns = columns;
    for (const { behaviours } of themes) behaviours.forEach((row) => this.#marks.set(row, new Map()));
  }

  mark(row, column, text) {
    this.#marks.get(row).set(column, text);
  }

  toString() {
    const head = [
      ...["client", "scheme", "transport", "encoding"].map((part) => ["", ...this.#columns.map((column) => column[part])]),
    ];
    const body = this.#themes.flatMap(({ theme, behaviours }) => [
      [theme],
      ...behaviours.map((row) => [`  ${row.name}`, ...this.#columns.map((column) => this.#cell(row, column))]),
    ]);
    const widths = head[0].map((_, i) => Math.max(...[...head, ...body].map((line) => (line[i] ?? "").length)));
    const print = (line) => line.map((text, i) => text.padEnd(widths[i])).join("  ").trimEnd();
    const rule = widths.map((width) => "-".repeat(width)).join("  ");
    return [...head.map(print), rule, ...body.map(print), rule, this.#sum()].join("\n");
  }

  #cell(row, column) {
    if (!row.where(column)) return NOT_APPLICABLE;
    if (!row.run) return NOT_YET;
    return this.#marks.get(row).get(column) ?? "not run";
  }

  #sum() {
    const counts = new Map();
    for (const { behaviours } of this.#themes) {
      for (const row of behaviours) {
        for (const column of this.#columns) {
          const text = this.#cell(row, column);
          counts.set(text, (counts.get(text) ?? 0) + 1);
        }
      }
    }
    const parts = [...counts].filter(([text]) => text !== NOT_APPLICABLE);
    return `cells: ${parts.map(([text, count]) => `${count} ${text}`).join(", ")}`;
  }
}