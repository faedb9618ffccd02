// What the chips hide: a card for each page while the pointer rests on one, and on some visits a panel at the side.
"use strict";

const CLOSES_AFTER = 94; // ms after the pointer left

function sourceCard([url, title, name, snippet]) {
  const domain = new URL(url).host.replace(/^www\./, "");
  const card = fragment(`<inline-source-card><div class="source-card"><div class="source-path gds-title-s"></div><div
    class="title gds-title-m"></div><div class="snippet gds-body-m"></div><div class="info gds-body-s"></div></div></inline-source-card>`);
  const said = { ".source-path": name, ".title": title, ".snippet": snippet, ".info": domain };
  for (const [row, text] of Object.entries(said)) text ? ($(row, card).textContent = text) : $(row, card).remove();
  return card;
}

function link([url, , , snippet], card) {
  const quoted = snippet ? `${url.includes("#") ? "" : "#"}:~:text=${encodeURIComponent(snippet.slice(0, 20))}` : "";
  const anchor = fragment(`<a target="_blank" rel="noopener"></a>`);
  anchor.href = url + quoted;
  anchor.append(...card);
  return anchor;
}

// On hovering, the link is within its card ...
function hoverCard(page) {
  const card = sourceCard(page);
  card.append(link(page, card.childNodes));
  return card;
}

// ... in the panel, around it.
const panelCard = (page) => link(page, [sourceCard(page)]);

document.addEventListener("pointerover", ({ target }) => {
  const chip = target.closest?.(".source-inline-chip-container");
  if (!chip || $(".cdk-overlay-popover", chip)) return;
  const { cards } = chip.closest("model-response").answer;
  const popover = fragment(`<div class="cdk-overlay-popover"><div class="cdk-overlay-pane"><div role="dialog" aria-label="Sources"
    ><multi-source-hovered-card></multi-source-hovered-card></div></div></div>`);
  $("multi-source-hovered-card", popover).append(...chip.dataset.cards.split(",").map((number) => hoverCard(cards[number - 1])));
  chip.append(popover);
});

document.addEventListener("pointerout", ({ target, relatedTarget }) => {
  const chip = target.closest?.(".source-inline-chip-container");
  if (!chip || chip.contains(relatedTarget)) return;
  setTimeout(() => chip.matches(":hover") || $(".cdk-overlay-popover", chip)?.remove(), CLOSES_AFTER);
});

function openPanel(answer) {
  const cited = [...new Set(answer.cited.flat())].sort((one, other) => one - other);
  const panel = fragment(`<side-bar-sources><header><h2 class="gds-title-l">Sources</h2><button type="button" data-test-id="close-button"
    aria-label="Close sidebar"><mat-icon aria-hidden="true" data-mat-icon-name="close" fonticon="close"></mat-icon></button></header
    ><div class="container"></div></side-bar-sources>`);
  $(".container", panel).append(...cited.map((number) => panelCard(answer.cards[number - 1])));
  $("button", panel).onclick = () => panel.remove();
  $("context-sidebar").replaceChildren(panel);
}

function openMenu(answer) {
  const overlays = $(".cdk-overlay-container");
  const shut = () => overlays.replaceChildren();
  const backdrop = fragment(`<div class="cdk-overlay-backdrop"></div>`);
  const menu = fragment(`<div class="mat-mdc-menu-panel" role="menu" tabindex="-1"><button type="button" role="menuitem"
    data-test-id="export-button">Export to Docs</button><button type="button" role="menuitem">Report legal issue</button></div>`);
  if (document.body.dataset.panel && answer.cited.length) {
    const view = fragment(`<button type="button" role="menuitem">View sources</button>`);
    view.addEventListener("click", () => openPanel(answer));
    menu.prepend(view);
  }
  backdrop.onclick = shut;
  menu.addEventListener("click", shut);
  overlays.replaceChildren(backdrop, menu);
}

document.addEventListener("keydown", ({ key }) => key === "Escape" && $(".cdk-overlay-container").replaceChildren());
