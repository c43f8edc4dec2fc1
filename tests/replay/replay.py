"""Replays the recorded cases against the conformance server, and reports where it differs from .NET 10.

    python3 tests/replay/replay.py [--server FILE] [--jobs N] [--accept] [topic ...]

Every topic gets a server of its own; topics of the MessagePack protocol are called `messagepack/..`. Cases that deviate
are listed in deviations.txt and deviations-messagepack.txt, each with its reason. What Hubwire does in them is in the
.jsonl file of the same name, and anything else fails too (`--accept` rewrites these files, to be reviewed). Cases that
need a feature that Hubwire does not have yet are listed in pending.txt and not judged; if one of them agrees anyway, it
fails, which keeps the list accurate. Cases in ../vectors/chance.txt are left to chance and not judged either. The last
line but one says how many these are. The last line is the sum, as in the other test suites; no judged case is skipped.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import dotnet_client
import exact_texts
import pack_echoes
import verdicts
from server import Server, find_server, newer_source

# The longest first, because they determine how long the whole run takes.
TOPICS = ("long_polling", "ping_timeout", "close_on_auth_expiry", "handshake", "timeout_in_call", "parallel", "ws_upgrade", "invocation", "types", "malformed",
          "malformed_detailed", "shutdown", "errors", "errors_detailed", "groups", "ws_close", "ws_frames", "size_limits", "typed",
          "streams", "uploads", "client_results", "services_and_tokens", "hub_filters", "sse", "auth", "negotiate", "cors", "messagepack/long_polling", "messagepack/types",
          "messagepack/streams", "messagepack/malformed", "messagepack/invocation", "messagepack/close_ping",
          "messagepack/client_results", "messagepack/handshake", "messagepack/size_limits")
TOPIC_LIMIT = 900


def replay(topic, binary, folder):
    """Records a topic from a fresh server; returns problems other than those of the cases themselves."""
    problems = []
    with Server(binary) as server:
        command = [sys.executable, os.path.join(HERE, "recorder.py"), topic, server.address, folder, str(server.pid)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TOPIC_LIMIT, check=False)
            if done.returncode:
                problems.append("the recorder failed: " + done.stderr.strip().rsplit("\n", 1)[-1])
        except subprocess.TimeoutExpired:
            problems.append(f"not recorded within {TOPIC_LIMIT} s")
    return problems + server.problems


def show(topic, judged, problems):
    counts = judged.counts()
    print(f"{topic}: {counts['agree']} agree, {counts['deviate']} deviate as allowed, {counts['failed']} fail, "
          f"{counts['pending']} pending, {counts['chance']} left to chance")
    for problem in problems:
        print(f"    {topic}: {problem}")
    for case, lines in judged.failures:
        print(f"  FAILED {topic}/{case}")
        for line in lines:
            print("    " + line[:1500])
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", help="the conformance-server to test; else $CONFORMANCE_SERVER_BIN, else the one in target/")
    parser.add_argument("--jobs", type=int, default=4, help="how many topics at once")
    parser.add_argument("--accept", action="store_true", help="take what Hubwire does in the allowed cases for what it should")
    parser.add_argument("--keep", help="a folder for the recordings")
    parser.add_argument("topics", nargs="*")
    options = parser.parse_args()
    binary = options.server or find_server()
    topics = options.topics or TOPICS
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown:
        parser.error("no such topic: " + ", ".join(unknown))
    if newer := newer_source(binary):
        print(f"warning: {binary} is older than {newer}: build it with cargo build --release -p conformance")
    rules = verdicts.Rules()
    passed = failed = pending = chance = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        folder = options.keep or scratch
        os.makedirs(folder, exist_ok=True)
        running = {pool.submit(replay, topic, binary, folder): topic for topic in sorted(topics, key=TOPICS.index)}
        for future in concurrent.futures.as_completed(running):
            topic, problems = running[future], future.result()
            judged = verdicts.judge(topic, folder, rules, options.accept)
            # If a pending case makes the recorder fail, the cases after it are unrecorded, which
            # is judged.
            fatal = [p for p in problems if not p.startswith("the recorder failed") or not judged.has_unrecorded_pending]
            show(topic, judged, fatal)
            counts = judged.counts()
            passed += counts["agree"] + counts["deviate"]
            failed += counts["failed"] + len(fatal)
            pending += counts["pending"]
            chance += counts["chance"]
    if options.accept:
        rules.save()
    if not options.topics:
        proven, waiting, problems = exact_texts.check(TOPICS)
        for problem in rules.idle_entries() + problems:
            failed += 1
            print("  FAILED " + problem)
        passed += proven
        pending += waiting
        answered, unanswered = dotnet_client.check(binary)
        passed += answered
        failed += unanswered
        pending += 2 * len(dotnet_client.LATER)
        answered, unanswered = pack_echoes.check(binary)
        passed += answered
        failed += unanswered
    print(f"not judged: {pending} pending (pending.txt, texts.md), {chance} left to chance (chance.txt)")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
