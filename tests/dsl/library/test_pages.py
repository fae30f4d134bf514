"""The pages of the functions say what the catalogue says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_pages_are_up_to_date() -> None:
    """Where this fails, run `python docs/write_functions.py`."""
    script = ROOT / "docs" / "write_functions.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
