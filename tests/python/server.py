"""A conformance server as a child process, which can be stopped and started again on the same port."""
import os
import subprocess
import tempfile
import threading

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
START_LIMIT = 20
END_LIMIT = 40


def binary():
    path = os.environ.get("CONFORMANCE_SERVER_BIN") or os.path.join(ROOT, "target", "release", "conformance-server")
    if not os.path.exists(path):
        raise SystemExit(f"no conformance server at {path}: build it with cargo build --release -p conformance")
    return path


class Server:
    """A server that runs inside a `with` block."""

    def __init__(self):
        self.port = 0

    def __enter__(self):
        self.log = tempfile.TemporaryFile(mode="w+", encoding="utf-8")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.log.seek(0)
        log = self.log.read()
        self.log.close()
        if "panicked" in log:
            raise AssertionError("the server panicked: " + log[:1000])

    def start(self):
        """Starts the server; after a stop, it listens on the same port as before."""
        self.process = subprocess.Popen([binary(), "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env={**os.environ, "RUST_LOG": "error", "NO_COLOR": "1"})
        late = threading.Timer(START_LIMIT, self.process.kill)
        late.start()
        line = self.process.stdout.readline()
        late.cancel()
        if "http://" not in line:
            raise AssertionError(f"the server did not start: {line!r}")
        self.port = int(line.split("http://")[1].split()[0].rpartition(":")[2])

    def stop(self):
        """Tells the server to stop, and waits until it has ended without an error."""
        self.process.terminate()
        if code := self._ended():
            raise AssertionError(f"the server ended with {code}")

    def kill(self):
        """Ends the server at once, so that its clients are told nothing."""
        self.process.kill()
        self._ended()

    def _ended(self):
        code = self.process.wait(END_LIMIT)
        self.process.stdout.close()
        return code

    def url(self, path, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"
