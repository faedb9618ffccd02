// Gemini's own: chips in place of citation marks, cards in place of placeholders, and how it draws tables, code and math.
"use strict";

const MARK = /\[cite: [\d, ]+\]|\[c?i?t?e?:?[\d, ]*$/; // whole, or still being written

function ownBlock(text, answer) {
  const placeholder = /^http:\/\/googleusercontent\.com\/(?:\w+\/)*(map_content|image_retrieval)\/(\d+)$/.exec(text);
  if (!placeholder) return null;
  return element(placeholder[1] === "map_content" ? answer.places.map(placeCard).join("") : image(answer.images[placeholder[2]]));
}

const element = (html) => `<response-element class="" ng-version="0.0.0-PLACEHOLDER">${html}</response-element>`;

function placeCard([name, category]) {
  return `<rich-list-card><rich-list-row><div class="title gds-title-m">${escaped(name)}</div><div class="subtitle"
    aria-label="5.0 stars rating">5.0 ★ · ${escaped(category)}</div><button type="button">Open</button></rich-list-row></rich-list-card>`;
}

function image(found) {
  if (!found) return "";
  const [url, alt] = found.map(escaped);
  return `<single-image class="inline-image"><div class="image-container"><button type="button" class="image-button"
    aria-label="Open image"><img class="image loaded" src="${url}" alt="${alt}" width="280" height="180"></button></div></single-image>`;
}

// Chips come in late, all at once; until then a mark is nothing.
function ownMark(mark, answer) {
  const pages = answer.arrived ? (mark.match(/\d+/g) ?? []).map((number) => answer.cards[number - 1]) : [];
  return pages.length ? chip(pages, mark.match(/\d+/g)) : "";
}

function chip(pages, numbers) {
  const names = pages.map(([, , name]) => escaped(name));
  const many = names.length > 1;
  const spoken = `View source details for citation${many ? "s" : ""} from ${names.slice(0, 2).join(" and ")}. Opens side panel.`;
  const count = many ? `<span class="source-count">+${names.length - 1}</span>` : "";
  return `<sources-carousel-inline><source-inline-chips><source-inline-chip><span class="source-inline-chip-container" data-cards="${numbers}"><button
    type="button" class="source-button" aria-label="${spoken}"><span class="source-title">${names[0]}</span>${count}</button></span
    ></source-inline-chip></source-inline-chips></sources-carousel-inline>`;
}

function table([head, ...body]) {
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}><span>${cell}</span></${tag}>`).join("")}</tr>`;
  return `<div class="horizontal-scroll-wrapper"><div class="table-block-component">${element(`<table-block><div class="table-block
    has-export-button"><div not-end-of-paragraph="" class="table-content"><table><thead>${row(head, "th")}</thead><tbody
    >${body.map((cells) => row(cells, "td")).join("")}</tbody></table></div><div hide-from-message-actions="" class="table-footer
    hide-from-message-actions"><button type="button" class="export-sheets-button">Export to Sheets</button></div></div></table-block>`)}</div></div>`;
}

function codeBlock(language, source) {
  const name = language ? language[0].toUpperCase() + language.slice(1) : "Code snippet";
  return element(`<code-block><div class="code-block"><div class="formatted-code-block-internal-container"><div class="animated-opacity"
    ><div class="code-block-decoration header-formatted gds-emphasized-body-m"><span>${escaped(name)}</span><div class="buttons"
    ><gem-icon-button data-test-id="gem-copy-button"><button type="button" aria-label="Copy code"><mat-icon aria-hidden="true"
    fonticon="copy"></mat-icon></button></gem-icon-button></div></div><pre><code role="text" data-test-id="code-content"
    class="code-container formatted">${escaped(source)}\n</code></pre></div></div></div></code-block>`);
}

function math(tex, display = false) {
  const katex = `<span class="katex"><span class="katex-html" aria-hidden="true"><span class="base"><span class="mord">${typeset(tex)}</span></span></span></span>`;
  const source = `data-math="${escaped(tex)}"`;
  if (!display) return `<span class="math-inline" ${source}>${katex}</span>`;
  return `<div class="math-block" ${source}><span class="katex-display">${katex}</span></div>`;
}
