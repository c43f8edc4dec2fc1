"""Writes initial inputs for every target, taken from the recorded transcripts.

    python3 seeds.py DIR        # DIR/arguments/..., DIR/frames/..., ...
"""

import base64
import hashlib
import json
import pathlib
import sys

LONGEST = 1000
VECTORS = pathlib.Path(__file__).parent.parent / "tests" / "vectors"


def payload(event):
    if "utf8" in event:
        return event["utf8"].encode()
    return base64.b64decode(event["base64"]) if "base64" in event else None


def masked(event, data):
    head = bytes.fromhex(event["head"])
    key = head[-4:] if len(head) > 1 and head[1] & 0x80 else bytes(4)
    return head + bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


def frame(first, data, length=None):
    """Returns a client's frame with a mask of zeros, which lets mutations act on the payload."""
    return bytes([first]) + (length or bytes([0x80 | len(data)])) + bytes(4) + data


def frames():
    """Yields characters and messages in fragments, long forms of lengths, reserved bits, and closes."""
    yield b"\0" + frame(0x01, b"a\xc3") + frame(0x89, b"ping") + frame(0x80, b"\xa9b")
    yield b"\1\3" + frame(0x01, b"\xf0\x9f") + frame(0x00, b"") + frame(0x80, b"\x98\x80")
    yield b"\0" + frame(0x01, b"\xe4\xb8") + frame(0x80, b"")
    yield b"\0" + frame(0x02, b"\xff") + frame(0x8A, b"") + frame(0x80, b"")
    yield b"\0" + frame(0x81, b"short", b"\xfe\0\5") + frame(0x82, b"x", b"\xff" + bytes(7) + b"\1")
    yield b"\0" + frame(0x82, b"x" * 126, b"\xfe\0\x7e") + frame(0x81, b"never whole", b"\xff" + b"\x7f" * 8)
    for reserved in 0x40, 0x20, 0x10:
        yield b"\0" + frame(0x81 | reserved, b"text") + frame(0x81, b"behind")
    for payload in b"", b"\3", b"\x03\xe8", b"\x03\xe8bye\xc3\xa9", b"\x03\xed", b"\x0b\xb8\xff":
        yield b"\0" + frame(0x88, payload) + frame(0x81, b"behind")


def deep(levels):
    """Returns a call with one argument, nested up to the limit of 64 levels and beyond."""
    nested = b"[" * (levels - 1) + b"]" * (levels - 1)
    return b'{"type":1,"target":"T","arguments":' + nested + b"}\x1e"


ESCAPES = rb"\u001e\u0000\u007f\ud83d\ude00\u2028\ue000\"\\\/\b\f\n\r\t"


def escaped():
    """Yields messages with all characters that must be escaped in every text, and once with only the separator."""
    for text in ESCAPES, rb"\u001e":
        members = [
            rb'"headers":{"%s":"%s"}' % (text, text),
            rb'"invocationId":"%s","item":["%s"]' % (text, text),
            rb'"target":"%s","arguments":["%s"],"streamIds":["%s"]' % (text, text, text),
        ]
        for number in b"1245":
            yield b'{"type":%c,' % number + b",".join(members) + b"}\x1e"
        yield rb'{"type":3,"invocationId":"1","error":"%s"}' % text + b"\x1e"
        yield rb'{"type":7,"error":"%s"}' % text + b"\x1e"


def twice():
    """Yields records with equal properties, of which the last counts."""
    yield b'{"type":1,"type":7,"error":"a","error":"b","version":0,"version":1,"protocol":"","protocol":"json"}\x1e'
    yield b'{"error":"a","error":"b"}\x1e'
    yield b'{"type":-0,"type":2,"headers":{"a":""},"headers":{"b":"","b":"c"},"invocationId":"1","item":1,"item":-0}\x1e'


def broken():
    """Yields bytes that are not UTF-8: in a text that is read, in one that is not, and outside of texts."""
    yield b'{"type":5,"invocationId":"\xff"}\x1e'
    yield b'{"type":5,"invocationId":"1","more":"\xc3"}\x1e'
    yield b'{"type":2,"invocationId":"1","item":"\xe4\xb8"}\x1e'
    yield b'{"type":6}\xff\x1e'


def arguments(record):
    try:
        return json.dumps(json.loads(record)["arguments"], separators=(",", ":")).encode()
    except (ValueError, KeyError, TypeError):
        return None


def made_by_hand():
    for data in frames():
        yield "frames", data
    for data in *escaped(), *broken(), *twice():
        yield "messages", data
        yield "handshake", data.replace(b'"invocationId"', b'"version":1,"protocol"')
    for levels in 63, 64, 65:
        yield "messages", deep(levels)
        yield "handshake", b'{"protocol":"json","version":1,"x":' + deep(levels - 1)[:-1] + b"}\x1e"


def recorded():
    connections = {}
    for file in sorted(VECTORS.glob("*.jsonl")):
        for line in file.read_text().splitlines()[1:]:
            event = json.loads(line)
            data = payload(event)
            if event.get("what") != "frame" or data is None:
                continue
            connection = (file.name, event["case"], event["conn"], event["dir"])
            begun = connection in connections
            if event["dir"] == "c>s" and event.get("head"):
                connections[connection] = connections.get(connection, b"") + masked(event, data)
                yield "frames", b"\0" + masked(event, data)
                yield "frames", b"\0" + frame(bytes.fromhex(event["head"])[0], data[:125])
            else:
                connections.setdefault(connection, b"")
            yield "messages", data
            for record in data.split(b"\x1e"):
                if not begun:
                    yield "handshake", record + b"\x1e"
                yield "arguments", arguments(record)
    for stream in connections.values():
        yield "frames", b"\x03\x01\x05\x20" + stream


def messagepack():
    """Yields what either side was recorded to send, by frame; for the client also each conversation as a whole."""
    sent = {}
    for file in sorted((VECTORS / "messagepack").glob("*.jsonl")):
        for line in file.read_text().splitlines()[1:]:
            event = json.loads(line)
            data = payload(event)
            if event.get("what") != "frame" or event.get("op") != "binary" or data is None:
                continue
            yield "messagepack", data
            if event["dir"] == "c>s":
                connection = (file.name, event["case"], event["conn"])
                sent[connection] = sent.get(connection, b"") + data
    for data in sent.values():
        yield "messagepack", data


def main():
    for prefix, inputs in ("", recorded()), ("hand-", made_by_hand()), ("", messagepack()):
        for target, data in inputs:
            if data and len(data) <= LONGEST:
                directory = pathlib.Path(sys.argv[1]) / target
                directory.mkdir(parents=True, exist_ok=True)
                (directory / (prefix + hashlib.sha1(data).hexdigest())).write_bytes(data)


main()
