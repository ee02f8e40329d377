"use strict";
// Draws the report's charts and its table from the JSON in the page. Foreign text is set as text only, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const whole = new Intl.NumberFormat("en-US");
  const FIRST_ROWS = 100;
  const MOST_BARS = 12;
  const DAY = 86400000;

  // ---- elements -------------------------------------------------------------------------------------------------

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function sign(path, colour) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "-1 -1 2 2");
    svg.setAttribute("class", "sign");
    svg.setAttribute("aria-hidden", "true");
    shape.setAttribute("d", path);
    shape.style.setProperty("fill", colour);
    svg.append(shape);
    return svg;
  }

  /** A group of radio buttons that looks like one switch. */
  function choice(name, title, options, chosen, change) {
    if (options.length < 2) return null;
    const group = element("fieldset", { class: "choice", role: "radiogroup", "aria-label": title });
    for (const [key, text] of options) {
      const input = element("input", { type: "radio", name, value: key, onchange: () => change(key) });
      input.checked = key === chosen;
      group.append(element("label", {}, input, text));
    }
    return group;
  }

  function table(caption, heads, rows) {
    const line = (cells, kind) => cells.map((cell, at) => element(kind, at ? { class: "number" } : {}, cell));
    return element(
      "details", {},
      element("summary", {}, "As a table"),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        element("table", {},
          element("thead", {}, element("tr", {}, ...line(heads, "th"))),
          element("tbody", {}, ...rows.map((row) => element("tr", {}, ...line(row, "td")))))),
    );
  }

  function moneyCell(entry) {
    return entry.cost_usd === null ? element("span", { class: "unpriced" }, entry.cost_text) : entry.cost_text;
  }

  // ---- the tooltip ----------------------------------------------------------------------------------------------

  const tip = element("div", { class: "tip", role: "tooltip", hidden: true });
  let pointer = { x: 0, y: 0 };

  function placeTip() {
    const { width, height } = tip.getBoundingClientRect();
    const left = pointer.x + 14 + width > innerWidth ? pointer.x - width - 14 : pointer.x + 14;
    const top = pointer.y + 14 + height > innerHeight ? pointer.y - height - 14 : pointer.y + 14;
    tip.style.setProperty("transform", `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`);
  }

  function showTip(item, value) {
    tip.hidden = !value;
    if (!value) return;
    const { title, facts } = item.datum;
    const pairs = facts.flatMap(([key, text]) => [element("dt", {}, key), element("dd", {}, text)]);
    tip.replaceChildren(element("strong", {}, title), element("dl", {}, ...pairs));
    placeTip();
  }

  // ---- charts ---------------------------------------------------------------------------------------------------

  const drawings = [];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function look() {
    const [text, muted, line] = ["text", "muted", "line"].map(colour);
    return {
      background: null,
      padding: { left: 0, right: 0, top: 4, bottom: 2 },
      font: colour("font"),
      aria: false,
      view: { stroke: null },
      text: { color: text, fontSize: 13 },
      axis: {
        labelColor: muted, titleColor: muted, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
        gridColor: line, domainColor: line, tickColor: line, labelPadding: 6, titlePadding: 10,
      },
    };
  }

  /** A chart that draws itself again when the specification or the colours change. */
  function chart(label, specification, started = () => {}) {
    const container = element("div", { class: "chart" });
    const drawing = { container, view: null };
    drawing.draw = () => {
      drawing.view?.finalize();
      container.replaceChildren();
      const whole = { autosize: { type: "fit-x", contains: "padding" }, width: "container", config: look(), ...specification() };
      drawing.view = charts.draw(whole, { container, tooltip: showTip, label: label() });
      drawing.view.runAsync().then(() => started(drawing.view));
    };
    drawings.push(drawing);
    return drawing;
  }

  function drawAll() {
    for (const drawing of drawings) drawing.draw();
  }

  const HATCH = "url(#hatch)";
  const hovered = { field: "title", type: "nominal" };

  function hatchLegend() {
    return [element("span", { class: "hatched" }), "price unknown"];
  }

  /** Horizontal bars with the name and the figure above each. A row without a value is hatched. */
  function bars(rows, parts) {
    const most = Math.max(...rows.map((row) => row.value ?? 0)) || 1;
    const shown = rows.slice(0, MOST_BARS).map((row, at) => ({ ...row, at, most }));
    const pieces = shown.flatMap((row) => {
      let from = 0;
      return row.value === null ? [] : row.pieces.map((size, part) => ({ ...row, part: String(part), from, to: (from += size) }));
    });
    const x = { type: "quantitative", axis: null, scale: { domain: [0, most], nice: false } };
    const bar = { type: "bar", height: 8, yOffset: 9, cornerRadius: 2 };
    return {
      height: 42 * shown.length,
      data: { values: shown },
      encoding: { y: { field: "at", type: "ordinal", axis: null, scale: { paddingInner: 0, paddingOuter: 0 } } },
      layer: [
        { mark: { ...bar, color: colour("track") }, encoding: { x: { ...x, field: "most" } } },
        {
          transform: [{ filter: "datum.value === null" }],
          mark: { ...bar, color: HATCH },
          encoding: { x: { ...x, field: "most" } },
        },
        {
          data: { values: pieces },
          mark: { ...bar, cornerRadius: parts.length > 1 ? 0 : 2 },
          encoding: {
            x: { ...x, field: "from" },
            x2: { field: "to" },
            color: {
              field: "part", type: "nominal", legend: null,
              scale: { domain: parts.map((_, at) => String(at)), range: parts.map((part) => colour(part.colour)) },
            },
          },
        },
        {
          mark: { type: "text", align: "left", dy: -6, limit: { expr: "max(60, width - 110)" } },
          encoding: { x: { value: 0 }, text: { field: "title" } },
        },
        {
          mark: { type: "text", align: "right", dy: -6, limit: 110 },
          encoding: {
            x: { value: "width" }, text: { field: "text" },
            color: { condition: { test: "datum.value === null", value: colour("muted") }, value: colour("text") },
          },
        },
        {
          mark: { type: "rect", color: "transparent" },
          encoding: { x: { value: 0 }, x2: { value: "width" }, tooltip: hovered },
        },
      ],
    };
  }

  /** Upright bars, one for each span of time. A part that is not known is hatched up to the top. */
  function columns(spans, axis) {
    const most = Math.max(...spans.map((span) => span.value));
    const x = {
      field: "at", type: "ordinal", title: null,
      axis: { labelAngle: 0, labelOverlap: "greedy", labelSeparation: 12, ticks: false, labelExpr: "data('spans')[datum.value].label" },
      scale: { paddingInner: 0.2, paddingOuter: 0.1 },
    };
    return {
      height: 220,
      data: { name: "spans", values: spans.map((span, at) => ({ ...span, at })) },
      encoding: { x },
      layer: [
        {
          transform: [{ filter: "datum.unknown" }],
          mark: { type: "bar", color: HATCH },
          encoding: { y: { value: 0 }, y2: { value: "height" } },
        },
        {
          mark: { type: "bar", color: colour("accent"), cornerRadiusEnd: 2 },
          encoding: {
            y: {
              field: "value", type: "quantitative", scale: most > 0 ? { zero: true } : { domain: [0, 1] },
              axis: { title: axis.title, labelExpr: axis.labels, domain: false, ticks: false, ...ticks(most) },
            },
          },
        },
        {
          mark: { type: "bar", color: "transparent" },
          encoding: { y: { value: 0 }, y2: { value: "height" }, tooltip: hovered },
        },
      ],
    };
  }

  // ---- figures --------------------------------------------------------------------------------------------------

  const PLAIN = "format(datum.value, ',~r')";
  const COUNTS = "format(datum.value, ',~s')";

  /** Cents, and as many digits more as the amounts are small. */
  function dollars(amounts) {
    const most = Math.max(...amounts);
    const digits = most >= 20 || !most ? 0 : Math.max(2, Math.ceil(-Math.log10(most)) + 1);
    return `'$' + format(datum.value, ',.${digits}f')`;
  }

  /** Where nothing is above zero, zero is the only figure that an axis can tell. */
  function ticks(most) {
    return most > 0 ? { tickCount: 5 } : { values: [0] };
  }

  function secondsText(seconds) {
    if (seconds >= 7200) return `${(seconds / 3600).toFixed(1)} h`;
    if (seconds >= 120) return `${(seconds / 60).toFixed(1)} min`;
    return `${seconds.toFixed(1)} s`;
  }

  function timeUnit(most) {
    return most >= 7200 ? ["hours", 3600] : most >= 120 ? ["minutes", 60] : ["seconds", 1];
  }

  function tokens(entry) {
    return entry.input_tokens + entry.output_tokens;
  }

  const TOKEN_PARTS = [
    { title: "new input", colour: "part-1", of: (entry) => entry.input_tokens - entry.cached_tokens },
    { title: "cached", colour: "part-2", of: (entry) => entry.cached_tokens },
    { title: "answers", colour: "part-3", of: (entry) => entry.output_tokens - entry.reasoning_tokens },
    { title: "reasoning", colour: "part-4", of: (entry) => entry.reasoning_tokens },
  ];

  function usageFacts(entry) {
    return [
      ["cost", entry.cost_text],
      ["calls", whole.format(entry.calls)],
      ["tokens", whole.format(tokens(entry))],
      ...TOKEN_PARTS.map((part) => [part.title, whole.format(part.of(entry))]),
    ];
  }

  const everyPriced = [...data.by_model, ...data.by_role, ...data.by_strategy, ...data.by_day, ...data.fixes];
  const paid = everyPriced.some((entry) => entry.cost_usd > 0);
  const unpriced = everyPriced.some((entry) => entry.cost_usd === null);
  const usedTokens = everyPriced.some((entry) => (entry.tokens ?? tokens(entry)) > 0);

  /** What the switches offer: only what is not the same nothing everywhere. */
  function offered(...metrics) {
    const useful = { cost: paid || unpriced, tokens: usedTokens };
    return metrics.filter(([key]) => useful[key] ?? true);
  }

  const firstMetric = paid ? "cost" : usedTokens ? "tokens" : "seconds";

  // ---- over time ------------------------------------------------------------------------------------------------

  const date = (key) => new Date(`${key}T00:00:00Z`);
  const dayKey = (when) => when.toISOString().slice(0, 10);
  const named = (options) => {
    const format = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
    return (when) => format.format(when);
  };
  const dayAndMonth = named({ day: "numeric", month: "short" });
  const fullDay = named({ day: "numeric", month: "short", year: "numeric" });
  const monthAndYear = named({ month: "short", year: "numeric" });

  const SPANS = {
    day: { start: (when) => when, next: (when) => new Date(+when + DAY), label: dayAndMonth, title: fullDay },
    week: {
      start: (when) => new Date(+when - ((when.getUTCDay() + 6) % 7) * DAY),
      next: (when) => new Date(+when + 7 * DAY),
      label: dayAndMonth,
      title: (when) => `Week of ${fullDay(when)}`,
    },
    month: {
      start: (when) => new Date(Date.UTC(when.getUTCFullYear(), when.getUTCMonth())),
      next: (when) => new Date(Date.UTC(when.getUTCFullYear(), when.getUTCMonth() + 1)),
      label: monthAndYear,
      title: monthAndYear,
    },
  };

  function spanName(days) {
    const length = (date(days.at(-1)) - date(days[0])) / DAY;
    return length <= 70 ? "day" : length <= 490 ? "week" : "month";
  }

  /** Every span between the first and the last day, and a few before, so that one bar alone is not as wide as the page. */
  function emptySpans(days, span) {
    const made = new Map();
    const last = span.start(date(days.at(-1)));
    const early = new Date(+last - 13 * DAY);
    const first = span.start(span === SPANS.day && early < date(days[0]) ? early : date(days[0]));
    for (let when = first; when <= last; when = span.next(when)) {
      made.set(dayKey(when), { when, cost: 0, unknown: false, tokens: 0, calls: 0, seconds: 0, candidates: 0, fixes: 0 });
    }
    return made;
  }

  function timeSpans() {
    const days = [...new Set([...data.by_day.map((entry) => entry.key), ...data.fixes.map((fix) => fix.day)])].sort();
    if (!days.length) return null;
    const name = spanName(days);
    const spans = emptySpans(days, SPANS[name]);
    const at = (day) => spans.get(dayKey(SPANS[name].start(date(day))));
    for (const entry of data.by_day) {
      const span = at(entry.key);
      if (entry.cost_usd === null) span.unknown = true;
      else span.cost += entry.cost_usd;
      span.tokens += tokens(entry);
      span.calls += entry.calls;
    }
    for (const fix of data.fixes) {
      const span = at(fix.day);
      span.seconds += fix.seconds;
      span.candidates += fix.candidates;
      span.fixes += 1;
    }
    return { name, spans: [...spans.values()] };
  }

  /** What is known of a span's cost: a part of it where a price is unknown. */
  function spanCost({ cost, unknown }) {
    if (unknown) return cost ? `at least ${moneyText(cost)}, rest unknown` : "price unknown";
    return moneyText(cost);
  }

  function moneyText(amount) {
    if (amount === 0) return "$0";
    return amount < 0.0001 ? "< $0.0001" : `$${amount.toLocaleString("en-US", { minimumFractionDigits: 4, maximumFractionDigits: 4 })}`;
  }

  function spanFacts(span) {
    return [
      ["cost", spanCost(span)],
      ["failures", whole.format(span.fixes)],
      ["repair time", secondsText(span.seconds)],
      ["candidates", whole.format(span.candidates)],
      ...(usedTokens ? [["tokens", whole.format(span.tokens)], ["calls", whole.format(span.calls)]] : []),
    ];
  }

  function timeAxis(metric, spans) {
    const [unit, size] = timeUnit(Math.max(...spans.map((span) => span.seconds)));
    return {
      cost: { title: "US dollars", labels: dollars(spans.map((span) => span.cost)), of: (span) => span.cost },
      tokens: { title: "tokens", labels: COUNTS, of: (span) => span.tokens },
      seconds: { title: `${unit} of repair`, labels: PLAIN, of: (span) => span.seconds / size },
      candidates: { title: "candidates tried", labels: COUNTS, of: (span) => span.candidates },
    }[metric];
  }

  function showTime() {
    const found = timeSpans();
    if (!found) return;
    const { name, spans } = found;
    const metrics = offered(["cost", "Spend"], ["tokens", "Tokens"], ["seconds", "Time"], ["candidates", "Candidates"]);
    let metric = firstMetric;
    const specification = () => {
      const axis = timeAxis(metric, spans);
      const { label, title } = SPANS[name];
      return columns(spans.map((span) => ({
        value: axis.of(span), unknown: metric === "cost" && span.unknown, label: label(span.when), title: title(span.when), facts: spanFacts(span),
      })), axis);
    };
    const hatch = element("ul", { class: "legend" }, element("li", {}, ...hatchLegend()));
    const drawing = chart(() => `Bars: ${timeAxis(metric, spans).title} by ${name}; the same figures follow as a table`, specification);
    const title = document.getElementById("time-title");
    const turn = (chosen) => {
      metric = chosen;
      hatch.hidden = metric !== "cost" || !spans.some((span) => span.unknown);
      title.textContent = `${Object.fromEntries(metrics)[metric]} by ${name}`;
    };
    turn(metric);
    const rows = spans.filter((span) => span.calls || span.fixes).map((span) => {
      return [SPANS[name].title(span.when), ...spanFacts(span).map(([, text]) => text)];
    });
    const heads = [name, ...spanFacts(spans[0]).map(([key]) => key)];
    const head = element("div", { class: "head" });
    title.replaceWith(head);
    const change = (chosen) => { turn(chosen); drawing.draw(); };
    head.append(...[title, choice("time-metric", "What the bars show", metrics, metric, change)].filter(Boolean));
    const section = document.getElementById("time");
    section.append(drawing.container, hatch, table(`Figures by ${name}`, heads, rows));
    section.hidden = false;
  }

  // ---- where it went --------------------------------------------------------------------------------------------

  const ONE_PART = [{ colour: "accent" }];

  function byValue(a, b) {
    return (b.value ?? -1) - (a.value ?? -1);
  }

  function spendRows(entries) {
    return entries.map((entry) => ({
      title: entry.key, value: entry.cost_usd, text: entry.cost_text, pieces: [entry.cost_usd], facts: usageFacts(entry),
    })).sort(byValue);
  }

  function tokenRows(entries) {
    return entries.map((entry) => ({
      title: entry.key, value: tokens(entry), text: whole.format(tokens(entry)),
      pieces: TOKEN_PARTS.map((part) => part.of(entry)), facts: usageFacts(entry),
    })).sort(byValue);
  }

  function block(title, what, rows, parts, legend) {
    const label = () => `Bars: ${title} ${what}; the same figures follow as a table`;
    const drawing = chart(label, () => bars(rows, parts));
    const more = rows.length > MOST_BARS ? element("p", { class: "hint" }, `${rows.length - MOST_BARS} more in the table`) : null;
    return element("div", { class: "block" }, element("h3", {}, title), drawing.container, more, legend);
  }

  function list(items) {
    return element("ul", { class: "legend" }, ...items.map((item) => element("li", {}, ...item)));
  }

  function card(what, blocks, figures) {
    const title = element("h2", {}, what[0].toUpperCase() + what.slice(1));
    return element("div", { class: "card" }, title, element("div", { class: "blocks" }, ...blocks), figures);
  }

  function usageCard(what, entries) {
    const asked = entries.filter((entry) => entry.calls || tokens(entry) || entry.cost_usd !== 0);
    if (!asked.length) return null;
    const priced = asked.some((entry) => entry.cost_usd !== 0);
    const unknown = asked.some((entry) => entry.cost_usd === null) ? list([hatchLegend()]) : null;
    const legend = list(TOKEN_PARTS.map((part) => [sign("M-1,-1H1V1H-1Z", `var(--${part.colour})`), part.title]));
    const rows = asked.map((entry) => [entry.key, moneyCell(entry), ...usageFacts(entry).slice(1).map(([, text]) => text)]);
    const spend = priced ? [block("Spend", what, spendRows(asked), ONE_PART, unknown)] : [];
    const used = block("Tokens", what, tokenRows(asked), TOKEN_PARTS, legend);
    return card(what, [...spend, used], table(`Figures ${what}`, ["", ...usageFacts(asked[0]).map(([key]) => key)], rows));
  }

  /** The fixes in groups, largest first. */
  function groups(keyOf) {
    const found = new Map();
    for (const fix of data.fixes) {
      const key = keyOf(fix);
      const group = found.get(key) ?? { title: key, seconds: 0, candidates: 0, fixes: 0 };
      group.seconds += fix.seconds;
      group.candidates += fix.candidates;
      group.fixes += 1;
      found.set(key, group);
    }
    return [...found.values()].map((group) => ({
      ...group,
      facts: [["failures", whole.format(group.fixes)], ["repair time", secondsText(group.seconds)], ["candidates", whole.format(group.candidates)]],
    }));
  }

  const WORK = {
    seconds: { title: "Repair time", text: secondsText },
    candidates: { title: "Candidates tried", text: whole.format },
    fixes: { title: "Failures", text: whole.format },
  };

  function workCard({ what, keyOf, shows }) {
    const found = groups(keyOf);
    if (!found.length) return null;
    const blocks = shows.map((key) => {
      const rows = found.map((group) => ({ ...group, value: group[key], text: WORK[key].text(group[key]), pieces: [group[key]] }));
      return block(WORK[key].title, what, rows.sort(byValue), ONE_PART, null);
    });
    const heads = ["", ...found[0].facts.map(([key]) => key)];
    const rows = found.map((group) => [group.title, ...group.facts.map(([, text]) => text)]);
    return card(what, blocks, table(`Figures ${what}`, heads, rows));
  }

  function showBreakdowns() {
    const usage = [["by model", data.by_model], ["by role", data.by_role], ["by strategy", data.by_strategy]];
    let cards = usage.map(([what, entries]) => usageCard(what, entries)).filter(Boolean);
    if (!cards.length) {
      const work = [
        { what: "by strategy", keyOf: (fix) => fix.strategy ?? "none", shows: ["seconds", "candidates"] },
        { what: "by error", keyOf: (fix) => fix.error_type, shows: ["seconds", "candidates"] },
        { what: "by outcome", keyOf: (fix) => fix.outcome, shows: ["fixes"] },
      ];
      cards = work.map(workCard).filter(Boolean);
    }
    const section = document.getElementById("breakdowns");
    section.append(...cards);
    section.hidden = !cards.length;
  }

  // ---- fixes ----------------------------------------------------------------------------------------------------

  const CIRCLE = "M-0.9,0A0.9,0.9,0,1,0,0.9,0A0.9,0.9,0,1,0,-0.9,0Z";
  const SQUARE = "M-0.8,-0.8H0.8V0.8H-0.8Z";
  const DIAMOND = "M0,-1.1L1.1,0L0,1.1L-1.1,0Z";
  const UP = "M0,-1L1,0.8H-1Z";
  const DOWN = "M0,1L1,-0.8H-1Z";
  const CROSS = "M-0.95,-0.6L-0.6,-0.95L0,-0.35L0.6,-0.95L0.95,-0.6L0.35,0L0.95,0.6L0.6,0.95L0,0.35L-0.6,0.95L-0.95,0.6L-0.35,0Z";
  const OUTCOMES = new Map([
    ["accepted", ["good", CIRCLE]],
    ["proposed", ["open", SQUARE]],
    ["rejected", ["bad", CROSS]],
    ["reverted", ["bad", DOWN]],
    ["stale", ["plain", SQUARE]],
    ["unproven", ["odd", DIAMOND]],
    ["unrepaired", ["warm", UP]],
    ["flaky", ["plain", DIAMOND]],
    ["environment", ["plain", DOWN]],
    ["cut off", ["plain", CROSS]],
  ]);
  const signOf = (outcome) => OUTCOMES.get(outcome) ?? ["plain", CIRCLE];

  const testName = (fix) => (fix.tests.length > 1 ? `${fix.tests[0]} and ${fix.tests.length - 1} more` : fix.tests[0] ?? "no test");

  const fixes = data.fixes.map((fix) => ({
    ...fix,
    name: testName(fix),
    words: [...fix.tests, fix.title, fix.error_type, fix.root, fix.outcome, fix.strategy, fix.when, fix.cost_text].join("\n").toLowerCase(),
    facts: [
      ["proposal", fix.title ?? "none"],
      ["outcome", fix.outcome],
      ["error", fix.error_type],
      ["time", secondsText(fix.seconds)],
      ["candidates", whole.format(fix.candidates)],
      ["tokens", whole.format(fix.tokens)],
      ["cost", fix.cost_text],
    ],
  }));

  const outcomes = (() => {
    const found = [...new Set(fixes.map((fix) => fix.outcome))];
    const rank = [...OUTCOMES.keys()];
    const place = (outcome) => (rank.includes(outcome) ? rank.indexOf(outcome) : rank.length);
    return found.sort((a, b) => place(a) - place(b));
  })();

  const state = { hidden: new Set(), range: null, words: "", sort: "when", down: true, all: false, metric: "" };

  const HEIGHTS = {
    cost: { title: "cost in US dollars", labels: dollars(fixes.map((fix) => fix.cost_usd)), of: (fix) => fix.cost_usd },
    tokens: { title: "tokens", labels: COUNTS, of: (fix) => fix.tokens },
    candidates: { title: "candidates tried", labels: COUNTS, of: (fix) => fix.candidates },
  };

  /** Where the points of unknown height lie: in a hatched lane under zero. */
  const LANE = { middle: -0.09, bottom: -0.14, top: -0.04 };

  function points() {
    const { of } = HEIGHTS[state.metric];
    const highest = Math.max(...fixes.map((fix) => of(fix) ?? 0));
    const most = highest || 1;
    return { highest, most, placed: fixes.map((fix) => ({ ...fix, title: fix.name, x: Math.max(fix.seconds, 0.01), y: of(fix) ?? LANE.middle * most })) };
  }

  function secondsScale(placed) {
    const all = placed.map((point) => point.x);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return most > 30 * least ? { type: "log", domain: [least / 1.2, most * 1.2], nice: false } : { type: "linear", domain: [0, most * 1.05], nice: false };
  }

  /** Few ticks at round places, for a logarithmic axis has far too many of its own. */
  const LOG_TICKS = [-2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [10 ** power, 3 * 10 ** power]);

  function scatter() {
    const { highest, most, placed } = points();
    const { title, labels, of } = HEIGHTS[state.metric];
    const lane = fixes.some((fix) => of(fix) === null);
    const scale = { domain: [lane ? LANE.bottom * most : 0, most * 1.06], nice: false };
    const across = secondsScale(placed);
    const places = across.type === "log" ? { values: LOG_TICKS } : { tickCount: 6 };
    const x = {
      field: "x", type: "quantitative", scale: across,
      axis: { title: "seconds of repair", labelExpr: "format(datum.value, ',~g')", grid: false, ...places },
    };
    const y = {
      field: "y", type: "quantitative", scale,
      axis: { title, labelExpr: `datum.value < 0 ? '' : ${labels}`, ...ticks(highest), ticks: false, domain: false, gridOpacity: { expr: "datum.value < 0 ? 0 : 1" } },
    };
    const hatched = {
      data: { values: [{ low: LANE.bottom * most, high: LANE.top * most }] },
      mark: { type: "rect", color: HATCH, opacity: 0.35, x: 0, x2: { expr: "width" } },
      encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
    };
    const dots = {
      params: touched ? [] : [brush()],
      mark: { type: "point", filled: true, opacity: 0.85, size: 90, stroke: colour("surface"), strokeWidth: 0.7 },
      encoding: { x, y, tooltip: hovered, color: outcomeScale(0, colour), shape: outcomeScale(1, (path) => path) },
      transform: [{ filter: "indexof(hidden, datum.outcome) < 0" }],
    };
    return {
      height: 300,
      params: [{ name: "hidden", value: [...state.hidden] }],
      data: { values: placed },
      layer: lane ? [hatched, dots] : [dots],
    };
  }

  /** On a touch screen, a finger that draws a rectangle could not scroll the page. */
  const touched = matchMedia("(pointer: coarse)").matches;

  function brush() {
    const mark = { fill: colour("accent"), fillOpacity: 0.14, stroke: colour("accent"), strokeOpacity: 0.7 };
    const kept = state.range ? { value: state.range } : {};
    return { name: "brush", select: { type: "interval", encodings: ["x", "y"], mark }, ...kept };
  }

  function outcomeScale(which, value) {
    const range = outcomes.map((outcome) => value(signOf(outcome)[which]));
    return { field: "outcome", type: "nominal", legend: null, scale: { domain: outcomes, range } };
  }

  function isInRange(point) {
    return Object.entries(state.range).every(([axis, [a, b]]) => Math.min(a, b) <= point[axis] && point[axis] <= Math.max(a, b));
  }

  const COLUMNS = [
    { key: "name", title: "Test and proposal", of: (fix) => fix.name, cell: testCell, class: "test" },
    { key: "outcome", title: "Outcome", of: (fix) => outcomes.indexOf(fix.outcome), cell: outcomeCell },
    { key: "error", title: "Error", of: (fix) => fix.error_type, cell: (fix) => fix.error_type },
    { key: "strategy", title: "Strategy", of: (fix) => fix.strategy ?? "", cell: (fix) => fix.strategy ?? "–" },
    { key: "when", title: "When", of: (fix) => fix.at, cell: (fix) => fix.when },
    { key: "seconds", title: "Seconds", of: (fix) => fix.seconds, cell: (fix) => fix.seconds.toFixed(1), class: "number" },
    { key: "candidates", title: "Candidates", of: (fix) => fix.candidates, cell: (fix) => whole.format(fix.candidates), class: "number" },
    { key: "tokens", title: "Tokens", of: (fix) => fix.tokens, cell: (fix) => whole.format(fix.tokens), class: "number" },
    { key: "cost", title: "Cost", of: (fix) => fix.cost_usd, cell: moneyCell, class: "number" },
  ];

  /** A path or test name that prefers to break after its separators. */
  function breakable(text) {
    return text.split(/(?<=[/:_[])(?![/:_[])/).flatMap((part) => [part, element("wbr")]);
  }

  const severalRoots = new Set(fixes.map((fix) => fix.root)).size > 1;

  function testCell(fix) {
    const root = severalRoots ? element("small", {}, ...breakable(fix.root)) : null;
    const title = element("small", {}, fix.title ?? "no proposal");
    return element("div", { title: fix.tests.slice(0, 20).join("\n") }, ...breakable(fix.name), title, root);
  }

  function outcomeCell(fix) {
    const [name, path] = signOf(fix.outcome);
    return element("span", { class: "outcome", title: fix.outcome }, sign(path, `var(--${name})`), fix.outcome);
  }

  /** Unknown prices stay at the end, whichever way the others run. */
  function compare(a, b) {
    const { of } = COLUMNS.find((column) => column.key === state.sort);
    const [left, right] = [of(a), of(b)];
    if (left === null || right === null) return (left === null) - (right === null) || a.id - b.id;
    const order = typeof left === "string" ? left.localeCompare(right) : left - right;
    return (state.down ? -order : order) || a.id - b.id;
  }

  function selected() {
    const inRange = state.range ? new Set(points().placed.filter(isInRange).map((point) => point.id)) : null;
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    return fixes
      .filter((fix) => !state.hidden.has(fix.outcome))
      .filter((fix) => !inRange || inRange.has(fix.id))
      .filter((fix) => words.every((word) => fix.words.includes(word)))
      .sort(compare);
  }

  function chipRow(toggle) {
    const row = element("div", { class: "chips", role: "group", "aria-label": "Outcomes shown" });
    for (const outcome of outcomes) {
      const [name, path] = signOf(outcome);
      const count = fixes.filter((fix) => fix.outcome === outcome).length;
      const chip = element("button", { type: "button", class: "chip", "aria-pressed": "true" }, sign(path, `var(--${name})`), `${outcome} ${whole.format(count)}`);
      chip.addEventListener("click", () => {
        const shown = toggle(outcome);
        chip.setAttribute("aria-pressed", String(shown));
      });
      row.append(chip);
    }
    return row;
  }

  function tableHead(sortBy) {
    const cells = COLUMNS.map((column) => {
      const button = element("button", { type: "button", onclick: () => sortBy(column) }, column.title);
      return element("th", { scope: "col", class: column.class === "number" ? "number" : null, "data-key": column.key }, button);
    });
    return element("thead", {}, element("tr", {}, ...cells));
  }

  function tableRow(fix) {
    const cells = COLUMNS.map((column) => {
      const cell = column.cell(fix);
      return element("td", { class: column.class ?? "short", title: typeof cell === "string" ? cell : null }, cell);
    });
    return element("tr", {}, ...cells);
  }

  function showFixes() {
    const section = document.getElementById("fixes");
    if (!fixes.length) return;
    const metrics = offered(["cost", "Cost"], ["tokens", "Tokens"], ["candidates", "Candidates"]);
    state.metric = firstMetric === "seconds" ? "candidates" : firstMetric;

    const count = element("span", { class: "count", role: "status" });
    const clear = element("button", { type: "button", class: "plain", onclick: () => { state.range = null; drawing.draw(); refresh(); } }, "Clear the chart's selection");
    const body = element("tbody");
    const head = tableHead((column) => {
      state.down = state.sort === column.key ? !state.down : ["when", "seconds", "candidates", "tokens", "cost"].includes(column.key);
      state.sort = column.key;
      refresh();
    });
    const rest = element("button", { type: "button", class: "plain", onclick: () => { state.all = true; refresh(); } });

    function refresh() {
      const rows = selected();
      const shown = state.all ? rows : rows.slice(0, FIRST_ROWS);
      body.replaceChildren(...shown.map(tableRow));
      rest.hidden = shown.length === rows.length;
      rest.textContent = `Show all ${whole.format(rows.length)}`;
      clear.hidden = !state.range;
      const all = fixes.length === 1 ? "1 failure" : `${whole.format(fixes.length)} failures`;
      count.textContent = rows.length === fixes.length ? all : `${whole.format(rows.length)} of ${all}`;
      for (const cell of head.querySelectorAll("th")) {
        if (cell.dataset.key === state.sort) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      }
    }

    const label = () => `Points: seconds of repair against ${HEIGHTS[state.metric].title}, one for each failure; the table below has the same figures`;
    const drawing = chart(label, scatter, (view) => {
      if (touched) return;
      view.addSignalListener("brush", (_name, value) => {
        state.range = value && Object.keys(value).length ? value : null;
        refresh();
      });
    });
    const chips = chipRow((outcome) => {
      if (!state.hidden.delete(outcome)) state.hidden.add(outcome);
      drawing.view.signal("hidden", [...state.hidden]).runAsync();
      refresh();
      return !state.hidden.has(outcome);
    });
    const change = (metric) => { state.metric = metric; state.range = null; drawing.draw(); refresh(); };
    const title = document.getElementById("fixes-title");
    const top = element("div", { class: "head" });
    title.replaceWith(top);
    title.textContent = "Failures and their fixes";
    top.append(...[title, choice("fix-metric", "What stands upright in the chart", metrics, state.metric, change)].filter(Boolean));
    const search = element("input", {
      type: "search", placeholder: "Filter by test, proposal, error …", "aria-label": "Filter the table",
      oninput: (event) => { state.words = event.target.value; refresh(); },
    });
    section.append(
      chips, drawing.container,
      element("p", { class: "hint brush-hint" }, "Draw a rectangle over points to see only those in the table."),
      element("div", { class: "head" }, search, element("div", { class: "state" }, clear, count)),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All failures" },
        element("table", {}, head, body)),
      rest,
    );
    section.hidden = false;
    refresh();
  }

  // ---- the page -------------------------------------------------------------------------------------------------

  document.body.append(tip);
  addEventListener("pointermove", (event) => {
    pointer = { x: event.clientX, y: event.clientY };
    if (!tip.hidden) placeTip();
  });
  addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  showTime();
  showBreakdowns();
  showFixes();
  drawAll();
})();
