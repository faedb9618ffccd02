// The lists of what an answer cites: cards below it, a dialog with those that had no room, a panel beside the chat.
"use strict";

const CARDS = 2;

function citationCards(sources) {
  const row = fragment(`<div data-copy="false"><div data-testid="citation-cards-row"></div></div>`);
  const pages = unique(sources);
  const rest = pages.slice(CARDS);
  row.firstElementChild.append(...pages.slice(0, CARDS).map(card));
  if (rest.length) row.firstElementChild.append(moreButton(rest));
  return row;
}

function moreButton(pages) {
  const button = fragment(`<button type="button">+${pages.length}</button>`);
  button.title = LABELS.more.replace("{}", pages.length);
  button.onclick = () => {
    document.body.append(citationDialog(pages));
    $("[data-modal-overlay] button").focus();
  };
  return button;
}

function citationDialog(pages) {
  const overlay = fragment(`<div data-modal-overlay="true"><div role="dialog" aria-modal="true"><button type="button"
    aria-label="${LABELS.close}">✕</button><ul></ul></div></div>`);
  $("ul", overlay).append(...pages.map(listed));
  const close = () => overlay.remove();
  $("button", overlay).onclick = close;
  overlay.onkeydown = ({ key }) => key === "Escape" && close();
  return overlay;
}

function listed(page) {
  const entry = document.createElement("li");
  entry.append(card(page));
  return entry;
}

// Title in the attribute, and in the third of the boxes.
function card({ url, title }) {
  const link = fragment(`<a target="_blank" rel="noopener noreferrer"><div><div class="site"></div><div class="name"></div></div></a>`);
  Object.assign(link, { href: url, title });
  $(".site", link).textContent = new URL(url).hostname.replace(/^www\./, "");
  $(".name", link).textContent = title;
  return link;
}

function referencesPanel(sources) {
  const panel = fragment(`<div class="relative h-full overflow-hidden will-change-auto" style="width: 320px"><h2>${LABELS.sources}</h2
    ><ul></ul></div>`);
  $("ul", panel).append(...unique(sources).map(listed));
  return panel;
}
