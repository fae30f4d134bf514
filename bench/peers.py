"""Peers: other systems that benchmarks are measured against, each in an environment of its own under var/bench.

A peer's script lies in bench/peers/, imports nothing of ours, is run by the peer's own python with a .npz file of
candles, and prints one JSON object. Versions are pinned, so that a figure can be repeated. A peer that cannot be
installed is left out of the table, with a line that says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HOME = HERE.parent / "var" / "bench"

PINNED = {
    "vectorbt": ("vectorbt[rust]==1.2.0", "numba==0.68.1", "numpy==2.4.6", "pandas==3.1.1", "TA-Lib==0.8.2"),
    "backtesting": ("backtesting==0.6.6", "numpy==2.4.6", "pandas==3.1.1", "TA-Lib==0.8.2"),
    "fast-trade": ("fast-trade==3.0.0", "numpy==2.4.6", "polars==2.1.0"),
    "talipp": ("talipp==2.7.0", "numpy==2.4.6"),
}
"""What is installed for each peer."""


def python_of(peer: str) -> Path | None:
    """Return the python of a peer's environment, made where it is not there; None where it cannot be had."""
    folder = HOME / peer
    python, ready = folder / "bin" / "python", folder / ".ready"
    wanted = "\n".join(PINNED[peer])
    if ready.exists() and ready.read_text() == wanted:
        return python
    print(f"setting up {peer} in {folder} (once)", file=sys.stderr)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, capture_output=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED[peer]]
        subprocess.run(pip, check=True, capture_output=True, text=True, timeout=900)
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", "") or str(error)
        print(f"left out: {peer} cannot be installed here: {str(said).strip().splitlines()[-1]}", file=sys.stderr)
        return None
    ready.write_text(wanted)
    return python


def ask(peer: str, script: str, *arguments: str | Path, timeout: float = 600) -> Any:
    """Run bench/peers/SCRIPT with the peer's python; return what it prints as JSON, None where there is no peer.

    Raises CalledProcessError where the script fails: a peer that is there and does not work is no peer to be beaten.
    """
    python = python_of(peer)
    if python is None:
        return None
    # Kernels chosen for old processors by the environment would slow a peer down.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    command: Sequence[str | Path] = (python, HERE / "peers" / script, *arguments)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout, env=clean)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    return json.loads(done.stdout)
