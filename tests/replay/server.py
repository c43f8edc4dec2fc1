"""A conformance server as a child process, on a port of its own."""
import os
import shlex
import subprocess
import tempfile
import threading

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
START_LIMIT = 20
# The server's own grace period for clients that do not leave, and some slack.
END_LIMIT = 40


def find_server():
    named = os.environ.get("CONFORMANCE_SERVER_BIN")
    built = [os.path.join(ROOT, "target", profile, "conformance-server") for profile in ("release", "debug")]
    there = [path for path in ([named] if named else built) if os.path.exists(path)]
    if there:
        return max(there, key=os.path.getmtime)
    raise SystemExit(f"no conformance server at {named or ' or '.join(built)}: build it with cargo build -p conformance")


def sources(binary):
    """Returns the files that a binary was built from, as cargo recorded them; otherwise all that it could be built from."""
    if os.path.exists(binary + ".d"):
        with open(binary + ".d", encoding="utf-8") as f:
            return shlex.split(f.read().partition(":")[2])
    folders = (os.path.join(ROOT, *folder) for folder in (("crates",), ("tests", "conformance", "src")))
    walks = (walk for folder in folders for walk in os.walk(folder))
    return [os.path.join(folder, name) for folder, _, names in walks for name in names]


def newer_source(binary):
    """Returns a source that has changed since the binary was built, if there is one."""
    def changed(path):
        return os.path.getmtime(path) if os.path.exists(path) else float("inf")
    newest = max(sources(binary), key=changed, default=binary)
    return newest if changed(newest) > os.path.getmtime(binary) else None


class Server:
    """A server that runs inside a `with` block; `problems` lists what went wrong in it."""

    def __init__(self, binary):
        self.binary, self.problems = binary, []

    def __enter__(self):
        self.log = tempfile.TemporaryFile(mode="w+", encoding="utf-8")
        self.process = subprocess.Popen([self.binary, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env={**os.environ, "RUST_LOG": "off", "NO_COLOR": "1"})
        self.pid = self.process.pid
        late = threading.Timer(START_LIMIT, self.process.kill)
        late.start()
        line = self.process.stdout.readline()
        late.cancel()
        if "http://" not in line:
            raise RuntimeError(f"{self.binary} did not start: {line!r}")
        self.address = line.split("http://")[1].split()[0]
        # A topic may end the server itself and check whether it is gone, so something has to wait
        # for the process.
        self.waiting = threading.Thread(target=self.process.wait, daemon=True)
        self.waiting.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.waiting.join(END_LIMIT)
        if self.waiting.is_alive():
            self.problems.append(f"the server did not end within {END_LIMIT} s of SIGTERM")
            self.process.kill()
            self.waiting.join()
        elif self.process.returncode:
            self.problems.append(f"the server ended with {self.process.returncode}")
        self.log.seek(0)
        if "panicked" in (text := self.log.read()):
            self.problems.append("the server panicked: " + text.strip()[:500])
        self.process.stdout.close()
        self.log.close()
