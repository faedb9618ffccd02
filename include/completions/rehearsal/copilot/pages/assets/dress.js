// Copilot's own: links among the words, numbered citations, and how it draws tables, code and math.
"use strict";

const LABELS = JSON.parse(document.body.dataset.labels);
const MARK = /\ue000\d+\ue001|\[[^\]\n]+\]\([^()\s]+\)/; // a citation of the page's own counting; a link of markdown

const ownBlock = () => null;

function ownMark(mark, references) {
  const link = /^\[(.*)\]\((.*)\)$/.exec(mark);
  return link ? wordLink(link[1], link[2]) : numbered(references, Number(mark.slice(1, -1)));
}

// What leads to a page, or asks on (`ca://s?q=…`): the site's script follows it, no browser would.
function wordLink(words, url) {
  return `<span class="font-bold cursor-pointer" role="button" data-url="${escaped(url)}">${escaped(words)}</span>`;
}

// A citation is drawn once the answer has settled, a while after its words.
function numbered({ sources, settled }, index) {
  if (!settled) return "";
  const { url, title } = sources[index];
  const number = unique(sources).findIndex((source) => source.url === url) + 1;
  return `<a href="${escaped(url)}" title="${escaped(title)}" target="_blank" rel="noopener noreferrer"
    class="citation">${number}</a>`;
}

const unique = (sources) => [...new Map(sources.toReversed().map((source) => [source.url, source])).values()].toReversed();

function table([head, ...body]) {
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<div class="max-w-full"><table class="t-table"><thead>${row(head, "th")}</thead><tbody>${body
    .map((cells) => row(cells, "td"))
    .join("")}</tbody></table><button type="button" data-testid="copy-table-button" aria-label="${LABELS.table}"
    >${LABELS.table}</button></div>`;
}

function codeBlock(language, source) {
  return `<div class="rounded-xl"><div class="flex items-center gap-2"><span class="capitalize">${escaped(language)}</span
    ><button type="button" aria-label="${LABELS.code}">${LABELS.code}</button></div><div class="rounded-b-xl"><pre><code
    class="font-ligatures-none text-sm">${highlighted(source)}</code></pre></div></div>`;
}

function highlighted(source) {
  return escaped(source).replace(/\b(from|import|def|return|if|else)\b/g, `<span class="hljs-keyword">$1</span>`);
}

function math(tex, display = false) {
  return display ? `<span class="katex-display">${katex(tex)}</span>` : katex(tex);
}
