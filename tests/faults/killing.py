"""Processes that are killed outright at a chosen moment: before their n-th statement, before or after their COMMIT."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.orm import Session

from lti_tool.app import create_app
from lti_tool.settings import load

Deed = Callable[..., object]
"""What is done by whoever dies: a function of a module, given the app and what `die` was given."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PATIENCE_S = 60


class Killer:
    """A process with the tool ready in it, which it forks once for each death: that takes a hundredth of a start."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._ours, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=_wait_for_deeds, args=(dict(settings), theirs), daemon=True)
        self._process.start()
        theirs.close()

    def die(self, moment: int, deed: Deed, *given: object) -> bool:
        """Does the deed in a process that is killed at that moment, from 1 on; False if it was done before that."""
        self._ours.send((moment, deed, given))
        assert self._ours.poll(_PATIENCE_S), "whoever was to die got stuck"
        status = self._ours.recv()
        assert status in (0, -signal.SIGKILL), "the deed failed; its process wrote why"
        return bool(status)

    def end(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.join(_PATIENCE_S)


def _wait_for_deeds(settings: dict[str, Any], orders: Connection) -> None:
    app = create_app(load({}, **settings))
    import_module("stripe")  # half a second that each death would take
    while True:
        try:
            moment, deed, given = orders.recv()
        except EOFError:
            return
        if (child := os.fork()) == 0:
            _do(app, moment, deed, given)  # an error ends the child as it would end this process: told, with status 1
            os._exit(0)
        _, status = os.waitpid(child, 0)
        orders.send(os.waitstatus_to_exitcode(status))


def _do(app: Flask, moment: int, deed: Deed, given: tuple[object, ...]) -> None:
    moments = count(1)

    class Watched(psycopg.Connection):
        """Sees the statements that go past SQLAlchemy, each a transaction of its own: before, and once it is done."""

        def execute(self, *arguments: Any, **options: Any) -> Any:
            come()
            done = super().execute(*arguments, **options)
            come()
            return done

    def come(*_about: object) -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(dialect: Dialect, _record: object, arguments: Any, options: Any) -> Any:
        return Watched.connect(*arguments, **options) if dialect.name == "postgresql" else None

    event.listen(Engine, "do_connect", connect)
    event.listen(Engine, "before_cursor_execute", come)
    event.listen(Engine, "commit", come)
    event.listen(Session, "after_commit", come)
    deed(app, *given)
