"""The command line, `smartbook`. Every mistake of a user ends in one sentence and exit code 2."""

import os
import sys
import time
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from analysis.errors import StudyError, unknown

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Run the chapters of the study and build its book.")
data = typer.Typer(no_args_is_help=True, help="Make, import and check datasets.")
app.add_typer(data, name="data")
interviews = typer.Typer(no_args_is_help=True, help="Bring coded interviews into a dataset, without a word of them.")
app.add_typer(interviews, name="interviews")
console = Console(stderr=True, highlight=False)
CORES = os.cpu_count() or 2
PARAMETERS = {"region": str, "first_year": int, "last_year": int}

DatasetName = Annotated[str, typer.Option("--dataset", help="Name of a dataset (see datasets.toml).")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Chapters executed at the same time.")]
Settings = Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the chapters.")]


def main() -> None:
    """Entry point: a StudyError becomes one sentence."""
    try:
        app()
    except StudyError as error:
        console.print(f"smartbook: {error}", markup=False, soft_wrap=True)
        sys.exit(2)
    except Exception as error:
        # The message or the trace of an unforeseen error may hold values of confidential data.
        if "SMARTBOOK_DEBUG" in os.environ:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        console.print(f"smartbook: unforeseen {type(error).__name__} at {Path(last.filename).name}:{last.lineno}; "
                      "its message is withheld, set SMARTBOOK_DEBUG to see it.", markup=False, soft_wrap=True)
        sys.exit(70)


@app.command()
def run(
    chapters: Annotated[list[str], typer.Argument(help="Chapters by file name; default all.")] = (),
    dataset: DatasetName = "synthetic",
    jobs: Jobs = CORES,
    settings: Settings = (),
) -> None:
    """Execute chapters without building the site."""
    from analysis.publish.book import alone

    book, found, parameters = _open(dataset, settings)
    with alone(book.output(found)):
        _execute(book, found, parameters, book.choose(chapters), jobs)


@app.command()
def build(dataset: DatasetName = "synthetic", jobs: Jobs = CORES, settings: Settings = ()) -> None:
    """Execute every chapter and build the site."""
    from analysis.publish.book import alone
    from analysis.publish.site import build_site, jupyter_book
    from analysis.publish.stage import staged_files

    book, found, parameters = _open(dataset, settings)
    with alone(book.output(found)), jupyter_book() as builder:
        runs = _execute(book, found, parameters, book.chapters, jobs)
        start = time.perf_counter()
        with console.status("building the site"):
            index, anew = build_site(staged_files(book, found, runs), book.output(found), builder)
    console.print(f"  {'site':34s} {time.perf_counter() - start:6.1f} s" if anew else f"  {'site':34s} unchanged")
    print(index)


@app.command()
def serve(dataset: DatasetName = "synthetic", port: Annotated[int, typer.Option(help="Port.")] = 8000) -> None:
    """Show the built site at http://localhost:PORT until interrupted."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    from analysis import datasets
    from analysis.publish.book import find_book

    html = find_book().output(datasets.find(dataset)) / "html"
    if not (html / "index.html").is_file():
        raise StudyError(f"The book of dataset {dataset!r} is not built yet; run `smartbook build` first.")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(html)))
    except OSError:
        raise StudyError(f"Port {port} is taken; choose another with --port.") from None
    console.print(f"http://localhost:{port}  (stop with Ctrl-C)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        console.print()


@app.command()
def doctor() -> None:
    """Say whether this machine has what the project needs, and which datasets it knows."""
    from analysis.doctor import findings

    worst = 0
    for finding in findings():
        console.print(f"  {'ok     ' if finding.ok else 'missing' if finding.needed else 'without'}  {finding.text}",
                      markup=False)
        worst |= finding.needed and not finding.ok
    raise typer.Exit(int(worst))


@data.command()
def simulate(
    out: Annotated[Path, typer.Option(help="New folder for the dataset.")],
    workers: Annotated[int, typer.Option(min=1, help="Number of member-workers.")] = 3_700,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same bytes.")] = 2026,
    years: Annotated[str, typer.Option(help="First and last year, as 2001:2020.")] = "2001:2020",
    settings: Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="Change one of world.toml.")] = (),
    threads: Annotated[int, typer.Option(min=1, help="Parts made at the same time; the bytes are the same.")] = CORES,
) -> None:
    """Make a synthetic dataset whose truth is known."""
    from data_synthetic.simulate import simulate as make

    first, last = _years(years)
    changes = dict(setting.partition("=")[::2] for setting in settings)
    with console.status("simulating"):
        make(workers, seed, first, last, out, changes, threads)
    print(out)


@data.command()
def export(
    dataset: Annotated[str, typer.Argument(help="Name of a synthetic dataset.")],
    out: Annotated[Path, typer.Option(help="New folder for the export.")],
    seed: Annotated[int, typer.Option(help="Seed of the damage.")] = 2026,
) -> None:
    """Write a synthetic dataset as a messy French export with a key of its defects, to try an import on."""
    from analysis import datasets
    from data_synthetic.french import write_export

    found = datasets.find(dataset)
    write_export(found.folder or Path(found.location), out, seed)
    print(out)


@data.command("import")
def import_(
    export: Annotated[Path, typer.Argument(help="Folder of the export's files.")],
    mapping: Annotated[Path, typer.Option(help="How to read them (see mappings/README.md).")],
    out: Annotated[Path, typer.Option(help="New folder for the dataset, outside any git work tree.")],
    key_file: Annotated[Path | None, typer.Option(help="Secret key of the pseudonyms; default random.")] = None,
) -> None:
    """Turn a messy export into a dataset, with a report in which every line is accounted for."""
    from analysis.intake.run import import_export

    key = _key(key_file)
    with console.status("reading the export"):
        report = import_export(export, mapping, out, key=key)
    console.print(report.summary(), markup=False, soft_wrap=True)
    print(out / "report" / "import.html")
    raise typer.Exit(int(not report.balanced))


@data.command()
def check(dataset: Annotated[str, typer.Argument(help="Name of a dataset, or its folder.")]) -> None:
    """Check a dataset against the rules of the schema. Exit code 1 where a rule of severity `error` is broken."""
    from analysis import datasets
    from analysis.intake.validate import open_tables, validate

    if dataset not in datasets.BUILT_IN and Path(dataset).is_dir():
        tables = open_tables(Path(dataset))
    else:
        found = datasets.find(dataset)
        tables = {name: found.table(name) for name in found.present}
    broken = validate(tables)
    for violation in broken:
        console.print(f"  {violation.severity:8s} {violation.count:,} rows of {violation.table} break {violation.rule}",
                      markup=False)
    if not broken:
        console.print("  every rule of the schema holds")
    raise typer.Exit(int(any(v.severity == "error" for v in broken)))


@data.command()
def push(
    dataset: Annotated[str, typer.Argument(help="Name of a dataset that is a folder.")],
    to: Annotated[str, typer.Option(metavar="URL", help="postgresql://user@host/database; keep the password in "
                                                        "$PGPASSWORD or ~/.pgpass.")],
    replace: Annotated[bool, typer.Option("--replace", help="Drop the tables that are there.")] = False,
) -> None:
    """Load a dataset into a PostgreSQL database: every table, or none."""
    from analysis import datasets
    from analysis.push import push as load

    found = datasets.find(dataset)
    with console.status("pushing"):
        rows = load(found, to, replace)
    for table, count in rows.items():
        console.print(f"  {table:20s} {count:>12,} rows", markup=False)


@interviews.command("import")
def import_interviews(
    project: Annotated[Path, typer.Argument(metavar="FILE.qdpx", help="REFI-QDA project of NVivo, ATLAS.ti, MAXQDA …")],
    into: Annotated[Path, typer.Option(help="Folder of the dataset.")],
    key_file: Annotated[Path | None, typer.Option(help="Secret key with which the dataset was imported.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write the tables anew that are there.")] = False,
) -> None:
    """Write the tables of interviews and of coded passages. The texts stay in their file; only places are taken."""
    from analysis.interviews.corpus import import_interviews as read

    for line in read(project, into, _key(key_file), replace).lines():
        console.print(f"  {line}", markup=False, soft_wrap=True)


@interviews.command("export")
def export_interviews(
    dataset: Annotated[str, typer.Argument(help="Name of a synthetic dataset.")],
    out: Annotated[Path, typer.Option(metavar="FILE.qdpx", help="New project file.")],
) -> None:
    """Write the interviews of a synthetic dataset as a REFI-QDA project, to try an import on."""
    from analysis import datasets
    from data_synthetic.refi import write_project

    found = datasets.find(dataset)
    write_project(found.folder or Path(found.location), out)
    print(out)


@app.command()
def criteria() -> None:
    """The digest of the registered criteria, and whether the last entry of their log has it. Exit code 1 if not."""
    from analysis import criteria

    registered = criteria.read()
    now, last = criteria.digest(registered), registered["log"][-1]
    print(now)
    if last["digest"] != now:
        console.print(f"  the log ends with {last['digest']} of {last['date']}: add an entry with the reason",
                      markup=False)
        raise typer.Exit(1)


@app.command()
def policy(
    lever: Annotated[str, typer.Argument(help="The lever to simulate; without one they are listed.")] = "",
    dataset: DatasetName = "synthetic",
    by: Annotated[str, typer.Option(help="Groups of workers: all, decile, profession, gender, education.")] = "all",
    region: Annotated[str, typer.Option(help="Part of the data: everywhere, brussels …")] = "brussels",
    settings: Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE",
                                                help="A parameter of the lever; the others are as registered.")] = (),
    list_: Annotated[bool, typer.Option("--list", help="List the levers and their parameters.")] = False,
) -> None:
    """What would change if a rule changed: simulate one of eight levers. Not a forecast."""
    from analysis import open_study
    from analysis.policy import levers

    if list_ or not lever:
        print(levers.listed())
        return
    rule = levers.scenario(lever, dict(setting.partition("=")[::2] for setting in settings))
    study = open_study(dataset, region)
    with console.status("simulating"):
        found = study.table(levers.lever(lever).effects, rule=rule, by=by)
    print(levers.told(rule, found))


def _open(dataset, settings):
    from analysis import datasets
    from analysis.publish.book import find_book

    book, found, parameters = find_book(), datasets.find(dataset), _parameters(settings)
    # Kernels work in the book's folder; the registry was found from here.
    registry = datasets.registry().resolve()
    if registry.is_file():
        os.environ["SMARTBOOK_DATASETS"] = str(registry)
    return book, found, {"dataset": dataset, **parameters}


def _execute(book, found, parameters, chosen, jobs):
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from analysis.publish.execute import execute

    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                   console=console, transient=True)
    with bar:
        task = bar.add_task("chapters", total=len(chosen))
        runs = execute(book, chosen, found, parameters, jobs, done=lambda r: bar.advance(task))
    for r in runs:
        state = "FAILED" if r.error else "unchanged" if r.cached else f"{r.seconds:6.1f} s"
        console.print(f"  {r.chapter:34s} {state}", markup=False)
    failed = [r for r in runs if r.error]
    for r in failed:
        console.print(f"\nchapter {r.chapter}: {r.error}", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)
    return runs


def _parameters(settings) -> dict:
    """`name=value` settings as chapter parameters, checked before anything runs."""
    from analysis.scope import FIRST_YEAR, LAST_YEAR, Scope

    chosen = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in PARAMETERS:
            raise unknown("parameter", name, PARAMETERS)
        if not value:
            raise StudyError(f"Give parameter {name!r} a value: --set {name}=VALUE.")
        try:
            chosen[name] = PARAMETERS[name](value)
        except ValueError:
            raise StudyError(f"Parameter {name!r} must be a whole number, not {value!r}.") from None
    Scope(**{"region": "brussels", "first_year": FIRST_YEAR, "last_year": LAST_YEAR} | chosen)
    return chosen


def _years(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise StudyError(f"--years must be FIRST:LAST, as 2001:2020, not {text!r}.")
    return int(first), int(last)


def _key(key_file: Path | None) -> bytes | None:
    if key_file is None:
        return os.environ["SMARTBOOK_KEY"].encode() if "SMARTBOOK_KEY" in os.environ else None
    if not key_file.is_file():
        raise StudyError("The key file does not exist; make one with at least 16 bytes, and keep it secret.")
    return key_file.read_bytes()
