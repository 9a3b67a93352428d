// Lays a quote out in the page's own templates. What a document says only ever becomes text nodes.

export const stamp = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

const put = (node, selector, text, attributes = {}) => {
  const found = node.querySelector(selector);
  found.textContent = text;
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
};

const cut = (node, selector, parts) =>
  node.querySelector(selector).append(
    ...parts.map(([text, marked]) => {
      if (!marked) return text;
      if (!text) return stamp("nothing");
      const mark = document.createElement("mark");
      mark.append(text);
      return mark;
    }),
  );

const bdi = (text) => {
  const node = document.createElement("bdi");
  node.append(text);
  return node;
};

const fact = ({ text, language }) => {
  const span = document.createElement("span");
  span.lang = language;
  span.append(bdi(text));
  return span;
};

function witness(held) {
  const node = stamp("witness");
  put(node, ".outlet", held.outlet, { lang: held.language });
  put(node, ".tongue", held.tongue);
  put(node, ".which bdi:not(.outlet)", held.id);
  node.querySelector(".which a").setAttribute("href", held.href);
  put(node, ".likeness", held.likeness);
  put(node, ".id", held.id);
  node.querySelector(".here").lang = held.base_language;
  node.querySelector(".there").lang = held.language;
  cut(node, ".here", held.here);
  cut(node, ".there", held.there);
  return node;
}

/** The list item that shows `held`, a card as the service describes it. */
export function card(held) {
  const node = stamp("card");
  node.dataset.passage = held.id;
  node.dataset.document = held.document;
  const seal = node.querySelector(".seal");
  seal.textContent = held.seal;
  seal.setAttribute("href", held.href);
  seal.setAttribute("aria-label", held.name);
  const context = node.querySelector(".context");
  if (held.context) {
    put(context, "q", held.context.text, { lang: held.language });
    if (held.context.href) context.querySelector("a").setAttribute("href", held.context.href);
  } else context.remove();
  const quote = node.querySelector("blockquote");
  quote.setAttribute("cite", held.url);
  quote.lang = held.language;
  cut(quote, "p", held.text);
  put(node, "cite bdi", held.title);
  const title = node.querySelector("cite a");
  title.setAttribute("href", held.title_href);
  title.lang = held.title_language;
  node.querySelector(".facts").append(...held.facts.map(fact));
  put(node, ".reference bdi", held.reference);
  node.querySelector(".reference").lang = held.language;
  put(node, ".address", held.url);
  const witnesses = node.querySelector(".witnesses");
  if (held.badge) {
    put(witnesses, ".badge", held.badge);
    put(witnesses, ".likeness", held.likeness);
    witnesses.append(...held.witnesses.map(witness));
  } else witnesses.remove();
  node.querySelector(".in-place").setAttribute("href", held.place);
  node.querySelector(".check").setAttribute("href", held.check);
  const source = node.querySelector(".at-source");
  if (held.source) source.firstElementChild.setAttribute("href", held.source);
  else source.remove();
  return node;
}
