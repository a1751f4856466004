"""Private names, as `__name`, in expressions that are written inside a class: Python calls them `_Class__name`."""

import ast
from collections.abc import Collection
from typing import Any

_IDENTIFIERS = ("id", "attr", "arg", "name", "asname", "rest")


def with_private_names(tree: ast.Module, class_name: str, kept: Collection[str]) -> bool:
    """Write the private names of a tree as they are in a class; tell whether there are any.

    Args:
        tree: The tree, which is changed.
        class_name: The class that it is written in.
        kept: Names of variables that stay as they are.
    """
    writer = _Writer(class_name.lstrip("_"), kept)
    writer.visit(tree)
    return writer.has_changed


class _Writer(ast.NodeVisitor):
    def __init__(self, owner: str, kept: Collection[str]) -> None:
        self._owner = owner  # nothing, if the class is called by underscores only: then no name is private
        self.has_changed = False
        self._kept = kept

    def visit(self, node: ast.AST) -> None:
        """Write the names of a node, and what is in it."""
        if isinstance(node, ast.keyword):  # the name of an argument is written by its function
            self.visit(node.value)
            return
        inner = _Writer(node.name.lstrip("_"), ()) if isinstance(node, ast.ClassDef) else self
        for place in _IDENTIFIERS:
            self._write(node, place)
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._mangled(name) for name in node.names]
        for name, part in ast.iter_fields(node):
            (inner if name == "body" else self)._visit_parts(part)

    def _visit_parts(self, part: Any) -> None:
        for each in part if isinstance(part, list) else [part]:
            if isinstance(each, ast.AST):
                self.visit(each)

    def _write(self, node: ast.AST, place: str) -> None:
        name = getattr(node, place, None)
        if isinstance(name, str) and not (isinstance(node, ast.Name) and name in self._kept):
            setattr(node, place, self._mangled(name))

    def _mangled(self, name: str) -> str:
        if not self._owner or not name.startswith("__") or name.endswith("__") or "." in name:
            return name
        self.has_changed = True
        return f"_{self._owner}{name}"
