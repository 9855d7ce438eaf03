"""Reads values.yaml as documentation: each value with what the comment above it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

DESCRIPTION, SCHEMA, SETTINGS, SPEC = "-- ", "@schema ", "@settings ", "@spec "


class UndocumentedError(Exception):
    """A value that has no description, or a comment that cannot be read."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: *children* are those of a mapping that is written out, and None for any other.

    `spec`: it goes into the ChatCluster's spec as it is, so its schema is the one there.
    """

    path: tuple[str, ...]
    default: Any
    description: str
    schema: Mapping[str, Any]
    settings: Mapping[str, str] | None
    spec: bool
    children: tuple[Value, ...] | None

    def all(self) -> Iterator[Value]:
        """This one and those below it, as they are written."""
        yield self
        for child in self.children or ():
            yield from child.all()


def read(text: str) -> tuple[Value, ...]:
    """The values at the top. Raises UndocumentedError."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise UndocumentedError("values.yaml: not a mapping")
    return tuple(_children(root, (), text.splitlines()))


def _children(node: yaml.MappingNode, path: tuple[str, ...], lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        yield _value((*path, key.value), key.start_mark.line, value, lines)


def _value(path: tuple[str, ...], line: int, node: yaml.Node, lines: list[str]) -> Value:
    description, marks = _comment(path, line, lines)
    schema = marks.get(SCHEMA, {})
    written_out = isinstance(node, yaml.MappingNode) and bool(node.value) and not schema
    return Value(
        path,
        yaml.SafeLoader("").construct_document(node),
        description,
        schema,
        marks.get(SETTINGS),
        SPEC in marks,
        tuple(_children(node, path, lines)) if written_out else None,  # type: ignore[arg-type]
    )


def _comment(
    path: tuple[str, ...], line: int, lines: list[str]
) -> tuple[str, dict[str, dict[str, Any]]]:
    """The description, and what the marks say."""
    description: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for text in _above(line, lines):
        for mark in (SCHEMA, SETTINGS, SPEC):
            if text.startswith(mark):
                found[mark] = json.loads(text.removeprefix(mark))
                break
        else:
            description.append(text.removeprefix(DESCRIPTION))
            if len(description) == 1 and not text.startswith(DESCRIPTION):
                raise UndocumentedError(f"{'.'.join(path)}: the comment has to begin with `# --`")
    if not description:
        raise UndocumentedError(f"{'.'.join(path)}: no description (`# -- …`) above it")
    return " ".join(description), found


def _above(line: int, lines: list[str]) -> list[str]:
    """The comment that ends right above *line*, without its `#`."""
    first = line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return [text.lstrip().removeprefix("#").strip() for text in lines[first:line]]
