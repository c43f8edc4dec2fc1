"""Records the MessagePack hub protocol of a server, one file of cases per topic.

    python3 record_msgpack.py [--base 127.0.0.1:5981] [--out recorded] [--server TEXT] [topic ...]

The server is expected to have the hubs of ../messagepack/reference-hubs.cs under /pack and its variants.
Responses are only recorded, not judged. Format: ../messagepack/README.md.
"""
import argparse
import base64
import hashlib
import os
import re
import time

import wire
from pack import Ext, F32, Pairs, Raw, frame, messages, pack, timestamp, varint
from wire import RS, Transcript, WebSocket

KEEP = 6000
HELLO = '{"protocol":"messagepack","version":1}'
HELLO2 = '{"protocol":"messagepack","version":2}'


class PackTranscript(Transcript):
    """Records binary payloads as base64, together with their decoded content."""

    def __init__(self, *a):
        super().__init__(*a)
        self.keep = 1 << 30
        self.left, self.op, self.closed = {}, {}, set()

    def case(self, name, about="", settle=0.03):
        super().case(name, about, settle)
        self.left, self.op, self.closed = {}, {}, set()

    def event(self, conn, direction, what, **fields):
        if what == "frame" and fields.get("op") == "close" and direction == "s>c":
            self.closed.add(conn)
        if what == "frame" and "fin" in fields and fields.get("op") != "close":
            data = raw_of(fields)
            op = fields["op"] if fields["op"] != "continuation" else self.op.get((conn, direction))
            self.op[(conn, direction)] = op
            if op == "binary":
                fields["decoded"] = self.read((conn, direction), data)
                if len(data) <= KEEP:
                    fields["base64"] = base64.b64encode(data).decode("ascii")
            elif len(data) <= KEEP:
                fields.update(wire.as_field(data))
            if len(data) > KEEP:
                fields["sha256"] = hashlib.sha256(data).hexdigest()
                fields["first"] = {"base64": base64.b64encode(data[:200]).decode("ascii")}
                fields["last"] = {"base64": base64.b64encode(data[-100:]).decode("ascii")}
        elif what == "http":
            data = raw_of(fields)
            head, _, body = (data or b"").partition(b"\r\n\r\n")
            if b"\r\ntransfer-encoding: chunked" in head.lower():
                body = dechunk(body)
            if body and not body.startswith((b"{", b":", b"data", b"<")):
                found, rest = messages(body)
                if found and not rest:
                    fields["decoded"] = found
        super().event(conn, direction, what, **fields)

    def read(self, stream, data):
        """Returns the content of a frame, including bytes left over from earlier frames."""
        said = []
        if stream not in self.left and re.match(rb'\{("|\})', data):
            hello, _, data = data.partition(b"\x1e")
            said.append("handshake " + hello.decode("utf-8", "replace"))
        found, rest = messages(self.left.get(stream, b"") + data)
        self.left[stream] = rest
        return said + found + ([f"({len(rest)} bytes of a message)"] if rest else [])

    def hub(self, name, path="/pack", hello=HELLO, quiet=0.05, headers=()):
        ws = self.ws(name, path, headers, handshake=None)
        if hello is not None:
            ws.frame("text", hello + RS)
            ws.drain(quiet=0.5, until=lambda p: b"Connected" in p or b"error" in p)
        return ws


def raw_of(fields):
    """Returns the payload; it is removed from frames, which record it in another form, but not from other events."""
    take = fields.pop if "op" in fields else fields.get
    if "base64" in fields:
        return base64.b64decode(take("base64"))
    if "utf8" in fields:
        return take("utf8").encode("utf-8")
    return None


def dechunk(body):
    out = b""
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line or b"0", 16)
        if size == 0:
            break
        out, body = out + body[:size], body[size + 2:]
    return out


def call(target, *args, id="1", **more):
    return frame(1, {}, id, target, list(args), [], **more)


AFTER = call("Echo", "alive", id="after")


def finish(ws, quiet=0.6, enough=True):
    """Checks whether the connection still works."""
    if ws.ended is None and ws.name not in ws.log.closed:
        ws.frame("binary", AFTER)
    return ws.drain(quiet=quiet, until=(lambda p: b"\xa5after" in p) if enough else None)


def one(t, case, *payloads, about="", path="/pack-detailed", after=True, quiet=0.6, enough=True):
    t.case(case, about)
    ws = t.hub("w", path)
    for p in payloads:
        ws.frame("binary", p)
    if after:
        finish(ws, quiet, enough)
    else:
        ws.drain(quiet=quiet)
    return ws


# ---------------------------------------------------------------- handshake

def handshake(t):
    def hello(case, payload, op="text", path="/pack", about="", more=b""):
        t.case(case, about)
        ws = t.ws("w", path, handshake=None)
        data = payload.encode() if isinstance(payload, str) else payload
        ws.frame(op, data + more)
        ws.drain(quiet=0.3)
        finish(ws, 0.3)

    hello("text-frame", HELLO + RS, about="the answer comes in a binary frame whatever frame the request came in")
    hello("binary-frame", HELLO + RS, "binary")
    hello("with-first-call-in-the-same-frame", HELLO + RS, "binary", more=call("Echo", "first"))
    hello("upper-case-name", '{"protocol":"MESSAGEPACK","version":1}' + RS)
    for v in (0, -1, 2, 3):
        hello(f"version-{v}", '{"protocol":"messagepack","version":%d}' % v + RS)
    hello("unknown-protocol", '{"protocol":"msgpack","version":1}' + RS)
    hello("unknown-protocol-in-binary-frame", '{"protocol":"msgpack","version":1}' + RS, "binary")
    hello("hub-without-messagepack", HELLO + RS, path="/pack-json")
    hello("json-on-the-same-hub", '{"protocol":"json","version":1}' + RS)
    hello("as-messagepack", frame({"protocol": "messagepack", "version": 1}), "binary",
          about="a handshake is JSON in both encodings")
    t.case("calls-in-text-frames", "a text frame has to be UTF-8, which MessagePack is not")
    ws = t.hub("w")
    ws.frame("text", call("Echo", "a"))
    ws.drain(quiet=0.3)
    t.case("on-server-sent-events")
    token = t.http("h", "POST", "/pack/negotiate?negotiateVersion=1", (), b"").json()["connectionToken"]
    tcp = t.tcp("sse")
    tcp.request("GET", "/pack?id=" + token, [("Accept", "text/event-stream")])
    tcp.response(stream=True)
    t.http("post", "POST", "/pack?id=" + token, [("Content-Type", "text/plain;charset=UTF-8")], HELLO + RS)
    tcp.drain_bytes(quiet=0.5)


# ---------------------------------------------------------------- invocation

def invocation(t):
    call6 = [1, {}, "1", "Add", [40, 2], []]
    for case, parts, about in [
        ("six-elements", call6, ""),
        ("five-elements", call6[:5], "no streamIds, as the JavaScript client writes"),
        ("seven-elements", call6 + ["more"], "what follows is ignored"),
        ("nine-elements", call6 + [{"a": [1]}, None, Ext(5, b"x")], ""),
        ("four-elements", call6[:4], "no arguments"),
        ("stream-ids-nil", call6[:5] + [None], ""),
        ("stream-ids-string", call6[:5] + ["x"], ""),
        ("headers-used", [1, {"a": "b", "c": "d"}] + call6[2:], ""),
        ("headers-nil", [1, None] + call6[2:], ""),
        ("headers-array", [1, []] + call6[2:], ""),
        ("headers-twice-the-same", [1, Pairs([("a", "b"), ("a", "c")])] + call6[2:], ""),
        ("headers-empty-key", [1, {"": "b"}] + call6[2:], ""),
        ("headers-empty-value", [1, {"a": ""}] + call6[2:], ""),
        ("headers-number-value", [1, {"a": 1}] + call6[2:], ""),
        ("id-nil", [1, {}, None, "BackNothing", [], []], ""),
        ("id-empty", [1, {}, "", "BackNothing", [], []], "the same as nil"),
        ("id-number", [1, {}, 1] + call6[3:], ""),
        ("id-bin", [1, {}, b"1"] + call6[3:], ""),
        ("id-long", [1, {}, "i" * 300] + call6[3:], ""),
        ("target-nil", [1, {}, "1", None, [], []], ""),
        ("target-empty", [1, {}, "1", "", [], []], ""),
        ("target-number", [1, {}, "1", 5, [], []], ""),
        ("target-lower-case", [1, {}, "1", "add", [40, 2], []], ""),
        ("target-unknown", [1, {}, "1", "Nope", [1, {"a": [2]}], []], "arguments of any shape: nothing to bind them to"),
        ("target-unknown-no-id", [1, {}, None, "Nope", [1], []], ""),
        ("target-not-utf8", [1, {}, "1", Raw(b"\xa2\xff\xfe"), [], []], ""),
        ("arguments-nil", [1, {}, "1", "Nothing", None, []], ""),
        ("arguments-map", [1, {}, "1", "Nothing", {}, []], ""),
        ("arguments-string", [1, {}, "1", "Nothing", "", []], ""),
        ("arguments-too-few", [1, {}, "1", "Add", [40], []], ""),
        ("arguments-too-many", [1, {}, "1", "Add", [40, 2, 3], []], ""),
        ("arguments-too-many-no-id", [1, {}, None, "Add", [40, 2, 3], []], ""),
        ("argument-wrong-type", [1, {}, "1", "Add", [40, "2"], []], ""),
        ("argument-wrong-type-no-id", [1, {}, None, "Add", [40, "2"], []], ""),
        ("argument-nil-for-int", [1, {}, "1", "Add", [40, None], []], ""),
        ("stream-ids-not-wanted", call6[:5] + [["s"]], "a stream id for a method that takes none"),
    ]:
        one(t, case, frame(*parts), about=about)
    for case in ("target-unknown", "argument-wrong-type", "arguments-too-few"):
        parts = {"target-unknown": [1, {}, "1", "Nope", [], []], "argument-wrong-type": [1, {}, "1", "Add", [40, "2"], []],
                 "arguments-too-few": [1, {}, "1", "Add", [40], []]}[case]
        one(t, case + "-not-detailed", frame(*parts), path="/pack")

    for method, args in [("Echo", ["x"]), ("Echo", [""]), ("Echo", ["é中😀\u0001\u001e"]), ("Nothing", []), ("NothingAsync", []), ("Null", []),
                         ("Add", [40, 2]), ("ThrowPlain", []), ("ThrowHub", []), ("ThrowHubEmpty", []), ("Large", [20]), ("Large", [40]),
                         ("Large", [300]), ("Large", [70000])]:
        name = f"result-{method}" + ("".join("-" + (str(a) if isinstance(a, int) else f"{len(a)}") for a in args))
        one(t, name, call(method, *args))
        if method.startswith("Throw"):
            one(t, name + "-not-detailed", call(method, *args), path="/pack")
    one(t, "result-nobody-wants", call("Echo", "x", id=None), about="no id, no completion")
    one(t, "error-nobody-wants", call("ThrowHub", id=None))

    one(t, "from-server-no-arguments", call("BackNothing"), about="what the server calls the client with")
    one(t, "from-server-many-arguments", call("BackMany"))
    one(t, "from-server-nil-argument", call("Back", "T", None))
    one(t, "from-server-long-target", call("Back", "T" * 40, 1))

    # other ways of writing the same
    one(t, "type-as-uint8", frame(Raw(pack([Raw(b"\xcc\x01"), {}, "1", "Echo", ["x"], []]))), about="01 as cc 01")
    one(t, "type-as-uint64", frame(Raw(pack([Raw(b"\xcf" + b"\0" * 7 + b"\x01"), {}, "1", "Echo", ["x"], []]))))
    one(t, "type-as-int64", frame(Raw(pack([Raw(b"\xd3" + b"\0" * 7 + b"\x01"), {}, "1", "Echo", ["x"], []]))))
    one(t, "type-as-float", frame(Raw(pack([1.0, {}, "1", "Echo", ["x"], []]))))
    one(t, "wide-lengths", frame(Raw(b"\xdd\0\0\0\x06\x01\xdf\0\0\0\0\xdb\0\0\0\x011\xdb\0\0\0\x04Echo\xdd\0\0\0\x01\xdb\0\0\0\x01x\xdd\0\0\0\0")),
        about="array32, map32 and str32 everywhere")
    one(t, "sixteen-bit-lengths", frame(Raw(b"\xdc\0\x06\x01\xde\0\0\xda\0\x011\xd9\x04Echo\xdc\0\x01\xda\0\x01x\xdc\0\0")))

    # framing
    a, b = call("Echo", "a"), call("Echo", "b", id="2")
    one(t, "two-in-one-frame", a + b)
    one(t, "ten-in-one-frame", b"".join(call("Echo", str(i), id=str(i)) for i in range(10)))
    one(t, "split-in-body", a[:5], a[5:])
    one(t, "split-after-prefix", a[:1], a[1:])
    big = call("Echo", "z" * 200)
    one(t, "split-in-prefix", big[:1], big[1:], about="a prefix of two bytes, one in each frame")
    one(t, "a-byte-a-frame", *[a[i:i + 1] for i in range(len(a))])
    one(t, "one-and-a-half", a + b[:6], b[6:])
    one(t, "empty-frames-between", a[:5], b"", b"", a[5:])
    t.case("fragments", "one message in three WebSocket fragments")
    ws = t.hub("w")
    ws.frame("binary", a[:4], fin=False)
    ws.frame("continuation", a[4:8], fin=False)
    ws.frame("continuation", a[8:])
    finish(ws)
    body = a[1:]
    for pad in (2, 3, 4, 5):
        one(t, f"prefix-padded-to-{pad}", varint(len(body), pad) + body, about="a length in more bytes than it needs")


# ---------------------------------------------------------------- types

def types(t):
    u8, u16, u32, u64 = (Raw(b"\xcc\x05"), Raw(b"\xcd\0\x05"), Raw(b"\xce\0\0\0\x05"), Raw(b"\xcf" + b"\0" * 7 + b"\x05"))
    i8, i16, i32, i64 = (Raw(b"\xd0\x05"), Raw(b"\xd1\0\x05"), Raw(b"\xd2\0\0\0\x05"), Raw(b"\xd3" + b"\0" * 7 + b"\x05"))
    widths = [5, u8, u16, u32, u64, i8, i16, i32, i64]
    other = [None, True, "5", "", 5.0, F32(5.0), 5.5, [5], {"a": 1}, b"\x05", Ext(5, b"\x05")]
    when = 1577934245
    ada = {"Name": "Ada", "Age": 36, "Mood": "Wild", "Born": timestamp(when), "Tags": ["a"], "Scores": {"x": 1}}
    cases = [
        ("EchoBool", [True, False, None, 1, 0, "true", 1.0]),
        ("EchoByte", widths + [0, 255, 256, -1] + other),
        ("EchoSByte", [-128, 127, 128, -129, Raw(b"\xd1\xff\x80"), 5.0]),
        ("EchoShort", [-32768, 32767, 32768, -1]),
        ("EchoUShort", [65535, 65536, -1]),
        ("EchoInt", widths + [-1, -33, 2**31 - 1, -2**31, 2**31, -2**31 - 1, Raw(b"\xcf" + b"\xff" * 8)] + other),
        ("EchoUInt", [0, 2**32 - 1, 2**32, -1]),
        ("EchoLong", [0, -1, 2**53, 2**63 - 1, -2**63, 2**63, 5.0, "5"]),
        ("EchoULong", [0, 2**64 - 1, -1]),
        ("EchoFloat", [F32(1.5), 1.5, 0.1, F32(0.1), 5, -5, 2**24 + 1, 1e300, F32(float("nan")), Raw(b"\xca\x7f\x80\0\0"), "1.5", None, True]),
        ("EchoDouble", [1.5, F32(1.5), F32(0.1), 5, -5, 2**53 + 1, 2**64 - 1, float("nan"), float("inf"), -0.0, 3.0, "1.5", None, True]),
        ("EchoHalf", [F32(1.5), 1.5, 5]),
        ("EchoInt128", [5, "5"]),
        ("EchoDecimal", ["1.10", "79228162514264337593543950335", "-0.5", "1e3", "1,5", " 1", "", "abc", 5, 1.5, F32(1.5), None, b"1.5",
                         Ext(1, b"1")]),
        ("EchoBigInteger", [b"\x05", 5, "5"]),
        ("EchoChar", [65, 0x4e2d, "A", "", 65536, None]),
        ("EchoString", ["x", "", None, 5, b"x", True, Raw(b"\xa2\xff\xfe"), Raw(b"\xa3\xed\xa0\x80"), "\x00", Raw(b"\xd9\x01x")]),
        ("EchoGuid", ["00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF", "00112233445566778899aabbccddeeff",
                      "{00112233-4455-6677-8899-aabbccddeeff}", bytes(range(16)), Ext(2, bytes(range(16))), "nope", "", None, 5]),
        ("EchoDateTime", [timestamp(when), timestamp(when, 123456700), timestamp(when, 123456789), timestamp(-1), timestamp(2**32),
                          timestamp(7258118400), timestamp(-62135596800), timestamp(253402300799, 999999900), timestamp(253402300800),
                          Ext(-1, b"\0" * 12), timestamp(when, 1_000_000_000), Ext(-1, b"\0\0"), Ext(5, b"\0\0\0\0"), when, "2020-01-02T03:04:05Z",
                          "2020-01-02", 1.5, None, Raw(b"\xc7\x04\xff" + when.to_bytes(4, "big"))]),
        ("DateTimeDetail", [timestamp(when), timestamp(when, 123456700)]),
        ("EchoDateTimeOffset", [[timestamp(when), 90], [timestamp(when), 0], [timestamp(when), -60], [timestamp(when)], timestamp(when),
                                "2020-01-02T03:04:05+01:30", [timestamp(when), 900], [timestamp(when), 90, 1], [timestamp(when), 1.5], None]),
        ("EchoTimeSpan", [15000000, -1, "00:00:01.5", "01:00:00", 1.5, None, timestamp(1)]),
        ("EchoDateOnly", ["2020-01-02", 737425, timestamp(when), None]),
        ("EchoTimeOnly", ["03:04:05", 110450000000, timestamp(when)]),
        ("EchoUri", ["http://example.org/a b", "a/b", "", None, 5]),
        ("EchoVersion", ["1.2.3", "x", None]),
        ("EchoMood", ["Happy", "happy", "HAPPY", 1, "1", "7", 7, "Nope", "", None, 1.0, "Calm, Happy", u8]),
        ("EchoRights", ["Read", "Read, Write", "All", 3, "3", "Read,Write", "Write, Read", "8"]),
        ("EchoBig", ["Huge", 5_000_000_000, "5000000000"]),
        ("EchoRenamed", ["First", "the-first", "Second", 0]),
        ("EchoBytes", [b"\x01\x02", b"", b"x" * 300, "AQI=", [1, 2], None, Ext(5, b"\x01"), 5]),
        ("EchoMemory", [b"\x01\x02", "AQI=", [1, 2], None]),
        ("EchoByteList", [b"\x01\x02", [1, 2]]),
        ("EchoSBytes", [[1, -1], b"\x01"]),
        ("EchoNullableInt", [5, None, "5"]),
        ("EchoNullableMood", ["Wild", None]),
        ("EchoNullableDateTime", [timestamp(when), None]),
        ("EchoInts", [[1, -1, 70000], [], None, [1, None], [1, "2"], {"0": 1}, "1", Raw(b"\xdc\0\x02\x01\x02"), 5]),
        ("EchoDoubles", [[1, 1.5, F32(0.5)], []]),
        ("EchoFloats", [[1, 1.5, F32(0.5)]]),
        ("EchoJagged", [[[1], [2, 3], []]]),
        ("EchoMatrix", [[2, 2, [1, 2, 3, 4]], [[1, 2], [3, 4]]]),
        ("EchoStrings", [["a", None, ""], []]),
        ("EchoEnumerable", [[1, 2]]), ("EchoReadOnlyList", [[1, 2]]), ("EchoHashSet", [["a", "a", "b"]]),
        ("EchoObjects", [[1, "a", None, 1.5, F32(1.5), [1], {"a": 1}, b"\x01", timestamp(when), True, -1, 300, u64, i8]]),
        ("EchoStringInt", [{"a": 1, "B": 2}, {}, None, Pairs([("a", 1), ("a", 2)]), {"a": "1"}, {1: 2}, [["a", 1]], Pairs([(None, 1)])]),
        ("EchoIntString", [{1: "a", -1: "b"}, {"1": "a"}]),
        ("EchoStringObject", [{"a": 1, "b": [1, {"c": None}], "d": {"e": 1.5}}]),
        ("EchoObjectObject", [Pairs([(1, "a"), ("b", 2), (None, 3)]), Pairs([(1, "a"), ("b", 2)]), Pairs([([1], 2)])]),
        ("EchoGuidString", [{"00112233-4455-6677-8899-aabbccddeeff": "x"}]),
        ("EchoMoodInt", [{"Happy": 1}, {1: 1}]),
        ("EchoKeyValue", [["a", 1], {"Key": "a", "Value": 1}, {"a": 1}]),
        ("EchoTuple", [[1, "a"], {"Item1": 1, "Item2": "a"}, None]),
        ("EchoValueTuple", [[1, "a"], {"Item1": 1, "Item2": "a"}, None, [1]]),
        ("EchoComplex", [[1.0, 2.0]]),
        ("EchoPerson", [ada, {}, None, {"name": "ada", "age": 3}, {"Name": "Ada", "Unknown": [1, {"a": 2}]}, Pairs([("Name", "a"), ("Name", "b")]),
                        {"Age": "36"}, {"Age": 36.0}, {"Age": None}, {"Mood": 1}, {"Mood": "nope"}, [], ["Ada", 36], "Ada", Pairs([(1, 2), ("Name", "a")]),
                        Pairs([(b"Name", "a")]), {"Born": None, "Tags": None, "Scores": None}, {"Born": "2020-01-02"}]),
        ("EchoPoint", [{"X": 1, "Y": 2}, {"X": 1}, {}, None, [1, 2]]),
        ("EchoPlace", [{"Name": "n", "Latitude": 1.5, "Longitude": 2}, {"Name": "n"}, {"name": "n", "latitude": 1.5}, None]),
        ("EchoPair", [{"Left": 1, "Right": "r"}, {}]),
        ("EchoFields", [{"Number": 1, "Text": "t", "Hidden": 9, "_secret": 9}]),
        ("EchoShy", [{}, {"Shown": 9, "Ignored": 9, "IgnoredData": 9, "IgnoredJson": 9, "Json": 9, "renamedForJson": 8, "ReadOnly": 9, "PrivateSet": 9,
                          "Internal": 9, "camelCase": "C", "snake_case": "S"}]),
        ("EchoKeyed", [[1, None, "c"], [1], [1, 2, "c", 4], {"First": 1}, {0: 1}, None]),
        ("EchoKeyedByName", [{"one": 1, "two": "b"}, {"First": 1}]),
        ("EchoKeyedAsName", [{"First": 1, "Second": "b"}]),
        ("EchoContract", [{"renamed": 1, "Second": "b", "NotAMember": 3}, {"First": 1}]),
        ("EchoDog", [{"Name": "Rex", "Tricks": 2}]),
        ("EchoAnimal", [{"Name": "Rex", "Tricks": 2}]),
        ("EchoNamed", [{"Name": "n"}]),
        ("EchoNeedsArgument", [{"Number": 5}, {"number": 5}, {}]),
        ("EchoLazy", [5]),
        ("EchoObject", [1, "a", None, [1], {"a": 1}, b"\x01", timestamp(when), 1.5, F32(1.5), True, u8, Ext(5, b"\x01"), Pairs([(1, 2)])]),
        ("TypeOf", widths + [-1, -200, -40000, -2**40, 200, 40000, 2**31, 2**40, 1.5, F32(1.5), "a", None, [1], {"a": 1}, b"\x01", timestamp(when),
                             True, Ext(5, b"\x01")]),
    ]
    for method, values in cases:
        for i, v in enumerate(values):
            one(t, f"{method}-{i}", call(method, v))
    for method in ["NaN", "Infinity", "MinusInfinity", "MinusZero", "NaNFloat", "Integral", "DecimalPlaces", "DecimalMax", "Utc", "Unspecified",
                   "Local", "Fraction", "After2106", "Before1970", "DateTimeMin", "DateTimeMax", "Offset", "Span", "FixedGuid", "Anonymous", "DogAsAnimal",
                   "AsInterface", "Animals", "DogInKennel", "Expando", "TaskOfObject", "Lazy", "Immutable", "AnException", "AType", "AToken", "AStream",
                   "ADelegate", "Lone"]:
        one(t, "from-" + method, call(method))
    for what in ["int", "long", "uint", "short", "byte", "float", "double", "decimal", "guid", "datetime", "enum", "char", "bool", "bytes", "timespan",
                 "person", "point", "list", "dictionary", "uri", "null", "ints", "dog", "object", "tuple", "datetimeoffset"]:
        one(t, "boxed-" + what, call("Boxed", what), about="a value whose declared type is object")
    deep = None
    for depth in (10, 100, 490, 510, 1000):
        deep = Raw(b"\xc0")
        for _ in range(depth):
            deep = Raw(b"\x81\xa5Inner" + deep)
        one(t, f"deep-{depth}", call("DepthOf", deep), about="nested objects; the reader's limit is on depth")
        one(t, f"deep-object-{depth}", call("TypeOf", Raw(b"\x91" * depth + b"\xc0")), about="nested arrays for a parameter of type object")
        one(t, f"deep-skipped-{depth}", call("EchoPerson", Raw(b"\x81\xa1?" + b"\x91" * depth + b"\xc0")), about="nested arrays in a member that is not known")
        one(t, f"deep-unknown-target-{depth}", call("Nope", Raw(b"\x91" * depth + b"\xc0")))


# ---------------------------------------------------------------- malformed

def malformed(t):
    def body(case, raw, about="", **kw):
        one(t, case, varint(len(raw)) + raw, about=about, **kw)

    for case, data in [("prefix-five-bytes-too-big", b"\xff\xff\xff\xff\x08"), ("prefix-six-bytes", b"\xff\xff\xff\xff\xff\x01"),
                       ("prefix-fifth-byte-continues", b"\x80\x80\x80\x80\x80"), ("prefix-2-gib", b"\xff\xff\xff\xff\x07"),
                       ("prefix-over-limit", varint(32768)), ("prefix-one-over-limit-with-body", varint(32768) + b"\x91" * 32768)]:
        one(t, case, data, about="no body follows" if len(data) < 9 else "", after=False, quiet=0.5)
    one(t, "length-zero", b"\0")
    body("empty-array", b"\x90")
    body("nil", b"\xc0")
    body("not-an-array", b"\x05")
    body("map", b"\x80")
    body("never-used-byte", b"\xc1")
    body("array-promises-more", b"\x96\x01")
    body("array-of-4-billion", b"\xdd\xff\xff\xff\xff\x01")
    body("type-nil", pack([None, {}, "1", "Echo", ["x"], []]))
    body("type-string", pack(["1", {}, "1", "Echo", ["x"], []]))
    body("type-0", pack([0, {}]))
    body("type-10", pack([10, {}]))
    body("type-127", pack([127, {"a": [1]}, "x"]))
    body("type-negative", pack([-1]))
    body("type-huge", pack([2**40]))
    body("type-10-not-detailed", pack([10, {}]), path="/pack")
    body("bytes-after-the-array", pack([1, {}, "1", "Echo", ["x"], []]) + b"\xff\xff", "inside the length, behind the message")
    body("two-arrays-in-one-body", pack([1, {}, "1", "Echo", ["x"], []]) + pack([1, {}, "2", "Echo", ["y"], []]))
    body("json", b'{"type":6}')
    body("arguments-promise-more", b"\x96\x01\x80\xa11\xa4Echo\x92\xa1x", "the array of arguments ends early")
    body("arguments-of-4-billion", b"\x96\x01\x80\xa11\xa4Echo\xdd\xff\xff\xff\xff")
    body("arguments-of-4-billion-unknown-target", b"\x96\x01\x80\xa11\xa4Nope\xdd\xff\xff\xff\xff")
    body("argument-ends-early", b"\x96\x01\x80\xa11\xa4Echo\x91\xa9x", "a string that is cut off by the end of the message")
    body("argument-str-4-gib", b"\x96\x01\x80\xa11\xa4Echo\x91\xdb\xff\xff\xff\xffx")
    body("argument-bin-2-gib", b"\x96\x01\x80\xa11\xa9EchoBytes\x91\xc6\x7f\xff\xff\xffx")
    body("argument-array-1-billion", b"\x96\x01\x80\xa11\xa8EchoInts\x91\xdd\x3b\x9a\xca\x00\x01")
    body("argument-map-1-billion", b"\x96\x01\x80\xa11\xadEchoStringInt\x91\xdf\x3b\x9a\xca\x00\xa1a\x01")
    body("argument-never-used-byte", b"\x96\x01\x80\xa11\xa4Echo\x91\xc1\x90")
    body("argument-never-used-byte-unknown-target", b"\x96\x01\x80\xa11\xa4Nope\x91\xc1\x90")
    body("headers-of-4-billion", b"\x96\x01\xdf\xff\xff\xff\xff\xa1a\xa1b")
    body("stream-ids-of-4-billion", pack([1, {}, "1", "Echo", ["x"], Raw(b"\xdd\xff\xff\xff\xff")]))
    body("stream-ids-nil-inside", pack([1, {}, "1", "UploadSum", [], [None]]))
    body("stream-ids-number-inside", pack([1, {}, "1", "UploadSum", [], [1]]))
    body("stream-invocation-id-nil", pack([4, {}, None, "Stream", [3, 0], []]))
    body("stream-invocation-id-empty", pack([4, {}, "", "Stream", [3, 0], []]))
    body("stream-invocation-target-nil", pack([4, {}, "1", None, [3, 0], []]))
    body("stream-item-id-nil", pack([2, {}, None, 1]))
    body("stream-item-unknown-id", pack([2, {}, "nope", {"a": [1, 2]}]))
    body("stream-item-three-elements", pack([2, {}, "nope"]))
    body("completion-id-nil", pack([3, {}, None, 2]))
    body("completion-unknown-id-void", pack([3, {}, "nope", 2]))
    body("completion-unknown-id-result", pack([3, {}, "nope", 3, {"a": [1]}]))
    body("completion-unknown-id-error", pack([3, {}, "nope", 1, "e"]))
    body("completion-kind-0", pack([3, {}, "nope", 0]))
    body("completion-kind-4", pack([3, {}, "nope", 4, 1]))
    body("completion-kind-string", pack([3, {}, "nope", "3", 1]))
    body("completion-kind-missing", pack([3, {}, "nope"]))
    body("completion-error-missing", pack([3, {}, "nope", 1]))
    body("completion-result-missing", pack([3, {}, "nope", 3]))
    body("completion-error-nil", pack([3, {}, "nope", 1, None]))
    body("cancel-id-nil", pack([5, {}, None]))
    body("cancel-unknown-id", pack([5, {}, "nope"]))
    body("cancel-two-elements", pack([5, {}]))
    body("cancel-extra-elements", pack([5, {}, "nope", 1, "x"]))
    body("ping-extra-elements", pack([6, {}, 1]))
    body("ack-on-plain-connection", pack([8, 5]))
    body("ack-string", pack([8, "5"]))
    body("ack-missing", pack([8]))
    body("sequence-on-plain-connection", pack([9, 5]))
    t.case("cut-off-by-close", "the socket closes in the middle of a message")
    ws = t.hub("w", "/pack-detailed")
    ws.frame("binary", call("Echo", "x")[:6])
    ws.send_close(1000)
    ws.drain(quiet=0.5)


# ---------------------------------------------------------------- ping, close

def close_ping(t):
    one(t, "client-ping", frame(6), about="a ping gets no answer")
    t.case("server-pings", "keep-alive 1 s, client timeout 3 s")
    ws = t.hub("w", "/pack-fast")
    ws.drain(quiet=1.6, limit=2.5)
    t.case("client-timeout", "one ping, then nothing: the server gives up after 3 s")
    ws = t.hub("w", "/pack-fast")
    ws.frame("binary", frame(6))
    ws.drain(quiet=4.5, limit=9)
    for case, parts in [("close-plain", [7, None]), ("close-three-elements", [7, None, False]), ("close-allow-reconnect", [7, None, True]),
                        ("close-error", [7, "bye"]), ("close-error-and-reconnect", [7, "bye", True]), ("close-one-element", [7]),
                        ("close-extra-elements", [7, None, False, 1, "x"]), ("close-error-number", [7, 5]), ("close-reconnect-number", [7, None, 1]),
                        ("close-reconnect-nil", [7, None, None]), ("close-error-empty", [7, ""])]:
        one(t, case, frame(*parts), after=False, quiet=0.5)
    one(t, "abort", call("Abort"), after=False, quiet=0.5)
    one(t, "error-not-detailed", frame(Raw(b"\xc0")), path="/pack", after=False, about="Close as the server writes it")
    one(t, "error-detailed", frame(Raw(b"\xc0")), after=False)


# ---------------------------------------------------------------- streams

def streams(t):
    def stream(case, *payloads, **kw):
        kw.setdefault("quiet", 0.4)
        kw["enough"] = False
        return one(t, case, *payloads, **kw)

    stream("three-items", frame(4, {}, "s", "Stream", [3, 0], []))
    stream("no-items", frame(4, {}, "s", "Stream", [0, 0], []))
    stream("five-elements", frame(4, {}, "s", "Stream", [3, 0]))
    stream("extra-elements", frame(4, {}, "s", "Stream", [3, 0], [], 1, {}))
    stream("objects-and-nil", frame(4, {}, "s", "StreamPeople", [], []))
    stream("throws-after-two", frame(4, {}, "s", "StreamThrowHub", [2], []))
    stream("not-a-stream", frame(4, {}, "s", "Echo", ["x"], []))
    stream("called-not-streamed", call("Stream", 3, 0))
    stream("unknown-method", frame(4, {}, "s", "Nope", [], []))
    stream("wrong-argument", frame(4, {}, "s", "Stream", ["x", 0], []))
    # If the stream was quicker and sent one more item in the meantime, the case is recorded again, a few times at most.
    for attempt in range(20):
        t.case("cancelled")
        ws = t.hub("w", "/pack-detailed")
        ws.frame("binary", frame(4, {}, "s", "Stream", [1000, 60], []))
        ws.drain(10, until=lambda payload: frame(2, {}, "s", 3) in payload)
        ws.frame("binary", frame(5, {}, "s"))
        rest = ws.drain(10, until=lambda payload: frame(3, {}, "s", 2) in payload)
        rest += ws.drain(0.3)
        if attempt == 19 or not any(frame(2, {}, "s", 4) in payload for _, payload in rest):
            break
        t.retract()
    finish(ws)
    stream("id-in-use", frame(4, {}, "s", "Stream", [4, 60], []), frame(4, {}, "s", "Stream", [2, 0], []))

    up = [1, {}, "1", "UploadSum", [], ["u"]]
    item, done = frame(2, {}, "u", 5), frame(3, {}, "u", 2)
    stream("upload", frame(*up), item, item, done)
    stream("upload-in-one-frame", frame(*up) + item + item + done)
    stream("upload-five-elements-only", frame(*up[:5]), about="streamIds missing: the parameter counts as an argument that is not there")
    stream("upload-ends-with-value", frame(*up), item, frame(3, {}, "u", 3, 7))
    stream("upload-ends-with-nil-value", frame(*up), item, frame(3, {}, "u", 3, None))
    stream("upload-ends-with-error", frame(1, {}, "1", "UploadReport", [], ["u"]), item, frame(3, {}, "u", 1, "client boom"))
    stream("upload-ends-with-empty-error", frame(1, {}, "1", "UploadReport", [], ["u"]), item, frame(3, {}, "u", 1, ""))
    stream("upload-item-wrong-type", frame(1, {}, "1", "UploadReport", [], ["u"]), frame(2, {}, "u", "x"), done)
    stream("upload-item-nil", frame(1, {}, "1", "UploadReport", [], ["u"]), frame(2, {}, "u", None), done)
    stream("upload-item-wider", frame(*up), frame(2, {}, "u", Raw(b"\xcf" + b"\0" * 7 + b"\x05")), done)
    stream("upload-item-float", frame(1, {}, "1", "UploadReport", [], ["u"]), frame(2, {}, "u", 5.0), done)
    stream("upload-item-extra-elements", frame(*up), frame(2, {}, "u", 5, 6, 7), done)
    stream("upload-two", frame(1, {}, "1", "UploadTwo", ["-"], ["a", "b"]), frame(2, {}, "b", 1), frame(2, {}, "a", "x"), frame(3, {}, "a", 2),
           frame(2, {}, "b", 2), frame(3, {}, "b", 2))
    stream("upload-and-stream", frame(4, {}, "s", "UploadDouble", [], ["u"]), item, item, done)
    stream("upload-after-the-end", frame(*up), item, done, item, done)
    stream("upload-never-declared", item, done)
    stream("upload-too-few-ids", frame(1, {}, "1", "UploadTwo", ["-"], ["a"]))
    stream("upload-too-many-ids", frame(1, {}, "1", "UploadSum", [], ["a", "b"]), frame(2, {}, "a", 5), frame(3, {}, "a", 2))
    stream("upload-same-id-twice", frame(1, {}, "1", "UploadTwo", ["-"], ["a", "a"]))
    stream("upload-left-open", frame(*up), item, after=True)


# ---------------------------------------------------------------- client results

def client_results(t):
    def asked(case, method, answer, args=("T",), about="", path="/pack-detailed"):
        t.case(case, about)
        ws = t.hub("w", path)
        ws.frame("binary", call(method, *args, id="call"))
        seen = []
        ws.drain(quiet=0.5, until=lambda p: seen.append(p) or b"\xa1T" in p or b"Slow" in p)
        id = None
        for p in seen:
            at = p.find(b"\x96\x01\x80")
            if at >= 0 and p[at + 3] != 0xC0 and (b"\xa1T" in p or b"Slow" in p):
                id = p[at + 4:at + 4 + (p[at + 3] & 31)].decode()
        for a in answer(id) if callable(answer) else answer:
            ws.frame("binary", a)
        ws.drain(quiet=0.5, until=lambda p: b"call" in p)
        finish(ws)

    asked("string", "Ask", lambda i: [frame(3, {}, i, 3, "answer")])
    asked("nil", "Ask", lambda i: [frame(3, {}, i, 3, None)])
    asked("void", "Ask", lambda i: [frame(3, {}, i, 2)], about="a completion without a result")
    asked("error", "Ask", lambda i: [frame(3, {}, i, 1, "client boom")])
    asked("error-empty", "Ask", lambda i: [frame(3, {}, i, 1, "")])
    asked("number-for-string", "Ask", lambda i: [frame(3, {}, i, 3, 5)])
    asked("int", "AskInt", lambda i: [frame(3, {}, i, 3, 42)])
    asked("int-wide", "AskInt", lambda i: [frame(3, {}, i, 3, Raw(b"\xd3" + b"\0" * 7 + b"\x05"))])
    asked("int-void", "AskInt", lambda i: [frame(3, {}, i, 2)])
    asked("int-nil", "AskInt", lambda i: [frame(3, {}, i, 3, None)])
    asked("string-for-int", "AskInt", lambda i: [frame(3, {}, i, 3, "x")])
    asked("object", "AskPerson", lambda i: [frame(3, {}, i, 3, {"Name": "Ada", "Age": 36, "Mood": "Wild"})])
    asked("object-camel-case", "AskPerson", lambda i: [frame(3, {}, i, 3, {"name": "Ada", "age": 36})])
    asked("extra-elements", "Ask", lambda i: [frame(3, {}, i, 3, "answer", 1, {})])
    asked("kind-4", "Ask", lambda i: [frame(3, {}, i, 4, "answer")])
    asked("twice", "Ask", lambda i: [frame(3, {}, i, 3, "answer"), frame(3, {}, i, 3, "again")])
    asked("upper-case-id", "Ask", lambda i: [frame(3, {}, i.upper(), 3, "answer"), frame(3, {}, i, 3, "right")])
    asked("given-up", "AskFor", [], args=(300,), about="the server stops waiting after 300 ms: nothing is sent to the client about it")
    t.case("two-at-once", "ids while two are pending")
    ws = t.hub("w", "/pack-detailed")
    ws.frame("binary", call("AskFor", 400, id="a") + call("AskFor", 400, id="b"))
    ws.drain(quiet=0.8)
    t.case("wrong-connection", "another connection answers")
    a, b = t.hub("a", "/pack-detailed"), t.hub("b", "/pack-detailed")
    a.frame("binary", call("Ask", "T", id="call"))
    seen = []
    a.drain(quiet=0.5, until=lambda p: seen.append(p) or b"\xa1T" in p)
    p = seen[-1]
    at = p.find(b"\x96\x01\x80")
    id = p[at + 4:at + 4 + (p[at + 3] & 31)].decode()
    b.frame("binary", frame(3, {}, id, 3, "stolen"))
    finish(b)
    a.frame("binary", frame(3, {}, id, 3, "mine"))
    finish(a, enough=False)


# ---------------------------------------------------------------- size limits

def size_limits(t):
    def sized(case, total, split=None, about=""):
        head = frame(1, {}, "1", "Length", ["x"], [])
        n = total - len(head) - 10
        while len(frame(1, {}, "1", "Length", ["x" * n], [])) < total:
            n += 1
        data = frame(1, {}, "1", "Length", ["x" * n], [])
        t.case(case, about or f"a message of {len(data)} bytes, length prefix included; the limit is 32768")
        ws = t.hub("w", "/pack-detailed")
        step = split or len(data)
        for i in range(0, len(data), step):
            ws.frame("binary", data[i:i + step])
        finish(ws)

    sized("limit-minus-1", 32767)
    sized("limit", 32768)
    sized("limit-plus-1", 32769)
    sized("limit-plus-3", 32771)
    sized("limit-in-parts", 32768, 4000)
    sized("limit-plus-1-in-parts", 32769, 4000)
    sized("100000", 100000)
    t.case("many-small-in-one-frame", "40000 bytes of messages of 20 bytes each: the limit is on one message")
    ws = t.hub("w", "/pack-detailed")
    small = frame(1, {}, None, "Nothing", [], [])
    ws.frame("binary", small * (40000 // len(small)))
    finish(ws)


# ---------------------------------------------------------------- long polling

def long_polling(t):
    OCTETS = [("Content-Type", "application/octet-stream")]

    def begin(path="/pack", content=OCTETS):
        answer = t.http("h", "POST", path + "/negotiate?negotiateVersion=1", (), b"").json()
        at = path + "?id=" + answer["connectionToken"]
        t.http("poll", "GET", at)
        t.http("post", "POST", at, content, HELLO + RS)
        poll(at, b"Connected")
        return at

    def poll(at, until=b"", most=4):
        """Polls until everything has arrived."""
        got = b""
        for _ in range(most):
            got += t.http("poll", "GET", at, wait=2.0).body
            if until in got:
                return

    t.case("session", "negotiate, polls and posts with binary bodies")
    at = begin(content=[("Content-Type", "text/plain;charset=UTF-8")])
    t.http("post", "POST", at, OCTETS, call("Echo", "a") + call("Add", 40, 2, id="2"))
    poll(at, b"\xa12\x03")
    whole = call("Echo", "halves", id="3")
    t.http("post", "POST", at, OCTETS, whole[:7])
    t.http("post", "POST", at, OCTETS, whole[7:])
    poll(at, b"halves")
    t.http("post", "POST", at, [("Content-Type", "text/plain;charset=UTF-8")], call("Echo", "as text", id="4"))
    poll(at, b"as text")
    t.http("post", "POST", at, OCTETS, frame(4, {}, "s", "Stream", [3, 0], []))
    poll(at, b"\x94\x03\x80\xa1s\x02")
    t.http("post", "POST", at, OCTETS, b"")
    t.http("post", "POST", at, OCTETS, call("Large", 70000, id="5"))
    poll(at, b"x" * 70000, 30)
    t.note("the client says Close")
    t.http("post", "POST", at, OCTETS, frame(7, None))
    poll(at, b"no such", 2)
    t.case("deleted")
    at = begin()
    t.http("h", "DELETE", at)
    t.http("poll", "GET", at)
    t.case("malformed")
    at = begin("/pack-detailed")
    t.http("post", "POST", at, OCTETS, b"\x01\xc0")
    poll(at, b"no such", 2)
    t.case("poll-times-out", "PollTimeout 2 s, keep-alive 1 s: what an idle poll brings")
    at = begin("/pack-fast")
    for _ in range(3):
        t.http("poll", "GET", at, wait=4.0)


# ---------------------------------------------------------------- stateful reconnect

def stateful(t):
    def begin(hello=HELLO2, query="&useStatefulReconnect=true"):
        answer = t.http("h", "POST", "/pack-stateful/negotiate?negotiateVersion=1" + query, (), b"").json()
        path = "/pack-stateful?id=" + answer["connectionToken"]
        return path, t.hub("w1", path, hello=hello)

    t.case("acks", "the server acknowledges what it received, a tick later")
    _, ws = begin()
    ws.frame("binary", call("Echo", "a"))
    ws.frame("binary", call("Echo", "b", id="2"))
    ws.drain(quiet=1.6, limit=2.5)
    ws.frame("binary", frame(8, 2))
    ws.frame("binary", frame(6))
    ws.drain(quiet=1.5, limit=2)
    finish(ws)
    t.case("version-1-handshake", "negotiated, but the handshake says 1: an ordinary connection")
    _, ws = begin(HELLO)
    ws.frame("binary", call("Echo", "a"))
    ws.drain(quiet=1.6, limit=2.5)
    t.case("not-negotiated", "the handshake says 2, the negotiation said nothing")
    _, ws = begin(HELLO2, "")
    ws.frame("binary", call("Echo", "a"))
    ws.drain(quiet=1.6, limit=2.5)

    def again(case, about, ack, back, kind="reset"):
        t.case(case, about)
        path, ws = begin()
        ws.frame("binary", call("Echo", "a"))
        ws.drain(quiet=0.3)
        if ack is not None:
            ws.frame("binary", frame(8, ack))
        ws.frame("binary", call("Delay", 400, "late", id="2"))
        ws.drain(quiet=0.15)
        if kind == "reset":
            ws.reset()
        elif kind == "close":
            ws.send_close(1000)
            ws.drain(quiet=0.3)
        time.sleep(0.8)
        ws = t.ws("w2", path, handshake=None)
        ws.drain(quiet=0.3)
        for p in back:
            ws.frame("binary", p)
        finish(ws, 1.6)

    again("return", "Sequence first, then what was not acknowledged", None, [frame(9, 3)])
    again("return-after-ack", "messages 1 and 2 were acknowledged", 2, [frame(9, 3)])
    again("return-and-repeat", "the client repeats both calls: they are dropped", 2,
          [frame(9, 1), call("Echo", "a"), call("Delay", 400, "late", id="2")])
    again("return-without-sequence", "", 2, [])
    again("return-sequence-too-high", "", 2, [frame(9, 9)])
    again("return-sequence-zero", "", 2, [frame(9, 0)])
    again("return-sequence-negative", "", 2, [frame(9, -5)])
    again("ack-too-high", "an acknowledgement of what was never sent", 1000, [frame(9, 3)])
    again("close-frame", "a close handshake ends it for good", None, [], "close")


TOPICS = [handshake, invocation, types, malformed, close_ping, streams, client_results, size_limits, long_polling, stateful]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--base", default="127.0.0.1:5981")
    a.add_argument("--out", default="recorded")
    a.add_argument("--server", default="")
    a.add_argument("topic", nargs="*")
    a = a.parse_args()
    os.makedirs(a.out, exist_ok=True)
    host, port = a.base.split(":")
    for f in TOPICS:
        if a.topic and f.__name__ not in a.topic:
            continue
        began = time.monotonic()
        t = PackTranscript(a.out, f.__name__, (host, int(port)), a.server)
        f(t)
        t.close()
        print(f"{f.__name__}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
