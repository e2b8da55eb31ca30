"""Scripts, styles and fonts, all our own, under an address that changes with their content and may be kept for ever."""

import atexit
import hashlib
import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from lti_tool import shipped

_A_YEAR = 31_536_000


def serve(app: Flask) -> None:
    """Serves the static files before any route, and gives templates `"css/app.css" | asset`.

    A filter, since Jinja applies it to a constant when it compiles the template, and not at each page.
    """
    prefix = f"static/{_digest()}"
    app.jinja_env.filters["asset"] = lambda name: f"/{prefix}/{name}"
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign] # how Flask wants middleware added
        app.wsgi_app,
        root=zipped(),
        prefix=prefix,
        max_age=_A_YEAR,
        immutable_file_test=_always,
        allow_all_origins=False,
        add_headers_function=_guard,
    )


@cache
def zipped() -> str:
    """A copy of the files with each text zipped beside it, as long as this process lives: a third of it to load.

    Pages are not zipped: how long one gets would tell what it holds of somebody's typing beside a secret (BREACH).
    Who forks workers calls it before: forked processes use the same copy, and end without tidying up.
    """
    copy = mkdtemp(prefix="creditroll-static-")
    atexit.register(_remove, copy, os.getpid())
    shutil.copytree(shipped.STATIC, copy, dirs_exist_ok=True)
    compressor = Compressor(use_brotli=False, quiet=True)
    for file in Path(copy).rglob("*"):
        if file.suffix in (".js", ".css", ".svg"):
            compressor.compress(str(file))
    return copy


def _remove(copy: str, made_by: int) -> None:
    if os.getpid() == made_by:  # a worker of another server ends in order, and the others still need it
        shutil.rmtree(copy, ignore_errors=True)


@cache
def _digest() -> str:
    # One digest over everything: modules and styles name each other by relative address, and so stay of one version.
    seen = hashlib.sha256()
    for file in sorted(shipped.STATIC.rglob("*")):
        if file.is_file():
            seen.update(file.relative_to(shipped.STATIC).as_posix().encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()[:16]


def _always(_path: str, _url: str) -> bool:
    return True


def _guard(headers: Headers, _path: Path | str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
