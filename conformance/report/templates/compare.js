// The comparison: its matrix, and the evidence of targets side by side.
const begin = (data) => {
  const here = data.page;
  const shown = here ? null : matrix(data);
  const level = (requirement) => {
    const found = data.findings[requirement];
    return found ? [sign(found.level, { MUST: "✗", SHOULD: "!", MAY: "i" }[found.level], found.level), " "] : "";
  };
  const back = () => backLink("← Back", here ? "main" : "matrix");
  const keyOf = (target, id) => `${target}:${id}`;
  const caseLink = (target, id) => `#case=${encodeURIComponent(id)}&target=${encodeURIComponent(data.targets[target])}`;
  const outcome = (target, id) => {
    const found = data.outcomes[keyOf(target, id)];
    return found ? sign(...found.slice(0, 3)) : "";
  };
  const read = async (target, id) => {
    const where = data.cases[keyOf(target, id)];
    if (!where) return null;
    if (where[0] !== here) return `${here ? "" : "evidence/"}${where[0]}.html${caseLink(target, id)}`;
    return (await unpack(`block-${where[1]}`))[keyOf(target, id)];
  };

  const STATES = { violated: ["violated", "✗", "violates it here"], held: ["held", "✓", "holds it here"], "": ["", "·", "not decided here"] };
  const side = async ([target, id, same, state], name) => {
    const found = await read(target, id);
    const panel = make("div", { class: "side" },
      make("h3", {}, data.targets[target], sign(...STATES[state])),
      make("p", { class: "soft" }, outcome(target, id), " ", found ? make("a", { href: typeof found === "string" ? found : caseLink(target, id) }, make("code", {}, id)) : make("code", {}, id), same ? "" : ": a case of its own"));
    if (found && typeof found !== "string") {
      const chosen = found.attempts.find((attempt) => attempt.findings.some(([requirement]) => requirement === name)) || found.attempts[0];
      panel.append(...sideAttempt(chosen, name).filter(Boolean));
    } else if (found) {
      panel.append(make("p", {}, "Its exchange is in a file of its own: ", make("a", { href: found }, "open it"), "."));
    }
    return panel;
  };

  const violated = (id, found, row) => data.targets.flatMap((name, target) =>
    found.samples.filter((each) => each[0] === target).map(([, asked, where, expected, observed, cases], place) => make("tr", {},
      make("th", { scope: "row" }, place ? "also" : name),
      make("td", { class: "state" }, row && !place ? sign(data.marks[row.cells[target][0]][0], "", shown.said(row.cells[target], 0).trim()) : ""),
      make("td", { "data-name": "Expected" }, expected), make("td", { "data-name": "Observed" }, observed), make("td", { "data-name": "Where" }, make("code", {}, where)),
      make("td", { "data-name": "Case" }, data.cases[keyOf(target, asked)] ? make("a", { href: caseLink(target, asked) }, make("code", {}, asked)) : make("code", {}, asked), cases > 1 ? ` and ${cases - 1} more` : ""))));
  const named = (row, mark) => {
    const names = data.targets.filter((_, target) => data.marks[row.cells[target][0]][0] === mark);
    return names.length ? make("p", { class: "marked" }, sign(mark, data.marks.find((each) => each[0] === mark)[1], mark), " ", names.join(", ")) : null;
  };

  // Few at first: those that violate it and those that hold it, in the order of the columns.
  const first = (sides) => {
    const of = (state) => sides.filter((each) => each[3] === state);
    const some = [...of("violated").slice(0, 2), ...of("held").slice(0, 2), ...of("").slice(0, 1)];
    return sides.filter((each) => some.includes(each)).slice(0, 4);
  };
  const requirementPage = async (id) => {
    const found = data.findings[id];
    if (!found) return make("div", {}, back(), make("h2", {}, "Nothing to show"), make("p", {}, "No target violates this requirement."));
    const row = shown && shown.rows.get(id);
    const sides = make("div", { class: "sides", tabindex: "0", role: "region", "aria-label": "Exchanges side by side" });
    const chosen = new Set(first(found.sides).map((each) => each[0]));
    const place = async () => {
      const wanted = found.sides.filter((each) => chosen.has(each[0]));
      sides.replaceChildren(...await Promise.all(wanted.map((each) => side(each, id))));
    };
    const who = make("fieldset", { class: "who" }, make("legend", {}, "Side by side"), found.sides.map((each) => {
      const input = make("input", { type: "checkbox", checked: chosen.has(each[0]) });
      input.addEventListener("change", () => {
        if (input.checked) chosen.add(each[0]);
        else chosen.delete(each[0]);
        place();
      });
      return make("label", {}, input, data.targets[each[0]], ` ${STATES[each[3]][1]}`);
    }));
    const evidence = found.sides.some(([target, name]) => data.cases[keyOf(target, name)]);
    if (evidence) await place();
    return make("article", { class: "case" },
      make("div", { class: "paths" }, back()),
      make("header", {}, sign(found.level, { MUST: "✗", SHOULD: "!", MAY: "i" }[found.level], found.level), make("h2", {}, found.text), linkButton()),
      make("p", {}, make("code", {}, id)),
      make("dl", { class: "pairs" }, make("dt", {}, "Who breaks"), make("dd", {}, found.breaks), make("dt", {}, "Documentation"),
        make("dd", {}, found.doc ? make("a", { href: found.doc, rel: "noopener noreferrer" }, found.doc) : "none"),
        make("dt", {}, "More"), make("dd", {}, make("code", {}, `conformance explain ${id}`))),
      table("Violations", ["Target", "State", "Expected", "Observed", "Where", "Case"], violated(id, found, row), { class: "stack" }),
      row ? ["held", "inconclusive", "unsupported", "untested", "not claimed"].map((mark) => named(row, mark)) : null,
      evidence ? [who, sides] : make("p", { class: "note" }, "This page was made without evidence: it holds no exchange."));
  };
  views.push([(_, hash) => !here && hash.startsWith("requirement-"), (_, hash) => requirementPage(decodeURIComponent(hash.slice("requirement-".length)))]);

  const casePage = async (parameters) => {
    const id = parameters.get("case");
    const target = data.targets.indexOf(parameters.get("target"));
    const found = target < 0 ? null : await read(target, id);
    if (typeof found === "string") {
      location.href = found;
      return null;
    }
    if (!found) return make("div", {}, back(), make("h2", {}, "No such case here"), make("p", {}, "The report of the target itself may have it."));
    const others = data.targets.flatMap((name, each) => (each !== target && data.cases[keyOf(each, id)] ? [[name, each]] : []));
    return make("article", { class: "case" },
      make("div", { class: "paths" }, back()),
      make("header", {}, outcome(target, id), make("h2", {}, `${data.targets[target]}: `, make("code", {}, id)), linkButton()),
      make("p", { class: "lead" }, data.outcomes[keyOf(target, id)][3]),
      others.length ? make("p", {}, "Other targets: ", others.flatMap(([name, each]) => [make("a", { href: caseLink(each, id) }, name), " ", outcome(each, id), " "])) : null,
      tabs(found.attempts, "case", level));
  };
  views.push([(parameters) => parameters.has("case"), casePage]);

  const lists = {
    extensions: () => searchable("All extensions", ["What", "Kind", "Types", "Sent by"], data.extensions, (row) => row.join(" "),
      ([where, kind, types, senders]) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, where)), make("td", { "data-name": "Kind" }, kind), make("td", { "data-name": "Types" }, types), make("td", {}, senders))),
  };
  lists.parameters = () => searchable("All parameters", ["Parameter", "Answered by", "Refused by"], data.parameters, (row) => `${row.join(" ")} ${row[1] || row[2] ? "" : "never sent"}`,
    ([where, accepted, refused]) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, where)), make("td", { "data-name": "Answered by" }, accepted || (refused ? "" : "never sent")), make("td", { "data-name": "Refused by" }, refused)));
  for (const details of document.querySelectorAll("details[data-list]")) lazily(details, lists[details.dataset.list]);
  ready();
};
unpack("data").then(begin, () => {
  main.prepend(unreadable());
  ready();
});
