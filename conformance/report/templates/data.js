// Data stands in the page as compressed JSON; a block is opened when something in it is wanted.
const opened = new Map();
const unpack = (id) => {
  if (!opened.has(id)) opened.set(id, open(id));
  return opened.get(id);
};
const open = async (id) => {
  const bytes = Uint8Array.from(atob(byId(id).textContent), (each) => each.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};
const unreadable = () =>
  make("p", { class: "note" }, "This browser cannot open the evidence: it lacks DecompressionStream. The recording beside this page has everything.");
