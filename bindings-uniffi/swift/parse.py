"""Parses Swift sources, and says where a parser finds an error: one check for each file, and one for itself."""

from __future__ import annotations

import pathlib
import re
import sys

import tree_sitter_swift
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_swift.language()))
# What the grammar does not know, in the generated code alone: attributes of newer compilers, and closures that give nothing.
UNKNOWN = re.compile(rb"[ \t]*#if swift\(>=5\.8\)\n[ \t]*@_documentation\(visibility: private\)\n[ \t]*#endif\n|(?<=\{ )\(\)(?= \})")


def errors(source: bytes) -> list[str]:
    tree = PARSER.parse(UNKNOWN.sub(b"", source))
    return [f"{node.start_point[0] + 1}:{node.start_point[1] + 1}" for node in wrong(tree.root_node)]


def wrong(node: Node) -> list[Node]:
    if not node.has_error:
        return []
    if node.is_error or node.is_missing:
        return [node]
    return [found for child in node.children for found in wrong(child)]


def files(paths: list[str]) -> list[pathlib.Path]:
    given = [pathlib.Path(path) for path in paths]
    return [found for path in given for found in (sorted(path.rglob("*.swift")) if path.is_dir() else [path])]


def main() -> int:
    passed = failed = 0
    for name, found in [(str(path), errors(path.read_bytes())) for path in files(sys.argv[1:])]:
        passed, failed = (passed, failed + 1) if found else (passed + 1, failed)
        if found:
            print(f"FAILED  {name}: {', '.join(found)}")
    # A parser that takes everything would say that all is well.
    seen = bool(errors(b"func broken( { let = }\n"))
    passed, failed = (passed + 1, failed) if seen else (passed, failed + 1)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
