// Pages that render in the browser: markdown in, elements out. What is the site's own is said by its `dress`, a script
// that comes before: `MARK` (pattern of its marks), `ownMark`, `ownBlock` (html of a block, or nothing), `codeBlock`,
// `table`, `math`.
"use strict";

const INLINE = new RegExp(String.raw`\*\*(.+?)\*\*|\*(.+?)\*|\`(.+?)\`|\\\((.+?)\\\)|${MARK.source}`, "s");
const SYMBOLS = { "\\sigma": "σ", "\\le": "≤", "\\cdot": "⋅" };

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

// Blocks of the text so far, with their offsets in it; blank lines part them, but not within a fence.
function blocksOf(source) {
  const blocks = [];
  for (const part of source.matchAll(/```[^\n]*\n[\s\S]*?(?:\n```|$)|\\\[[\s\S]*?(?:\\\]|$)|(?:[^\n]+\n?)+/g))
    blocks.push({ text: part[0].trimEnd(), start: part.index, end: part.index + part[0].trimEnd().length });
  return blocks.filter((block) => block.text);
}

// Draw what changed: blocks that read as before stay as they are.
function redraw(container, text, references) {
  blocksOf(text).forEach((block, index) => {
    const html = renderBlock(block, references);
    const drawn = container.children[index];
    if (drawn?.source === html) return;
    const element = fragment(html);
    element.source = html;
    if (drawn) drawn.replaceWith(element);
    else container.append(element);
  });
}

function renderBlock({ text, start, end }, references) {
  const at = `data-start="${start}" data-end="${end}"`;
  const inline = (words) => renderInline(words, references);
  if (text.startsWith("```")) {
    const [, language, source] = /^```([^\n]*)\n?([\s\S]*?)(?:\n```)?$/.exec(text);
    return codeBlock(language, source, at);
  }
  if (text.startsWith("\\[")) return `<p ${at}>${math(text.replace(/^\\\[\n?|\n?\\\]$/g, ""), true)}</p>`;
  const own = ownBlock(text, references);
  if (own) return own;
  const heading = /^(#+) /.exec(text);
  if (heading) return `<h${heading[1].length} ${at}>${inline(text.slice(heading[0].length))}</h${heading[1].length}>`;
  if (/^\|.*\n\|/.test(text)) return table(cellsOf(text).map((cells) => cells.map(inline)), at);
  if (/^(-|\d+\.) /.test(text)) return list(text, at, inline);
  return `<p ${at}>${inline(text)}</p>`;
}

function renderInline(words, references) {
  const match = INLINE.exec(words);
  if (!match) return escaped(words);
  const [all, strong, em, code, tex] = match;
  const before = escaped(words.slice(0, match.index));
  const after = renderInline(words.slice(match.index + all.length), references);
  if (strong) return `${before}<strong>${renderInline(strong, references)}</strong>${after}`;
  if (em) return `${before}<em>${escaped(em)}</em>${after}`;
  if (code) return `${before}<code>${escaped(code)}</code>${after}`;
  if (tex) return before + math(tex) + after;
  return before + ownMark(all, references) + after;
}

function list(text, at, inline) {
  const tag = text.startsWith("-") ? "ul" : "ol";
  const items = text.split("\n").map((line) => `<li><p>${inline(line.replace(/^(-|\d+\.) ?/, ""))}</p></li>`);
  return `<${tag} ${at}>${items.join("")}</${tag}>`;
}

function cellsOf(text) {
  const rows = text.split("\n").map((line) => line.replace(/^\| ?| ?\|$/g, "").split(" | "));
  return [rows[0], ...rows.slice(2)];
}

// What the eye sees of a formula, as HTML.
function typeset(tex) {
  const named = tex.replace(/\\[a-z]+ ?/g, (name) => SYMBOLS[name.trim()] ?? "").replaceAll(" ", "");
  return named.replace(/\^(\w|{[^}]*})/g, "<sup>$1</sup>").replace(/_(\w)/g, "<sub>$1</sub>").replace(/[{}]/g, "");
}

// A formula as KaTeX draws it: its source beside what the eye sees.
function katex(tex) {
  const shown = typeset(tex);
  const words = shown.replace(/<[^>]*>/g, "");
  return `<span class="katex"><span class="katex-mathml"><math xmlns="http://www.w3.org/1998/Math/MathML"><semantics
    ><mrow><mi>${words}</mi></mrow><annotation encoding="application/x-tex">${escaped(tex)}</annotation></semantics></math
    ></span><span class="katex-html" aria-hidden="true"><span class="base"><span class="mord">${shown}</span></span></span></span>`;
}
