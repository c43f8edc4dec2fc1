"""Checks the table of exact texts, ../conformance/texts.md: every text has an existing test, or is named as pending.

A replayed case must be recorded with exactly this text. A Rust test must be in the named file, which must contain the
text, and must not be ignored.
"""
import os
import re

import verdicts

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
TABLE = os.path.join(HERE, "..", "conformance", "texts.md")
PLACEHOLDER = re.compile(r"\\\{\w+\\\}")
ATTRIBUTES = r"((?:#\[(?:[^\[\]]|\[[^\[\]]*\])*\]\s*)+)(?:async )?fn "

# The protocol's table, row by row; where it gives only what follows another text, the whole text
# is here.
TEXTS = (
    ("N1", "The client requested a non-integer protocol version."),
    ("N2", "The client requested version '{n}', but the server does not support this version."),
    ("H1", "Connection ID required"),
    ("H1", "No Connection with that ID"),
    ("H2", "Cannot change transports mid-connection"),
    ("H3", "{T} transport not supported by this end point type"),
    ("H4", "POST requests are not allowed for WebSocket connections."),
    ("H5", "Cannot terminate this connection using the DELETE endpoint."),
    ("S1", "Handshake was canceled."),
    ("S2", "The protocol '{p}' is not supported."),
    ("S3", "The server does not support version {v} of the '{p}' protocol."),
    ("S4", "Cannot use the '{p}' protocol on the current transport. "
           "The transport does not support '{Binary}' transfer format."),
    ("S5", "An unexpected error occurred during connection handshake."),
    ("C1", "Failed to invoke '{t}' due to an error on the server."),
    ("C2", "Failed to invoke '{t}' due to an error on the server. HubException: Method does not exist."),
    ("C3", "Failed to invoke '{t}' because user is unauthorized"),
    ("C4", "An unexpected error occurred invoking '{t}' on the server."),
    ("C5", "An error occurred on the server while streaming results."),
    ("C6", "The client attempted to invoke the streaming '{t}' method with a non-streaming invocation."),
    ("C7", "The client attempted to invoke the non-streaming '{t}' method with a streaming invocation."),
    ("C8", "An unexpected error occurred invoking '{t}' on the server. "
           "HubException: Client sent {n} stream(s), Hub method expects {m}."),
    ("C9", "Invocation ID '{id}' is already in use."),
    ("C10", "Unknown hub method '{t}'"),
    ("K1", "Connection closed with an error."),
    ("D1", "The maximum message size of {L}B was exceeded. The message size can be configured in AddHubOptions."),
    ("D2", "Connection terminated while reading a message."),
    ("D3", "Client hasn't sent a message/ping within the configured ClientTimeoutInterval."),
    ("R1", "Client didn't provide a result."),
    ("R1", "Client provided multiple results."),
    ("R1", "Client failed to parse argument(s)."),
    # Of the section about arguments (B) and of filters (F), which the table leaves out.
    ("B1", "Failed to invoke '{t}' due to an error on the server. InvalidDataException: "
           "Invocation provides {n} argument(s) but target expects {m}."),
    ("B2", "Failed to invoke '{t}' due to an error on the server. InvalidDataException: Error binding arguments. "
           "Make sure that the types of the provided values match the types of the hub method being invoked."),
    ("F1", "The value returned by the streaming method '{t}' is not a ChannelReader<> or IAsyncEnumerable<>."),
)


def rows():
    """Returns (row, text, proof) of every line of the table."""
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
    topic, _, name = case.rpartition("/")
    if topic not in topics:
        return f"topic {topic} is not replayed"
    if case in rules.chance or rules.pending.entry_of(case) or rules.deviations.entry_of(case):
        return f"{case} is not compared"
    cases, _ = verdicts.compare.load(verdicts.VECTORS, topic)
    said = (verdicts.compare.payload(e) for e in cases.get(name, ()) if e.get("dir") == "s>c")
    # Bodies come after a head, and no text here contains quotes that JSON would escape.
    if not any(pattern(text).search(payload) for payload in said):
        return f"{case} is not recorded with this text"
    return None


def rust_test(proof, text):
    path, _, name = proof.partition("::")
    if not os.path.exists(os.path.join(ROOT, path)):
        return f"{path} does not exist"
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        # A string may continue in the next line, and commented-out lines do not count.
        source = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*//.*$", "", f.read()))
    attributes = re.search(ATTRIBUTES + re.escape(name) + r"\b", source)
    if not attributes or not re.search(r"#\[(tokio::)?test\b", attributes.group(1)):
        return f"no test {name} in {path}"
    if re.search(r"\bignore\b", attributes.group(1)):
        return f"{name} in {path} is ignored"
    if not pattern(text).search(source):
        return f"{path} does not contain the text"
    return None


def problem(text, proof, topics, rules):
    kind, _, rest = proof.partition(" ")
    rest = rest.strip("`")
    if kind == "replay":
        return replayed(rest, text, topics, rules)
    if kind == "test":
        return rust_test(rest, text)
    if kind == "pending:" and rest:
        return None
    return f"neither replay, test nor pending: {proof!r}"


def check(topics):
    """Returns how many texts are proven, how many are pending, and what is wrong with the others."""
    rules, table, proven, pending, problems = verdicts.Rules(), rows(), 0, 0, []
    for row, text, proof in table:
        found = problem(text, proof, topics, rules)
        if (row, text) not in TEXTS:
            found = "no such text in the protocol"
        if found:
            problems.append(f"texts.md {row} ({text}): {found}")
        elif proof.startswith("pending:"):
            pending += 1
        else:
            proven += 1
    named = [(row, text) for row, text, _ in table]
    problems += [f"texts.md {row} ({text}): {named.count((row, text)) or 'no'} rows"
                 for row, text in TEXTS if named.count((row, text)) != 1]
    return proven, pending, problems


if __name__ == "__main__":
    import sys
    from replay import TOPICS
    proven, pending, problems = check(TOPICS)
    for line in problems:
        print(line)
    print(f"{proven} texts proven, {pending} pending, {len(problems)} problems")
    sys.exit(1 if problems else 0)
