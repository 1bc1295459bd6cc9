// Elements are made one by one; no text is ever read as markup.
const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== ""));
  return element;
};
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);

const plural = (count, noun) => `${count} ${count === 1 ? noun : noun + "s"}`;

const TONES = {
  pass: "good", fail: "fail", warn: "warn", inconclusive: "open", error: "open",
  held: "good", violated: "fail", MUST: "fail", SHOULD: "warn",
};
const sign = (value, symbol, words) =>
  make("span", { class: `status tone-${TONES[value] || "none"}` },
    symbol && symbol !== "n/a" ? [make("span", { "aria-hidden": "true" }, symbol), " "] : "", words);

const table = (name, heads, rows, attributes = {}) =>
  make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name },
    make("table", attributes,
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", head.startsWith("#") ? { scope: "col", class: "number" } : { scope: "col" }, head.replace(/^#/, ""))))),
      make("tbody", {}, rows)));

const copyText = async (button, text, source) => {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    if (source) {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
    button.textContent = source ? "Selected" : "Not allowed here";
  }
  setTimeout(() => { button.textContent = words; }, 2500);
};
const shell = (text) => {
  const code = make("pre", { tabindex: "0" }, make("code", {}, text));
  const button = make("button", { type: "button" }, "Copy");
  button.addEventListener("click", () => copyText(button, text, code));
  return make("div", { class: "shell" }, code, button);
};
