"""Checks the table of exact texts, ../conformance/texts.md: every row has a test that is there, or is pending by name.

A replayed case has to be recorded with the row's very text; a Rust test has to be in the file that is named.
"""
import os
import re

import verdicts

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
TABLE = os.path.join(HERE, "..", "conformance", "texts.md")
ROWS = ("N1 N2 H1 H2 H3 H4 H5 S1 S2 S3 S4 S5 C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 K1 D1 D2 D3 R1").split()
PLACEHOLDER = re.compile(r"\\\{\w+\\\}")


def rows():
    """(row, text, proof) of every line of the table."""
    found = []
    with open(TABLE, encoding="utf-8") as f:
        for line in f:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if line.startswith("|") and len(cells) == 3 and re.fullmatch(r"[A-Z]\d+", cells[0]):
                found.append((cells[0], cells[1].strip("`"), cells[2]))
    return found


def pattern(text):
    return re.compile(PLACEHOLDER.sub(".+?", re.escape(text)))


def replayed(case, text, topics, rules):
    topic, _, name = case.partition("/")
    if topic not in topics:
        return f"topic {topic} is not replayed"
    if case in rules.pending or case in rules.deviations or case in rules.chance:
        return f"{case} is not compared"
    cases, _ = verdicts.compare.load(verdicts.VECTORS, topic)
    said = (verdicts.compare.payload(e) for e in cases.get(name, ()) if e.get("dir") == "s>c")
    # Bodies come with a head before them, and quotes are escaped in JSON nowhere here.
    if not any(pattern(text).search(payload) for payload in said):
        return f"{case} is not recorded with this text"
    return None


def rust_test(proof):
    path, _, name = proof.partition("::")
    path = os.path.join(ROOT, path)
    if not os.path.exists(path):
        return f"{path} does not exist"
    with open(path, encoding="utf-8") as f:
        if not re.search(rf"#\[(tokio::)?test.*\]\s*(#\[.*\]\s*)*(async )?fn {re.escape(name)}\b", f.read()):
            return f"no test {name} in {path}"
    return None


def problem(row, text, proof, topics, rules):
    kind, _, rest = proof.partition(" ")
    rest = rest.strip("`")
    if kind == "replay":
        return replayed(rest, text, topics, rules)
    if kind == "test":
        return rust_test(rest)
    if kind == "pending:" and rest:
        return None
    return f"neither replay, test nor pending: {proof!r}"


def problems(topics):
    rules, table = verdicts.Rules(), rows()
    found = [f"texts.md {row}: {p}" for row, text, proof in table if (p := problem(row, text, proof, topics, rules))]
    named = {row for row, _, _ in table}
    found += [f"texts.md {row}: no entry" for row in ROWS if row not in named]
    return found + [f"texts.md {row}: no such row" for row in sorted(named.difference(ROWS))]


def proven(topics):
    return len(rows()) - pending() - len([p for p in problems(topics) if "no entry" not in p])


def pending():
    return sum(proof.startswith("pending:") for _, _, proof in rows())


if __name__ == "__main__":
    import sys
    from replay import TOPICS
    for line in problems(TOPICS):
        print(line)
    print(f"{proven(TOPICS)} texts proven, {pending()} pending")
    sys.exit(1 if problems(TOPICS) else 0)
