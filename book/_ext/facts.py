"""The `{fact}` role: a number or sentence that a chapter's code handed to its prose.

{fact}`name` takes it from the page's own chapter, {fact}`chapter/name` from another one.
"""

import json
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

LOGGER = logging.getLogger(__name__)


@cache
def _facts(path: Path) -> dict:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


class Fact(SphinxRole):
    """Replace the role by the fact's text; an unknown fact is a warning, which the build treats as an error."""

    def run(self):
        chapter, _, name = self.text.rpartition("/")
        chapter = chapter or Path(self.env.docname).name
        facts = _facts(Path(self.env.srcdir) / "results" / chapter / "facts.json")
        if name not in facts:
            LOGGER.warning("chapter %r gives no fact %r", chapter, name, location=self.get_location(), type="fact")
            return [], []
        return [nodes.inline("", facts[name], classes=["fact"])], []


def setup(app):
    app.add_role("fact", Fact())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
