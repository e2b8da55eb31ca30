"""Where tests keep what nobody wants after them: in memory where that has room, so that no commit waits for a disk."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 2**30
"""Bytes that must be free there: containers often have 64 MB, which one test can fill."""


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder as long as the block: for what must outlive a killed process, and need not outlive the machine."""
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM
    with TemporaryDirectory(
        prefix="creditroll-", dir=_MEMORY if usable else None, ignore_cleanup_errors=True
    ) as new:  # a process that ends meanwhile may remove its files itself
        yield Path(new)
