"""What would be Markdown or HTML, and where it may stand in what a page sends to the browser."""

import re

from google.protobuf.descriptor import FieldDescriptor

_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
# Short enough that no message cuts it.
HOSTILE = "![x](//h/x.png)<img src=//h>[a](//h):red[r]:material/skull:$q_u$"
PIECES = ("![x](", "<img", "[a](", ":red[", ":material/skull:", "$q_u$")
# Fields that Streamlit shows letter by letter, puts into an address, or hands to a component as data.
PLAIN = {
    *("Text.body", "Json.body", "BidiComponent.json", "PageLink.query_string", "LinkButton.url"),
    *("TextInput.default", "TextInput.value", "TextArea.default", "TextArea.value"),
    *("Selectbox.options", "Selectbox.raw_value", "MultiSelect.options", "MultiSelect.raw_values"),
}


def hostile_markup(at):
    """What of the hostile text would be markup: where it stands, and which pieces of it."""
    found = []
    for node in _nodes(at._tree):
        for place, text in _texts(node):
            unescaped = _ESCAPED.sub("", text)
            if place == "Html.body":
                unescaped = "<img" if "<img" in text else ""
            if place not in PLAIN and (pieces := [piece for piece in PIECES if piece in unescaped]):
                found.append((place, pieces, text[:200]))
    return found


def _nodes(node):
    yield node
    for child in getattr(node, "children", {}).values():
        yield from _nodes(child)


def _texts(node):
    proto = getattr(node, "proto", None)
    if proto is not None and hasattr(proto, "DESCRIPTOR"):
        yield from _of_message(proto)


def _of_message(message):
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for each in values:
            if field.type == FieldDescriptor.TYPE_STRING:
                yield f"{message.DESCRIPTOR.name}.{field.name}", each
            elif field.type == FieldDescriptor.TYPE_MESSAGE and hasattr(each, "ListFields"):
                yield from _of_message(each)
