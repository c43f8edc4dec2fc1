"""What is to be thought of a recorded topic: which cases agree, deviate as allowed, fail, are pending or chance."""
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
sys.path.insert(0, os.path.join(VECTORS, "record"))

import compare

DEVIATIONS, PENDING = os.path.join(HERE, "deviations.txt"), os.path.join(HERE, "pending.txt")
OBSERVED = os.path.join(HERE, "deviations.jsonl")
DATE = re.compile(r"\w{3}, \d\d \w{3} (?!1970)\d{4}(?: \d\d:\d\d:\d\d GMT)?|(?<!1970 )\d\d:\d\d:\d\d GMT")
TRANSPORT = re.compile(r',?\{"transport":"(\w+)","transferFormats":\[[^\]]*\]\}')


def exact_messages(text):
    """Hub messages of a payload, to the letter."""
    parts = text.split(compare.RS)
    if parts[-1]:
        parts[-1] += " (unterminated)"
    else:
        parts.pop()
    return parts


# Unlike a server of other origin, ours is to write numbers, escapes and properties as .NET does.
compare.messages = exact_messages


def entries(path):
    """{`topic/case` or a word: why}, one a line."""
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


class Rules:
    def __init__(self):
        self.deviations, self.pending = entries(DEVIATIONS), entries(PENDING)
        self.chance = entries(os.path.join(VECTORS, "chance.txt"))
        self.missing_transports = [key.partition(":")[2] for key in self.pending if key.startswith("transport:")]
        both = self.deviations.keys() & self.pending.keys()
        if both:
            raise SystemExit(f"both allowed and pending: {', '.join(sorted(both))}")
        self.observed, self.met = {}, set()
        if os.path.exists(OBSERVED):
            with open(OBSERVED, encoding="utf-8") as f:
                self.observed = {e["case"]: e["hubwire"] for e in map(json.loads, f)}

    def idle_entries(self):
        """Entries that no case of any topic is about."""
        listed = [*self.deviations, *(key for key in self.pending if not key.startswith("transport:")), *self.observed]
        return [f"{key}: listed, but there is no such case" for key in dict.fromkeys(listed) if key not in self.met]

    def save(self):
        kept = {case: seen for case, seen in self.observed.items() if case in self.deviations}
        with open(OBSERVED, "w", encoding="utf-8") as f:
            for case in sorted(kept):
                f.write(json.dumps({"case": case, "hubwire": kept[case]}, ensure_ascii=False) + "\n")


class Judged:
    def __init__(self):
        self.agree, self.deviate, self.pending, self.chance, self.failures = [], [], [], [], []
        self.has_unrecorded_pending = False

    def counts(self):
        return {"agree": len(self.agree), "deviate": len(self.deviate), "failed": len(self.failures),
                "pending": len(self.pending), "chance": len(self.chance)}


def fill_in(golden, other):
    """Gives golden frames of which only the hash is kept their payload, where ours has the very bytes."""
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
    """The events without what came back for frames that were sent in spite of a refused upgrade: they are no HTTP."""
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


def torn(events):
    """WebSocket messages that end within a record: the JavaScript client parses each by itself."""
    found, begun = [], {}
    for e in heard(events):
        if e.get("dir") == "s>c" and e["what"] == "frame" and e.get("op") in ("text", "binary", "continuation"):
            begun[e["conn"]] = begun.get(e["conn"], "") + compare.payload(e)
            if e["fin"] and not begun.pop(e["conn"]).endswith(compare.RS):
                found.append(f"a WebSocket message on {e['conn']} ends within a record: {compare.payload(e)[-100:]}")
    return found + [f"a WebSocket message on {conn} never ends" for conn in begun]


def shorten(line):
    return line if len(line) < 2000 else f"{line[:200]} ... {line[-100:]} ({len(line)} characters, {hashlib.sha256(line.encode()).hexdigest()[:16]})"


def differences(want, got, names=(".NET", "Hubwire")):
    """Where two normalised transcripts part, connection by connection."""
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
        rules.met.add(key)
        if key in rules.chance:
            judged.chance.append(case)
            continue
        if case not in other:
            if key in rules.pending:
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
        elif key in rules.pending:
            if found:
                judged.pending.append(case)
            else:
                judged.failures.append((case, [f"pending ({rules.pending[key]}), but agrees"]))
        elif key in rules.deviations:
            if accept:
                rules.observed[key] = got
            if not found:
                judged.failures.append((case, [f"allowed to deviate ({rules.deviations[key]}), but agrees"]))
            elif rules.observed.get(key) != got:
                lines = differences(rules.observed.get(key, {}), got, ("allowed", "now"))
                judged.failures.append((case, [f"deviates otherwise than allowed ({rules.deviations[key]})", *lines]))
            else:
                judged.deviate.append(case)
        elif found:
            judged.failures.append((f"{case}: {about.get(case, '')}".rstrip(": "), found))
        else:
            judged.agree.append(case)
    return judged


def normal(events, topic, missing_transports):
    """As compare.py has it, but for dates, transports that are not there yet, and who hears of whom at a shutdown."""
    def offered(line):
        line = DATE.sub("<date>", line)
        if '"availableTransports":[' in line:
            line = TRANSPORT.sub(lambda m: "" if m.group(1) in missing_transports else m.group(), line)
            line = line.replace('"availableTransports":[,', '"availableTransports":[')
        return shorten(line)
    compared = compare.normal(heard(events), topic)
    if topic == "shutdown":
        compared = {conn: [x for x in lines if '"target":"Disconnected"' not in x] for conn, lines in compared.items()}
    return {conn: [offered(line) for line in lines] for conn, lines in compared.items()}
