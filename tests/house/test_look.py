"""How it all looks is said in one place, css/tokens.css, and what has to be read is clear enough to be read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool import shipped
from tests.house.sources import ROOT

SHEETS = shipped.STATIC / "css"
BOOSTED = [page for part in ("manager", "student") for page in (shipped.TEMPLATES / part).rglob("*.html")]
OTHERS = sorted(set(SHEETS.glob("*.css")) - {SHEETS / "tokens.css"})
TOKENS = (SHEETS / "tokens.css").read_text("utf-8")
NO_COLOUR = re.compile(
    r"(?<!&)#[0-9a-f]{3,8}\b(?=[^{]*[;}])|%23|\b(rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(", re.IGNORECASE
)
OF_A_SIDE = re.compile(r"(margin|padding|border)-(left|right)|(?<![\w-])(left|right): |text-align: (left|right)|float:")
FROM_TOKENS = {
    "font-size": r"var\(--t-[a-z0-9]+\)|inherit",
    "font": r"inherit|.*var\(--t-[a-z0-9]+\)/.*var\(--face[a-z-]*\)|.*100%/var\(--l-body\) var\(--face\)",
    "border-radius": r"(var\(--r-[a-z]+\)|0| )+",
    "box-shadow": r"none|var\(--[a-z]+\)",
    "z-index": r"var\(--z-[a-z]+\)",
    "transition": r"none|.*var\(--fast\).*",
    "animation": r"none|.*var\(--fast\).*",
}
LARGEST_PAGE = 56_000
# What stands on what, and how clear it has to be (WCAG 2.2: 1.4.3, 1.4.11; words of more than a label are held to AAA).
WORDS = [("text", ground, 7.0) for ground in ("bg", "sunk", "tint", "ok-bg", "warn-bg", "bad-bg")]
WORDS += [(word, ground, 4.5) for word in ("muted", "blue") for ground in ("bg", "sunk", "tint")]
WORDS += [("blue", ground, 4.5) for ground in ("ok-bg", "warn-bg", "bad-bg")]
WORDS += [("on-blue", ground, 4.5) for ground in ("blue", "blue-hover", "blue-press")]
WORDS += [(kind, ground, 4.5) for kind in ("ok", "warn", "bad") for ground in ("bg", f"{kind}-bg")]
SIGNS = [("edge", ground, 3.0) for ground in ("bg", "sunk", "tint")]
SIGNS += [(part, "bg", 3.0) for part in ("c-free-line", "c-with", "c-held", "c-used")]


def declarations(sheet: Path) -> Iterator[tuple[str, str]]:
    """Every property with its value."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    for name, value in re.findall(r"[{;]\s*([a-z-]+): ([^;}]+)", text):
        yield name, value.removesuffix("!important").strip()


def block(*conditions: str) -> str:
    """What tokens.css says under that condition; without one, what holds first."""
    start = TOKENS.index(f"@media {' and '.join(conditions)} {{" if conditions else ":root {")
    return TOKENS[start : TOKENS.index("\n}", start)]


def colours(*, dark: bool, more: bool) -> dict[str, str]:
    """The tokens' colours as they hold for whoever wants it dark, or more contrast."""
    in_dark, with_more = "(prefers-color-scheme: dark)", "(prefers-contrast: more)"
    parts = [block()]
    parts += [block(with_more)] if more else []
    parts += [block(in_dark)] if dark else []
    parts += [block(in_dark, with_more)] if dark and more else []
    return dict(pair for part in parts for pair in re.findall(r"--([a-z-]+): (#[0-9A-F]{6});", part))


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """How clearly one colour stands on the other: 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("more", [False, True], ids=["normal", "more-contrast"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_has_to_be_read_stands_out(dark: bool, more: bool) -> None:
    known = colours(dark=dark, more=more)
    faint = []
    for front, back, normally in WORDS + SIGNS:
        least = normally if not more else 4.5 if normally == 3.0 else 7.0
        if (found := ratio(known[front], known[back])) < least:
            faint.append(f"{front} on {back}: {found:.2f} < {least}")
    assert faint == []


def test_the_ratios_that_the_documentation_gives_are_the_computed_ones() -> None:
    page = (ROOT / "docs" / "design-system.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `([a-z-]+)` on `([a-z-]+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE
    )
    assert len(rows) > 10
    modes = [(False, False), (True, False), (False, True), (True, True)]
    for front, back, *told in rows:
        known = (colours(dark=dark, more=more) for dark, more in modes)
        assert [f"{ratio(one[front], one[back]):.1f}" for one in known] == told, f"{front} on {back}"


@pytest.mark.parametrize("sheet", OTHERS, ids=lambda sheet: sheet.name)
def test_a_sheet_takes_colours_sizes_and_motion_from_the_tokens(sheet: Path) -> None:
    faults = [f"{name}: {value}" for name, value in declarations(sheet) if NO_COLOUR.search(f"{value};")]
    for name, value in declarations(sheet):
        if re.search(r"[\w.]var\(", value):  # a number that runs into a name makes a browser drop the whole line
            faults.append(f"{name}: {value}")
        rule = FROM_TOKENS.get("border-radius" if name.endswith("-radius") else name)
        if rule and not re.fullmatch(rule, value):
            faults.append(f"{name}: {value}")
        if re.match(r"margin|padding|(row-|column-)?gap", name):
            # Whole steps of the scale by their name; a few px to set something straight are no step.
            faults += [f"{name}: {px}px" for px in re.findall(r"(?<![\d.])(\d+)px", value) if int(px) in range(12, 33)]
    assert faults == []


@pytest.mark.parametrize("sheet", OTHERS, ids=lambda sheet: sheet.name)
def test_a_sheet_names_start_and_end_and_no_side(sheet: Path) -> None:
    assert [found.group() for found in OF_A_SIDE.finditer(sheet.read_text("utf-8"))] == []


def test_every_token_that_is_used_is_there_and_the_others_are_not() -> None:
    used = {
        name
        for sheet in SHEETS.glob("*.css")
        for name in re.findall(r"var\(--([a-z0-9-]+)\)", sheet.read_text("utf-8"))
    }
    assert used == set(re.findall(r"--([a-z0-9-]+):", TOKENS))


def test_templates_have_no_style_of_their_own() -> None:
    found = [
        f"{page.name}: {hit.group()}"
        for page in shipped.TEMPLATES.rglob("*.html")
        for hit in re.finditer(r'<style|\sstyle="|(fill|stroke)="#', page.read_text("utf-8"))
    ]
    assert found == []


def test_the_sheets_of_a_page_stay_small() -> None:
    layout = (shipped.TEMPLATES / "layout.html").read_text("utf-8")
    sheets = re.findall(r'"css/(\w+\.css)"', layout)
    assert len(sheets) > 3
    assert "block sheets" not in "".join(path.read_text("utf-8") for path in BOOSTED), "links among them bring no sheet"
    assert sum((SHEETS / sheet).stat().st_size for sheet in sheets) < LARGEST_PAGE
