"""Execute chapters with papermill, each once for every state of what it depends on."""

import hashlib
import json
import os
import platform
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from analysis.blocks import MEDIA_TYPE
from analysis.datasets import ROOT, Dataset
from analysis.publish.book import Book

OWN_ERRORS = ("StudyError", "MissingData")
# A kernel lives for seconds; looking for reference cycles would take a sixth of them.
NO_COLLECTOR = "--IPKernelApp.exec_lines=import gc; gc.disable()"


@dataclass(frozen=True)
class Run:
    """What became of one chapter: its executed notebook, or the `error` that stopped it."""

    chapter: str
    seconds: float
    cached: bool = False
    error: str = ""
    notebook: Path | None = None


def digest(*parts: bytes) -> str:
    """A key of `parts` that no other division of the same bytes shares."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        h.update(len(part).to_bytes(8, "big") + part)
    return h.hexdigest()


def locked() -> bytes:
    """The versions of all libraries, as the lock has them."""
    lock = ROOT / "requirements.lock"
    return lock.read_bytes() if lock.is_file() else b""


def surroundings(dataset: Dataset, parameters: dict) -> str:
    """The key of all that every chapter depends on: code, criteria, data, parameters, libraries, Python."""
    code = sorted(p for p in (ROOT / "analysis").rglob("*") if p.suffix in (".py", ".csv", ".toml"))
    code += [p for p in (ROOT / "book" / "criteria.toml",) if p.is_file()]
    return digest(
        *(p.relative_to(ROOT).as_posix().encode() + b"\0" + p.read_bytes() for p in code),
        locked(),
        dataset.fingerprint().encode(),
        json.dumps(parameters, sort_keys=True).encode(),
        f"{platform.python_version()} {platform.machine()}".encode(),
    )


def read_chapter(name: str, path: Path):
    """The chapter as a notebook without outputs; cell ids follow from its name, not from chance."""
    import jupytext

    notebook = jupytext.read(path, fmt="md:myst")
    for n, cell in enumerate(notebook.cells):
        cell["id"] = f"{name}-{n:03d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata.pop("jupytext", None)
    return notebook


def chapter_key(notebook, around: str) -> str:
    """The key of one chapter: its code cells and everything around it. Prose is not part of it."""
    code = [c.source.encode() for c in notebook.cells if c.cell_type == "code"]
    return digest(around.encode(), *code)


def execute(book: Book, chapters: dict[str, Path], dataset: Dataset, parameters: dict, jobs: int,
            done=lambda run: None) -> list[Run]:
    """Execute `chapters`, `jobs` at a time, and call `done` with each Run as it ends.

    A chapter whose key is that of an earlier success is not executed again; a failed one leaves nothing behind.
    """
    store = book.output(dataset) / "executed"
    store.mkdir(parents=True, exist_ok=True)
    around = surroundings(dataset, parameters)

    def one(item) -> Run:
        name, path = item
        run = _execute(name, path, store, around, dataset, parameters, book.root)
        done(run)
        return run

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        return list(pool.map(one, chapters.items()))


def _execute(name, path, store, around, dataset, parameters, cwd) -> Run:
    import nbformat

    start = time.perf_counter()
    notebook = read_chapter(name, path)
    target = store / f"{name}-{chapter_key(notebook, around)}.ipynb"
    if target.is_file():
        return Run(name, time.perf_counter() - start, cached=True, notebook=target)
    executed, error = _papermill(notebook, parameters, cwd, dataset.guarded)
    if error:
        return Run(name, time.perf_counter() - start, error=error)
    part = target.with_suffix(".part")
    nbformat.write(_normalise(executed, name, dataset.guarded), part)
    for old in store.glob(f"{name}-{'[0-9a-f]' * 32}.ipynb"):
        old.unlink()
    part.rename(target)
    return Run(name, time.perf_counter() - start, notebook=target)


def _papermill(notebook, parameters: dict, cwd: Path, guarded: bool):
    """The executed notebook and '', or None and what went wrong in which cell."""
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    has_parameters = any("parameters" in c.metadata.get("tags", []) for c in notebook.cells)
    # What a library of a guarded kernel writes past Python would reach the terminal beside the notebook.
    client = {"extra_arguments": [NO_COLLECTOR]} | ({"kernel_manager_class": _silent()} if guarded else {})
    with tempfile.TemporaryDirectory(prefix="smartbook-") as folder:
        source = f"{folder}/chapter.ipynb"
        nbformat.write(notebook, source)
        # Kernels that run side by side must not share the default name of an ipc socket.
        ipc = {"KernelManager": {"transport": "ipc", "ip": f"{folder}/k"}} if os.name == "posix" else {}
        config = Config({"NotebookClient": client, **ipc})
        try:
            notebook = papermill.execute_notebook(
                source, None, parameters=parameters if has_parameters else {}, kernel_name="python3",
                progress_bar=False, config=config, shutdown_kernel="immediate",
                # papermill's own `cwd` is os.chdir, which threads would share.
                resources={"metadata": {"path": str(cwd)}},
            )
        except PapermillExecutionError as error:
            said = error.evalue if not guarded or error.ename in OWN_ERRORS else "(message withheld: guarded data)"
            return None, f"{_place(error.exec_count, error.source, has_parameters)}: {error.ename}: {said}"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                said = "(withheld: guarded data)" if guarded else _first_line(output.text)
                place = _place(cell.execution_count, cell.source, has_parameters)
                return None, f"{place} wrote a warning: {said}"
    return notebook, ""


def _silent():
    """The kernel manager of kernels whose own streams nobody sees."""
    from subprocess import DEVNULL

    from jupyter_client import AsyncKernelManager

    class Silent(AsyncKernelManager):
        async def _async_launch_kernel(self, kernel_cmd, **kw):
            await super()._async_launch_kernel(kernel_cmd, **{**kw, "stdout": DEVNULL, "stderr": DEVNULL})

    return Silent


def _place(count: int, source: str, injected: bool) -> str:
    """The cell as the chapter's author counts code cells: without the one that papermill put after the first."""
    return f"cell {count - (injected and count > 1)}, `{_first_line(source)}`"


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _normalise(notebook, name: str, guarded: bool):
    """Drop what differs between two identical runs, what tells about the machine, and, guarded, what no rule saw."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"{name}-parameters"
            cell.metadata["tags"] = ["injected-parameters", "remove-cell"]
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if guarded and cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if MEDIA_TYPE in o.get("data", {})]
    return notebook
