"""How `make docs` makes pages of these files: what is in the menu, and what the theme leaves out.

The files are written for whoever reads them in the repository, so nothing in them is of this builder alone.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PARTS = {
    "For teachers": [
        "teacher/README",
        "teacher/by-hand",
        "teacher/automatically",
        "teacher/requests",
        "teacher/from-a-file",
        "teacher/buying",
        "teacher/messages",
        "teacher/history",
        "teacher/no-way-back",
    ],
    "For students": ["student"],
    "For LMS administrators": [
        "admin/README",
        "admin/canvas",
        "admin/schoology",
        "admin/moodle",
        "admin/brightspace",
        "admin/blackboard",
        "admin/sakai",
        "admin/openedx",
        "admin/other",
    ],
    "For operators": [
        "operator/README",
        "operator/install",
        "operator/settings",
        "operator/registration",
        "operator/first-license",
        "operator/payments",
        "operator/keys",
        "operator/launches",
        "operator/copies",
        "operator/webhooks",
        "operator/pages",
        "operator/daily",
    ],
    "For programs": ["api", "webhooks", "exporting"],
    "About the code": [
        "demo",
        "architecture",
        "contributing",
        "decisions/README",
        "decisions/*",
    ],
}
"""The menu: each part with its pages, in this order; the last has those beside this file that no part names."""

_HERE = {path.stem for path in Path(__file__).parent.glob("*.md")}
PARTS["About the code"] += sorted(_HERE - {"README"}.union(*PARTS.values()))

project = "Creditroll"
root_doc = "README"
extensions = ["myst_parser"]
myst_heading_anchors = 4
nitpicky = True
templates_path = ["_site"]
html_static_path = ["_site"]
html_theme = "furo"
html_title = "Creditroll"
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def _add_menu(_app: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        for title, pages in PARTS.items():
            listed = "\n".join(pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n:titlesonly:\n:caption: {title}\n\n{listed}\n```\n"


def _let_keys_scroll(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """What is too wide for a phone scrolls by itself, so a keyboard has to reach it."""
    context["body"] = re.sub(r'<(pre|div(?= class="table-wrapper))', r'<\1 tabindex="0"', context.get("body", ""))


def _begin_folders(app: Sphinx, failure: Exception | None) -> None:
    """A folder's README is also what a server shows for the folder."""
    for page in [] if failure else Path(app.outdir).rglob("README.html"):
        shutil.copy(page, page.with_name("index.html"))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _add_menu)
    app.connect("html-page-context", _let_keys_scroll)
    app.connect("build-finished", _begin_folders)
