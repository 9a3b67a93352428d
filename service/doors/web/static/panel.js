// The statement beside the thread, at the paragraph that is quoted. On a narrow screen the reading page does this.

const panel = document.getElementById("beside");
const pages = panel.querySelector(".pages");
const heading = panel.querySelector("h2");
const wide = matchMedia("(min-width: 64rem)");
let opener = null;

/** Shows `passage` of `document_`; false if there is no room, so that its own page has to open. */
export function open(document_, passage, from) {
  if (!wide.matches) return false;
  opener = from;
  show(document_, passage).catch(() => location.assign(from?.href ?? location.pathname));
  return true;
}

/** What the address says was open. */
export function reopen() {
  const named = decodeURIComponent(location.hash).match(/^#open=(.+)\/([\d.]+)$/);
  if (named && wide.matches) show(named[1], `${named[1]}/${named[2]}`).catch(close);
}

async function show(document_, passage) {
  if (panel.dataset.document !== document_) {
    const reply = await fetch(`${panel.dataset.root}/api/documents/${encodeURIComponent(document_)}`);
    if (!reply.ok) throw new Error(reply.statusText);
    fill(await reply.json());
    panel.dataset.document = document_;
  }
  panel.hidden = false;
  document.body.classList.add("reading-beside");
  mark(passage);
  history.replaceState(history.state, "", `#open=${encodeURI(passage)}`);
  opener?.closest(".card").scrollIntoView({ block: "nearest" }); // the column has become narrower
  heading.focus({ preventScroll: true });
}

function fill(held) {
  heading.textContent = held.title ?? held.id;
  heading.lang = held.language;
  const facts = [held.date, held.outlet, held.id].filter(Boolean);
  panel.querySelector(".facts").textContent = facts.join(" · ");
  pages.replaceChildren(...runs(held.text).map((run) => section(run, held.language)));
}

function runs(text) {
  const found = [];
  for (const paragraph of text) {
    if (found.at(-1)?.role !== paragraph.role) found.push({ role: paragraph.role, paragraphs: [] });
    found.at(-1).paragraphs.push(paragraph);
  }
  return found;
}

function section({ role, paragraphs }, language) {
  const node = document.createElement("div");
  node.className = role;
  const label = pages.dataset[role.split(" ")[0]];
  if (label) {
    const told = document.createElement("p");
    told.className = "role";
    told.textContent = label;
    node.append(told);
  }
  for (const { text, passage_id } of paragraphs) {
    const paragraph = document.createElement(role === "heading" ? "h3" : "p");
    paragraph.lang = language;
    paragraph.textContent = text;
    if (passage_id) paragraph.dataset.passage = passage_id;
    node.append(paragraph);
  }
  return node;
}

function mark(passage) {
  for (const paragraph of pages.querySelectorAll("[data-passage]")) {
    const is_it = paragraph.dataset.passage === passage;
    paragraph.removeAttribute("aria-current");
    if (is_it) {
      paragraph.setAttribute("aria-current", "true");
      const number = passage.slice(passage.lastIndexOf("/") + 1);
      panel.querySelector(".as-page").href = `${panel.dataset.root}/p/${encodeURI(passage)}#p${number}`;
      paragraph.scrollIntoView({ block: "center" });
    }
  }
}

function close() {
  panel.hidden = true;
  document.body.classList.remove("reading-beside");
  history.replaceState(history.state, "", location.pathname + location.search);
  opener?.focus();
}

panel.querySelector(".close").addEventListener("click", close);
panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  close();
});
wide.addEventListener("change", () => {
  if (!wide.matches && !panel.hidden) close();
});
