"""What git may hold, and how the sources must look."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jupytext
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "book" / "index.md", *(ROOT / "book" / "chapters").glob("*.md")])
DIRECTIVES = {"admonition", "bibliography", "card", "code-cell", "dropdown", "figure", "glossary", "grid",
              "grid-item-card", "include", "list-table", "margin", "math", "tab-item", "tab-set", "table"}
ROLES = {"cite:p", "cite:t", "fact", "numref", "ref", "term"}
LOCKS = ("requirements.lock", "requirements-lab.lock", "requirements-engines.lock", "requirements-uv.lock")
HOUSES = {
    # who may import whom inside `analysis`; the rest of the package sees no more than this
    "schema": set(), "errors": set(), "scope": {"errors"}, "blocks": set(), "law": {"errors"}, "guard": {"errors"},
    "place": {"errors"}, "planted": {"errors"}, "intake": {"errors", "schema", "place"},
    "interviews": {"errors", "schema", "place", "intake"},      # they use the pseudonyms and the rules of the import
    "engines": {"errors"}, "datasets": {"engines", "errors", "schema", "place"},
    "push": {"datasets", "engines", "errors", "schema"},
    "panels": {"law", "datasets", "engines", "errors", "scope"}, "costs": set(), "validation": set(),
    "models": {"errors"},
    "criteria": {"errors"}, "measures": {"criteria", "panels", "law", "errors", "scope", "guard", "schema", "models"},
    "verdict": {"criteria", "measures", "models", "panels", "law", "engines", "errors", "scope", "guard"},
    "policy": {"criteria", "measures", "models", "panels", "law", "errors", "guard"},
    "figures": {"blocks", "errors", "guard"}, "tables": {"blocks", "errors", "figures", "guard"},
    "study": {"blocks", "datasets", "errors", "guard", "law", "panels", "planted", "scope"},
    "publish": {"blocks", "datasets", "errors", "guard"}, "doctor": {"datasets", "errors"},
}


def tracked() -> list[Path]:
    """The files of the project: those of git, or of the folder where there is no git."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        made = {".venv", "_build", "notebooks", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}
        return [p for p in ROOT.rglob("*") if p.is_file() and not made & set(p.relative_to(ROOT).parts)]
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def texts():
    binary = {".parquet", ".woff2", ".png", ".qdpx"}
    # The shipped export is written as an old French system would.
    return [(p, p.read_text("cp1252" if p.parent.name == "export" else "utf-8", errors="replace"))
            for p in tracked() if p.suffix not in binary]


def test_no_notebook_and_no_output_is_committed():
    assert [p.name for p in tracked() if p.suffix == ".ipynb"] == []
    for page in PAGES:
        assert all(not c.get("outputs") for c in jupytext.read(page, fmt="md:myst").cells), page.name


def test_every_chapter_is_paired_and_in_the_form_that_jupytext_writes(tmp_path):
    shutil.copytree(ROOT / "book", tmp_path / "book")
    shutil.copy(ROOT / "jupytext.toml", tmp_path)
    paired = [p.relative_to(ROOT) for p in PAGES if "{code-cell}" in p.read_text("utf-8")]
    subprocess.run([Path(sys.executable).with_name("jupytext"), "--quiet", "--sync", *paired], cwd=tmp_path, check=True)
    for page in paired:
        assert (tmp_path / page).read_text("utf-8") == (ROOT / page).read_text("utf-8"), page
        assert (tmp_path / "notebooks" / page.relative_to("book")).with_suffix(".ipynb").is_file()


def test_no_machine_path_and_no_registry_address():
    home = re.compile(r"/(home|root|work|Users)/\w|C:\\Users")
    for path, text in texts():
        assert not home.search(text), path
    for lock in LOCKS:
        assert not re.search(r"https?://|file:|^-", (ROOT / lock).read_text(), re.MULTILINE), lock


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock):
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text().strip(), flags=re.IGNORECASE)
    assert len(entries) > (0 if lock == "requirements-uv.lock" else 100)
    assert all("--hash=sha256:" in e for e in entries)


def test_the_lock_meets_every_requirement_of_the_project():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    locks = {"requirements.lock": extras["test"] + extras["dev"], "requirements-lab.lock": extras["lab"],
             "requirements-engines.lock": extras["postgres"] + extras["spark"]}
    for lock, extra in locks.items():
        pins = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / lock).read_text(), re.MULTILINE))
        for requirement in map(Requirement, project["dependencies"] + extra):
            assert requirement.specifier.contains(pins[requirement.name.lower()]), requirement


def test_conda_takes_python_and_pip_alone_and_the_rest_from_the_lock():
    from packaging.specifiers import SpecifierSet

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python, pip, rest = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    name, version = python.split("=")
    assert (name, pip, rest) == ("python", "pip", {"pip": ["-r requirements.lock"]})
    assert SpecifierSet(project["requires-python"]).contains(version)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_dialect(page):
    text = page.read_text("utf-8")
    assert re.fullmatch(r"[a-z0-9-]+", page.stem)
    assert set(re.findall(r"^\s*(?:`{3,}|:{3,})\{([^}]+)\}", text, re.MULTILINE)) <= DIRECTIVES
    assert set(re.findall(r"(?<![`\w])\{([a-z:]+)\}`", text)) <= ROLES
    assert "{{" not in re.sub(r"```\{code-cell\}.*?```", "", text, flags=re.DOTALL)


def test_chapters_are_thin():
    lengths = []
    for page in PAGES:
        for cell in jupytext.read(page, fmt="md:myst").cells:
            if cell.cell_type == "code":
                lengths.append((len([line for line in cell.source.splitlines() if line.strip()]), page.stem))
    assert max(lengths)[0] <= 15, max(lengths)
    assert sorted(n for n, _ in lengths)[len(lengths) // 2] <= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_parameters_come_first_and_are_the_same_everywhere(page):
    code = [c for c in jupytext.read(page, fmt="md:myst").cells if c.cell_type == "code"]
    if not code:
        return
    assert code[0].metadata["tags"] == ["parameters", "remove-cell"]
    assert code[0].source.splitlines() == ['dataset = "synthetic"', 'region = "brussels"', "first_year = 2001",
                                           "last_year = 2020"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_chapter_asks_and_never_computes(page):
    """Chapters import `analysis` alone, open no file and touch no panel."""
    for cell in jupytext.read(page, fmt="md:myst").cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        reached = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert imported <= {"analysis", "analysis.law.payslip", "analysis.measures", "analysis.policy",
                            "analysis.verdict"}
        assert not names & {"open", "eval", "exec", "__import__"}
        assert not reached & {"panels", "frame", "execute", "dataset"}, cell.source


def test_rooms_import_only_what_they_may():
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        room = path.relative_to(ROOT / "analysis").parts[0].removesuffix(".py")
        if room in ("cli", "__init__"):
            continue
        used = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("analysis", "data_synthetic"):
                parts = node.module.split(".")
                assert parts[0] == "analysis", f"{path} imports {node.module}"
                used |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        assert used - {room} <= HOUSES[room], f"{path.name} imports {used - {room} - HOUSES[room]}"


def test_opening_a_study_imports_no_heavy_library():
    code = "import sys; from analysis import open_study; open_study('synthetic'); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "analysis.study" in found
    assert not {"pandas", "numpy", "ibis", "duckdb", "pyarrow", "matplotlib", "seaborn", "statsmodels", "numba",
                "diff_diff", "pyspark", "psycopg"} & set(found)


def test_no_measure_reads_the_planted_truth():
    """The flag file is named nowhere in `analysis`, the truth only where a chapter shows it and a dataset is told."""
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        assert not [t for t in texts if re.fullmatch(r"(.*/)?flags(/.*|\.parquet)?", t)], path
        if path.name not in ("planted.py", "datasets.py"):
            assert not [t for t in texts if "truth.json" in t], path
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "analysis.planted":
                assert path.name == "study.py"


def test_every_citation_has_an_entry_and_no_entry_is_double():
    from pybtex.database import parse_file

    keys = set(parse_file(ROOT / "book" / "references.bib").entries)
    for page in PAGES:
        for cited in re.findall(r"\{cite:[pt]\}`([^`]+)`", page.read_text("utf-8")):
            assert {k.strip() for k in cited.split(",")} <= keys, page.name


def test_no_result_is_typed_in_prose():
    """In the parts that tell what the data show, a number stands in a sentence only with its source or its name."""
    named = re.compile(r"\{cite|\{fact|\{numref|\{ref|\$|R[1-3]\b|P[0-2]\b|\b(19|20)\d\d\b")
    for page in PAGES:
        text = re.sub(r"```.*?```|\$\$.*?\$\$", "", page.read_text("utf-8"), flags=re.DOTALL)
        for part in re.split(r"^## ", text, flags=re.MULTILINE):
            if not part.startswith(("What the data show", "Who differs", "How many", "The answer")):
                continue
            for line in part.splitlines()[1:]:
                if re.search(r"\d", line):
                    assert named.search(line), f"{page.name}: {line}"
