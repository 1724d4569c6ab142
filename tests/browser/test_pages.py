"""The report in Chromium: no barrier that axe-core finds, no attack that runs, narrow, printed, by keyboard, without
script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Of axe's best practices those that say something about this page; the others are about applications and frames.
PRACTICES = [
    "region", "landmark-one-main", "landmark-unique", "page-has-heading-one", "heading-order", "empty-heading",
    "empty-table-header", "skip-link", "scope-attr-valid", "table-duplicate-name", "tabindex", "image-redundant-alt",
    "landmark-banner-is-top-level", "landmark-contentinfo-is-top-level", "landmark-main-is-top-level",
]  # fmt: skip
TEAM = ("continuous", "repeats", "blocks", "nominal", "nothing", "log amounts", "groups amounts", "groups panel")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    yield context.new_page()
    context.close()


def opened(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")


@pytest.mark.parametrize(
    ("kind", "audience"), [(kind, "public") for kind in pages.KINDS] + [(kind, "team") for kind in TEAM]
)
def test_no_barrier(kind: str, audience: str, page: Page, folder: Path) -> None:
    axe: Any = pytest.importorskip("axe_playwright_python.base")
    page.goto(pages.page(kind, folder, audience=audience))
    opened(page)
    page.evaluate(axe.AXE_SCRIPT)
    run = "tags => axe.run({runOnly: tags, resultTypes: ['violations', 'incomplete']})"
    for chosen in ({"type": "tag", "values": TAGS}, {"type": "rule", "values": PRACTICES}):
        found = page.evaluate(run, chosen)
        assert found["violations"] == [], [
            (v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]
        ]
        assert len(found["passes"]) > 5
        unsure = {item["id"] for item in found["incomplete"]}
        assert unsure <= {"color-contrast"}  # text over drawn marks, which axe cannot weigh


def test_charts_and_their_marks_have_contrast() -> None:
    """What axe cannot weigh: 4.5:1 for the colours of text in charts on white, 3:1 for marks."""
    from noiseaudit.charts.canvas import LEVEL, OCCASION, PATTERN, SECONDARY

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for colour in (LEVEL, PATTERN, OCCASION, SECONDARY):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5


RUNNING = """[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on/i.test(a.name)
    || (/href|src|action/i.test(a.name) && !a.value.startsWith('#'))).map(a => `${a.name}=${a.value}`)"""


def test_hostile_text_does_nothing(page: Page, folder: Path) -> None:
    happened: list[str] = []
    page.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda said: happened.append(f"console {said.text}"))
    page.on("pageerror", lambda error: happened.append(f"error {error}"))
    page.on("popup", lambda _: happened.append("popup"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address in pages.hostile(folder):
        asked.clear()
        page.goto(address)
        opened(page)
        for part in page.locator("summary, h1, dd, figcaption").all()[:4]:
            part.hover()
        page.wait_for_timeout(20)
        assert asked == [address]
        assert page.evaluate(RUNNING) == []
        assert page.locator("script, iframe, object, embed, form, base, link, img").count() == 0
        assert not happened


SIZES = """[...document.querySelectorAll('svg text')].map(e => parseFloat(getComputedStyle(e).fontSize)
    * Math.hypot(e.getScreenCTM().c, e.getScreenCTM().d))"""  # CSS pixels, also of text on its side
STUCK = """[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX === 'auto' && e.tabIndex !== 0).map(e => e.outerHTML.slice(0, 80))"""
CUT = """[...document.querySelectorAll('svg')].flatMap(svg => { const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter(e => { const t = e.getBoundingClientRect();
        return t.left < box.left - 2 || t.right > box.right + 2 || t.top < box.top - 2 || t.bottom > box.bottom + 2; })
    .map(e => e.textContent); })"""
OVERLAPS = """[...document.querySelectorAll('svg')].flatMap(svg => {
    const parts = [...svg.querySelectorAll('text')].map(e => [e.textContent, e.getBoundingClientRect()]);
    return parts.flatMap(([a, p], i) => parts.slice(i + 1).filter(([, q]) =>
        Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2 &&
        Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4).map(([b]) => `${a} | ${b}`)); })"""


@pytest.mark.parametrize("width", [320, 480, 500, 600, 768, 1280])
def test_a_narrow_page_does_not_scroll_sideways_and_its_charts_stay_legible(
    width: int, page: Page, folder: Path
) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    for kind in (
        "long names",
        "300 professionals",
        "nominal",
        "huge",
        "nothing",
        "log amounts",
        "log long names",
        "log categories",
        "log nothing",
        "groups amounts",
        "groups many",
        "groups panel",
    ):
        page.goto(pages.page(kind, folder))
        for _ in range(2):  # closed, then open
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), kind
            opened(page)
        assert min(page.evaluate(SIZES), default=12) > 11.99, kind
        assert page.evaluate(STUCK) == [], kind
        assert page.evaluate(CUT) == [], kind


@pytest.mark.parametrize("kind", list(pages.KINDS))
def test_no_two_texts_of_a_chart_lie_on_one_another(kind: str, page: Page, folder: Path) -> None:
    page.goto(pages.page(kind, folder))
    assert page.evaluate(OVERLAPS) == []


def test_print_opens_what_is_folded_and_makes_a_tagged_pdf(page: Page, folder: Path) -> None:
    page.goto(pages.page("repeats", folder))
    folded = page.locator("details:not(.noprint) table")
    assert not any(table.is_visible() for table in folded.all())
    page.emulate_media(media="print")
    assert folded.count() >= 4
    assert all(table.is_visible() for table in folded.all())
    assert not page.locator("nav").is_visible()
    assert not page.locator("pre").is_visible()
    pdf = page.pdf(format="A4", tagged=True)
    assert b"/StructTreeRoot" in pdf
    assert b"/MarkInfo" in pdf
    assert pdf.count(b"/S /Table") >= 4
    assert b"/Lang (en" in pdf


def focused(page: Page) -> str:
    told = "(e => `${e.tagName} ${e.getAttribute('aria-label') || e.textContent.trim().slice(0, 60)}`)"
    return str(page.evaluate(f"{told}(document.activeElement)"))


def test_everything_is_reached_by_keyboard(page: Page, folder: Path) -> None:
    page.goto(pages.page("repeats", folder))
    opened(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null"), "the skip link leads past the contents"
    page.goto("about:blank")
    page.goto(pages.page("repeats", folder))
    opened(page)
    wanted = page.evaluate("[...document.querySelectorAll('a, summary, [tabindex]')].length")
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.append(focused(page))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid" or reached[-1].startswith("A "), reached[-1]
    assert len({*reached}) >= wanted - 5  # several tables are called alike
    regions = page.locator("[role=region][tabindex='0']").all()
    labels = [str(region.get_attribute("aria-label")) for region in regions]
    assert {f"DIV {label}" for label in labels} <= {*reached}
    page.keyboard.press("Tab")
    assert focused(page).startswith(("BODY", "A "))


def test_a_fold_opens_by_keyboard(page: Page, folder: Path) -> None:
    page.goto(pages.page("small", folder))
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None


@pytest.mark.parametrize("kind", ["repeats", "nominal", "nothing", "log amounts"])
def test_no_script_is_needed(kind: str, browser: Browser, folder: Path) -> None:
    texts = []
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        view = context.new_page()
        view.goto(pages.page(kind, folder))
        texts.append((view.locator("body").inner_text(), view.locator("svg").count()))
        context.close()
    assert texts[0] == texts[1]
    assert len(texts[0][0]) > 1000
