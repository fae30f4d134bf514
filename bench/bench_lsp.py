"""How soon an editor hears of a keystroke: `python bench/bench_lsp.py`.

A valid strategy of 300 lines is open in `engine lsp`, as a process of its own. Each keystroke changes one number in it.
Measured are the first answer (everything that reading and checking finds), a completion asked for right after the
keystroke, and the peer: loading the same file once in this process, as `engine validate` does.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dsl.load import load  # noqa: E402
from tests.dsl.lsp.client import Client  # noqa: E402

STROKES = 60
LINES = 300


def strategy() -> str:
    """Return the scalper, made as long as is asked for with lets like its own, each used once."""
    text = (ROOT / "strategies" / "scalper.yaml").read_text(encoding="utf-8")
    missing = LINES - len(text.splitlines())
    made, names = [], []
    kinds = (
        "rsi(close, {n})", "ema(close, {n})", "close > sma(close, {n}) and rising(close, 3)", "highest(high, {n})",
        "atr({n})", "lowest(low, {n}) - 0.5 * atr(14)", "rsi14 crosses above {n}",
        "abs(roc(close, {n})@\"BTC/USDT\") < 1%", "volume > 1.5 * sma(volume, {n})",
    )  # fmt: skip
    for index in range(missing):
        names.append(f"made_{index}")
        made.append(f"  made_{index}: {kinds[index % len(kinds)].format(n=10 + index)}")
    return text.replace("\nlong:\n", "\n".join(["", *made, "", "long:", ""]), 1)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Print medians in ms, and the first answer over loading the file once."""
    text = strategy()
    with tempfile.TemporaryDirectory() as folder, Client() as client:
        path = Path(folder) / "scalper.yaml"
        path.write_text(text, encoding="utf-8")
        uri = client.open(path.as_uri(), text)
        assert not [d for d in client.settled(uri) if d["severity"] == 1]
        line = next(i for i, row in enumerate(text.splitlines()) if "stop: lowest" in row)
        place = ("completion", uri, line, 10)
        first: list[float] = []
        asked: list[float] = []
        loads: list[float] = []
        for stroke in range(STROKES):
            changed = text.replace("lowest(low, 10)", f"lowest(low, {10 + stroke})", 1)
            first.append(_timed(lambda changed=changed: (client.change(uri, changed), client.first(uri))))
            if stroke % 5 == 4:
                loads.append(_timed(lambda: load([path])))
        for stroke in range(STROKES):
            changed = text.replace("lowest(low, 10)", f"lowest(low, {10 + stroke})", 1)
            asked.append(_timed(lambda changed=changed: (client.change(uri, changed), client.at(*place))))
            client.first(uri)
    ratio = statistics.median(statistics.median(first[5 * i : 5 * i + 5]) / load for i, load in enumerate(loads))
    print(f"a file of {len(text.splitlines())} lines, {STROKES} keystrokes, medians:")
    print(f"  first answer to a keystroke, errors included {1000 * statistics.median(first):8.1f} ms")
    print(f"  completion right after a keystroke           {1000 * statistics.median(asked):8.1f} ms")
    print(f"  loading the file once                        {1000 * statistics.median(loads):8.1f} ms")
    print(f"  first answer over loading once               {ratio:8.2f}")


if __name__ == "__main__":
    main()
