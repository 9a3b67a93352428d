// What every page with quotes can do: copy them, open them in place, move between them by keyboard.

import { open, reopen } from "./panel.js";

const said = document.getElementById("said");
const REMEMBERED = "yinju-format";
const framed = window.top !== window;

const stored = () => {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // storage is closed to frames in some browsers
  }
};

const remember = (format) => {
  try {
    localStorage.setItem(REMEMBERED, format);
  } catch {
    // it then holds for this page alone
  }
};

/** Every choice of a format within `node` as it was chosen last. */
export function choose(node, format = stored()) {
  for (const select of node.querySelectorAll("select.format"))
    if ([...select.options].some((option) => option.value === format)) select.value = format;
}

/** The quote and its citation; a format that holds the quote itself comes alone. */
async function cited(card) {
  const format = card.querySelector("select.format").value;
  const [document_, number] = split(card.dataset.passage);
  const path = `${said.dataset.root}/api/passages/${encodeURIComponent(document_)}/${number}?format=${format}`;
  const reply = await fetch(path);
  if (!reply.ok) throw new Error(reply.statusText);
  const reference = (await reply.text()).trim();
  if (!said.dataset.styles.split(" ").includes(format)) return reference;
  return `${card.querySelector("blockquote").textContent}\n\n${reference}`;
}

const split = (passage) => {
  const at = passage.lastIndexOf("/");
  return [passage.slice(0, at), passage.slice(at + 1)];
};

async function copy(text) {
  try {
    if (navigator.clipboard?.write) {
      // Safari wants the clipboard asked for within the click, and waits for the text itself.
      const blob = text.then((held) => new Blob([held], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    } else old(await text);
    tell(said.dataset.copied);
  } catch {
    tell(said.dataset.failed);
  }
}

/** Where the page is not served securely there is no clipboard to write to. */
function old(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("no clipboard");
}

let fading;
function tell(words) {
  said.textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => (said.textContent = ""), 4000);
}

/** Whether a link leaves the chat: in a frame documents have no room, and other sites mostly refuse to be framed. */
const leads_out = ({ origin, pathname }) =>
  origin !== undefined && (origin !== location.origin || /^\/(p|documents|api)\//.test(pathname.slice(said.dataset.root.length)));

document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  const card = target?.closest(".card");
  if (target?.matches(".copy")) copy(cited(card));
  else if (target?.matches(".copy-link")) copy(Promise.resolve(card.querySelector("blockquote").cite));
  else if (target?.matches(".in-place") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    if (open(card.dataset.document, card.dataset.passage, target)) event.preventDefault();
  } else if (target?.matches(".tongues a")) {
    const url = new URL(location.href);
    url.searchParams.set("lang", target.lang);
    target.href = url.href;
  }
  if (framed && target?.matches("a") && leads_out(target)) target.target = "_blank";
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("select.format")) return;
  remember(event.target.value);
  choose(document, event.target.value);
});

// A single letter is a shortcut only while a quote has the focus, so that it never gets in a reader's way.
document.addEventListener("keydown", (event) => {
  const card = event.target.closest(".card");
  if (!card || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("select")) return;
  const cards = [...document.querySelectorAll(".card")];
  const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  const is_letter = event.key === "j" || event.key === "k";
  if (step && (is_letter || event.target === card)) {
    cards[cards.indexOf(card) + step]?.focus();
    event.preventDefault();
  } else if (event.key === "/") {
    document.querySelector("textarea").focus();
    event.preventDefault();
  }
});

choose(document);
reopen();
