"""The lint rules, one file each: a rule tells what is allowed but not wise."""

from dsl.lint._rule import Rule
from engine.registry import Registry

RULES: Registry[Rule] = Registry("lint_rule", "dsl.lint", "RULE")
