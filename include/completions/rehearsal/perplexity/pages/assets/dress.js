// Perplexity's own: chips in place of `[1][2]`, and how its two generations draw tables, code and math.
"use strict";

const PROSE = document.body.dataset.generation === "prose";
const FAVICON = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
const MARK = /(?:\[\d+\])+|\[\d*$/; // whole, or still being written

const ownBlock = () => null;

// A chip has the first page of its group and counts the others.
function ownMark(mark, references) {
  const pages = [...mark.matchAll(/\[(\d+)\]/g)].map(([, number]) => references[number]).filter(Boolean);
  if (!pages.length) return "";
  const [{ url, name }] = pages;
  const more = pages.length > 1 ? `<span class="opacity-50">+${pages.length - 1}</span>` : "";
  const label = `<span class="overflow-hidden">${escaped(domainOf(url))}</span>${more}`;
  if (PROSE)
    return `<span class="citation-nbsp">&nbsp;</span><span class="whitespace-nowrap"><span class="citation inline" data-state="closed"
      aria-label="${escaped(name)}"><a href="${escaped(url)}" target="_blank" rel="nofollow noopener">${label}</a></span></span>`;
  return `<span class="inline-flex" data-state="closed"><span class="citation inline" data-pplx-citation=""
    data-pplx-citation-url="${escaped(url)}">${label}</span></span>`;
}

const domainOf = (url) => new URL(url).hostname.replace(/^www\./, "").replace(/\.[^.]*$/, "");

function table([head, ...body], at) {
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag} class="p-sm">${cell}</${tag}>`).join("")}</tr>`;
  return `<div class="group relative my-[1em]" ${at}><div class="sticky top-0 z-10 h-0" aria-hidden="true" style="visibility: hidden"></div>
    <div class="w-full overflow-auto"><table><thead>${row(head, "th")}</thead><tbody>${body.map((cells) => row(cells, "td")).join("")}</tbody></table></div></div>`;
}

function codeBlock(language, source, at) {
  const lines = source.split("\n").map((line) => `<span style="opacity: 1"><span>${escaped(line)}\n</span></span>`);
  const code = `<span style="display: flex; white-space: pre"><code style="white-space: pre-wrap">${lines.join("")}</code></span>`;
  const copy = `<button type="button" aria-label="Copy code" data-testid="copy-code-button" data-state="closed"></button>`;
  const inner = PROSE
    ? `<div class="codeWrapper"><div class="sticky">${copy}</div><div><div><div data-testid="code-language-indicator">${escaped(language)}</div></div><div>${code}</div></div></div>`
    : `<figure class="relative"><figcaption class="flex"><span>${escaped(language)}</span><div class="ml-auto">${copy}</div></figcaption>${code}</figure>`;
  return `<div class="w-full md:max-w-[90vw]" ${at}><pre class="not-prose">${inner}</pre></div>`;
}

function math(tex, display = false) {
  return display ? `<span class="katex-display">${katex(tex)}</span>` : `<span>${katex(tex)}</span>`;
}
