// What surrounds an answer in the two generations of the page.
"use strict";

const language = document.documentElement.lang;
const SOURCES = { de: "Quellen", ja: "出典" }[language.slice(0, 2)] ?? "Sources";
const ICON = (name) => `<svg role="img" width="16" height="16"><use href="#pplx-icon-${name}"></use></svg>`;
const button = (label, icon) => `<button type="button" aria-label="${label}" data-state="closed">${ICON(icon)}</button>`;

let asked = 0;

// The turn as it is while the answer is on its way: `words` is where the answer goes, `steps` above and `after` below it.
function beginTurn(prompt) {
  const turn = { number: asked++, panel: tabs() };
  const begin = PROSE ? beginProse : beginWorkflow;
  begin(turn, prompt);
  [turn.words, turn.steps, turn.after] = ["answer", "steps", "after"].map((name) => {
    const [place] = [...turn.panel.root.getElementsByClassName(name)].slice(-1);
    place.classList.remove("answer");
    return place;
  });
  return turn;
}

function beginProse(turn, prompt) {
  const content = fragment(`<div class="flex flex-col gap-y-md"><div class="relative z-10"><button type="button" aria-label="Edit query"
    >${ICON("pencil")}</button>${button("Copy query", "copy")}<h1 class="group/query relative whitespace-pre-line"><div
    class="bubble"><span class="min-w-0 select-text break-words"></span></div></h1></div><div class="steps"></div><div
    class="gap-y-sm"><div class="relative font-sans"><div class="min-w-0 break-words"><div dir="auto" lang="${language.slice(0, 2)}"
    id="markdown-content-${turn.number}"><div class="has-inline-images"><div><div class="prose inline"><div data-renderer="lm"
    class="answer"></div></div></div></div></div></div></div></div><div class="after"></div></div>`);
  $(".select-text", content).textContent = prompt;
  turn.panel.root.append(content);
}

function beginWorkflow(turn, prompt) {
  const { early, august } = document.body.dataset;
  const said = august
    ? `<span class="select-text break-words"><span class="whitespace-pre-line"></span></span>`
    : `<div data-renderer="lm" class="prose"><p class="whitespace-pre-line"></p></div>`;
  const entry = fragment(`<div><div dir="auto" class="contents"><div class="group group/user-bubble"><div class="actions"><span
    class="text-xs select-none">09:00</span>${button("Edit query", "pencil")}${button("Copy query", "copy")}</div><div
    class="bubble">${said}</div></div></div></div>`);
  if (!august) entry.dataset.workflowEntry = turn.number;
  $(".whitespace-pre-line", entry).textContent = prompt;
  const answer = fragment(`<div class="group/final-text flex flex-col"><div class="steps"></div><div><div dir="auto"
    lang="${language.slice(0, 2)}" class="contents"><div class="break-words"><div class="prose inline answer" data-renderer="lm"></div></div></div></div></div>`);
  if (early) answer.dataset.workflowFinalText = "";
  const content = $(".max-w-threadContentWidth", turn.panel.root) ?? turn.panel.root.appendChild(
    fragment('<div class="max-w-threadContentWidth mx-auto flex flex-col"></div>'),
  );
  content.append(entry, answer, fragment('<div class="contents after"></div>'));
}

// What is being done, above the answer.
function step(turn, title, seconds = "") {
  const header = fragment(`<div class="group/step-header"><button type="button" aria-expanded="false"><div title="${title}">${title}</div><span>${seconds}</span></button></div>`);
  turn.steps.replaceChildren(header);
}

function endTurn(turn, { model, related, sources }) {
  const { after } = turn;
  const listed = sources.length ? [sourcesButton(sources)] : [];
  if (PROSE) {
    const label = model ? [fragment(`<div class="font-sans text-sm text-quiet">Prepared using ${escaped(model)}</div>`)] : [];
    after.append(...label, footer([["Share", "share"], ["Download", "download"], ["Copy", "copy"], ["Rewrite Thread", "repeat"]], "", listed));
  } else {
    turn.words.closest(".group\\/final-text").dataset.workflowFinalText = "";
    after.append(footer([["Copy", "copy"], ["Share", "share"]], "data-workflow-text-footer", listed));
  }
  if (related.length) after.append(relatedList(related));
}

function footer(first, mark, listed) {
  const rest = [["Helpful", "thumb-up"], ["Not helpful", "thumb-down"], ...(PROSE ? [] : [["Rewrite", "arrow-fork"]]), ["More actions", "dots"]];
  const buttons = (all) => all.map(([label, icon]) => button(label, icon)).join("");
  const row = fragment(`<div class="footer" ${mark}><div>${buttons(first)}</div><div>${buttons(rest)}</div></div>`);
  row.firstElementChild.append(...listed);
  return row;
}

function relatedList(questions) {
  const list = fragment(`<div class="related"><div>Related</div></div>`);
  for (const question of questions) {
    const line = fragment(`<div class="group cursor-pointer" role="button" tabindex="0"></div>`);
    line.textContent = question;
    list.append(line);
  }
  return list;
}
