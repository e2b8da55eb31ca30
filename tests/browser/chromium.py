"""Chromium as a school's machine has it: a fresh profile that blocks third-party cookies."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright

_ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses to run as root otherwise; it only sees our own pages
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-site-isolation-trials",  # Playwright loses a frame that changes its process thrice in a moment
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--screen-info={1440x900}",  # a school's laptop: frames ask how high the screen is
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_TELL_VIOLATIONS = (
    "addEventListener('securitypolicyviolation',"
    " (event) => console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`));"
)

PRESSED = "pressed"
"""What each frame tells its console of a real press, for whoever counts them."""
_TELL_PRESSES = f"addEventListener('pointerdown', (event) => event.isTrusted && console.debug('{PRESSED}'), true);"


def find(playwright: Playwright) -> str | None:
    """The browser to use: $CREDITROLL_CHROMIUM, one on this machine, or the one that Playwright keeps."""
    if named := os.environ.get("CREDITROLL_CHROMIUM"):
        return named
    installed = [path for name in _NAMES if (path := shutil.which(name))]
    others = [path for path in (*_PLACES, playwright.chromium.executable_path) if Path(path).exists()]
    return next(iter(installed + others), None)


@contextmanager
def profile(
    playwright: Playwright,
    executable: str,
    folder: Path,
    *,
    scripts: bool = True,
    cookies: bool = True,
    touch: bool = False,
) -> Iterator[BrowserContext]:
    """A browser with a profile of its own; without `scripts`, pages run none, and without `cookies` none is kept. With
    `touch` it has a screen to touch, as a phone does.
    """
    (folder / "Default").mkdir(parents=True)
    # 1 is "block third-party cookies": Debian's default, and written here for every other Chromium. 2 is "block".
    of_profile: dict[str, object] = {"cookie_controls_mode": 1}
    if not cookies:
        of_profile["default_content_setting_values"] = {"cookies": 2}
    preferences = {"profile": of_profile}
    (folder / "Default" / "Preferences").write_text(json.dumps(preferences))
    context = playwright.chromium.launch_persistent_context(
        str(folder),
        executable_path=executable,
        args=_ARGUMENTS,
        java_script_enabled=scripts,
        ignore_https_errors=True,  # for *.test, whose certificate the tests make
        locale="en-US",
        reduced_motion="reduce",
        has_touch=touch,
    )
    context.set_default_timeout(20_000)
    if scripts:
        context.add_init_script(_TELL_VIOLATIONS)
        context.add_init_script(_TELL_PRESSES)
    try:
        yield context
    finally:
        context.close()
