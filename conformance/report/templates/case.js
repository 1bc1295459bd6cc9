// One attempt of a case: what was asked, what came and when.
const timeline = (attempt, concerns) => {
  if (!attempt.ticks.length) return null;
  const strokes = (places, top, height) => places.map((place) => `M${place} ${top}v${height}`).join("");
  const plain = attempt.ticks.filter((tick) => concerns || !tick[1]).map((tick) => tick[0]);
  // Of one requirement only: its rows, placed by their times.
  const rows = concerns ? attempt.rows.filter(concerns) : [];
  const whole = Math.max(parseFloat(attempt.seconds), ...rows.map((row) => Number(row[1])));
  const bad = concerns ? rows.filter((row) => row[1] !== "").map((row) => Math.round((Number(row[1]) / whole) * 1000)) : attempt.ticks.filter((tick) => tick[1]).map((tick) => tick[0]);
  const numbers = concerns ? rows.map((row) => row[0]) : attempt.bad;
  const said = `${plural(attempt.total, attempt.unit)} over ${attempt.seconds}` +
    (numbers.length ? `; violations at ${attempt.unit} ${numbers.slice(0, 10).join(", ")}` : "");
  return [
    make("h4", {}, "When it came"),
    draw("svg", { class: "time", viewBox: "0 0 1000 40", preserveAspectRatio: "none", role: "img", "aria-label": said },
      draw("path", { d: strokes(plain, 13, 14) }), draw("path", { class: "bad", d: strokes(bad, 2, 36) })),
    make("div", { class: "ends", "aria-hidden": "true" }, make("span", {}, "0 ms: request sent"), make("span", {}, attempt.seconds)),
  ];
};

const eventRow = (row, attempt) => {
  const [number, at, size, read, text, places] = row;
  const found = places.slice(0, 3).map((place) => {
    const [requirement, where, expected] = attempt.findings[place];
    return make("div", {}, make("span", { "aria-hidden": "true" }, "✗ "), make("code", {}, requirement), " at ", make("code", {}, where), `: expected ${expected}`);
  });
  if (places.length > 3) found.push(make("div", {}, `and ${places.length - 3} more`));
  return make("tr", places.length ? { class: "bad" } : {},
    make("th", { scope: "row" }, String(number)), make("td", { class: "number", "data-name": "+ms" }, at), make("td", { class: "number", "data-name": "bytes" }, String(size)),
    attempt.unit === "event" ? make("td", { class: "number", "data-name": "read" }, read) : null,
    make("td", { class: "data" }, make("code", {}, text)), make("td", {}, found));
};

const eventRows = (attempt) => {
  const rows = [];
  let waiting = [];
  const hide = () => {
    if (!waiting.length) return;
    const kept = waiting;
    waiting = [];
    const button = make("button", { type: "button" }, `Show ${plural(kept.length, `more ${attempt.unit}`)}`);
    const gap = make("tr", { class: "gap" }, make("td", { colspan: "6" }, button));
    button.addEventListener("click", () => {
      const shown = kept.map((row) => eventRow(row, attempt));
      gap.replaceWith(...shown);
      shown[0].tabIndex = -1;
      shown[0].focus();
    });
    rows.push(gap);
  };
  for (const row of attempt.rows) {
    if (row.length > 1 && row[6]) {
      waiting.push(row);
      continue;
    }
    hide();
    rows.push(row.length === 1
      ? make("tr", { class: "gap" }, make("td", { colspan: "6" }, `${plural(row[0], `more ${attempt.unit}`)} only in the recording`))
      : eventRow(row, attempt));
  }
  hide();
  return rows;
};

const folded = (words, content, open = false) => make("details", open ? { open: true } : {}, make("summary", {}, words), content);
const block = (text, kind) => make("pre", kind ? { tabindex: "0", class: kind } : { tabindex: "0" }, make("code", {}, text));

const violations = (attempt, level) =>
  !attempt.findings.length ? null : [
    make("h4", {}, "Violations"),
    table("Violations", ["Requirement", "Where", "Expected", "Observed"], attempt.findings.map(([requirement, where, expected, observed]) =>
      make("tr", {}, make("th", { scope: "row" }, level(requirement), make("code", {}, requirement)),
        make("td", { "data-name": "Where" }, make("code", {}, where)), make("td", { "data-name": "Expected" }, expected), make("td", { "data-name": "Observed" }, observed))), { class: "stack" }),
    attempt.more ? make("p", { class: "soft" }, `and ${plural(attempt.more, "more violation")}`) : null,
  ];

const attemptPanel = (attempt, name, level) =>
  make("div", { class: "attempt" },
    make("dl", { class: "facts" },
      ...[["Status", attempt.status], ["Ending", attempt.ending], ["Headers after", attempt.first], ["Took", attempt.seconds], ["Asked again for", attempt.reason]]
        .filter(([, value]) => value).map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value)))),
    violations(attempt, level),
    timeline(attempt),
    attempt.rows.length ? [
      make("h4", {}, plural(attempt.total, attempt.unit)),
      table(`Time line of ${name}`, ["##", "#+ms", "#Bytes", ...(attempt.unit === "event" ? ["#Read"] : []), "Data", "Violation"], eventRows(attempt), { class: "events" }),
    ] : null,
    attempt.assembled ? folded("Reassembled message", block(attempt.assembled)) : null,
    attempt.body ? folded("Response body", block(attempt.body), attempt.findings.length > 0 || !attempt.rows.length) : null,
    attempt.dumps.length ? folded("Raw bytes", attempt.dumps.map(([title, text]) => make("div", {}, make("p", { class: "soft" }, title), block(text, "hex")))) : null,
    attempt.headers.length ? folded(`Response headers (${attempt.headers.length}, without credentials)`,
      make("table", { class: "stack" }, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Name"), make("th", { scope: "col" }, "Value"))),
        make("tbody", {}, attempt.headers.map(([key, value]) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, key)), make("td", {}, make("code", {}, value))))))) : null,
    make("h4", {}, "Ask again"),
    attempt.curl ? shell(attempt.curl) : make("p", {}, "The request is too long to show; ", make("code", {}, "conformance replay"), " sends it again."));

const tabs = (attempts, name, level) => {
  const panels = attempts.map((attempt) => attemptPanel(attempt, name, level));
  if (panels.length === 1) return panels;
  const buttons = attempts.map((attempt, place) =>
    make("button", { type: "button", role: "tab", id: `tab-${name}-${place}`, "aria-controls": `panel-${name}-${place}` }, `Attempt ${place + 1} `,
      attempt.findings.length ? sign("fail", "✗", "violates") : sign("pass", "✓", "nothing found")));
  const choose = (chosen, focus) => {
    panels.forEach((panel, place) => { panel.hidden = place !== chosen; });
    buttons.forEach((button, place) => {
      button.setAttribute("aria-selected", String(place === chosen));
      button.tabIndex = place === chosen ? 0 : -1;
    });
    if (focus) buttons[chosen].focus();
  };
  panels.forEach((panel, place) => fill(panel, { role: "tabpanel", id: `panel-${name}-${place}`, "aria-labelledby": `tab-${name}-${place}` }, []));
  buttons.forEach((button, place) => {
    button.addEventListener("click", () => choose(place, false));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      choose((place + step + buttons.length) % buttons.length, true);
    });
  });
  const first = attempts.findIndex((attempt) => attempt.findings.length);
  choose(first < 0 ? 0 : first, false);
  return [make("div", { role: "tablist", "aria-label": "Attempts", class: "tabs" }, buttons), ...panels];
};
