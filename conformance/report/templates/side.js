// One target's exchange in a narrow column: what matters for one requirement, the rest on request.
// An event without what all events of a stream have in common; the case's own page has it whole.
const essence = (text) => {
  const found = /^data: ?({.*})$/s.exec(text);
  if (!found) return text;
  try {
    const { choices, usage, error } = JSON.parse(found[1]);
    return choices || error ? `data: {… ${JSON.stringify({ choices, ...(usage ? { usage } : {}), error }).slice(1)}` : text;
  } catch {
    return text;
  }
};

const sideRows = (attempt, concerns) => {
  const wanted = new Set();
  attempt.rows.forEach((row, place) => {
    if (concerns(row)) for (const near of [place - 1, place, place + 1]) wanted.add(near);
  });
  const last = attempt.rows.length - 1;
  for (const place of [0, 1, last - 1, last]) wanted.add(place);
  const line = (row) => row.length === 1
    ? make("li", { class: "gap" }, `${plural(row[0], `more ${attempt.unit}`)} only in the recording`)
    : make("li", concerns(row) ? { class: "bad" } : {},
      make("span", { class: "soft" }, `${attempt.unit} ${row[0]}${row[1] ? `, +${row[1]} ms` : ""}${concerns(row) ? " " : ""}`, concerns(row) ? make("b", {}, "✗ violates") : ""), make("code", {}, concerns(row) ? row[4] : essence(row[4])));
  const rows = [];
  let waiting = [];
  const hide = () => {
    if (!waiting.length) return;
    const kept = waiting;
    waiting = [];
    const number = kept.reduce((sum, row) => sum + (row.length === 1 ? row[0] : 1), 0);
    const button = make("button", { type: "button" }, `Show ${plural(number, `more ${attempt.unit}`)}`);
    const gap = make("li", { class: "gap" }, button);
    button.addEventListener("click", () => {
      const shown = kept.map(line);
      gap.replaceWith(...shown);
      shown[0].tabIndex = -1;
      shown[0].focus();
    });
    rows.push(gap);
  };
  attempt.rows.forEach((row, place) => {
    if (!wanted.has(place)) {
      waiting.push(row);
      return;
    }
    hide();
    rows.push(line(row));
  });
  hide();
  return make("ol", { class: "stream" }, rows);
};

const sideAttempt = (attempt, name) => {
  const ours = attempt.findings.filter(([requirement]) => requirement === name);
  const concerns = (row) => row.length > 1 && row[5].some((place) => attempt.findings[place][0] === name);
  const others = new Set(attempt.findings.map(([requirement]) => requirement).filter((each) => each !== name));
  return [
    make("p", { class: "soft" }, `${attempt.status}, ${attempt.ending}, ${attempt.total ? `${plural(attempt.total, attempt.unit)} in ` : ""}${attempt.seconds}`),
    ours.slice(0, 3).map(([, where, expected, observed]) =>
      make("p", { class: "quote tone-fail" }, "expected ", make("b", {}, expected), ", got ", make("b", {}, observed), where ? [" at ", make("code", {}, where)] : "")),
    ours.length > 3 ? make("p", { class: "soft" }, `and ${ours.length - 3} more times`) : null,
    others.size ? make("p", { class: "soft" }, `It also violates ${plural(others.size, "other requirement")} here.`) : null,
    timeline(attempt, concerns),
    attempt.rows.length ? sideRows(attempt, concerns) : null,
    attempt.body ? folded("Response body", block(attempt.body), !attempt.rows.length) : null,
    attempt.assembled ? folded("Reassembled message", block(attempt.assembled)) : null,
  ].flat();
};
