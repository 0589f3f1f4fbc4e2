"""A fault in one page stops the build, each time, with a sentence that says where it is."""

import pytest

FACT = "from analysis.blocks import fact"
TABLE = ("import pandas as pd", "from analysis import figures, tables", "from analysis.guard import SafeTable",
         "frame = pd.DataFrame({'year': [2001, 2002], 'y': [1.0, 2.0]})", "good = SafeTable(frame, (), 'synthetic')")


def figure(name: str, table: str = "good") -> str:
    return f"figures.lines({table}, name='{name}', x='year', y='y', caption='Words.')"


def include(where: str, name: str) -> str:
    return f"```{{include}} /results/{where}/{name}.md\n```"


@pytest.fixture
def build_twice(smartbook):
    """Build a book twice; both must fail alike. Gives what the second said."""
    def run(book, code):
        first, second = smartbook(book, "build"), smartbook(book, "build")
        said = first.stderr + second.stderr
        assert (first.returncode, second.returncode) == (code, code), said
        assert "Traceback" not in said
        output = book / "_build" / "synthetic"
        assert not (output / "html.key").exists()
        assert not (output / "html").exists()
        return second.stderr
    return run


def test_every_failing_cell_is_named_and_a_mended_book_builds(make_book, write_chapter, smartbook, build_twice, code):
    good = code(FACT, "print('words on stdout')", "fact('x', '41')")
    noisy = code("import warnings", "warnings.warn('a shaky number')")
    book = make_book(
        good=[good, "It is {fact}`x`."],
        broken=[code("a = 1"), code("b = a / 0")],
        missing=[code("import a_module_that_is_nowhere")],
        refused=[code("from analysis.errors import StudyError", "raise StudyError('Own words.')")],
        noisy=[noisy],
        framed=[code(*TABLE), code(figure("a", "frame"))],
        tabled=[code(*TABLE), code("tables.show(frame, name='b', caption='Words.')")],
    )
    said = build_twice(book, 1)
    for line in (
        "chapter broken: cell 2, `b = a / 0`: ZeroDivisionError: division by zero",
        "chapter missing: cell 1, `import a_module_that_is_nowhere`: ModuleNotFoundError: No module named",
        "StudyError: Own words.",
        "chapter noisy: cell 1, `import warnings` wrote a warning:",
        "a shaky number",
        "Figure 'a' was given a DataFrame; figures are drawn from a SafeTable.",
        "Table 'b' was given a DataFrame; tables are made from a SafeTable.",
    ):
        assert line in said
    assert "chapter good" not in said
    for name in ("broken", "missing", "refused", "noisy", "framed", "tabled"):
        assert f"chapter {name}: cell" in said
        write_chapter(book, name, "Words.", code("print('mended')"))
    done = smartbook(book, "build")
    assert done.returncode == 0, done.stderr
    page = (book / "_build/synthetic/html/chapters/good.html").read_text("utf-8")
    assert 'It is <span class="fact">41</span>.' in page
    assert "words on stdout" in page

    write_chapter(book, "good", good, "It is {fact}`y`.")
    assert [smartbook(book, "build").returncode for _ in range(2)] == [2, 2]
    assert not (book / "_build/synthetic/html.key").exists()


def test_everything_that_a_page_asks_in_vain_is_named(make_book, build_twice, code):
    book = make_book(
        facts=[code(FACT, "fact('there', '1')"), "It is {fact}`nowhere` and {fact}`links/elsewhere`."],
        links=["See {numref}`fig-nowhere`.", "See {ref}`a-lost-label`.", "See {cite:p}`nobody1900`.",
               "See {term}`unheard-of word`."],
        formulas=["A formula $\\notacommand{x}$.", "$$\n\\frac{1\n$$"],
        taken=[include("links", "of-another-chapter")],
    )
    said = build_twice(book, 2)
    for words in ("chapter 'facts' gives no fact 'nowhere'", "chapter 'links' gives no fact 'elsewhere'",
                  "fig-nowhere", "a-lost-label", "nobody1900", "unheard-of word", "notacommand",
                  "of-another-chapter"):
        assert words in said
    assert said.count("formula not understood") == 2
    for page in ("chapters/facts", "chapters/links", "chapters/formulas", "chapters/taken"):
        assert page in said


@pytest.mark.parametrize(("parts", "sentence"), [
    ([include("one", "lost")], "Chapter 'one' includes 'lost', which no cell of it makes."),
    ([figure("made")], "Chapter 'one' makes 'made' but does not include it; add an {include} of /results/one/made.md."),
    ([figure("made"), figure("made"), include("one", "made")], "Chapter 'one' uses the name 'made' twice"),
    ([f"{FACT}; fact('made', '1')", figure("made"), include("one", "made")],
     "Chapter 'one' uses the name 'made' twice"),
], ids=["include-of-nothing", "not-included", "name-twice", "fact-and-figure"])
def test_results_and_their_includes_must_agree(make_book, build_twice, code, parts, sentence):
    cells = [p if p.startswith("```") else code(p) for p in parts]
    book = make_book(one=[code(*TABLE), *cells])
    assert sentence in build_twice(book, 2)


def test_a_page_of_the_contents_that_is_not_there(make_book, build_twice):
    book = make_book(one=["Words."])
    (book / "book" / "chapters" / "one.md").unlink()
    first = build_twice(book, 2)
    assert "_toc.yml lists one.md, which is not in chapters/." in first
