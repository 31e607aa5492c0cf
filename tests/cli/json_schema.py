"""Checks a JSON value against the part of JSON Schema 2020-12 that docs/schemas/ uses."""
import json
import pathlib
import re

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas"
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "examples", "type", "properties", "required",
         "additionalProperties", "items", "minItems", "maxItems", "enum", "const", "pattern", "minimum", "maximum",
         "anyOf", "oneOf", "if", "then", "else"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_of_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(value, schema, root=None, at="$"):
    """Every place where the value is not as the schema says, as text."""
    root = schema if root is None else root
    if schema is True:
        return
    if schema is False:
        yield f"{at}: not allowed"
        return
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from faults(value, target, root, at)
    types = schema.get("type")
    if types and not any(is_of_type(value, name) for name in ([types] if isinstance(types, str) else types)):
        yield f"{at}: {json.dumps(value)[:60]} is not of type {types}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {json.dumps(value)[:60]} is not {json.dumps(schema['const'])}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {json.dumps(value)[:60]} is none of {json.dumps(schema['enum'])}"
    yield from faults_of_choice(value, schema, root, at)
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value[:60]!r} does not match {schema['pattern']}"
    if is_of_type(value, "number"):
        if value < schema.get("minimum", value):
            yield f"{at}: {value} is below {schema['minimum']}"
        if value > schema.get("maximum", value):
            yield f"{at}: {value} is above {schema['maximum']}"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{at}: {len(value)} items"
        for number, item in enumerate(value):
            yield from faults(item, schema.get("items", True), root, f"{at}[{number}]")
    if isinstance(value, dict):
        yield from faults_of_object(value, schema, root, at)


def faults_of_choice(value, schema, root, at):
    def fits(one):
        return not any(True for _ in faults(value, one, root, at))

    if "anyOf" in schema and not any(map(fits, schema["anyOf"])):
        yield f"{at}: {json.dumps(value)[:60]} fits none of the alternatives"
    if "oneOf" in schema and sum(map(fits, schema["oneOf"])) != 1:
        yield f"{at}: {json.dumps(value)[:60]} fits not exactly one of the alternatives"
    if "if" in schema:
        yield from faults(value, schema.get("then" if fits(schema["if"]) else "else", True), root, at)


def faults_of_object(value, schema, root, at):
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}: lacks {name}"
    properties = schema.get("properties", {})
    for name, member in value.items():
        yield from faults(member, properties.get(name, schema.get("additionalProperties", True)), root, f"{at}.{name}")


def unknown_keywords(schema):
    """The keywords of a schema that this check would pass over."""
    if not isinstance(schema, dict):
        return set()
    unknown = set(schema) - KNOWN
    for name in ("properties", "$defs"):
        for inner in schema.get(name, {}).values():
            unknown |= unknown_keywords(inner)
    for name in ("items", "additionalProperties", "if", "then", "else"):
        unknown |= unknown_keywords(schema.get(name))
    for name in ("anyOf", "oneOf"):
        for inner in schema.get(name, []):
            unknown |= unknown_keywords(inner)
    return unknown


def schema_of(document):
    """The schema that a document names in its field `schema`."""
    path = SCHEMAS / (document["schema"].replace("/", "-") + ".schema.json")
    assert path.exists(), f"{document['schema']} has no schema: {path.name} is missing in docs/schemas/"
    return json.loads(path.read_text())


def check_output(text):
    """Requires that the text is exactly one JSON object, on one line, that is as its own schema says; returns it."""
    document = json.loads(text)
    assert isinstance(document, dict) and "schema" in document, f"no object with a field schema: {text[:80]}"
    found = list(faults(document, schema_of(document)))
    assert not found, f"not as {document['schema']} says:\n" + "\n".join(found) + "\n" + text
    return document
