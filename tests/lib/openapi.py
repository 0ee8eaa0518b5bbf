"""conf/openapi.yaml held against real answers, both ways: what comes must be
documented, and what is documented must have come.

Of JSON Schema it knows what that file uses; any other word is an error."""

import os

import yaml

from terkait import ROOT

WORDS = {"type", "properties", "required", "additionalProperties", "items",
         "enum", "minimum", "minLength", "maxLength", "nullable", "allOf",
         "$ref", "description"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "number": (int, float)}


class Document:
    def __init__(self):
        with open(os.path.join(ROOT, "conf", "openapi.yaml"),
                  encoding="utf-8") as file:
            self.tree = yaml.safe_load(file)
        self.seen = set()    # (path, status, content type)
        self.fields = set()  # (place in the document, property)
        self.words = set()   # (place in the document, value of an enum)

    def resolve(self, node, place):
        while "$ref" in node:
            place = node["$ref"]
            node = self.tree
            for step in place[2:].split("/"):
                node = node[step]
        return node, place

    # What comes is documented.

    def take(self, path, status, content_type, body):
        """`body` is decoded JSON, or text; a list of what is wrong with it."""
        responses = self.tree["paths"][path]["get"]["responses"]
        if str(status) not in responses:
            return ["%s: %d is not documented" % (path, status)]
        response, _ = self.resolve(responses[str(status)], path)
        kind = content_type.split(";")[0]
        if kind not in response["content"]:
            return ["%s %d: %s is not documented" % (path, status, kind)]
        self.seen.add((path, str(status), kind))
        return list(self.check(body, response["content"][kind]["schema"],
                               path, "%s %s" % (path, status)))

    def check(self, value, schema, place, where):
        schema, place = self.resolve(schema, place)
        if not WORDS >= schema.keys():
            yield "%s: unknown words %s" % (where, schema.keys() - WORDS)
        if value is None and schema.get("nullable"):
            self.words.add((place, None))
            return
        for one in schema.get("allOf", ()):
            yield from self.check(value, one, place, where)
        kind = schema.get("type")
        if kind and (not isinstance(value, TYPES[kind]) or
                     kind != "boolean" and isinstance(value, bool)):
            yield "%s: %r is no %s" % (where, value, kind)
            return
        yield from self.check_plain(value, schema, place, where)
        if kind == "object":
            yield from self.check_object(value, schema, place, where)
        elif kind == "array":
            for number, one in enumerate(value):
                yield from self.check(one, schema["items"], place + "[]",
                                      "%s[%d]" % (where, number))

    def check_plain(self, value, schema, place, where):
        if "enum" in schema:
            self.words.add((place, value))
            if value not in schema["enum"]:
                yield "%s: %r is not documented" % (where, value)
        if "minimum" in schema and value < schema["minimum"]:
            yield "%s: %r is below %r" % (where, value, schema["minimum"])

    def check_object(self, value, schema, place, where):
        known = schema.get("properties", {})
        other = schema.get("additionalProperties", True)
        for name in set(schema.get("required", ())) - value.keys():
            yield "%s: no %s" % (where, name)
        if known and set(schema.get("required", ())) != set(known):
            yield "%s: not all of it is required" % place
        for name, one in value.items():
            inside = "%s.%s" % (where, name)
            if name in known:
                self.fields.add((place, name))
                yield from self.check(one, known[name],
                                      "%s.%s" % (place, name), inside)
            elif isinstance(other, dict):
                yield from self.check(one, other, place + ".*", inside)
            else:
                yield "%s: is not documented" % inside

    # What is documented came.

    def unseen(self):
        """(path, status, content type) that did not come."""
        documented = set()
        for path, methods in self.tree["paths"].items():
            for status, response in methods["get"]["responses"].items():
                response, _ = self.resolve(response, path)
                documented |= {(path, status, kind)
                               for kind in response["content"]}
        return documented - self.seen

    def unseen_fields(self):
        found = set()
        for name, schema in self.tree["components"]["schemas"].items():
            place = "#/components/schemas/" + name
            found |= set(fields_of(schema, place))
        return found - self.fields

    def unseen_words(self):
        """Values of enums that did not come, by schema."""
        found = set()
        for name, schema in self.tree["components"]["schemas"].items():
            found |= set(words_of(schema, "#/components/schemas/" + name))
        return found - self.words


def parts_of(schema, place):
    for name, one in schema.get("properties", {}).items():
        yield one, "%s.%s" % (place, name)
    if "items" in schema:
        yield schema["items"], place + "[]"


def fields_of(schema, place):
    for name in schema.get("properties", {}):
        yield place, name
    for one, inside in parts_of(schema, place):
        yield from fields_of(one, inside)


def words_of(schema, place):
    for word in schema.get("enum", ()):
        yield place, word
    if schema.get("nullable"):
        yield place, None
    for one, inside in parts_of(schema, place):
        yield from words_of(one, inside)
