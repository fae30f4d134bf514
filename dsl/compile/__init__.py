"""From terms to a plan: nodes in frames, confidence as an interval, rules over nodes, hashes."""

from dsl.compile.place import Placer
from dsl.compile.strategy import compile_strategy, finish

__all__ = ["Placer", "compile_strategy", "finish"]
