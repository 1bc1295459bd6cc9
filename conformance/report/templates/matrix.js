// The matrix: rows by profile, filtered over the columns that are chosen.
const KEPT = "kept", BROKEN = "broken", REFUSED = "refused";
const SIDES = { held: KEPT, violated: BROKEN, "not met": BROKEN, otherwise: BROKEN, unsupported: REFUSED };
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const raised = (number) => Array.from(String(number), (digit) => SUPERSCRIPT[Number(digit)]).join("");
const requirementLink = (id) => `#requirement-${encodeURIComponent(id)}`;

const matrix = (data) => {
  const frame = byId("matrix-table");
  const box = byId("matrix-text");
  const show = byId("matrix-show");
  const count = byId("matrix-count");
  const more = byId("matrix-more");
  const chosen = new Set(data.targets.keys());
  const folded = new Set();
  const rows = data.rows.map(([id, level, text, group, cells, note]) =>
    ({ id, level, text, group, cells, note, words: [id, level, text, data.groups[group][0], ...cells.map(([mark]) => data.marks[mark][0])].join(" ").toLowerCase() }));
  const step = () => Math.max(Math.floor(900 / chosen.size), 12);
  let limit = step();

  const said = ([mark, violated, cases], note) => {
    const [word, symbol] = data.marks[mark];
    return (symbol === "n/a" ? word : `${symbol} ${word}`) + (violated ? ` ${violated}/${cases}` : "") + (note && violated && violated < cases ? ` ${raised(note)}` : "");
  };
  const cell = (each, row) => {
    const words = said(each, row.note);
    return make("td", { class: `tone-${data.marks[each[0]][2]}` }, each[1] ? make("a", { href: requirementLink(row.id) }, words) : words);
  };
  const line = (row) => make("tr", {},
    make("th", { scope: "row" }, data.findings[row.id] ? make("a", { href: requirementLink(row.id) }, row.text) : row.text, make("br"), make("span", { class: "soft" }, row.level), " ", make("code", {}, row.id)),
    row.cells.filter((_, place) => chosen.has(place)).map((each) => cell(each, row)));
  const head = (group, place, number) => {
    const button = make("button", { type: "button", "aria-expanded": String(!folded.has(place)) }, `${folded.has(place) ? "▸" : "▾"} ${group[0]}${number ? ` (${number})` : ""}`);
    button.addEventListener("click", () => {
      if (!folded.delete(place)) folded.add(place);
      refresh();
      frame.querySelectorAll(".group button")[place].focus();
    });
    return make("tr", { class: "group" }, make("th", { scope: "row" }, button),
      group[1].filter((_, each) => chosen.has(each)).map(([words, tone]) => make("td", { class: `tone-${tone}` }, words)));
  };

  const marksOf = (row) => row.cells.filter((_, place) => chosen.has(place)).map(([mark]) => data.marks[mark][0]);
  const differs = (row) => new Set(marksOf(row).map((mark) => SIDES[mark]).filter(Boolean)).size > 1;
  const broken = (row) => marksOf(row).some((mark) => mark === "violated" || mark === "not met");
  const tests = {
    all: () => true,
    differences: differs,
    failures: broken,
    notable: (row) => differs(row) || broken(row),
  };
  const levels = { MUST: 0, SHOULD: 1, MAY: 2 };
  const rank = (row) => (broken(row) ? 0 : 8) + (differs(row) ? 0 : 4) + levels[row.level];
  const refresh = () => {
    const words = wordsOf(box.value);
    const wanted = tests[show.querySelector("input:checked").value];
    const kept = rows.filter((row) => words.every((word) => row.words.includes(word)) && wanted(row));
    // Where there is no room for all: what is broken or differs first, by level; they stand in their order all the same.
    const shown = kept.length > limit ? new Set([...kept].sort((one, other) => rank(one) - rank(other)).slice(0, limit)) : new Set(kept);
    for (const body of Array.from(frame.tBodies)) body.remove();
    data.groups.forEach((group, place) => {
      const all = kept.filter((row) => row.group === place);
      const ours = all.filter((row) => shown.has(row));
      const number = all.length;
      frame.append(make("tbody", {}, head(group, place, number), folded.has(place) ? [] : ours.map(line)));
    });
    more.hidden = kept.length <= limit;
    more.textContent = `Show ${Math.min(step(), kept.length - limit)} more`;
    count.textContent = `${kept.length} of ${plural(rows.length, "requirement")}`;
  };
  const again = () => { limit = step(); refresh(); };
  box.addEventListener("input", again);
  show.addEventListener("change", again);
  more.addEventListener("click", () => { limit += step(); refresh(); });

  const fold = byId("matrix-fold");
  fold.addEventListener("click", () => {
    const all = folded.size < data.groups.length;
    folded.clear();
    if (all) for (const place of data.groups.keys()) folded.add(place);
    fold.textContent = all ? "Unfold all" : "Fold to profiles";
    refresh();
  });

  const columns = byId("matrix-columns");
  lazily(columns, () => make("fieldset", {}, make("legend", {}, "Show these targets"), data.targets.map((name, place) => {
    const input = make("input", { type: "checkbox", checked: true });
    input.addEventListener("change", () => {
      if (input.checked) chosen.add(place);
      else if (chosen.size > 1) chosen.delete(place);
      else input.checked = true;
      frame.tHead.rows[0].replaceChildren(make("th", { scope: "col" }, "Feature"),
        ...data.targets.filter((_, each) => chosen.has(each)).map((each) => make("th", { scope: "col" }, each)));
      again();
    });
    return make("label", {}, input, name);
  })));
  refresh();
  return { said, rows: new Map(rows.map((row) => [row.id, row])) };
};
