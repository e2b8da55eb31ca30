"""Translated sentences that hold more than text: names in <bdi>, links, moments. In templates `{% trans %}` does it."""

from markupsafe import Markup

from lti_tool import language


def marked(message: str, /, **figures: object) -> Markup:
    """The sentence, marked by `N_`, as HTML in the reader's language; figures that are no HTML are escaped."""
    return Markup(language.found(message)) % language.written(figures)  # noqa: S704 # our own words, or the translators'
