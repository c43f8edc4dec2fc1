"""Records one topic with the recorder of ../vectors/record: recorder.py TOPIC HOST:PORT FOLDER SERVER_PID.

Unlike there every payload is kept whole, so that it can be held against a golden one of which only the hash is kept.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", "record"))

import record
import wire


def main():
    topic, base, folder, pid = sys.argv[1:]
    host, port = base.rsplit(":", 1)
    transcript = wire.Transcript(folder, topic, (host, int(port)), "Hubwire")
    transcript.keep = sys.maxsize
    transcript.server_pid = int(pid)
    try:
        {**record.TOPICS, **record.ENDING}[topic](transcript)
    finally:
        transcript.close()


if __name__ == "__main__":
    main()
