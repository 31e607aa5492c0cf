"""The check of JSON against schemas must itself refuse what is wrong."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from json_schema import faults, unknown_keywords
from tap import case, main

OBJECT = {"type": "object", "additionalProperties": False, "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 0}}}
CHOICE = {"if": {"properties": {"w": {"const": True}}}, "then": {"required": ["r"]}, "else": {"required": ["m"]}}
# schema, what fits, what does not
TABLE = [
    (OBJECT, [{"a": 0}], [{}, {"a": -1}, {"a": 1.5}, {"a": True}, {"a": "1"}, {"a": 1, "b": 2}, [], None]),
    ({"type": ["string", "null"], "pattern": "^0x[0-9a-f]+$"}, ["0x0f", None], ["0x", "x0x1", 1, False]),
    ({"enum": ["on", "off"]}, ["on"], ["ON", "", None, 1]),
    ({"const": "kaisar.status/1"}, ["kaisar.status/1"], ["kaisar.status/2", None]),
    ({"type": "array", "minItems": 1, "maxItems": 2, "items": OBJECT}, [[{"a": 1}]], [[], [{"a": -1}], [{"a": 1}] * 3, {}]),
    ({"anyOf": [{"type": "null"}, OBJECT]}, [None, {"a": 1}], [{"a": -1}, 1]),
    ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, [1.5], [1, "1"]),
    ({"type": "number", "maximum": 1}, [1, 0.5], [1.01, "1", True]),
    (CHOICE, [{"w": True, "r": 1}, {"w": False, "m": 1}], [{"w": True, "m": 1}, {"w": False, "r": 1}]),
    ({"$defs": {"x": OBJECT}, "properties": {"p": {"$ref": "#/$defs/x"}}}, [{"p": {"a": 1}}], [{"p": {}}]),
]

for schema, good, bad in TABLE:
    @case(f"what fits {str(schema)[:60]} is accepted, anything else refused")
    def _(schema=schema, good=good, bad=bad):
        assert not unknown_keywords(schema)
        for value in good:
            assert not list(faults(value, schema)), f"{value} was refused"
        for value in bad:
            assert list(faults(value, schema)), f"{value} was accepted"


@case("a keyword that the check does not know is seen, however deep it lies")
def _():
    assert unknown_keywords({"properties": {"a": {"items": {"anyOf": [{"multipleOf": 2}]}}}}) == {"multipleOf"}


main()
