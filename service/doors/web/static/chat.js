// The chat: a question goes to the page's own address, and the answer comes back as events.

import { card, stamp } from "./card.js";
import { choose } from "./quotes.js";

const form = document.getElementById("ask");
const box = form.querySelector("textarea");
const earlier = document.getElementById("earlier");
const log = document.getElementById("log");
const status = document.getElementById("status");
let asking = null;

/** The form as a query: what was asked before, then this question and its limits. */
const query = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim() !== ""));

async function ask() {
  const pairs = query();
  const address = `${form.action.split("#")[0]}?${pairs}`;
  asking?.abort();
  const stopping = (asking = new AbortController());
  document.getElementById("start")?.remove();
  document.querySelector(".hero")?.remove();
  const turn = begun(box.value);
  keep([...pairs].slice(earlier.childElementCount + (form.querySelector("[name=lang]") ? 1 : 0)));
  box.value = "";
  history.pushState(null, "", address);
  shown = location.search;
  document.title = document.title.replace(/^.*(?= · )/s, () => turn.querySelector(".question").textContent);
  try {
    await follow(turn, address, stopping.signal);
  } catch (error) {
    fail(turn, error.name === "AbortError" ? log.dataset.stopped : log.dataset.failed, error.told ?? log.dataset.offline);
    if (error.name === "AbortError") turn.querySelector(".detail").textContent = "";
  }
  if (asking === stopping) log.removeAttribute("aria-busy");
  status.textContent = turn.querySelector(".summary").textContent;
}

function begun(question) {
  const turn = stamp("turn");
  turn.dataset.state = "asking";
  turn.querySelector(".question").textContent = question;
  turn.querySelector(".summary").textContent = log.dataset.asking;
  log.setAttribute("aria-busy", "true");
  document.getElementById("latest")?.remove();
  const anchor = document.createElement("a");
  anchor.id = "latest";
  log.append(anchor, turn);
  turn.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  return turn;
}

/** The turn's own pairs, for the questions that come after it. */
function keep(pairs) {
  for (const [name, value] of pairs) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    earlier.append(input);
  }
}

async function follow(turn, address, signal) {
  const reply = await fetch(address, { headers: { accept: "text/event-stream" }, signal });
  if (!reply.ok) throw new Error(reply.statusText);
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  let ended = false;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (held + part.value).split("\n\n");
    held = events.pop();
    for (const event of events) ended = take(turn, event) || ended;
  }
  if (!ended) throw new Error("the answer broke off");
}

/** Places one event; whether it was the last. */
function take(turn, event) {
  const [, name, data] = event.match(/^event: (\w+)\ndata: (.*)$/s);
  const told = JSON.parse(data);
  if (name === "turn") answer(turn, told);
  if (name === "card") {
    const node = card(told);
    choose(node);
    turn.querySelector(".cards").append(node);
  }
  if (name === "failed") throw Object.assign(new Error(name), { told: told.detail });
  return name === "end";
}

function answer(turn, held) {
  turn.dataset.state = held.state;
  turn.querySelector(".summary").textContent = held.said;
  turn.querySelector(".detail").textContent = held.detail;
  turn.querySelector(".chips").append(...held.chips.map(chip));
  turn.querySelector(".notes").append(...held.notes.map((note) => item(note)));
  turn.querySelector(".tries ul").append(...held.tries.map(({ text, href }) => item(text, href)));
  turn.querySelector(".more a").setAttribute("href", held.timeline);
}

function chip({ text, remove, label }) {
  const node = stamp("chip");
  node.querySelector("span").textContent = text;
  node.querySelector("a").setAttribute("href", remove);
  node.querySelector("a").setAttribute("aria-label", label);
  return node;
}

function item(text, href) {
  const node = document.createElement("li");
  const held = href ? document.createElement("a") : node;
  if (href) held.setAttribute("href", href);
  held.append(text);
  if (href) node.append(held);
  return node;
}

function fail(turn, words, detail) {
  turn.dataset.state = "failed";
  turn.querySelector(".summary").textContent = words;
  turn.querySelector(".detail").textContent = detail;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (box.value.trim()) ask();
});

// While an input method composes, Enter chooses a character; 229 is what older browsers send for it.
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) asking?.abort();
});

// What has the focus must not lie under the box.
log.addEventListener("focusin", ({ target }) => {
  const { top, bottom } = target.getBoundingClientRect();
  const hidden = bottom - form.getBoundingClientRect().top;
  if (hidden > 0) scrollBy({ top: Math.min(hidden, top) + 16, behavior: "instant" });
});

// Another thread is another page; another place on this one is not.
let shown = location.search;
addEventListener("popstate", () => {
  if (location.search !== shown) location.reload();
});
// A frame must not take the focus from the page around it, and on a phone the keyboard would cover the page.
if (window.top === window && !location.hash && matchMedia("(pointer: fine)").matches) box.focus({ preventScroll: true });
