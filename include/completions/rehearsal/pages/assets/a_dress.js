// Front end A's own: the elements in place of the wire's private-use marks, and how it draws tables, code and math.
"use strict";

const SPRITE = '<svg width="20" height="20" aria-hidden="true" class="icon"></svg>';
const FAVICON = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
const MARK = /\ue200[^\ue201]*\ue201|\ue200[^\ue201]*$/; // whole, or still being written

function ownBlock(text, references) {
  const reference = references.find((each) => each.matched_text === text);
  if (reference?.type === "map") return mapWidget(reference.places);
  if (reference?.type === "products") return productWidget(reference.products);
  if (reference?.type === "image_group") return carousel(reference.images);
  return null;
}

function ownMark(mark, references) {
  return resolved(references.find((reference) => reference.matched_text === mark));
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

function table([head, ...body], at) {
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag} data-col-size="sm">${cell}</${tag}>`).join("")}</tr>`;
  return `<div class="TyagGW_tableContainer"><div tabindex="-1" class="group TyagGW_tableWrapper"><table ${at}>
    <thead>${row(head, "th")}</thead><tbody>${body.map((cells) => row(cells, "td")).join("")}</tbody></table>
    <div class="select-none"><button type="button" aria-label="Copy table">${SPRITE}</button></div></div></div>`;
}

function codeBlock(language, source, at) {
  const lines = source.split("\n").map((line) => `<span>${escaped(line)}</span>`);
  return `<pre class="overflow-visible! px-0!" ${at}><div class="relative w-full"><div class="sticky select-none"><div>${SPRITE}${escaped(language)}</div><div><button type="button" aria-label="Copy">${SPRITE}</button></div></div><div id="code-block-viewer" dir="ltr" class="cm-editor"><div class="cm-scroller"><pre class="cm-content q9tKkq_readonly m-0"><code>${lines.join("<br>")}</code></pre></div></div></div></pre>`;
}

function math(tex, display = false) {
  const drawn = katex(tex);
  return display ? `<span data-testid="math-block-layout" class="katex-display">${drawn}</span>` : `<span class="inline-block align-middle">${drawn}</span>`;
}

function productWidget(products) {
  const cards = products.map(
    (each) => `<a href="${escaped(each.url)}" target="_blank" rel="noopener"><span>${escaped(each.title)}</span>
      <span>${escaped(each.price)}</span> <span>${escaped(each.merchants)}</span> <span>${each.rating} (${each.num_reviews})</span></a>`,
  );
  return `<div data-testid="products-widget">${cards.join("")}</div>`;
}

function carousel(images) {
  const shown = images.map(
    (each) => `<a href="${escaped(each.url)}" target="_blank" rel="noopener"><img src="${escaped(each.content_url)}" alt="${escaped(each.title)}"></a>`,
  );
  return `<div><button type="button" aria-label="Previous image"></button>${shown.join("")}<button type="button" aria-label="Next image"></button></div>`;
}

function mapWidget(places) {
  const cards = places.map(
    (place) => `<span class="contents"><div class="rounded-md"><div>${escaped(place.name)}</div>
      <div>4.3 • ${escaped(place.category)} • <a href="https://www.example.com/place?utm_source=chatgpt.com">Open Website</a> • Directions</div></div></span>`,
  );
  return `<div data-testid="businesses-map-widget"><div class="mapboxgl-map"><div class="mapboxgl-ctrl"><a
    class="mapboxgl-ctrl-logo" href="https://www.mapbox.com/" aria-label="Mapbox homepage"></a></div><div
    class="mapboxgl-ctrl mapboxgl-ctrl-attrib"><a href="https://www.mapbox.com/about/maps">© Mapbox</a> <a
    href="https://www.openstreetmap.org/copyright/">© OpenStreetMap</a></div></div>${cards.join("")}</div>`;
}
