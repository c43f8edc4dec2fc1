"""Sends the recorded messages of the real .NET client to the conformance server, and checks the responses.

    python3 tests/replay/dotnet_client.py [--server FILE]

The frames of ../vectors/dotnet_client are sent unchanged, over WebSockets. Before each frame, everything that the
client had been sent by then must have arrived. Hub messages are compared, those of each invocation in order. Cases
that need more than one WebSocket, or a feature that Hubwire does not have yet, are named in LATER. The last line is
the sum.
"""
import argparse
import base64
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(VECTORS, "record"))

import pack
import wire
from server import Server, find_server

LATER = {
    "WebSockets-reconnect": "the proxy cut the connection",
    "WebSockets-stateful": "stateful reconnect",
    "WebSockets-stateful-cut": "stateful reconnect",
}
ANSWER_LIMIT = 5
# Left to chance: how many items of a cancelled stream are already sent, and whether the response to
# the client's Close arrives before the end of its WebSocket.
CHANCE = re.compile(r"^\(2, '2'|^\(7,")


class Unrecorded:
    """Takes the place of the recording that a WebSocket of the recorder writes to."""
    keep = sys.maxsize

    def __init__(self, address):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)

    def event(self, *_, **__):
        pass


def payload_of(event):
    return base64.b64decode(event["base64"]) if "base64" in event else event.get("utf8", "").encode("utf-8")


def read_json(data):
    """Yields hub messages as lists like those of MessagePack: type, id, and content."""
    for record in data.decode("utf-8").split("\x1e"):
        if record:
            message = json.loads(record)
            if "type" in message:
                rest = {k: v for k, v in message.items() if k not in ("type", "invocationId", "headers")}
                yield message["type"], message.get("invocationId"), json.dumps(rest, sort_keys=True)


def bodies(data):
    """Yields the bodies of MessagePack messages, after the handshake, which is JSON."""
    if data.startswith(b"{"):
        data = data.partition(b"\x1e")[2]
    at = 0
    while at < len(data):
        size, shift = 0, 0
        while True:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        yield data[at:at + size]
        at += size


def read_messagepack(data):
    for body in bodies(data):
        message, _ = pack.decode(body)
        kind = message[0]
        numbered = kind in (1, 2, 3, 4, 5)
        yield kind, message[2] if numbered else None, pack.show(message[3:] if numbered else message[1:])


def hub_messages(data, is_json):
    found = []
    for kind, invocation, content in (read_json if is_json else read_messagepack)(data):
        if kind != 6:
            found.append((kind, invocation, re.sub(r'"[A-Za-z0-9_-]{22}"', '"<id>"', content)))
    return found


def renamed(payload, is_json, names):
    """Returns what the client sent, with the current ids in its client results."""
    if is_json:
        return re.sub(rb'"(s\d+)"', lambda m: b'"%s"' % names.get(m[1].decode(), m[1].decode()).encode(), payload)
    if payload.startswith(b"{"):
        return payload
    out = b""
    for body in bodies(payload):
        message, _ = pack.decode(body)
        is_answer = message[0] == 3 and message[2] in names
        # The id comes after the array's head, the type and the empty headers.
        before, after = body[:3], body[3 + len(pack.pack(message[2])):] if is_answer else b""
        body = before + pack.pack(names[message[2]]) + after if is_answer else body
        out += pack.varint(len(body)) + body
    return out


def questions(messages):
    return [invocation for kind, invocation, _ in messages if kind == 1 and invocation]


class Session:
    def __init__(self, address, target, is_json):
        self.is_json, self.received, self.end = is_json, b"", None
        self.socket = wire.WebSocket(Unrecorded(address), "c")
        self.socket.upgrade(target)

    def read(self, wait):
        for opcode, payload in self.socket.drain(quiet=wait, limit=wait):
            if opcode == 8:
                self.end = payload[:2]
            elif opcode in (0, 1, 2):
                self.received += payload

    def heard(self):
        return hub_messages(self.received, self.is_json)


def by_invocation(messages):
    """Groups messages by id, in order; those without an id are one group."""
    grouped = {}
    for message in messages:
        if not CHANCE.match(repr(message)):
            grouped.setdefault(message[1], []).append(message)
    return grouped


def replay(address, events, is_json):
    """Returns what differs in one case."""
    session = Session(address, "/pack-detailed", is_json)
    expected = b""
    for event in events:
        if event.get("what") != "frame" or event["conn"] != "c2":
            continue
        if event["dir"] == "s>c":
            if event["op"] in ("text", "binary", "continuation"):
                expected += payload_of(event)
            continue
        deadline = time.monotonic() + ANSWER_LIMIT
        wanted = len(hub_messages(expected, is_json))
        while len(session.heard()) < wanted and time.monotonic() < deadline and not session.end:
            session.read(0.02)
        if event["op"] == "close":
            session.socket.send_close(event.get("code"))
        else:
            names = dict(zip(questions(hub_messages(expected, is_json)), questions(session.heard())))
            session.socket.frame(event["op"], renamed(payload_of(event), is_json, names))
    session.read(0.5)
    session.socket.quiet_close()
    heard, expected = session.heard(), hub_messages(expected, is_json)
    names = dict(zip(questions(expected), questions(heard)))
    expected = [(kind, names.get(invocation, invocation), content) for kind, invocation, content in expected]
    want, got = by_invocation(expected), by_invocation(heard)
    return [f"{invocation}:\n      .NET    {want.get(invocation)}\n      Hubwire {got.get(invocation)}"
            for invocation in dict.fromkeys([*want, *got]) if want.get(invocation) != got.get(invocation)]


def check(binary):
    """Replays every case; prints what differs, and returns how many passed and failed."""
    passed = failed = 0
    with Server(binary) as server:
        for name in ("json", "messagepack"):
            cases = {}
            with open(os.path.join(VECTORS, "dotnet_client", name + ".jsonl"), encoding="utf-8") as f:
                for event in map(json.loads, f):
                    if event.get("case", "").startswith("WebSockets-") and event["case"] not in LATER:
                        cases.setdefault(event["case"], []).append(event)
            for case, events in cases.items():
                found = replay(server.address, events, name == "json")
                passed, failed = passed + (not found), failed + bool(found)
                if found:
                    print(f"  FAILED dotnet_client/{name} {case}")
                for line in found:
                    print("    " + line)
    for problem in server.problems:
        print(f"    dotnet_client: {problem}")
    print(f"dotnet_client: {passed} agree, {failed} fail, {2 * len(LATER)} pending")
    return passed, failed + len(server.problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server")
    passed, failed = check(parser.parse_args().server or find_server())
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
