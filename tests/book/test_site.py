"""The real site says on every page and file what it is, stands on its own, and holds together."""

import html.parser
import json
import os
import re
import tempfile
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

BANNER = "SYNTHETIC DATA – no finding about Smart"
PUBLIC = "Public statistics"
SOURCE, LINK = ("src", "srcset"), ("href", "xlink:href")
LOADING = {"img": SOURCE, "source": SOURCE, "script": SOURCE, "iframe": SOURCE, "audio": SOURCE, "embed": SOURCE,
           "input": SOURCE, "video": ("src", "poster"), "object": ("data",), "form": ("action",), "link": LINK,
           "base": LINK, "use": LINK, "image": LINK}
MACROS = ("webpack-macros.html", "sbt-webpack-macros.html")


class Page(html.parser.HTMLParser):
    """What a page loads, links to and names."""

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.tags, self.text, self.figures, self.inside = path, [], [], [], []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()
        self.ids = {a["id"] for _, a in self.tags if a.get("id")}
        self.loaded = [a[k] for tag, a in self.tags for k in LOADING.get(tag, ()) if a.get(k)]
        self.links = [a["href"] for tag, a in self.tags if tag == "a" and a.get("href")]

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag in ("figure", "table") and re.match(r"(fig|tab)-", attributes.get("id") or ""):
            self.inside.append((tag, {"id": attributes["id"], "images": [], "links": []}))
        for _, thing in self.inside:
            if tag == "img":
                thing["images"].append(attributes)
            if tag == "a":
                thing["links"].append(attributes.get("href", ""))

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1][0] == tag:
            self.figures.append(self.inside.pop()[1])

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def pages(site):
    found = [Page(p) for p in sorted(site.rglob("*.html")) if p.name not in MACROS]
    assert len(found) >= 11
    return found


def test_every_page_has_the_banner(pages):
    for page in pages:
        banner = re.search(r'<div class="bd-header-announcement__content">(.*?)</div>', page.source, re.DOTALL)
        assert banner, page.path.name
        assert banner[1].strip() == BANNER


def test_every_download_starts_with_the_banner(site):
    notebooks = list((site / "_sources").rglob("*.ipynb"))
    assert len(notebooks) >= 8
    for path in notebooks:
        cell = json.loads(path.read_text("utf-8"))["cells"][0]
        assert (cell["cell_type"], "".join(cell["source"])) == ("markdown", f"**{BANNER}**"), path.name


def test_every_result_says_what_it_is(site):
    tables, images = list(site.rglob("*.csv")), list((site / "_images").glob("*.svg"))
    assert len(tables) > 30
    assert len(images) > 25
    for path in tables:
        first = path.read_text("utf-8").partition("\n")[0]
        assert first in (f"# {BANNER}", f"# {PUBLIC}"), path.name
    for path in images:
        source = path.read_text("utf-8")
        assert f"<dc:title>{BANNER}</dc:title>" in source or f"<dc:title>{PUBLIC}</dc:title>" in source, path.name
        # Written as shapes, for the eye, unless the numbers are public.
        assert PUBLIC in source or f"<!-- {BANNER} -->" in source, path.name


def test_the_caption_says_it_too(pages):
    seen = 0
    for page in pages:
        for caption in re.findall(r"<(?:figcaption|caption)>.*?</(?:figcaption|caption)>", page.source, re.DOTALL):
            if "Data as CSV" in caption:
                seen += 1
                assert BANNER in caption or PUBLIC in caption, (page.path.name, caption)
    assert seen > 30


def test_every_figure_and_table_has_its_data_and_words(pages):
    figures = [(page, figure) for page in pages for figure in page.figures]
    assert len(figures) > 30
    for page, figure in figures:
        data = [link for link in figure["links"] if link.endswith(".csv")]
        assert len(data) == 1, figure["id"]
        assert (page.path.parent / data[0]).is_file()
        assert Path(data[0]).stem == figure["id"].partition("-")[2]
        if figure["id"].startswith("fig-"):
            (image,) = figure["images"]
            alt = image.get("alt") or ""
            assert len(alt.split()) >= 8, figure["id"]
            assert "/" not in alt.split()[0]
            assert not re.search(r"\.(svg|png|csv)\b", alt), figure["id"]
            assert not re.search(r"\d[eE][+-]\d", alt), f"a reader hears an exponent in {figure['id']}"
            assert "nan" not in alt.lower().split(), figure["id"]


def test_home_says_what_the_verdict_says(pages):
    said = {page.path.name: re.findall(r"In that world the instrument reads: [^<]+", page.source) for page in pages}
    [home], [verdict] = said["index.html"], said["is-smart-living-up.html"]
    assert home == verdict and len(home) > 60


def test_no_page_loads_from_another_host(site, pages):
    for page in pages:
        outside = [u for u in page.loaded if re.match(r"(?:[a-z]+:)?//", u.strip())]
        assert outside == [], page.path.name
        inline = " ".join(a.get("style") or "" for _, a in page.tags)
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", inline + page.source), page.path.name
    sheets = list(site.rglob("*.css")) + list(site.rglob("*.svg"))
    assert sheets
    for path in sheets:
        source = path.read_text("utf-8")
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//|href=\"https?://", source), path.name


def test_links_inside_the_site_lead_somewhere(site, pages):
    ids = {page.path.resolve(): page.ids for page in pages}
    checked = 0
    for page in pages:
        for link in {*page.links, *page.loaded}:
            if re.match(r"[a-z]+:", link):
                continue
            target, anchor = urldefrag(link)
            path = (page.path.parent / unquote(target.partition("?")[0])).resolve() if target else page.path.resolve()
            checked += 1
            assert path.is_file(), (page.path.name, link)
            assert path.is_relative_to(site.resolve()), (page.path.name, link)
            if anchor and path.suffix == ".html":
                assert unquote(anchor) in ids[path], (page.path.name, link)
    assert checked > 300


def test_nothing_tells_of_this_machine(site, real_book):
    homes = {str(Path.home()), str(real_book.parent), os.environ.get("HOME", "")} - {"", "/"}
    words = [f"{home}/".encode() for home in homes] + [str(real_book.parent).encode(), b"file://", b"/tmp/smartbook",
                                                       f"{tempfile.gettempdir()}/".encode()]
    for path in sorted(p for p in site.rglob("*") if p.is_file() and "vendor" not in p.parts):
        content = path.read_bytes()
        found = [w for w in words if w in content and not (w == b"file://" and path.suffix in (".js", ".map"))]
        assert found == [], path.relative_to(site)


def test_no_page_shows_a_failure_or_an_unresolved_mark(pages):
    for page in pages:
        article = page.source.partition("<article")[2].partition("</article>")[0]
        for words in ("Traceback (most recent call last)", "output traceback", "system-message", 'class="problematic"'):
            assert words not in page.source, (page.path.name, words)
        prose = re.sub(r"<(pre|code)\b.*?</\1>", "", article, flags=re.DOTALL)
        assert not re.search(r"\{[a-z:]+\}`|:::|```|\$\$", prose), page.path.name
        for number in re.findall(r'<span class="fact">([^<]*)</span>', article):
            assert number.strip(), page.path.name
            assert not re.search(r"\b(nan|None|inf|NaT)\b", number), (page.path.name, number)
