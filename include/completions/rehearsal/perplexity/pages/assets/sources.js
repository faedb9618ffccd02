// The tabs above an answer, and the list of sources: in its tab, and in a pane at the right.
"use strict";

const HIDDEN = PROSE ? ["shopping", "hotels", "places", "jobs", "videos", "images", "sources", "assets", "news"] : ["sources", "images"];
let tabsOf = null;

// One row of tabs for the thread; what is not chosen is not in the page.
function tabs() {
  if (tabsOf) return tabsOf;
  const id = (name) => `id="radix-_r_0_-content-${name}" aria-labelledby="radix-_r_0_-trigger-${name}"`;
  const list = fragment(`<div role="tablist" aria-orientation="horizontal"></div>`);
  const root = fragment(`<div role="tabpanel" data-state="active" tabindex="0" ${id("default")}></div>`);
  const others = HIDDEN.map((name) => fragment(`<div role="tabpanel" data-state="inactive" hidden tabindex="0" ${id(name)}></div>`));
  $(".thread").append(list, root, ...others);
  tabsOf = { list, root, kept: null };
  list.append(tab("default", "Answer", () => choose("default")));
  return tabsOf;
}

function tab(name, label, act) {
  const made = fragment(`<button type="button" role="tab" aria-selected="${name === "default"}" id="radix-_r_0_-trigger-${name}"
    aria-controls="radix-_r_0_-content-${name}"></button>`);
  made.textContent = label;
  made.onclick = act;
  return made;
}

function offerTabs(sources, images) {
  const known = [...tabsOf.list.children].map((each) => each.id);
  const add = (name, label, content) => {
    if (!known.includes(`radix-_r_0_-trigger-${name}`)) tabsOf.list.append(tab(name, label, () => choose(name, content)));
  };
  if (sources.length) add("sources", SOURCES, () => sources.map(sourceCard));
  if (images.length) add("images", "Images", () => images.map((each) => fragment(`<img alt="${escaped(each.name)}" data-src="${escaped(each.image)}" src="${FAVICON}">`)));
}

function choose(name, content = () => []) {
  const panels = [...document.querySelectorAll('[role="tabpanel"]')];
  tabsOf.kept ??= [...tabsOf.root.childNodes];
  for (const panel of panels) {
    const chosen = panel.id.endsWith(`-content-${name}`);
    panel.hidden = !chosen;
    panel.dataset.state = chosen ? "active" : "inactive";
    panel.replaceChildren(...(!chosen ? [] : name === "default" ? tabsOf.kept : content()));
  }
  for (const each of tabsOf.list.children) each.setAttribute("aria-selected", each.id.endsWith(`-trigger-${name}`));
  if (name === "default") tabsOf.kept = null;
}

function sourcesButton(sources) {
  const icons = `<img alt="favicon" src="${FAVICON}">`.repeat(Math.min(2, sources.length));
  const opener = fragment(`<button type="button" class="sources">${icons} ${sources.length} ${SOURCES.toLowerCase()}</button>`);
  opener.onclick = () => ($(".pane") ? $(".pane").remove() : openPane(sources));
  return opener;
}

function openPane(sources) {
  const pane = fragment(`<div class="pane fixed inset-y-0 right-0"><header><span>${sources.length} ${SOURCES}</span><button type="button"
    aria-label="Close">✕</button></header></div>`);
  $("button", pane).onclick = () => pane.remove();
  pane.append(...sources.map(sourceCard));
  document.body.append(pane);
}

function sourceCard({ url, name, snippet }) {
  const card = fragment(`<a target="_blank" rel="noopener" class="group"><div class="bg-subtler"><div class="domain"><img alt="favicon"
    src="${FAVICON}"><span></span></div><span class="line-clamp-2"></span><div class="line-clamp-4 snippet"></div></div></a>`);
  card.href = url;
  $(".domain span", card).textContent = domainOf(url);
  $(".line-clamp-2", card).textContent = name;
  $(".snippet", card).textContent = snippet ?? "";
  return card;
}
