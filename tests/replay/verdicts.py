"""Judges a recorded topic: which cases agree, deviate as allowed, fail, are pending or left to chance."""
import fnmatch
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
sys.path.insert(0, os.path.join(VECTORS, "record"))

import compare

PENDING = os.path.join(HERE, "pending.txt")
# The prefixes of case names for each pair of deviation files: the allowed deviations, and what was
# seen there.
DEVIATIONS = {"messagepack/": "deviations-messagepack", "": "deviations"}
AFTER = 'message [3, {}, "after", 3, "alive"]'
DATE = re.compile(r"\w{3}, \d\d \w{3} (?!1970)\d{4}(?: \d\d:\d\d:\d\d GMT)?|(?<!1970 )\d\d:\d\d:\d\d GMT")
TRANSPORT = re.compile(r',?\{"transport":"(\w+)","transferFormats":\[[^\]]*\]\}')


def exact_messages(text):
    """Returns the hub messages of a payload, character by character."""
    parts = text.split(compare.RS)
    if parts[-1]:
        parts[-1] += " (unterminated)"
    else:
        parts.pop()
    return parts


# Unlike a foreign server, ours must write numbers, escapes and properties exactly as .NET does.
compare.messages = exact_messages


def entries(path):
    """Reads {`topic/case` or a word: reason}, one entry per line."""
    found = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                key, _, why = line.strip().partition(" ")
                if key in found:
                    raise SystemExit(f"{path}: {key} twice")
                if not why.strip():
                    raise SystemExit(f"{path}: {key} without a reason")
                found[key] = why.strip()
    return found


class Entries:
    """Cases by name or, with `*`, by pattern; each with its reason."""

    def __init__(self, *paths):
        self.reasons = {}
        for path in paths:
            self.reasons.update(entries(path))
        self.patterns = [key for key in self.reasons if "*" in key]
        self.used = set()

    def entry_of(self, case):
        """Returns the entry for a case: its own name, or a pattern."""
        if case in self.reasons:
            return case
        return next((pattern for pattern in self.patterns if fnmatch.fnmatchcase(case, pattern)), None)

    def unused_patterns(self, topic):
        """Returns the patterns of this topic that no differing case has needed."""
        return [pattern for pattern in self.patterns
                if pattern.rpartition("/")[0] == topic and pattern not in self.used]


class Rules:
    def __init__(self):
        self.deviations = Entries(*(os.path.join(HERE, name + ".txt") for name in DEVIATIONS.values()))
        self.pending = Entries(PENDING)
        chance = entries(os.path.join(VECTORS, "chance.txt"))
        self.chance = {("messagepack/" if why.startswith("(messagepack)") else "") + key: why for key, why in chance.items()}
        transports = (key.partition(":") for key in self.pending.reasons)
        self.missing_transports = [name for kind, _, name in transports if kind == "transport"]
        both = self.deviations.reasons.keys() & self.pending.reasons.keys()
        if both:
            raise SystemExit(f"both allowed and pending: {', '.join(sorted(both))}")
        self.observed, self.met = {}, set()
        for name in DEVIATIONS.values():
            observed = os.path.join(HERE, name + ".jsonl")
            if os.path.exists(observed):
                with open(observed, encoding="utf-8") as f:
                    self.observed.update({e["case"]: e["hubwire"] for e in map(json.loads, f)})

    def idle_entries(self):
        """Returns the entries that match no case of any topic."""
        listed = [*self.deviations.reasons, *self.pending.reasons, *self.observed]
        return [f"{key}: listed, but there is no such case" for key in dict.fromkeys(listed)
                if key not in self.met and not key.startswith("transport:")]

    def save(self):
        kept = {case: seen for case, seen in self.observed.items() if self.deviations.entry_of(case)}
        for prefix, name in DEVIATIONS.items():
            with open(os.path.join(HERE, name + ".jsonl"), "w", encoding="utf-8") as f:
                for case in [case for case in sorted(kept) if case.startswith(prefix)]:
                    f.write(json.dumps({"case": case, "hubwire": kept.pop(case)}, ensure_ascii=False) + "\n")


class Judged:
    def __init__(self):
        self.agree, self.deviate, self.pending, self.chance, self.failures = [], [], [], [], []
        self.has_unrecorded_pending = False

    def counts(self):
        return {"agree": len(self.agree), "deviate": len(self.deviate), "failed": len(self.failures),
                "pending": len(self.pending), "chance": len(self.chance)}


def fill_in(golden, other):
    """Fills in the payload of golden frames with only a hash, if ours has exactly these bytes."""
    for conn in {e["conn"] for e in golden if "sha256" in e}:
        def data(events):
            return [e for e in events if e.get("conn") == conn and e.get("dir") == "s>c" and e.get("what") == "frame"
                    and e.get("op") in ("text", "binary", "continuation")]
        ours, at = "".join(compare.payload(e) for e in data(other)).encode("utf-8"), 0
        for e in data(golden):
            piece = ours[at:at + e["len"]]
            at += e["len"]
            if e.get("sha256") == hashlib.sha256(piece).hexdigest():
                del e["sha256"]
                e["utf8"] = piece.decode("utf-8", "replace")


def heard(events):
    """Returns the events without the responses to frames that were sent despite a refused upgrade: they are not HTTP."""
    kept, refused, deaf = [], set(), set()
    for e in events:
        conn = e.get("conn")
        if e.get("dir") == "s>c" and e["what"] == "http" and not compare.payload(e).startswith("HTTP/1.1 101"):
            refused.add(conn)
        elif e.get("dir") == "c>s" and e["what"] == "frame" and conn in refused:
            deaf.add(conn)
        if not (e.get("dir") == "s>c" and conn in deaf):
            kept.append(e)
    return kept


def ends_whole(frame, message):
    """Returns whether the frame ends its WebSocket message at the end of a hub message."""
    if "decoded" in frame:
        return not frame["decoded"][-1:] or not frame["decoded"][-1].endswith("bytes of a message)")
    return message.endswith(compare.RS)


def torn(events):
    """Finds WebSocket messages that end within a hub message, because the JavaScript client parses each alone."""
    found, begun = [], {}
    for e in heard(events):
        if e.get("dir") == "s>c" and e["what"] == "frame" and e.get("op") in ("text", "binary", "continuation"):
            begun[e["conn"]] = begun.get(e["conn"], "") + compare.payload(e)
            if e["fin"] and not ends_whole(e, begun.pop(e["conn"])):
                found.append(f"a WebSocket message on {e['conn']} ends within a hub message: {compare.payload(e)[-100:]}")
    return found + [f"a WebSocket message on {conn} never ends" for conn in begun]


def shorten(line):
    return line if len(line) < 2000 else f"{line[:200]} ... {line[-100:]} ({len(line)} characters, {hashlib.sha256(line.encode()).hexdigest()[:16]})"


def differences(want, got, names=(".NET", "Hubwire")):
    """Returns where two normalised transcripts differ, connection by connection."""
    found = []
    for conn in sorted(want.keys() | got.keys()):
        w, g = want.get(conn, []), got.get(conn, [])
        if w != g:
            at = next((i for i in range(min(len(w), len(g))) if w[i] != g[i]), min(len(w), len(g)))
            found.append(f"connection {conn}, event {at}")
            found.extend(f"    {name:8}{(x[at] if at < len(x) else '(end)')}" for name, x in zip(names, (w, g)))
    return found


def judge(topic, folder, rules, accept):
    golden, about = compare.load(VECTORS, topic)
    recorded = os.path.join(folder, topic + ".jsonl")
    other = compare.load(folder, topic)[0] if os.path.exists(recorded) else {}
    judged = Judged()
    for case, events in golden.items():
        key = f"{topic}/{case}"
        rules.met.update(filter(None, (key, rules.pending.entry_of(key), rules.deviations.entry_of(key))))
        if key in rules.chance:
            judged.chance.append(case)
            continue
        pending, deviation = rules.pending.entry_of(key), rules.deviations.entry_of(key)
        if case not in other:
            if pending:
                rules.pending.used.add(pending)
                judged.pending.append(case)
                judged.has_unrecorded_pending = True
            else:
                judged.failures.append((case, ["not recorded"]))
            continue
        fill_in(events, other[case])
        want, got = normal(events, topic, rules.missing_transports), normal(other[case], topic, ())
        found = differences(want, got)
        if torn(other[case]):
            judged.failures.append((case, torn(other[case])))
        elif pending and (found or pending == key):
            rules.pending.used.add(pending)
            if found:
                judged.pending.append(case)
            else:
                judged.failures.append((case, [f"pending ({rules.pending.reasons[pending]}), but agrees"]))
        elif deviation and (found or deviation == key):
            rules.deviations.used.add(deviation)
            reason = rules.deviations.reasons[deviation]
            if accept and found:
                rules.observed[key] = got
            if not found:
                judged.failures.append((case, [f"allowed to deviate ({reason}), but agrees"]))
            elif rules.observed.get(key) != got:
                lines = differences(rules.observed.get(key, {}), got, ("allowed", "now"))
                judged.failures.append((case, [f"deviates otherwise than allowed ({reason})", *lines]))
            else:
                judged.deviate.append(case)
        elif found:
            judged.failures.append((f"{case}: {about.get(case, '')}".rstrip(": "), found))
        elif deviation and key in rules.observed and not accept:
            judged.failures.append((case, ["deviated when that was accepted, but agrees"]))
        else:
            rules.observed.pop(key, None)
            judged.agree.append(case)
    for pattern in (*rules.pending.unused_patterns(topic), *rules.deviations.unused_patterns(topic)):
        judged.failures.append((pattern.rpartition("/")[2], ["matches no case that differs"]))
    return judged


def normal(events, topic, missing_transports):
    """Normalises as compare.py does, but ignores dates, transports that do not exist yet, and chance: who is told of whom
    at a shutdown, and when a call that runs next to a stream is answered."""
    def offered(line):
        line = DATE.sub("<date>", line)
        if '"availableTransports":[' in line:
            line = TRANSPORT.sub(lambda m: "" if m.group(1) in missing_transports else m.group(), line)
            line = line.replace('"availableTransports":[,', '"availableTransports":[')
        return shorten(line)
    compared = compare.normal(heard(events), topic)
    if topic == "shutdown":
        compared = {conn: [x for x in lines if '"target":"Disconnected"' not in x] for conn, lines in compared.items()}
    if topic in ("messagepack/streams", "messagepack/client_results"):
        # A stream or a call that waits for its client runs concurrently with the next call; which
        # is answered first is chance.
        compared = {conn: sorted(lines, key=AFTER.__eq__) for conn, lines in compared.items()}
    return {conn: [offered(line) for line in lines] for conn, lines in compared.items()}
