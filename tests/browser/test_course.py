"""The course in a real browser: from the first lesson to the last, with a check in each, and progress that stays."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from kdviz.texts import course
from kdviz.texts import lesson as lesson_text
from tests.browser.axe import objections
from tests.browser.visitor import PHONE, choose, settle

# A question with answers to choose from, of every lesson.
CHOICES = {
    "why_distil": "convolution",
    "soft_targets": "order",
    "watch_it_train": "t-squared",
    "temperature": "forgotten",
    "loss": "floor",
    "three_ways": "peers-alike",
    "what_is_transferred": "cka",
    "after_distillation": "sparse",
    "when_it_helps": "no-difference",
    "hintons_table": "labels",
    "mistakes": "silent",
    "next_letter": "sampling",
    "gradient_noise": "scale",
    "words": "which-kl",
}
# What a browser that translates does to the page: every text makes room for <font> elements with another.
TRANSLATE = """() => {
    const walker = document.createTreeWalker(document.querySelector('[data-testid="stMain"]'), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
        if (!text.data.trim() || text.parentElement.closest("font, style, script, .katex")) continue;
        const inner = document.createElement("font");
        inner.append(text.data);
        const outer = document.createElement("font");
        outer.append(inner);
        text.replaceWith(outer);
    }
}"""
Visit = Callable[..., Page]


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("h1").wait_for()
    settle(page)
    return page


def answer(page: Page, slug: str, check: str) -> int:
    """Answer a check until it is right, on a page that the browser translates; how many answers were wrong."""
    radios = page.locator(f".st-key-check_{slug}_{check}").get_by_role("radio")
    told = page.locator(f".st-key-told_{slug}_{check}")
    radios.first.wait_for(state="attached")
    before = ""
    for tried in range(radios.count()):
        page.evaluate(TRANSLATE)
        choose(radios.nth(tried))
        expect(told).not_to_have_text(before)
        expect(told.get_by_test_id("stAlert")).to_have_count(1)
        settle(page)
        expect(told).to_contain_text(re.compile(r"^check|Not quite\."))  # the icon's name before a right answer
        if told.get_by_test_id("stAlertContentSuccess").count():
            return tried
        before = told.text_content() or ""  # what `to_have_text` compares with
    raise AssertionError(f"no answer to {check} is right")


def marks(page: Page) -> Locator:
    return page.locator(".marks .mark")


def overview(page: Page) -> Locator:
    return page.locator(".st-key-course_overview")


def test_from_the_first_lesson_to_the_last_with_a_check_in_each(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/?data=digits")
    assert objections(page) == []
    overview(page).get_by_role("link", name="Begin with 1").click()
    wrong = 0
    for position, slug in enumerate(course.SLUGS, start=1):
        lesson = course.lesson(slug)
        place = f"Appendix {lesson.number}" if lesson.appendix else f"Lesson {position} of {course.LESSONS}"
        expect(page).to_have_url(re.compile(rf"/{slug}(\?|$)"))
        expect(page.locator("h1")).to_have_text(course.lesson(slug).question)
        expect(page).to_have_title(re.compile(rf"{re.escape(course.lesson(slug).title)} · kdviz$"))
        settle(page)
        expect(page.locator(".course .place")).to_contain_text(place)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        wrong += answer(page, slug, CHOICES[slug])
        assert objections(page) == []
        ways_on = page.locator(".st-key-ways_on")
        if position < len(course.SLUGS):
            following = course.lesson(course.SLUGS[position])
            ways_on.get_by_role("link", name=f"{following.title} · {following.question}").click()
    assert wrong, "a wrong answer was seen as well"
    assert page.evaluate("document.documentElement.lang") == "en"
    ways_on.get_by_role("link", name="overview").click()
    settle(page)
    expect(overview(page).locator(".summary")).to_contain_text(f"of {course.LESSONS} lessons done")
    expect(overview(page).locator(".row.not-yet")).to_have_count(0)
    assert "data=digits" in page.url


def test_the_last_lesson_leads_on_to_the_explorer(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/words?data=digits")
    page.locator(".st-key-ways_on").get_by_role("link", name="Explorer").click()
    expect(page).to_have_url(re.compile("/explorer"))
    settle(page)
    assert objections(page) == []


def test_progress_is_kept_shown_and_reset(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/words")
    expect(marks(page)).to_have_count(len(course.SLUGS))
    expect(marks(page).last).to_have_attribute("aria-label", re.compile("you are here, opened"))
    expect(marks(page).nth(1)).to_have_attribute("aria-label", re.compile("not opened yet"))
    answer(page, "words", "which-kl")
    field = page.get_by_label("Your answer (bits)")
    field.fill("1.5")
    field.press("Enter")
    expect(page.get_by_text("Not quite. 1.5 bits are too few")).to_be_visible()
    field.fill("2")
    field.press("Enter")
    expect(marks(page).last).to_have_attribute("aria-label", re.compile("all questions answered"))
    expect(marks(page).last).to_have_text("✓")

    asked = page.seen.asked
    page.reload()
    settle(page)
    expect(marks(page).last).to_have_text("✓")
    assert page.seen.asked <= asked + 1, "progress is the browser's alone: no run of the page for it"

    opened(page, f"{app_url}/?data=digits")
    expect(overview(page).locator(".row.done")).to_have_count(1)
    expect(overview(page).locator(".summary")).to_contain_text(f"0 of {course.LESSONS} lessons done, 2 of")
    expect(overview(page).get_by_role("link", name="Go on with")).to_be_visible()
    overview(page).get_by_role("button", name="Reset progress").click()
    overview(page).get_by_role("button", name="Keep it").click()
    expect(overview(page).locator(".row.done")).to_have_count(1)
    overview(page).get_by_role("button", name="Reset progress").click()
    overview(page).get_by_role("button", name="Yes, forget").click()
    expect(overview(page).locator(".row.not-yet")).to_have_count(len(course.SLUGS))
    expect(overview(page).get_by_role("link", name="Begin with 1")).to_be_visible()
    page.reload()
    settle(page)
    expect(overview(page).locator(".row.not-yet")).to_have_count(len(course.SLUGS))


def test_a_browser_that_keeps_nothing_shows_the_course_all_the_same(visit: Visit, app_url: str) -> None:
    page = visit(locale="en-GB")  # a context of its own, since the script stays in it
    page.add_init_script(
        "for (const name of ['getItem', 'setItem']) {"
        " const known = Storage.prototype[name];"
        " Storage.prototype[name] = function (key, ...rest) {"
        "  if (key === 'kdviz.course') throw new DOMException('blocked', 'SecurityError');"
        "  return known.call(this, key, ...rest); }; }"
    )
    opened(page, f"{app_url}/words")
    expect(marks(page).last).to_have_attribute("aria-label", re.compile("opened"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Start").click()
    settle(page)
    expect(overview(page).locator(".blocked")).to_contain_text("keeps nothing")
    expect(overview(page).locator(".row.opened")).to_have_count(1)


def test_a_term_shows_its_meaning_and_leads_to_the_glossary_in_the_same_tab(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/soft_targets?data=digits&T=4")
    page.evaluate("() => { window.sameDocument = true; }")
    term = page.locator("a.kd-term", has_text="logits").first
    meaning = page.get_by_role("tooltip")
    term.hover()
    expect(meaning).to_contain_text("raw scores, one for each class")
    expect(term).to_have_attribute("aria-describedby", "kd-meaning")
    box = meaning.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    page.mouse.move(300, 4)
    term.focus()
    expect(meaning).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/words\?.*term=logits"))
    expect(page.locator(".st-key-term_shown")).to_contain_text("Logits")
    settle(page)
    assert page.evaluate("() => window.sameDocument === true"), "the page was loaded anew"
    page.go_back()
    expect(page).to_have_url(re.compile(r"/soft_targets\?.*T=4"))
    expect(page.locator("h1")).to_have_text(course.lesson("soft_targets").question)


def test_a_tap_on_a_term_leads_to_the_glossary(visit: Visit, app_url: str) -> None:
    page = opened(visit(viewport=PHONE, has_touch=True, is_mobile=True), f"{app_url}/soft_targets?data=digits")
    page.locator("a.kd-term", has_text="logits").first.tap()
    expect(page.locator(".st-key-term_shown")).to_contain_text("Logits")
    page.get_by_test_id("stExpandSidebarButton").tap()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=course.lesson("temperature").title).tap()
    expect(page.locator("h1")).to_have_text(course.lesson("temperature").question)
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")


def test_the_glossary_is_searched_while_one_types(visit: Visit, app_url: str) -> None:
    page = opened(visit(), f"{app_url}/words")
    shown = page.locator("[class*=st-key-term_]:visible")
    every = len(course.glossary())
    expect(shown).to_have_count(every)
    asked = page.seen.asked
    field = page.get_by_label("Search")
    field.press_sequentially("hint")
    expect(page.get_by_text(f"of {every} terms")).not_to_contain_text(f"{every} of {every}")
    expect(page.locator(".st-key-term_hint")).to_be_visible()
    expect(page.locator(".st-key-term_epoch")).to_be_hidden()
    assert page.seen.asked == asked, "the search needs no server"
    field.press("Enter")
    expect(page).to_have_url(re.compile("search=hint"))
    other = opened(visit(), page.url)
    expect(other.locator(".st-key-term_hint")).to_be_visible()
    expect(other.locator(".st-key-term_epoch")).to_be_hidden()
    field.fill("qqq")
    expect(page.get_by_text("No term fits")).to_be_visible()


def test_a_link_to_no_term_is_answered_in_a_sentence(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/words?term=<b>x</b>")
    expect(page.get_by_role("alert").filter(has_text="there is no such term")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_lesson_prints_with_its_picture_and_without_the_furniture(visit: Visit, app_url: str, theme: str) -> None:
    page = opened(visit(color_scheme=theme), f"{app_url}/soft_targets?data=digits&T=4")
    page.locator(".st-key-beyond canvas").first.wait_for()
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 1 <= pages <= 4
    page.emulate_media(media="print")
    for gone in ("stSidebar", "stHeader"):
        expect(page.get_by_test_id(gone)).to_be_hidden()
    expect(page.locator(".st-key-ways_on")).to_be_hidden()
    expect(page.get_by_role("button", name="Next image")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".bar").first).to_be_visible()
    expect(page.get_by_text("Which classes look alike to the teacher?")).to_be_visible()
    background = page.get_by_test_id("stApp").evaluate("(app) => getComputedStyle(app).backgroundColor")
    assert background == "rgb(255, 255, 255)", "paper is white"
    bar = page.locator(".bar").first.evaluate("(bar) => getComputedStyle(bar).backgroundColor")
    assert bar == "rgb(0, 114, 178)", "in the colours of the light theme"


def test_every_lesson_has_an_entry_here() -> None:
    assert list(CHOICES) == list(course.SLUGS)
    for slug, check in CHOICES.items():
        assert lesson_text.read(slug).check(check).answers
