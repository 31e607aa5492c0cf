"""The rules of the house, each a case, on this tree; then the self-test: each rule is broken on purpose and must see it."""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import layer_rules
import object_rules
import text_rules
from self_test import add_self_tests
from source_tree import SourceTree
from tap import case, main

ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("KAISAR_BUILD", ROOT / "build"))
RULES = layer_rules.RULES + text_rules.RULES + object_rules.RULES

tree = SourceTree(ROOT, BUILD)
for rule in RULES:
    def holds(rule=rule):
        broken = list(rule(tree))
        assert not broken, f"{len(broken)} broken:\n" + "\n".join(broken)
    case(rule.__doc__)(holds)

add_self_tests(ROOT, BUILD, RULES)
main()
