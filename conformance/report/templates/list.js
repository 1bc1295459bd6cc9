// A table of many rows: those that are wanted, a few at a time.
const listing = ({ body, more, count, rows, row, step, noun }) => {
  let limit = step;
  let kept = rows;
  const show = () => {
    body.replaceChildren(...kept.slice(0, limit).map(row));
    if (more) {
      more.hidden = kept.length <= limit;
      more.textContent = `Show ${Math.min(500, kept.length - limit)} more`;
    }
    if (count) count.textContent = `${kept.length} of ${plural(rows.length, noun)}`;
  };
  if (more) more.addEventListener("click", () => { limit += 500; show(); });
  return {
    keep(wanted) { limit = step; kept = rows.filter(wanted); show(); },
    kept: () => kept,
  };
};
const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

// A table that is made when it is opened.
const lazily = (details, fillIn) => {
  details.addEventListener("toggle", () => {
    if (details.open && !details.dataset.filled) {
      details.dataset.filled = "1";
      details.append(fillIn());
    }
  });
};
const searchable = (name, heads, rows, text, draw) => {
  const label = make("label", {}, "Filter by any text");
  const box = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  label.append(box);
  const count = make("p", { role: "status" });
  const more = make("button", { type: "button" });
  const frame = table(name, heads, [], { class: "stack" });
  const list = listing({ body: frame.querySelector("tbody"), more, count, rows, row: draw, step: 100, noun: "row" });
  box.addEventListener("input", () => {
    const words = wordsOf(box.value);
    list.keep((row) => words.every((word) => text(row).toLowerCase().includes(word)));
  });
  list.keep(() => true);
  return make("div", {}, make("div", { class: "filters" }, label, count), frame, make("p", {}, more));
};
