"""What each new app would compile once more although it always comes out the same: made once a process, and shared.

An app for each test keeps tests apart. Most of what an app costs is templates turned into code and addresses turned
into functions, and neither knows which app it serves.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

_compile_builder: Callable[..., Callable[..., tuple[str, str]]] = Rule._compile_builder
_builders: dict[object, Callable[..., tuple[str, str]]] = {}


class _Templates(BytecodeCache):
    """Code by template and text; a template that is changed meanwhile is another one."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._known[bucket.key, bucket.checksum] = bucket.code


def _builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    # The function asks its own rule for the converters, and is bound to it after this.
    converters = sorted((name, type(converter)) for name, converter in rule._converters.items())
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), repr(converters), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


def share() -> None:
    """From now on, apps of this process share what they compile."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Templates()}
    rules: Any = Rule
    rules._compile_builder = _builder
