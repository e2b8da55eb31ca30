"""Arabic and Hebrew as they are read: letters joined, lines from right to left, figures and Latin words as they are.

PDFs hold what is seen, from left to right. This is the part of Unicode's rules that names and addresses need: joined
forms from Unicode's own table, and one level of each direction (Unicode Annex 9 without embeddings).
"""

import unicodedata
from functools import cache
from itertools import pairwise

_JOINER, _LONG = "\u200d", "\u0640"
_MIRRORED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))
_LEFT, _RIGHT, _FIGURE, _NEITHER = "L", "R", "EN", "ON"


def joined(text: str) -> str:
    """The text with each Arabic letter in the form that its neighbours ask for."""
    forms = _forms()
    if not any(letter in forms for letter in text):
        return text
    shown = []
    bare = [letter for letter in text if not _is_mark(letter)]
    shapes = iter(_shapes(bare))
    for letter in text:
        shown.append(letter if _is_mark(letter) else next(shapes))
    return _with_lam_alef("".join(shown))


def seen(line: str) -> str:
    """One line in the order in which it is seen from left to right."""
    kinds = [_kind(letter) for letter in line]
    if _RIGHT not in kinds:
        return line
    base = next(kind for kind in kinds if kind in (_LEFT, _RIGHT))
    levels = _levels(_neutrals_settled(_brackets_settled(line, _settled(kinds, base), base), base), base)
    letters = [
        _MIRRORED.get(letter, letter) if level % 2 else letter for letter, level in zip(line, levels, strict=True)
    ]
    for level in range(max(levels), 0, -1):
        letters, levels = _turned(letters, levels, level)
    return "".join(letters)


@cache
def _forms() -> dict[str, dict[str, str]]:
    """For each letter its joined forms: {"ب": {"<initial>": "ﺑ", …}}; two letters that become one are a key too."""
    forms: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFDC8), *range(0xFE80, 0xFEFD)):
        tag, *bases = unicodedata.decomposition(chr(code)).split() or [""]
        letters = "".join(chr(int(base, 16)) for base in bases)
        if tag.startswith("<") and (len(letters) == 1 or (len(letters) == 2 and code >= 0xFEF5)):
            forms.setdefault(letters, {}).setdefault(tag, chr(code))
    return forms


def _shapes(letters: list[str]) -> list[str]:
    forms = _forms()
    around = ["", *letters, ""]
    shapes = []
    for before, letter, after in zip(around, letters, around[2:], strict=False):
        own = forms.get(letter, {})
        from_before = "<final>" in own and _joins_on(before)
        to_after = "<initial>" in own and (after == _JOINER or "<final>" in forms.get(after, {}))
        tag = {(1, 1): "<medial>", (1, 0): "<final>", (0, 1): "<initial>"}.get((from_before, to_after), "<isolated>")
        shapes.append(own.get(tag, letter))
    return shapes


def _joins_on(letter: str) -> bool:
    return letter in (_JOINER, _LONG) or "<initial>" in _forms().get(letter, {})


def _with_lam_alef(text: str) -> str:
    """Lam and alef are written as one letter."""
    for pair, own in _forms().items():
        if len(pair) == 2:
            lam, alef = (_forms()[letter] for letter in pair)
            text = text.replace(lam["<initial>"] + alef["<final>"], own["<isolated>"])
            text = text.replace(lam["<medial>"] + alef["<final>"], own["<final>"])
    return text


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"


def _kind(letter: str) -> str:
    kind = unicodedata.bidirectional(letter)
    return {"AL": _RIGHT, "AN": _FIGURE, "R": _RIGHT, "L": _LEFT, "EN": _FIGURE}.get(kind, kind)


def _settled(kinds: list[str], base: str) -> list[str]:
    """Each place as left, right or figure: marks are as their letter, what stands between figures is one of them, and
    what is neither goes with its neighbours where they agree, else with the line."""
    found = list(kinds)
    for place, kind in enumerate(found):
        around = {found[place - 1] if place else base, found[place + 1] if place + 1 < len(found) else base}
        if kind == "NSM":
            found[place] = found[place - 1] if place else base
        elif kind in ("CS", "ES", "ET") and around == {_FIGURE}:
            found[place] = _FIGURE
    strong = base
    for place, kind in enumerate(found):
        if kind == _FIGURE and strong == _LEFT:
            found[place] = _LEFT
        strong = kind if kind in (_LEFT, _RIGHT) else strong
    return found


def _brackets_settled(line: str, kinds: list[str], base: str) -> list[str]:
    """Both brackets of a pair go the same way: with the line, or as what is inside and before them (rule N0)."""
    found, opened = list(kinds), list[int]()
    for place, letter in enumerate(line):
        if letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            start = opened.pop()
            inside = _strong(found[start:place])
            before = [base, *_strong(found[:start])][-1]
            if inside:
                found[start] = found[place] = base if base in inside or before == base else before
    return found


def _strong(kinds: list[str]) -> list[str]:
    return [_RIGHT if kind == _FIGURE else kind for kind in kinds if kind in (_LEFT, _RIGHT, _FIGURE)]


def _neutrals_settled(kinds: list[str], base: str) -> list[str]:
    found = list(kinds)
    known = [place for place, kind in enumerate(found) if kind in (_LEFT, _RIGHT, _FIGURE)]
    for start, end in pairwise([-1, *known, len(found)]):
        sides = {_RIGHT if found[side] == _FIGURE else found[side] for side in (start, end) if 0 <= side < len(found)}
        sides |= {base} if start < 0 or end == len(found) else set()
        for place in range(start + 1, end):
            found[place] = sides.copy().pop() if len(sides) == 1 else base
    return found


def _levels(kinds: list[str], base: str) -> list[int]:
    # Even levels are read from the left, odd ones from the right; the higher is turned first (Annex 9, rules I1 to L2).
    of = {_LEFT: 0, _RIGHT: 1, _FIGURE: 2} if base == _LEFT else {_LEFT: 2, _RIGHT: 1, _FIGURE: 2}
    return [of[kind] for kind in kinds]


def _turned(letters: list[str], levels: list[int], least: int) -> tuple[list[str], list[int]]:
    done: list[tuple[str, int]] = []
    run: list[tuple[str, int]] = []
    for pair in zip(letters, levels, strict=True):
        if pair[1] >= least:
            run.append(pair)
            continue
        done += [*reversed(run), pair]
        run = []
    done += reversed(run)
    return [letter for letter, _ in done], [level for _, level in done]
