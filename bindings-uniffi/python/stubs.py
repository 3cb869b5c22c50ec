"""Writes the types of the generated module, as mypy and editors want them: `stubs.py GENERATED.py STUB.pyi`.

The generated code is right when it runs, and tells a type checker little: the cases of an enumeration are no subclasses
there, and what may be left out is an `object`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

HEAD = """\
import builtins
import enum
import typing
from datetime import timedelta

Duration = timedelta
"""


def main(generated: str, stub: str) -> None:
    tree = ast.parse(Path(generated).read_text())
    # What a class is last counts: an error is written twice, and the first is an exception.
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    shown = [node for name, node in classes.items() if not name.startswith("_") and not name.endswith(("Protocol", "Impl"))]
    lines = [HEAD] + ["\n".join(class_lines(node, bases(node))) + "\n" for node in shown]
    # The library's own functions wait; the other ones are the generator's.
    functions = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name[0] != "_"]
    lines += [declared(node, ", ".join(typed(node.args, node.args.args, ""))) for node in functions]
    Path(stub).write_text("\n".join(lines))


def bases(node: ast.ClassDef) -> str:
    if node.name in ("KiteError", "InternalError"):
        return "(Exception)"
    return "(enum.Enum)" if any(ast.unparse(base) == "enum.Enum" for base in node.bases) else ""


def class_lines(node: ast.ClassDef, base: str) -> list[str]:
    members = [f"    {line}" for child in node.body for line in member(child, node.name)]
    return [f"class {node.name}{base}:", *(members or ["    ..."])]


def member(child: ast.stmt, owner: str) -> Iterator[str]:
    if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
        yield from class_lines(child, f"({owner})")
    elif isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        yield ast.unparse(child)
    elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from function(child, owner)


def function(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> Iterator[str]:
    arguments = node.args
    if node.name == "__init__" and not arguments.vararg and len(arguments.args) + len(arguments.kwonlyargs) > 1:
        named = [*arguments.args[1:], *arguments.kwonlyargs]
        yield from (f"{argument.arg}: {type_of(argument, owner)}" for argument in named)
        yield f"def __init__({signature(arguments, owner)}) -> None: ..."
    elif node.name[0] != "_" and not node.name.startswith("is_") or node.name == "is_cancelled":
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        yield from (f"@{name}" for name in decorators if name in ("classmethod", "staticmethod"))
        yield declared(node, signature(arguments, owner))


def declared(node: ast.FunctionDef | ast.AsyncFunctionDef, parameters: str) -> str:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    answer = ast.unparse(node.returns) if node.returns else "None"
    return f"{word} {node.name}({parameters}) -> {answer}: ..."


def signature(arguments: ast.arguments, owner: str) -> str:
    first, *rest = arguments.args
    return ", ".join([first.arg, *typed(arguments, rest, owner)])


def typed(arguments: ast.arguments, named: list[ast.arg], owner: str) -> list[str]:
    without = len(named) - len(arguments.defaults)
    parts = [argument_text(argument, at >= without, owner) for at, argument in enumerate(named)]
    if arguments.kwonlyargs:
        by_name = zip(arguments.kwonlyargs, arguments.kw_defaults)
        parts += ["*"] + [argument_text(argument, default is not None, owner) for argument, default in by_name]
    return parts


def argument_text(argument: ast.arg, is_optional: bool, owner: str) -> str:
    return f"{argument.arg}: {type_of(argument, owner)}" + (" = ..." if is_optional else "")


def type_of(argument: ast.arg, owner: str) -> str:
    if argument.annotation is None:
        # Errors alone have fields without a type.
        return "ErrorInfo"
    written = ast.unparse(argument.annotation).replace("typing.Union[object, ", "typing.Union[")
    # A field may be called `bytes`, too.
    return re.sub(r"\bbytes\b", "builtins.bytes", written)


if __name__ == "__main__":
    main(*sys.argv[1:])
