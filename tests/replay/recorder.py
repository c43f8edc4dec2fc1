"""Records one topic with the recorders of ../vectors/record: recorder.py TOPIC HOST:PORT FOLDER SERVER_PID.

Unlike there, every payload is kept whole; it can then be compared with a golden one that is kept only as a hash.
For MessagePack, the topics `messagepack/..`, the content of the messages is compared.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", "record"))

import record
import record_msgpack
import wire


def main():
    topic, base, folder, pid = sys.argv[1:]
    host, port = base.rsplit(":", 1)
    encoding, _, name = topic.rpartition("/")
    if encoding == "messagepack":
        topics, transcript = {f.__name__: f for f in record_msgpack.TOPICS}, record_msgpack.PackTranscript
    else:
        topics, transcript = {**record.TOPICS, **record.ENDING}, wire.Transcript
    folder = os.path.join(folder, encoding)
    os.makedirs(folder, exist_ok=True)
    transcript = transcript(folder, name, (host, int(port)), "Hubwire")
    transcript.keep = sys.maxsize
    transcript.server_pid = int(pid)
    try:
        topics[name](transcript)
    finally:
        transcript.close()


if __name__ == "__main__":
    main()
