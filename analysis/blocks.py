"""What a chapter hands to its page: figures, tables and facts, as outputs that the build turns into files.

Nothing is written by a chapter. Each block travels in the executed notebook under its own media type, next to what a
reader sees who runs the cell by hand.
"""

from dataclasses import asdict, dataclass

MEDIA_TYPE = "application/vnd.smartbook+json"


@dataclass(frozen=True)
class Block:
    """A figure (`svg`), table (`body`, Markdown) or fact (`text`) with its name, caption, alternative and data."""

    kind: str
    name: str
    text: str = ""
    caption: str = ""
    alt: str = ""
    body: str = ""
    csv: str = ""
    svg: str = ""
    html: str = ""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        data = {k: v for k, v in asdict(self).items() if v and k not in ("svg", "html")}
        bundle = {"text/plain": self.text or f"{self.kind} {self.name}", MEDIA_TYPE: data}
        if self.svg:
            bundle["image/svg+xml"] = self.svg
        if self.html:
            bundle["text/html"] = self.html
        return bundle


def show(block: Block) -> None:
    """Display a block in the running notebook."""
    from IPython.display import display

    display(block)


def fact(name: str, text: str) -> None:
    """Hand one short text to the `{fact}` role of the prose."""
    show(Block("fact", name, text=text))
