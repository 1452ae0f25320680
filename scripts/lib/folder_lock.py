"""The lock of a network's folder.

It holds for as long as anybody has its descriptor: the program that took it, and Redis and the
services, to which it is handed. So it outlives a program that was killed and left them running: a
second Redis on their append-only file would tear it.
"""

import contextlib
import fcntl
import os
from pathlib import Path


def take(path):
    """The open file that holds the lock. OSError: somebody else has it."""
    file = open(path, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def holders(path):
    """{process id: name} of whoever has the lock's file open, as far as this user may see."""
    found = {}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(descriptor) == str(path):
                process = descriptor.parents[1]
                found[int(process.name)] = (process / "comm").read_text().strip()
    return found


def refusal(path):
    """Why the lock can't be had, and what to do about it."""
    text, alive = path.read_text(), holders(path)
    taker = int(text) if text.isdigit() else None
    if taker in alive:
        return (f"Another network is running from {path.parent}. End it first: Ctrl-C where it was started, "
                f"or: kill {taker}")
    if alive:
        return (f"A network in {path.parent} lost the program that watched it, and still runs: "
                f"{', '.join(alive.values())}. End it first: kill {' '.join(map(str, alive))}")
    return f"Another network is running from {path.parent}, of another user. It must end first."
