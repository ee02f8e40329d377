"""What repair cost, as one HTML page that needs no network and no file beside it.

The page is drawn by `page.js` with `charts.js`, which `bundle/` builds from Vega-Lite. Foreign text reaches the page in
two ways only, both closed: escaped in its HTML, and in the JSON that `page.js` writes as text, never as markup.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from html import escape
from importlib import resources
from string import Template
from typing import Any, NamedTuple, cast

Json = dict[str, Any]

_UNSAFE_IN_HTML = {ord(each): f"\\u{ord(each):04x}" for each in "<>&"}
_NOTHING = "Nothing has been repaired yet. Run <code>lsp-repair fix</code> where a test fails; its cost will then be shown here."
_NO_FAILURE = "No failure has been found yet: there is nothing to draw."


def report_page(document: Mapping[str, Any]) -> str:
    """The HTML text of the page for the data of `report --json`."""
    shown: Json = _visible(document)
    style = _file("page.css")
    scripts = [_file("charts.js"), _file("page.js")] if shown["sessions"] else []
    return Template(_file("page.html")).substitute(
        policy=escape(_policy(style, scripts)),
        style=style,
        period=escape(" · ".join(filter(None, [_period(shown), _projects(shown)]))),
        body=_body(shown, scripts) if shown["sessions"] else f'<p class="nothing">{_NOTHING}</p>',
    )


def _body(shown: Json, scripts: Sequence[str]) -> str:
    return Template(_file("body.html")).substitute(
        figures="\n".join(_figure_html(each) for each in _figures(shown)),
        note="" if shown["fixes"] else f'<p class="nothing">{_NO_FAILURE}</p>',
        data=_embedded(_with_texts(shown)),
        scripts="\n".join(f"<script>{each}</script>" for each in scripts),
        licences=escape(_file("charts.LICENSES.txt")),
    )


def _file(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def _policy(style: str, scripts: Iterable[str]) -> str:
    """Only the page's own style and scripts count, and nothing is loaded."""
    directives = {
        "default-src": "'none'",
        "script-src": " ".join(map(_hash_source, scripts)) or "'none'",
        "style-src": _hash_source(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def _hash_source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _embedded(data: Json) -> str:
    """JSON that can stand inside a script element, whatever its texts contain."""
    return json.dumps(data, allow_nan=False).translate(_UNSAFE_IN_HTML)


def _visible(value: Any) -> Any:
    """The same data, with escapes for characters that are invisible or change the direction of text."""
    if isinstance(value, str):
        return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in value)
    if isinstance(value, Mapping):
        return {key: _visible(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_visible(each) for each in cast("Sequence[Any]", value)]
    return value


class _Figure(NamedTuple):
    """One headline figure."""

    label: str
    value: str
    note: str
    known: bool = True


def _figures(shown: Json) -> list[_Figure]:
    per = shown["cost_per"]
    return [
        _Figure("Fixes proposed", f"{shown['proposed']:,}", _proposed_note(shown)),
        _Figure("Spend", _short(shown["cost_usd"]), _spend_note(shown), shown["cost_usd"] is not None),
        _mean("Cost per proposed fix", per["fix"], "proposed"),
        _mean("Cost per accepted fix", per["accepted"], "accepted"),
        _Figure("Tokens", _compact(shown["tokens"]), _tokens_note(shown)),
        _Figure("Repair time", _duration(shown["seconds"]), _work_note(shown)),
    ]


def _figure_html(figure: _Figure) -> str:
    mark = "" if figure.known else ' class="unknown"'
    return (
        f"<div><dt>{escape(figure.label)}</dt><dd{mark}>{escape(figure.value)}</dd>"
        f'<dd class="note">{escape(figure.note)}</dd></div>'
    )


def _proposed_note(shown: Json) -> str:
    return (
        f"of {_counted(shown['failures'], 'failure')} in {_counted(shown['sessions'], 'session')}: "
        f"{shown['accepted']:,} accepted, {shown['rejected']:,} rejected"
    )


def _spend_note(shown: Json) -> str:
    total = _amount(shown["cost_usd"])
    if total is None:
        return _lower_bound_note([_amount(each["cost_usd"]) for each in shown["fixes"]])
    if not total:
        return "nothing was paid for"
    return f"{_short(shown['cost_per']['failed']['cost_usd'])} of it on failures without a proposal"


def _lower_bound_note(amounts: Sequence[Decimal | None]) -> str:
    """A lower bound of an unknown total."""
    known = [each for each in amounts if each is not None]
    missing = f"the price of {len(amounts) - len(known):,} of {len(amounts):,} failures is unknown"
    return f"at least {_short(sum(known, Decimal()))}; {missing}" if any(known) else missing


def _mean(label: str, group: Json, name: str) -> _Figure:
    """The group's cost for each of its members."""
    total, count = _amount(group["cost_usd"]), group["count"]
    if not count:
        return _Figure(label, "none", f"no fix was {name} yet")
    if total is None:
        return _Figure(label, "unknown", f"not every price of the {count:,} {name} is known", known=False)
    return _Figure(label, _short(total / count), f"{_short(total)} for {count:,} {name}")


def _work_note(shown: Json) -> str:
    tried = f"{_counted(shown['candidates'], 'candidate')} tried"
    return f"{_duration(shown['seconds'] / shown['failures'])} a failure, {tried}" if shown["failures"] else tried


def _tokens_note(shown: Json) -> str:
    calls = sum(each["calls"] for each in shown["by_model"])
    if not calls:
        return "no model was asked"
    return f"in {_counted(calls, 'call')} of {_counted(len(shown['by_model']), 'model')}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _compact(count: int) -> str:
    """Three digits and a unit."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 999.5 * size else f"{count / size:,.0f} {unit}"
    return str(count)


def _duration(seconds: float) -> str:
    """In the largest unit of which there are at least two."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"


def _amount(money: str | None) -> Decimal | None:
    return None if money is None else Decimal(money)


def _short(money: Decimal | str | None) -> str:
    """For a headline: cents, and three significant digits below a dollar."""
    if money is None:
        return "unknown"
    amount = Decimal(money)
    if not amount:
        return "$0"
    rounded = Decimal(f"{amount:.2e}").normalize() if amount < 1 else amount.quantize(Decimal("0.01"))
    digits = max(2, -int(rounded.as_tuple().exponent))
    return f"${rounded:,.{digits}f}"


def _exact(money: str | None) -> str:
    """For a table: four digits after the point."""
    amount = _amount(money)
    if amount is None:
        return "price unknown"
    if not amount:
        return "$0"
    return f"${amount:,.4f}" if amount >= Decimal("0.0001") else "< $0.0001"


def _with_texts(shown: Json) -> Json:
    """What page.js draws: the data, with money and times in words, so that it need not make any."""
    breakdowns = {
        name: [_priced(each) for each in shown[name]] for name in ("by_model", "by_role", "by_strategy", "by_day")
    }
    return {**breakdowns, "fixes": [_fix(number, each) for number, each in enumerate(shown["fixes"])]}


def _priced(entry: Json) -> Json:
    amount = _amount(entry["cost_usd"])
    return {**entry, "cost_usd": None if amount is None else float(amount), "cost_text": _exact(entry["cost_usd"])}


def _fix(number: int, fix: Json) -> Json:
    """With its outcome: the user's decision, otherwise the status of the failure."""
    when = datetime.fromtimestamp(fix["at"], UTC).astimezone()
    return {
        **_priced(fix),
        "id": number,
        "day": f"{when:%Y-%m-%d}",
        "when": f"{when:%Y-%m-%d %H:%M}",
        "outcome": fix["decision"] or fix["status"] or "cut off",
    }


def _period(shown: Json) -> str:
    """From the first day to the last."""
    days = sorted({each["key"] for each in shown["by_day"]} | {_fix(0, each)["day"] for each in shown["fixes"]})
    if not days:
        return ""
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _projects(shown: Json) -> str:
    """Where the failures were."""
    roots = {each["root"] for each in shown["fixes"]}
    return f"{len(roots)} projects" if len(roots) > 1 else "".join(roots)
