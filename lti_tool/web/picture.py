"""The bar that shows where units are: parts of one whole, in the order in which a unit flows."""

from collections.abc import Sequence
from dataclasses import dataclass

from lti_tool.language import N_, _, number

_NARROWEST = 1.8
"""Per cent: about 6 px on a phone, so that 3 of 300 can be seen."""

_WORDS = {
    "free": N_("%(units)s not allotted yet"),
    "with": N_("%(units)s with students, unused"),
    "available": N_("%(units)s available"),
    "held": N_("%(units)s reserved"),
    "used": N_("%(units)s used"),
    "coming": N_("%(units)s more you can receive automatically"),
}


@dataclass(frozen=True)
class Part:
    """One colour of the bar: units, and where it stands, in per cent of the bar's width."""

    kind: str
    units: int
    x: float
    width: float


@dataclass(frozen=True)
class Picture:
    """A total and the parts that make it up."""

    label: str
    total: int
    parts: tuple[Part, ...]

    def of(self, kind: str) -> Part:
        """That part; an empty one where the picture has none."""
        return next((part for part in self.parts if part.kind == kind), Part(kind, 0, 0, 0))

    @property
    def sum_in_words(self) -> str:
        """The bar as a sentence, for those who do not see it."""
        parts = " + ".join(_(_WORDS[part.kind], units=part.units) for part in self.parts)
        return f"{number(self.total)} = {parts}"

    @property
    def seen(self) -> list[Part]:
        """The parts that have anything in them."""
        return [part for part in self.parts if part.units]


def picture(label: str, parts: Sequence[tuple[str, int]]) -> Picture:
    """Lays the parts side by side; each that is not empty stays wide enough to be seen."""
    total = sum(units for _kind, units in parts)
    wide = [max(_NARROWEST, 100 * units / total) if units else 0.0 for _kind, units in parts]
    scale = 100 / sum(wide) if total else 0.0
    laid, x = [], 0.0
    for (kind, units), width in zip(parts, wide, strict=True):
        laid.append(Part(kind, units, round(x, 2), round(width * scale, 2)))
        x += width * scale
    return Picture(label, total, tuple(laid))
