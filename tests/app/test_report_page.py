"""The HTML report: one page that loads nothing, lets nothing foreign in, and does not call an unknown price free."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources

import pytest

from lsp_repair.app.report_page import report_page

HOSTILE = "</script><img src=x onerror=alert(1)><!--<script>\u2028\u202egnp.exe\x00\x1b[31m\ud800&quot;'\"]]>"
LOADING = {"src", "href", "srcset", "action", "formaction", "data", "poster", "ping", "xlink:href"}


class Page(HTMLParser):
    """The page as a browser would take it apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.inline = []
        self.words = []
        self._open = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs)) if tag in {"script", "style"} else None

    def handle_endtag(self, _tag):
        self._open = None

    def handle_data(self, data):
        if self._open:
            self.inline.append((*self._open, data))
        else:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    @property
    def policy(self):
        (content,) = [each["content"] for tag, each in self.elements if each.get("http-equiv")]
        return dict(directive.split(" ", 1) for directive in content.split("; "))

    @property
    def data(self):
        (text,) = [text for _, attributes, text in self.inline if attributes.get("type") == "application/json"]
        return json.loads(text)


def usage(key="gpt", cost="0.5"):
    return {
        "key": key,
        "calls": 2,
        "input_tokens": 900,
        "cached_tokens": 400,
        "output_tokens": 100,
        "reasoning_tokens": 60,
        "cost_usd": cost,
    }


def fix(**changed: object):
    return {
        "at": 1763700000.0,
        "root": "/home/ann/shop",
        "tests": ["tests/test_cart.py::test_total"],
        "error_type": "AssertionError",
        "status": "proposed",
        "title": "Replace `<` by `<=`",
        "decision": "accepted",
        "strategy": "direct",
        "candidates": 3,
        "tokens": 1000,
        "seconds": 4.5,
        "cost_usd": "0.5",
    } | changed


def document(cost="0.5", **changed: object):
    group = {"count": 1, "cost_usd": cost}
    return {
        "schema": 2,
        "sessions": 1,
        "failures": 1,
        "proposed": 1,
        "accepted": 1,
        "rejected": 0,
        "candidates": 3,
        "tokens": 1000,
        "seconds": 4.5,
        "cost_usd": cost,
        "cost_per": {
            "fix": group,
            "accepted": group,
            "rejected": {"count": 0, "cost_usd": "0"},
            "failed": {"count": 0, "cost_usd": "0"},
        },
        "by_model": [usage(cost=cost)],
        "by_role": [usage("author", cost)],
        "by_strategy": [usage("direct", cost)],
        "by_day": [usage("2025-11-21", cost)],
        "fixes": [fix(cost_usd=cost)],
    } | changed


def empty_document():
    nothing = {"count": 0, "cost_usd": "0"}
    figures = dict.fromkeys(("sessions", "failures", "proposed", "accepted", "rejected", "candidates", "tokens"), 0)
    lists = {name: [] for name in ("by_model", "by_role", "by_strategy", "by_day", "fixes")}
    groups = dict.fromkeys(("fix", "accepted", "rejected", "failed"), nothing)
    return document("0", seconds=0.0, cost_per=groups, **figures, **lists)


def hostile_document():
    foreign = ("root", "error_type", "status", "title", "decision", "strategy")
    names = ("by_model", "by_role", "by_strategy")
    return document(
        **{name: [usage(HOSTILE)] for name in names},
        fixes=[fix(tests=[HOSTILE, HOSTILE], **dict.fromkeys(foreign, HOSTILE))],
    )


def figure(page, label):
    """The headline figure with its note."""
    return re.search(rf"{label} (\S+) (.*?)(?= (?:Fixes|Spend|Cost per|Tokens|Repair time) |$)", page.text).groups()


def packaged(name):
    return resources.files("lsp_repair.app.report_page").joinpath(name).read_text("utf-8")


@pytest.mark.parametrize("content", [document(), empty_document(), hostile_document()])
def test_the_page_refers_to_nothing_outside_itself(content):
    page = Page(report_page(content))
    assert not {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "embed", "base", "form", "a"}
    assert not [attributes for _, attributes in page.elements if LOADING & attributes.keys()]
    assert not [text for tag, _, text in page.inline if tag == "style" and re.search(r"@import|url\(", text)]


def test_no_script_can_load_anything():
    scripts = packaged("charts.js") + packaged("page.js")
    assert not re.search(r"\bfetch\b|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|\bimport\(", scripts)


def test_the_vendored_code_is_the_same_bytes_wherever_it_stands():
    bundle = packaged("charts.js")
    assert bundle.isascii()
    assert not re.search(r"</script|<!--|\x00|\r", bundle, re.IGNORECASE)


def test_no_script_writes_markup():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", packaged("page.js"))


def test_the_licences_of_the_vendored_code_come_with_the_page():
    page = Page(report_page(document()))
    for name in ("vega-lite", "vega-view", "vega-interpreter", "d3-scale"):
        assert re.search(rf"\b{name} \d", page.text)


@pytest.mark.parametrize("content", [document(), empty_document()])
def test_the_policy_refuses_everything_that_is_not_named(content):
    policy = Page(report_page(content)).policy
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["img-src"] == "data:"
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)


@pytest.mark.parametrize("content", [document(), empty_document(), hostile_document()])
def test_the_policy_names_exactly_the_scripts_and_the_style_of_the_page(content):
    page = Page(report_page(content))
    hashes = {
        name: [
            f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
            for tag, attributes, text in page.inline
            if tag == name and attributes.get("type") != "application/json"
        ]
        for name in ("script", "style")
    }
    assert page.policy["script-src"].split() == (hashes["script"] or ["'none'"])
    assert page.policy["style-src"].split() == hashes["style"]


def test_the_policy_comes_before_everything_that_it_judges():
    tags = [(tag, "http-equiv" in attributes) for tag, attributes in Page(report_page(document())).elements]
    assert tags.index(("meta", True)) < tags.index(("style", False)) < tags.index(("script", False))


def test_no_element_has_a_handler_or_a_style_of_its_own():
    attributes = [name for _, each in Page(report_page(hostile_document())).elements for name in each]
    assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_hostile_text_adds_no_element():
    kind = [tag for tag, _ in Page(report_page(document())).elements]
    assert [tag for tag, _ in Page(report_page(hostile_document())).elements] == kind


def test_embedded_json_has_no_sign_that_html_gives_a_meaning():
    text = report_page(hostile_document())
    embedded = text.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert embedded.isascii()
    assert not set("<>&") & set(embedded)
    assert r"\u003c/script\u003e\u003cimg" in embedded
    json.loads(embedded)


def test_invisible_and_turning_signs_are_written_out_everywhere():
    text = report_page(hostile_document())
    assert not [each for each in text if not (each.isprintable() or each in "\n\t")]
    (shown,) = Page(text).data["fixes"]
    assert r"\u2028\u202egnp.exe\x00\x1b[31m\ud800" in shown["title"]
    assert shown["title"].startswith("</script><img src=x")
    text.encode("utf-8")


def test_an_unknown_price_is_unknown_in_every_headline():
    page = Page(report_page(document(cost=None)))
    for label in ("Spend", "Cost per proposed fix", "Cost per accepted fix"):
        assert figure(page, label)[0] == "unknown"
    assert "$" not in page.text


def test_an_unknown_price_is_no_number_for_the_charts():
    data = Page(report_page(document(cost=None))).data
    entries = [each for entries in data.values() for each in entries]
    assert len(entries) == 5
    assert {(each["cost_usd"], each["cost_text"]) for each in entries} == {(None, "price unknown")}


def test_what_is_known_of_an_unknown_total_is_told_as_a_lower_bound():
    content = document(cost=None, failures=3, fixes=[fix(cost_usd=cost) for cost in ("1.25", None, "0.5")])
    value, note = figure(Page(report_page(content)), "Spend")
    assert value == "unknown"
    assert note.startswith("at least $1.75; the price of 1 of 3 failures is unknown")


def test_a_price_of_nothing_is_zero_dollars():
    page = Page(report_page(document(cost="0")))
    assert figure(page, "Spend") == ("$0", "nothing was paid for")
    assert page.data["fixes"][0]["cost_usd"] == 0


def test_the_cost_per_fix_is_the_mean_of_its_group():
    groups = document()["cost_per"] | {"accepted": {"count": 4, "cost_usd": "0.05"}}
    value, note = figure(Page(report_page(document(cost_per=groups))), "Cost per accepted fix")
    assert (value, note) == ("$0.0125", "$0.05 for 4 accepted")


def test_a_group_without_members_has_no_mean():
    groups = document()["cost_per"] | {"accepted": {"count": 0, "cost_usd": "0"}}
    value, note = figure(Page(report_page(document(cost_per=groups))), "Cost per accepted fix")
    assert (value, note) == ("none", "no fix was accepted yet")


@pytest.mark.parametrize(
    ("money", "headline", "row"),
    [
        ("1234.567", "$1,234.57", "$1,234.5670"),
        ("0.9996", "$1.00", "$0.9996"),
        ("0.10", "$0.10", "$0.1000"),
        ("0.001234567", "$0.00123", "$0.0012"),
        ("0.00000004", "$0.00000004", "< $0.0001"),
        ("0E-8", "$0", "$0"),
    ],
)
def test_money_is_written_without_exponents_and_never_rounded_to_nothing(money, headline, row):
    page = Page(report_page(document(cost=money)))
    assert figure(page, "Spend")[0] == headline
    assert page.data["fixes"][0]["cost_text"] == row


def test_the_decision_is_the_outcome_and_a_failure_without_either_was_cut_off():
    fixes = [fix(), fix(decision=None), fix(decision=None, status=None)]
    shown = Page(report_page(document(fixes=fixes))).data["fixes"]
    assert [each["outcome"] for each in shown] == ["accepted", "proposed", "cut off"]


def test_an_empty_ledger_says_that_nothing_was_repaired_yet():
    text = report_page(empty_document())
    assert "Nothing has been repaired yet" in Page(text).text
    assert "<script" not in text
    assert len(text) < 20_000


def test_sessions_without_failures_still_make_a_page():
    content = empty_document() | {"sessions": 2}
    text = Page(report_page(content)).text
    assert "of 0 failures in 2 sessions" in text
    assert "No failure has been found yet" in text


def test_light_and_dark_colours_are_both_defined():
    light, dark = re.split(r"@media \(prefers-color-scheme: dark\)", packaged("page.css"))
    names = set(re.findall(r"(--[\w-]+): #", light.split("}", 1)[0]))
    assert names
    assert names == set(re.findall(r"(--[\w-]+): #", dark.split("}", 1)[0]))
    assert '<meta name="color-scheme" content="light dark">' in report_page(document())
