"""Put executed chapters, their figures, tables and facts where Jupyter Book reads them."""

import json
import re
from pathlib import Path

from analysis.blocks import MEDIA_TYPE
from analysis.datasets import Dataset
from analysis.errors import StudyError
from analysis.guard.safe import ORIGINS
from analysis.publish.book import Book
from analysis.publish.execute import Run, read_chapter

INCLUDE = re.compile(r"^`{3,}\{include\} /results/([a-z0-9-]+)/([a-z0-9-]+)\.md$", re.MULTILINE)


def staged_files(book: Book, dataset: Dataset, runs: list[Run]) -> dict[str, bytes]:
    """Every file of the staged book, path → content: a function of the sources and the executed notebooks alone."""
    import nbformat

    files = {p.relative_to(book.source).as_posix(): p.read_bytes() for p in book.source.rglob("*")
             if p.is_file() and p.suffix != ".ipynb" and not _ignored(p, book)}
    banner = ORIGINS["synthetic" if dataset.synthetic else "confidential"]
    files["_config.yml"] = _config(files["_config.yml"], banner)
    for run in runs:
        source = book.chapters[run.chapter]
        notebook = assemble(read_chapter(run.chapter, source), nbformat.read(run.notebook, 4), run.chapter, banner)
        results = extract(run.chapter, notebook)
        _check_included(run.chapter, source.read_text("utf-8"), results)
        files |= results
        place = source.relative_to(book.source).with_suffix("")
        del files[f"{place.as_posix()}.md"]
        files[f"{place.as_posix()}.ipynb"] = nbformat.writes(notebook).encode()
    return files


def _ignored(path: Path, book: Book) -> bool:
    inside = path.relative_to(book.source)
    return "_build" in inside.parts or "__pycache__" in inside.parts or (
        path.suffix == ".md" and path not in book.pages.values())


def assemble(chapter, executed, name: str, banner: str):
    """The chapter's present prose with the outputs of its executed code, the banner on top of the download."""
    from nbformat.v4 import new_markdown_cell

    code = iter([c for c in executed.cells if c.cell_type == "code"])
    cells = [new_markdown_cell(f"**{banner}**", id=f"{name}-banner", metadata={"tags": ["remove-cell"]})]
    for cell in chapter.cells:
        if cell.cell_type != "code":
            cells.append(cell)
            continue
        done = next(code)
        done.metadata = cell.metadata
        cells.append(_hide_blocks(done))
        if "parameters" in cell.metadata.get("tags", []):
            cells.append(next(code))
    executed.cells = cells
    return executed


def _hide_blocks(cell):
    """A cell whose outputs reach the page as files does not show them a second time."""
    if any(MEDIA_TYPE in o.get("data", {}) for o in cell.outputs):
        cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "remove-output"})
    return cell


def extract(chapter: str, notebook) -> dict[str, bytes]:
    """The files of a chapter's blocks: `results/<chapter>/<name>.md|svg|csv`, and `facts.json`."""
    files, facts = {}, {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            block = output.get("data", {}).get(MEDIA_TYPE)
            if not block:
                continue
            stem, name = f"results/{chapter}/{block['name']}", block["name"]
            if name in facts or f"{stem}.md" in files:
                raise StudyError(f"Chapter {chapter!r} uses the name {name!r} twice; give each result its own.")
            if block["kind"] == "fact":
                facts[name] = block["text"]
                continue
            files[f"{stem}.csv"] = block["csv"].encode()
            if block["kind"] == "figure":
                files[f"{stem}.svg"] = output["data"]["image/svg+xml"].encode()
            files[f"{stem}.md"] = directive(chapter, block).encode()
    files[f"results/{chapter}/facts.json"] = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True).encode()
    return files


def directive(chapter: str, block: dict) -> str:
    """The MyST block of a figure or table, which the chapter includes."""
    place = f"/results/{chapter}/{block['name']}"
    data = f"[Data as CSV]({place}.csv)"
    if block["kind"] == "figure":
        alt = " ".join(block["alt"].split())
        return (f"```{{figure}} {place}.svg\n:name: fig-{block['name']}\n:alt: {alt}\n\n"
                f"{block['caption']} {data}\n```\n")
    # Colons: a caption may hold backticks, which the opening line of a backtick fence may not.
    return f"::::{{table}} {block['caption']} {data}\n:name: tab-{block['name']}\n\n{block['body']}\n::::\n"


def _check_included(chapter: str, source: str, results: dict[str, bytes]) -> None:
    made = {Path(f).stem for f in results if f.endswith(".md")}
    taken = {name for where, name in INCLUDE.findall(source) if where == chapter}
    if made - taken:
        raise StudyError(f"Chapter {chapter!r} makes {sorted(made - taken)[0]!r} but does not include it; "
                         f"add an {{include}} of /results/{chapter}/{sorted(made - taken)[0]}.md.")
    if taken - made:
        raise StudyError(f"Chapter {chapter!r} includes {sorted(taken - made)[0]!r}, which no cell of it makes.")


def _config(text: bytes, banner: str) -> bytes:
    """The book's configuration with execution off (another run would use default parameters) and the banner on."""
    import yaml

    config = yaml.safe_load(text)
    config["execute"] = {"execute_notebooks": "off"}
    config["sphinx"]["config"]["html_theme_options"]["announcement"] = banner
    return yaml.safe_dump(config, allow_unicode=True, sort_keys=False).encode()
