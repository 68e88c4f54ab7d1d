"""The app's server as a process of the command line's, which ends with it."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE = 30.0  # seconds for the server to end in good order


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Start the server and wait for its end; its exit code, 0 where it was told to end and did.

    SIGTERM, which a service manager or a container sends to this process alone, is handed on. Ctrl-C reaches both.
    """
    told = False
    with subprocess.Popen(command, cwd=folder, env=environment) as server:

        def hand_on(_number: int, _frame: object) -> None:
            nonlocal told
            told = True
            server.terminate()

        before = signal.signal(signal.SIGTERM, hand_on)
        try:
            code = server.wait()
        except KeyboardInterrupt:
            told = True
            try:
                code = server.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                code = server.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    return 0 if told and code in (0, -signal.SIGTERM, -signal.SIGINT) else code
