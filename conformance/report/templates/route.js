// Permanent links: an id of the page, or a view that is made when it is wanted.
const main = byId("main");
const view = byId("view");
const views = [];
let opener = null;
let place = 0;

const closeView = () => {
  if (view.hidden) return;
  view.hidden = true;
  view.replaceChildren();
  main.hidden = false;
  scrollTo({ top: place, behavior: "instant" });
  if (opener && opener.isConnected) opener.focus({ preventScroll: true });
};
const openView = (content) => {
  if (view.hidden) {
    opener = document.activeElement;
    place = scrollY;
  }
  main.hidden = true;
  view.hidden = false;
  view.replaceChildren(content);
  const head = view.querySelector("h2");
  head.tabIndex = -1;
  scrollTo({ top: 0, behavior: "instant" });
  head.focus({ preventScroll: true });
};
const reveal = (id) => {
  const found = id && byId(id);
  if (!found || view.contains(found)) return;
  for (let each = found.parentElement; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
  }
  if (!found.hasAttribute("tabindex")) found.tabIndex = -1;
  found.focus({ preventScroll: true });
  found.scrollIntoView();
};
const follow = async () => {
  const hash = location.hash.slice(1);
  const parameters = new URLSearchParams(hash);
  for (const [wanted, content] of views) {
    if (!wanted(parameters, hash)) continue;
    let made;
    try {
      made = await content(parameters, hash);
    } catch {
      made = make("div", {}, make("h2", {}, "Nothing to show"), unreadable());
    }
    if (made && location.hash.slice(1) === hash) openView(made);
    return;
  }
  closeView();
  let id = hash;
  try { id = decodeURIComponent(hash); } catch { /* not an id of ours */ }
  reveal(id);
};
// Back to where the reader was; a page that was opened by its link has nowhere to go back to.
const backLink = (words, home) => {
  const link = make("a", { href: `#${home}`, class: "back" }, words);
  link.addEventListener("click", (event) => {
    if (opener && opener !== document.body) {
      event.preventDefault();
      history.back();
    }
  });
  return link;
};
const linkButton = () => {
  const button = make("button", { type: "button" }, "Copy link");
  button.addEventListener("click", () => copyText(button, location.href, null));
  return button;
};

addEventListener("hashchange", follow);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing) {
    const box = document.querySelector(view.hidden ? "main input[type=search]" : "#view input[type=search]");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  }
  if (event.key === "Escape" && !view.hidden && !typing) history.length > 1 ? history.back() : (location.hash = "main");
});
for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = byId(button.dataset.copy);
  button.addEventListener("click", () => copyText(button, source.textContent, source));
}
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = Array.from(document.querySelectorAll("main details:not([open]):not(.lazy)"));
  for (const each of unfolded) each.open = true;
});
addEventListener("afterprint", () => { for (const each of unfolded) each.open = false; });
const ready = () => {
  for (const each of document.querySelectorAll(".scripted")) each.hidden = false;
  follow();
  document.documentElement.dataset.ready = "1";
  performance.mark("ready");
};
