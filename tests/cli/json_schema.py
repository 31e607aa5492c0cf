"""Checks a JSON value against the part of JSON Schema 2020-12 that docs/schemas/ uses; any other keyword is an error."""
import json
import pathlib
import re

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas"
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required", "additionalProperties",
         "items", "enum", "const", "pattern", "minimum", "maximum", "anyOf", "minItems", "maxItems", "format", "examples", "default"}
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
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"the schema uses {', '.join(sorted(unknown))} at {at}, which this check does not know")
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
    if "anyOf" in schema and all(any(True for _ in faults(value, one, root, at)) for one in schema["anyOf"]):
        yield f"{at}: {json.dumps(value)[:60]} fits none of the alternatives"
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


def faults_of_object(value, schema, root, at):
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}: lacks {name}"
    properties = schema.get("properties", {})
    for name, member in value.items():
        yield from faults(member, properties.get(name, schema.get("additionalProperties", True)), root, f"{at}.{name}")


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
