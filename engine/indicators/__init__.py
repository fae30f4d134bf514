"""The primitives of the language, one module each: what they take, give and need. Definitions are in dsl/library."""

from engine.domain.primitive import Primitive
from engine.registry import Registry

PRIMITIVES: Registry[Primitive] = Registry("indicator", "engine.indicators", "PRIMITIVE")
