"""The product's own source files, as text and as syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lti_tool"


@cache
def product() -> list[Path]:
    """Every Python file of the product."""
    return sorted(PACKAGE.rglob("*.py"))


@cache
def everything() -> list[Path]:
    """Every Python file of the product, its tests and its benches."""
    return [*product(), *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "bench").rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    """The file, parsed."""
    return ast.parse(path.read_text("utf-8"))


def name(path: Path) -> str:
    """The file as people say it: relative to the checkout."""
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, also inside functions: `lti_tool.web.access`, `flask`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are written in full"
            yield from _modules(node)


def _modules(node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    for alias in node.names:
        inner = ROOT / module.replace(".", "/") / alias.name
        yield f"{module}.{alias.name}" if inner.is_dir() or inner.with_suffix(".py").exists() else module
