// Front end A renders in the browser: markdown with private-use marks in, the live page's elements out.
"use strict";

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|\\\((.+?)\\\)|\ue200[^\ue201]*\ue201/s;
const SPRITE = '<svg width="20" height="20" aria-hidden="true" class="icon"></svg>';
const FAVICON = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
const SYMBOLS = { "\\sigma": "σ", "\\le": "≤", "\\cdot": "⋅" };

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

// Blocks of the text so far, with their offsets in it; blank lines part them, but not within a fence.
function blocksOf(source) {
  const blocks = [];
  for (const part of source.matchAll(/```[^\n]*\n[\s\S]*?(?:\n```|$)|\\\[[\s\S]*?(?:\\\]|$)|(?:[^\n]+\n?)+/g))
    blocks.push({ text: part[0].trimEnd(), start: part.index, end: part.index + part[0].trimEnd().length });
  return blocks.filter((block) => block.text);
}

function renderBlock({ text, start, end }, references) {
  const at = `data-start="${start}" data-end="${end}"`;
  const inline = (words) => renderInline(words, references);
  if (text.startsWith("```")) return codeBlock(text, at);
  if (text.startsWith("\\[")) return `<p ${at}>${math(text.replace(/^\\\[\n?|\n?\\\]$/g, ""), true)}</p>`;
  if (text.startsWith("\ue200map")) return mapWidget(references);
  const heading = /^(#+) /.exec(text);
  if (heading) return `<h${heading[1].length} ${at}>${inline(text.slice(heading[0].length))}</h${heading[1].length}>`;
  if (/^\|.*\n\|/.test(text)) return table(text, at, inline);
  if (/^(-|\d+\.) /.test(text)) return list(text, at, inline);
  return `<p ${at}>${inline(text)}</p>`;
}

function renderInline(words, references) {
  const whole = words.replace(/\ue200[^\ue201]*$/, ""); // a mark still being written
  const match = INLINE.exec(whole);
  if (!match) return escaped(whole);
  const [all, strong, em, code, tex] = match;
  const before = escaped(whole.slice(0, match.index));
  const after = renderInline(whole.slice(match.index + all.length), references);
  if (strong) return `${before}<strong>${renderInline(strong, references)}</strong>${after}`;
  if (em) return `${before}<em>${escaped(em)}</em>${after}`;
  if (code) return `${before}<code>${escaped(code)}</code>${after}`;
  if (tex) return `${before}<span class="inline-block align-middle">${math(tex)}</span>${after}`;
  return before + resolved(references.find((reference) => reference.matched_text === all)) + after;
}

function resolved(reference) {
  if (reference?.type === "grouped_webpages") return pill(reference);
  if (reference?.type === "entity") return `<span class="entity-underline">${escaped(reference.name)}</span>`;
  return "";
}

function pill(reference) {
  const [item] = reference.items;
  const more = item.supporting_websites.length;
  const url = escaped(item.url);
  const count = more ? `<span class="-me-1 flex h-full">+${more}</span>` : "";
  return `<span data-state="closed"><span class="ms-1 inline-flex" data-testid="webpage-citation-pill"><a href="${url}"
    target="_blank" rel="noopener" alt="${url}" class="pill"><span class="relative"><img alt="" aria-hidden="true"
    src="${FAVICON}"><span class="max-w-[15ch] truncate">${escaped(item.attribution)}</span>${count}</span></a></span></span>`;
}

function list(text, at, inline) {
  const tag = text.startsWith("-") ? "ul" : "ol";
  const items = text.split("\n").map((line) => `<li><p>${inline(line.replace(/^(-|\d+\.) ?/, ""))}</p></li>`);
  return `<${tag} ${at}>${items.join("")}</${tag}>`;
}

function table(text, at, inline) {
  const rows = text.split("\n").map((line) => line.replace(/^\| ?| ?\|$/g, "").split(" | "));
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag} data-col-size="sm">${inline(cell)}</${tag}>`).join("")}</tr>`;
  return `<div class="TyagGW_tableContainer"><div tabindex="-1" class="group TyagGW_tableWrapper"><table ${at}>
    <thead>${row(rows[0], "th")}</thead><tbody>${rows.slice(2).map((cells) => row(cells, "td")).join("")}</tbody></table>
    <div class="select-none"><button type="button" aria-label="Copy table">${SPRITE}</button></div></div></div>`;
}

function codeBlock(text, at) {
  const [, language, source] = /^```([^\n]*)\n?([\s\S]*?)(?:\n```)?$/.exec(text);
  const lines = source.split("\n").map((line) => `<span>${escaped(line)}</span>`);
  return `<pre class="overflow-visible! px-0!" ${at}><div class="relative w-full"><div class="sticky select-none"><div>${SPRITE}${escaped(language)}</div><div><button type="button" aria-label="Copy">${SPRITE}</button></div></div><div id="code-block-viewer" dir="ltr" class="cm-editor"><div class="cm-scroller"><pre class="cm-content q9tKkq_readonly m-0"><code>${lines.join("<br>")}</code></pre></div></div></div></pre>`;
}

function math(tex, display = false) {
  const named = tex.replace(/\\[a-z]+ ?/g, (name) => SYMBOLS[name.trim()] ?? "").replaceAll(" ", "");
  const shown = named.replace(/\^(\w|{[^}]*})/g, "<sup>$1</sup>").replace(/_(\w)/g, "<sub>$1</sub>").replace(/[{}]/g, "");
  const words = shown.replace(/<[^>]*>/g, "");
  const katex = `<span class="katex"><span class="katex-mathml"><math xmlns="http://www.w3.org/1998/Math/MathML"><semantics
    ><mrow><mi>${words}</mi></mrow><annotation encoding="application/x-tex">${escaped(tex)}</annotation></semantics></math
    ></span><span class="katex-html" aria-hidden="true"><span class="base"><span class="mord">${shown}</span></span></span></span>`;
  return display ? `<span data-testid="math-block-layout" class="katex-display">${katex}</span>` : katex;
}

function mapWidget(references) {
  const places = references.find((reference) => reference.type === "map")?.places ?? [];
  const cards = places.map(
    (place) => `<span class="contents"><div class="rounded-md"><div>${escaped(place.name)}</div>
      <div>4.3 • ${escaped(place.category)} • <a href="https://www.example.com/place?utm_source=chatgpt.com">Open Website</a> • Directions</div></div></span>`,
  );
  return `<div data-testid="businesses-map-widget"><div class="mapboxgl-map"><div class="mapboxgl-ctrl"><a
    class="mapboxgl-ctrl-logo" href="https://www.mapbox.com/" aria-label="Mapbox homepage"></a></div><div
    class="mapboxgl-ctrl mapboxgl-ctrl-attrib"><a href="https://www.mapbox.com/about/maps">© Mapbox</a> <a
    href="https://www.openstreetmap.org/copyright/">© OpenStreetMap</a></div></div>${cards.join("")}</div>`;
}
