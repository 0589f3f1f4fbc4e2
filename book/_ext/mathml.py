"""Formulas as MathML, made when the book is built: the page loads no script and a screen reader can read them."""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LATEX = LatexToMathML(annotation=True)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LOGGER = logging.getLogger(__name__)


def mathml(node, block: bool) -> str:
    """The MathML of a math node; LaTeX that is not understood is a warning, which the build treats as an error."""
    try:
        return LATEX.convert_with_local_state(node.astext(), displaystyle=block)
    except LatexError as error:
        # The error is a coloured drawing of many lines, of which the first says it; the build repeats one line.
        reason = COLOUR.sub("", str(error)).strip().partition("\n")[0].removeprefix("Error: ")
        LOGGER.warning("formula not understood: %s In: %s", reason, " ".join(node.astext().split()), location=node,
                       type="mathml")
        return ""


def visit_inline(translator, node):
    opening = translator.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    translator.body.append(f"{opening}{mathml(node, block=False)}</span>")
    raise nodes.SkipNode


def visit_block(translator, node):
    # Focusable, since a long formula scrolls in its box.
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight", TABINDEX="0"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f"{mathml(node, block=True)}</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
