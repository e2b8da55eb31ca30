"""Where the files that travel with the code are, in a checkout or in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_shipped"
_ROOT = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent

TEMPLATES = _ROOT / "templates"
CONFIG = _ROOT / "config"
TOOL_JSON = _ROOT / "tool.json"
MIGRATIONS = _PACKAGE / "migrations"
TRANSLATIONS = _PACKAGE / "translations"
STATIC = _PACKAGE / "static"
FONTS = _PACKAGE / "fonts"
