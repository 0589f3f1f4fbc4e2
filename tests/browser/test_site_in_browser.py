"""What a reader sees: every page on a phone and a desk, by day and by night, with the network off."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

BANNER = "SYNTHETIC DATA – no finding about Smart"
SIZES = {390: 844, 1440: 900}
MACROS = ("webpack-macros.html", "sbt-webpack-macros.html")

# The lowest contrast of any text of the article, with the first such text. Opacity fades the text towards what is
# behind it; a colour behind text is that of the nearest ancestor that has one.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const parse = text => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
      const d = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [d[0], d[1], d[2], d[3] / 255]);
    }
    return known.get(text);
  };
  const over = (top, alpha, below) => top.map((v, i) => v * alpha + below[i] * (1 - alpha));
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => {
    const above = [];
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3]) above.push(c);
      if (c[3] === 1) break;
    }
    return above.reverse().reduce((below, c) => over(c.slice(0, 3), c[3], below), [255, 255, 255]);
  };
  let worst = {ratio: 99, text: ''};
  const texts = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
  let count = 0;
  for (let node; node = texts.nextNode();) {
    const e = node.parentElement;
    if (!node.textContent.trim() || e.closest('math, pre, .headerlink, svg, button, script, style') ||
        !e.getClientRects().length) continue;
    const style = getComputedStyle(e), colour = parse(style.color), behind = ground(e);
    let alpha = colour[3];
    for (let up = e; up; up = up.parentElement) alpha *= getComputedStyle(up).opacity;
    const a = light(over(colour.slice(0, 3), alpha, behind)), b = light(behind);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    count += 1;
    if (ratio < worst.ratio) worst = {ratio, text: node.textContent.trim().slice(0, 60), kind: e.className};
  }
  return {...worst, count};
}"""

# What sticks out of the page to the right, the widest first.
OVERFLOW = """() => [document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"""


@pytest.fixture(scope="module")
def pages(site):
    found = [p.relative_to(site).as_posix() for p in sorted(site.rglob("*.html")) if p.name not in MACROS]
    assert len(found) >= 11
    return found


@pytest.fixture
def open_page(chromium):
    """A page of a fresh context with the network off, and the list of what it did wrong."""
    contexts = []

    def make(width=1440, scheme="light", own="file://"):
        context = chromium.new_context(viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme,
                                       offline=own == "file://")
        contexts.append(context)
        faults = []

        def pass_own(route):
            if route.request.url.startswith((own, "data:", "blob:")):
                route.continue_()
            else:
                faults.append(f"request to {route.request.url}")
                route.abort()

        context.route("**/*", pass_own)
        page = context.new_page()
        page.on("console", lambda m: faults.append(f"console {m.type}: {m.text}") if m.type in ("error", "warning")
                else None)
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("requestfailed", lambda r: faults.append(f"failed: {r.url}"))
        return page, faults

    yield make
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_every_page(site, pages, open_page, width, scheme):
    page, faults = open_page(width, scheme)
    texts, wrong = 0, []
    for name in pages:
        page.goto((site / name).as_uri(), wait_until="load")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        root, body, inner = page.evaluate(OVERFLOW)
        assert inner == width
        if max(root, body) > inner:
            wrong.append(f"{name}: scrolls sideways, {root} in {inner}")
        banner = page.locator(".bd-header-announcement__content")
        box = banner.bounding_box()
        if banner.inner_text().strip() != BANNER or not box or not 0 <= box["y"] < 40 or box["width"] < 200:
            wrong.append(f"{name}: banner at {box}")
        broken = page.evaluate("""async () => { const all = [...document.querySelectorAll('article img')];
            document.querySelectorAll('.sd-tab-content').forEach(e => { e.style.display = 'block'; });
            await Promise.all(all.map(i => { i.loading = 'eager'; return i.decode().catch(() => 0); }));
            return all.filter(i => !i.naturalWidth || i.getBoundingClientRect().width < 200).map(i => i.src); }""")
        wrong += [f"{name}: {source} is not drawn" for source in broken]
        if name != "search.html":
            found = page.evaluate(CONTRAST)
            texts += found["count"]
            if found["ratio"] < 4.5:
                wrong.append(f"{name}: contrast {found['ratio']:.2f} of {found['text']!r} ({found['kind']})")
    assert "\n".join(wrong) == ""
    assert "\n".join(faults) == ""
    assert texts > 1000


def test_code_opens(site, open_page):
    page, faults = open_page()
    page.goto((site / "chapters" / "income.html").as_uri())
    toggle = page.locator("details.hide.above-input").first
    code = toggle.locator("pre").first
    assert not code.is_visible()
    toggle.locator("summary").click()
    assert code.is_visible()
    assert "open_study" in code.inner_text()
    toggle.locator("summary").click()
    assert not code.is_visible()
    assert faults == []


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def address(site):
    """The site over http on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_search_finds_a_word(open_page, address):
    page, faults = open_page(own=address)
    page.goto(f"{address}/search.html?q=Activity")
    hit = page.locator("#search-results li a", has_text="Glossary").first
    hit.wait_for(timeout=15_000)
    assert page.locator("#search-results li").count() >= 3
    page.wait_for_load_state("networkidle")     # a click would break off the excerpts on their way
    hit.click()
    page.wait_for_url("**/chapters/glossary.html*")
    assert "budget account" in page.locator("article").inner_text()
    assert faults == []


def test_the_theme_can_be_changed(site, open_page):
    page, faults = open_page(scheme="light")
    page.goto((site / "index.html").as_uri())
    seen = []
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        seen.append(page.evaluate("document.documentElement.dataset.theme"))
    assert set(seen) == {"light", "dark"}
    assert faults == []
