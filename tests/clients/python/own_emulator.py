"""An emulator of a test's own, for flags that the shared one was not started with; ended by its process id."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys


def program():
    """The emulator's executable."""
    root = pathlib.Path(__file__).parents[3]
    target = root / os.environ.get("CARGO_TARGET_DIR", "target")
    name = "lakewire-emulator.exe" if sys.platform == "win32" else "lakewire-emulator"
    path = target / "debug" / name
    assert path.exists(), f"{path} is missing: build it with `cargo build -p lakewire-emulator`"
    return str(path)


@contextlib.contextmanager
def emulator(*flags):
    """Starts one with these flags and gives its URL."""
    command = [program(), "--port", "0", "--token-delay-ms", "0", "--endpoint-delay-ms", "100", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        found = re.search(r"listening on (http://\S+)", process.stdout.readline())
        assert found, "the emulator did not say where it listens"
        yield found.group(1)
    finally:
        process.terminate()
        process.wait()
