"""Calls each Echo method of /pack in JSON and in MessagePack, and expects the results of .NET in each.

    python3 tests/replay/pack_echoes.py [--server FILE]

The values are the rows of ../vectors/dotnet_values.jsonl with types that the methods take. For each other method there
is one value of ../vectors/messagepack/types, with the JSON that System.Text.Json has for it (ONE_FORM lists those without).
A method of the recorded hub that is not called in both encodings fails. The last line is the sum.
"""
import argparse
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(VECTORS, "record"))

import pack
from dotnet_client import Session, bodies, payload_of
from server import Server, find_server

LIMIT = 5

# Types of ../vectors/dotnet_values.jsonl, each with its method.
METHODS = {
    "decimal": "EchoDecimal", "TimeSpan": "EchoTimeSpan", "DateOnly": "EchoDateOnly", "TimeOnly": "EchoTimeOnly",
    "DateTime": "EchoDateTime", "DateTimeOffset": "EchoDateTimeOffset", "char": "EchoChar", "Guid": "EchoGuid",
    "enum Mood": "EchoMood", "enum Mood?": "EchoNullableMood", "Dictionary<Mood, int>": "EchoMoodInt",
    "Dictionary<int, string>": "EchoIntString", "Dictionary<string, int>": "EchoStringInt", "double": "EchoDouble",
    "float": "EchoFloat", "Half": "EchoHalf", "long": "EchoLong", "ulong": "EchoULong", "Int128": "EchoInt128",
    "BigInteger": "EchoBigInteger", "byte[]": "EchoBytes", "List<byte>": "EchoByteList",
    "ReadOnlyMemory<byte>": "EchoMemory", "sbyte[]": "EchoSBytes", "Uri": "EchoUri", "Version": "EchoVersion",
    "KeyValuePair<string, int>": "EchoKeyValue", "Tuple<int, string>": "EchoTuple", "(int, string)": "EchoValueTuple",
    "string": "EchoString",
}

# Rows with a value that is not returned unchanged, by type and form; docs/values.md describes the differences.
OTHERWISE = {
    ("DateTime", "json"): r"^(?!.*Z\"$)",  # not in UTC
    ("char", "json"): r"FFFD",  # half of a surrogate pair
    ("char", "messagepack"): r"^cdd83d$",
    ("double", "json"): r"E",  # the spelling of a float
    ("float", "json"): r"E",
    ("BigInteger", "json"): r"",  # its properties, which .NET does not read
}



class Plain:
    """An argument in MessagePack that was not recorded, and is also the result."""

    def __init__(self, value):
        self.value = value


# Methods without a row: the argument in the notation of ../vectors/messagepack/README.md, its JSON, and the JSON of the
# result if that differs.
BESIDES = [
    ("Echo", Plain("a"), '"a"'),
    ("EchoDeep", Plain({"Inner": {"Inner": None}}), '{"inner":{"inner":null}}'),
    ("EchoBool", "true", "true"),
    ("EchoByte", "5", "5"),
    ("EchoSByte", "-128", "-128"),
    ("EchoShort", "-32768", "-32768"),
    ("EchoUShort", "65535", "65535"),
    ("EchoInt", "5", "5"),
    ("EchoUInt", "4294967295", "4294967295"),
    ("EchoObject", '{"a": 1}', '{"a":1}'),
    ("EchoRights", '"Read"', "1"),
    ("EchoRights", '"All"', "3"),
    ("EchoRights", '"8"', "8"),
    ("EchoBig", '"Huge"', "5000000000"),
    ("EchoRenamed", '"the-first"', "0"),
    ("EchoNullableInt", "nil", "null"),
    ("EchoNullableDateTime", "timestamp32(2020-01-02T03:04:05Z)", '"2020-01-02T03:04:05Z"'),
    ("EchoInts", "[1, -1, 70000]", "[1,-1,70000]"),
    ("EchoDoubles", "[1, 1.5, 0.5f32]", "[1,1.5,0.5]"),
    ("EchoFloats", "[1, 1.5, 0.5f32]", "[1,1.5,0.5]"),
    ("EchoJagged", "[[1], [2, 3], []]", "[[1],[2,3],[]]"),
    ("EchoStrings", '["a", nil, ""]', '["a",null,""]'),
    ("EchoEnumerable", "[1, 2]", "[1,2]"),
    ("EchoReadOnlyList", "[1, 2]", "[1,2]"),
    ("EchoHashSet", '["a", "a", "b"]', '["a","a","b"]', '["a","b"]'),
    ("EchoStringObject", '{"a": 1, "b": [1, {"c": nil}], "d": {"e": 1.5}}', '{"a":1,"b":[1,{"c":null}],"d":{"e":1.5}}'),
    ("EchoGuidString", '{"00112233-4455-6677-8899-aabbccddeeff": "x"}', '{"00112233-4455-6677-8899-aabbccddeeff":"x"}'),
    ("EchoPerson",
     '{"Name": "Ada", "Age": 36, "Mood": "Wild", "Born": timestamp32(2020-01-02T03:04:05Z), "Tags": ["a"], "Scores": {"x": 1}}',
     '{"name":"Ada","age":36,"mood":2,"born":"2020-01-02T03:04:05Z","tags":["a"],"scores":{"x":1}}'),
    ("EchoPoint", '{"X": 1, "Y": 2}', '{"x":1,"y":2}'),
    ("EchoPlace", '{"Name": "n", "Latitude": 1.5, "Longitude": 2}', '{"name":"n","latitude":1.5,"longitude":2}'),
    ("EchoPair", '{"Left": 1, "Right": "r"}', '{"left":1,"right":"r"}'),
    ("EchoShy",
     '{"Shown": 9, "Ignored": 9, "IgnoredData": 9, "IgnoredJson": 9, "Json": 9, "renamedForJson": 8, "ReadOnly": 9, '
     '"PrivateSet": 9, "Internal": 9, "camelCase": "C", "snake_case": "S"}',
     '{"shown":9,"ignored":9,"ignoredData":9,"ignoredJson":9,"json":9,"renamedForJson":8,"readOnly":9,"privateSet":9,'
     '"internal":9,"camelCase":"C","snake_case":"S"}',
     '{"shown":9,"ignored":9,"ignoredData":9,"renamedForJson":8,"readOnly":6,"privateSet":7,"camelCase":"C","snake_case":"S"}'),
    ("EchoKeyed", '[1, nil, "c"]', '{"first":1,"third":"c"}'),
    ("EchoKeyedByName", '{"one": 1, "two": "b"}', '{"first":1,"second":"b"}'),
    ("EchoKeyedAsName", '{"First": 1, "Second": "b"}', '{"first":1,"second":"b"}'),
    ("EchoContract", '{"renamed": 1, "Second": "b", "NotAMember": 3}', '{"first":1,"second":"b","notAMember":3}'),
    ("EchoDog", '{"Name": "Rex", "Tricks": 2}', '{"name":"Rex","tricks":2}'),
    ("EchoAnimal", '{"Name": "Rex", "Tricks": 2}', '{"name":"Rex","tricks":2}', '{"name":"Rex"}'),
    ("EchoNeedsArgument", '{"Number": 5}', '{"number":5}'),
    ("EchoMatrix", "[2, 2, [1, 2, 3, 4]]", None),
    ("EchoObjects", Plain([1, "a", None, 1.5, pack.F32(1.5), [1], {"a": 1}, b"\x01", True, -1, 300]),
     '[1,"a",null,1.5,1.5,[1],{"a":1},"AQ==","2020-01-02T03:04:05Z",true,-1,300,5,5]'),
    ("EchoObjectObject", '{1: "a", "b": 2}', None),
    ("EchoComplex", "[1.0, 2.0]", None),
    ("EchoFields", '{"Number": 1, "Text": "t", "Hidden": 9, "_secret": 9}', None),
    ("EchoNamed", '{"Name": "n"}', None),
    ("EchoLazy", "5", None),
]

# Methods that have only one form, each with the reason.
ONE_FORM = {
    "EchoInt128": "MessagePack for .NET has no Int128",
    "EchoBigInteger": "System.Text.Json writes its properties, and does not read them",
    "EchoMatrix": "System.Text.Json has no two-dimensional arrays",
    "EchoObjectObject": "System.Text.Json reads no object as a key",
    "EchoComplex": "System.Text.Json writes its properties, and does not read them",
    "EchoFields": "System.Text.Json has no fields",
    "EchoNamed": "System.Text.Json reads no interface",
    "EchoLazy": "System.Text.Json writes a Lazy as an object, and does not read its value",
}


class Case:
    """A call of a method and the result of .NET: JSON, or the bytes of MessagePack."""

    def __init__(self, method, form, argument, answer):
        self.method, self.form, self.argument, self.answer = method, form, argument, answer

    def __str__(self):
        argument = self.argument if self.form == "json" else self.argument.hex()
        return f"{self.method} {self.form} {argument}"


def rows():
    with open(os.path.join(VECTORS, "dotnet_values.jsonl"), encoding="utf-8") as f:
        for row in map(json.loads, f):
            method = METHODS.get(row["type"])
            if row["what"] != "writes" or not method:
                continue
            for form in ("json", "messagepack"):
                text = row[form]
                otherwise = OTHERWISE.get((row["type"], form))
                if text.startswith("!") or otherwise is not None and re.search(otherwise, text):
                    continue
                value = text if form == "json" else bytes.fromhex(text)
                yield Case(method, form, value, value)


def recorded():
    """Returns the arguments and results of MessagePack calls, by method and the argument as text."""
    calls, found = {}, {}
    with open(os.path.join(VECTORS, "messagepack", "types.jsonl"), encoding="utf-8") as f:
        for event in map(json.loads, f):
            if event.get("what") != "frame" or event.get("op") != "binary":
                continue
            for body in bodies(payload_of(event)) if event.get("decoded") else ():
                try:
                    message, _ = pack.decode(body)
                except pack.Malformed:
                    continue
                if not isinstance(message, list) or len(message) < 5 or message[2] != "1":
                    continue
                if event["dir"] == "c>s" and message[0] == 1 and message[3].startswith("Echo"):
                    at = body.index(pack.pack(message[3])) + len(pack.pack(message[3]))
                    # The one argument is between the head of its array and the empty array of stream ids.
                    calls[event["case"]] = message[3], message[4], body[at + 1:-1]
                elif event["dir"] == "s>c" and message[0] == 3 and event["case"] in calls:
                    method, arguments, argument = calls[event["case"]]
                    answer = body[body.index(b"\xa11") + 3:] if message[3] == 3 else None
                    found[method, pack.show(arguments[0])] = argument, answer
    return found


def besides():
    calls = recorded()
    for method, argument, *in_json in BESIDES:
        if in_json[0] is not None:
            yield Case(method, "json", in_json[0], in_json[-1])
        if isinstance(argument, Plain):
            yield Case(method, "messagepack", pack.pack(argument.value), pack.pack(argument.value))
        elif (method, argument) in calls:
            yield Case(method, "messagepack", *calls[method, argument])
        else:
            raise SystemExit(f"no call of {method} with {argument} was recorded")


def methods_of_the_recorded_hub():
    with open(os.path.join(VECTORS, "messagepack", "reference-hubs.cs"), encoding="utf-8") as f:
        return set(re.findall(r"public [^=;{]* (Echo\w*)\(", f.read()))


def call(session, case, number):
    if case.form == "json":
        return session.socket.frame("text", (
            f'{{"type":1,"invocationId":"{number}","target":"{case.method}","arguments":[{case.argument}]}}\x1e').encode("utf-8"))
    head = b"\x96\x01\x80" + pack.pack(str(number)) + pack.pack(case.method) + b"\x91"
    body = head + case.argument + b"\x90"
    session.socket.frame("binary", pack.varint(len(body)) + body)


def answers(session, is_json):
    """Returns the received results by id: JSON character by character, MessagePack as its content."""
    if is_json:
        found = re.findall(r'\{"type":3,"invocationId":"(\d+)",(?:"result":(.*?)|"error":.*?)\}\x1e',
                           session.received.decode("utf-8"), re.S)
        return {int(number): result or None for number, result in found}
    found = {}
    for body in bodies(session.received):
        message, _ = pack.decode(body)
        if message[0] == 3:
            found[int(message[2])] = pack.show(message[4]) if message[3] == 3 else None
    return found


def differing(address, cases, is_json):
    """Returns the cases of one encoding with other results."""
    session = Session(address, "/pack", is_json)
    session.socket.frame("text" if is_json else "binary",
                         b'{"protocol":"%s","version":1}\x1e' % (b"json" if is_json else b"messagepack"))
    found = []
    for number, case in enumerate(cases):
        call(session, case, number)
        came = {}
        for _ in range(LIMIT * 50):
            session.read(0.02)
            came = answers(session, is_json)
            if number in came or session.end:
                break
        want = case.answer if is_json or case.answer is None else pack.show(pack.decode(case.answer)[0])
        if number not in came or came[number] != want:
            found.append(f"{case}:\n      .NET    {want}\n      Hubwire {came.get(number, 'nothing')}")
    session.socket.quiet_close()
    return found


def check(binary):
    """Calls every method; prints what differs, and returns how many calls passed and failed."""
    cases = [*rows(), *besides()]
    problems = []
    called = {(case.method, case.form) for case in cases}
    for method in sorted(methods_of_the_recorded_hub()):
        missing = [form for form in ("json", "messagepack") if (method, form) not in called]
        if len(missing) != (method in ONE_FORM):
            problems.append(f"{method} is not called in {missing}, or does not have to be in ONE_FORM")
    with Server(binary) as server:
        found = []
        for form in ("json", "messagepack"):
            found += differing(server.address, [case for case in cases if case.form == form], form == "json")
    problems += found + server.problems
    for problem in problems:
        print(f"  FAILED pack_echoes {problem}")
    print(f"pack_echoes: {len(cases) - len(found)} agree, {len(problems)} fail")
    return len(cases) - len(found), len(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server")
    passed, failed = check(parser.parse_args().server or find_server())
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
