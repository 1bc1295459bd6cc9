// The report of one target: its list of results, its coverage, its cases.
const begin = (data) => {
  const body = byId("results-table").tBodies[0];
  const box = byId("filter-text");
  const choice = byId("filter-outcome");
  const rows = data.rows.map(([outcome, id, title, profile, broken, cause, attempts, where]) => {
    const text = [outcome, data.outcomes[outcome][1], id, title, data.profiles[profile], ...broken, cause].join(" ").toLowerCase();
    return { outcome, id, title, profile: data.profiles[profile], broken, cause, attempts, where, text };
  });
  const known = new Map(rows.map((row) => [row.id, row]));
  const back = () => backLink("← Back", "results");
  const link = (id) => `#case=${encodeURIComponent(id)}`;
  const outcome = (value) => sign(value, ...data.outcomes[value]);
  const level = (requirement) => {
    const row = data.requirements[requirement];
    return row ? [sign(row[0], { MUST: "✗", SHOULD: "!", MAY: "i" }[row[0]], row[0]), " "] : "";
  };

  const list = listing({
    body, more: byId("results-more"), count: byId("filter-count"), rows, step: 60, noun: "case",
    row: (row) => make("tr", {},
      make("td", {}, outcome(row.outcome)),
      make("th", { scope: "row" }, row.where.length ? make("a", { href: link(row.id) }, make("code", {}, row.id)) : make("code", {}, row.id), make("br"), make("span", { class: "soft" }, row.title)),
      make("td", { "data-name": "Profile" }, row.profile),
      make("td", {}, row.broken.slice(0, 6).flatMap((name, place) => [place ? make("br") : "", make("code", {}, name)]), row.broken.length ? "" : row.cause),
      make("td", { class: "number", "data-name": "Attempts" }, String(row.attempts))),
  });
  const filter = () => {
    const words = wordsOf(box.value);
    const wanted = choice.value;
    list.keep((row) =>
      (wanted === "" || row.outcome === wanted || (wanted === "trouble" && row.outcome !== "pass")) && words.every((word) => row.text.includes(word)));
  };
  for (const value of Object.keys(data.outcomes).filter((each) => rows.some((row) => row.outcome === each))) {
    choice.append(make("option", { value }, data.outcomes[value][1]));
  }
  box.addEventListener("input", filter);
  choice.addEventListener("change", filter);
  filter();

  const casePage = async (parameters) => {
    const row = known.get(parameters.get("case"));
    if (!row || !row.where.length) {
      return make("div", {}, back(), make("h2", {}, "No such case here"),
        make("p", {}, row ? `Nothing was sent for it: ${row.cause || data.outcomes[row.outcome][1]}.` : "This run does not have it."));
    }
    if (row.where[0] !== data.page) {
      location.href = `${data.page ? "" : "evidence/"}${row.where[0]}.html${location.hash}`;
      return null;
    }
    const found = (await unpack(`block-${row.where[1]}`))[row.id];
    const kept = list.kept().filter((each) => each.where.length);
    const at = kept.indexOf(row);
    const near = (each, words) => (each ? make("a", { href: link(each.id) }, words) : "");
    return make("article", { class: "case" },
      make("div", { class: "paths" }, back(),
        make("span", {}, near(kept[at - 1], "previous"), " ", near(kept[at + 1], "next"))),
      make("header", {}, outcome(row.outcome), make("h2", {}, make("code", {}, row.id)), linkButton()),
      make("p", { class: "lead" }, row.title),
      row.cause ? make("p", {}, `${data.outcomes[row.outcome][1]}: ${row.cause}.`) : null,
      make("p", { class: "soft" }, `Profile ${row.profile}`, found.file ? [". Defined in ", make("code", {}, found.file)] : ""),
      row.broken.length ? make("p", {}, "Findings: ", row.broken.flatMap((name, each) =>
        [each ? ", " : "", data.requirements[name] && !data.page ? make("a", { href: `#finding-${data.requirements[name][2]}` }, make("code", {}, name)) : make("code", {}, name)])) : null,
      tabs(found.attempts, "case", level));
  };
  views.push([(parameters) => parameters.has("case"), casePage]);

  const states = { held: "✓", violated: "✗", inconclusive: "?", noted: "i", untested: "·", excluded: "—" };
  const lists = {
    covered: () => searchable("Every requirement", ["State", "Level", "Requirement", "Profile", "Why, or how often"], data.covered, (row) => row.join(" "),
      ([state, strength, id, text, why, profile, doc, cases, violated]) => make("tr", {},
        make("td", {}, sign(state, states[state], state)), make("td", { "data-name": "Level" }, strength),
        make("th", { scope: "row" }, make("code", {}, id), make("br"), make("span", { class: "soft" }, text, " ", doc ? make("a", { href: doc, rel: "noopener noreferrer" }, "documentation", make("span", { class: "unseen" }, ` of ${id}`)) : "")),
        make("td", { "data-name": "Profile" }, profile),
        make("td", {}, why || (violated ? `violated in ${violated} of ${plural(cases, "case")}` : `held in ${plural(cases, "case")}`)))),
    parameters: () => searchable("Every documented parameter", ["Parameter", "#Accepted", "#Refused", "#Wrong on purpose"], data.parameters, (row) => `${row[0]} ${row[1] ? "accepted" : "never accepted"}`,
      ([where, ...counts]) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, where)),
        counts.map((count, each) => make("td", { class: "number", "data-name": ["Accepted", "Refused", "Wrong on purpose"][each] }, String(count))))),
    fields: () => searchable("Every documented field", ["Field", "Of", "#Exchanges with it"], data.fields, (row) => `${row[0]} ${row[1]} ${row[2] ? "seen" : "not seen"}`,
      ([where, schema, count]) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, where)), make("td", { "data-name": "Of" }, schema),
        make("td", { class: "number", "data-name": "Exchanges" }, count ? String(count) : "not seen"))),
  };
  for (const details of document.querySelectorAll("details[data-list]")) lazily(details, lists[details.dataset.list]);
  ready();
};
unpack("data").then(begin, () => {
  main.prepend(unreadable());
  ready();
});
