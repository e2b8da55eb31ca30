"""Work that no request waits for outlives what nobody foresaw: it is written down, and what comes after goes on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from lti_tool.db import is_passing

CODE = "internal_error"
"""What is kept of it where others read: the same code as a request's 500 has."""

_log = logging.getLogger(__name__)


@dataclass
class Piece:
    """One piece of work; `fault` is the class of the error that ended it, None where nothing unforeseen did."""

    fault: str | None = None


@contextmanager
def outlived(work: str) -> Iterator[Piece]:
    """A block that an unforeseen error ends, and nothing else; the log has its trace under the name `work`.

    A database that cannot answer now is no fault of this piece: that error goes on to the caller.
    """
    piece = Piece()
    try:
        yield piece
    # Everything, on purpose and here alone: what nobody foresaw has no class, and a thread that it ended would keep all
    # later work waiting. It is logged with its trace, and the caller sees and keeps that the piece failed.
    except Exception as error:
        if isinstance(error, SQLAlchemyError) and is_passing(error):
            raise
        _log.exception("%s failed in a way that nobody foresaw", work)
        piece.fault = type(error).__name__
