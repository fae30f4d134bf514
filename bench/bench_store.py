"""A year of minutes of many symbols from a candle store: `python bench/bench_store.py [SYMBOLS] [STRATEGY]`.

20 symbols (10.5 million candles) unless more are asked for; 200 are 105 million. Prints for a tenth of the symbols and
for all how long the whole process took, candles a second, and the highest memory of any of its processes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from made_store import store_of

DAYS = 365
ENGINE = str(Path(sys.executable).with_name("engine"))
STRATEGIES = Path(__file__).parent.parent / "strategies"


def run(strategy: str, symbols: int, store: Path) -> tuple[float, float, str]:
    """Return seconds, the peak of the largest process in MB, and what the command said of its signals."""
    names = ",".join(f"M{number:03}/USDT" for number in range(symbols))
    with tempfile.TemporaryDirectory() as home:
        config = Path(home) / "engine.yaml"
        config.write_text(f"home: {home}\n")
        command = [ENGINE, "backtest", str(STRATEGIES / f"{strategy}.yaml"), "--candles", str(store)]
        command += ["--symbols", names, "--config", str(config)]
        timed = ["/usr/bin/time", "-f", "%e %M", *command]
        done = subprocess.run(timed, capture_output=True, text=True, check=True)
    elapsed, peak = done.stderr.splitlines()[-1].split()
    found = re.search(r"signals +([\d,]+):", done.stdout)
    return float(elapsed), int(peak) / 1024, f"{found[1]} signals" if found else "no signal"


def main() -> None:
    symbols = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    strategy = sys.argv[2] if len(sys.argv) > 2 else "trend"
    store = store_of(symbols, DAYS)
    print(f"{strategy} over a year of 1m from a store")
    for count in sorted({max(1, symbols // 10), symbols}):
        seconds, peak, signals = run(strategy, count, store)
        candles = count * DAYS * 1440
        print(
            f"{count:4} symbols {candles:12,} candles {seconds:8.1f} s {candles / seconds:12,.0f} candles/s "
            f"peak {peak:6.0f} MB a process   {signals}"
        )


if __name__ == "__main__":
    main()
