// One turn: the prompt, the answer below it, and what stands around both.
"use strict";

function newTurn(prompt) {
  const turn = fragment(`<div class="conversation-container message-actions-hover-boundary"><user-query><span class="user-query-container"
    ><user-query-content class="user-query-container"><div class="query-content" id="user-query-content-0"><span
    class="user-query-bubble-with-background"><div role="heading" aria-level="2" class="query-text gds-body-l" dir="ltr"><span
    class="cdk-visually-hidden screen-reader-user-query-label">You said</span></div></span></div><gem-icon-button
    data-test-id="prompt-copy-button"><button type="button" aria-label="Copy prompt"></button></gem-icon-button></user-query-content
    ></span></user-query>${RESPONSE}</div>`);
  for (const line of prompt.split("\n"))
    $(".query-text", turn).append(Object.assign(document.createElement("p"), { className: "query-text-line", textContent: line }));
  $("model-response", turn).answer = answerOf([null, [""]]);
  return turn;
}

const RESPONSE = `<model-response><div><response-container><div class="response-container"><div class="presented-response-container"
  ><div class="avatar-gutter"></div><div class="response-container-content"><div class="response-content"><thinking-overlay
  ></thinking-overlay><h2 class="cdk-visually-hidden screen-reader-model-response-label">Gemini said</h2><structured-content-container
  class="model-response-text processing-state-visible"><div class="container"><message-content><div class="markdown
  markdown-main-panel stronger" aria-live="polite" aria-busy="true" dir="ltr"></div></message-content></div
  ></structured-content-container><div class="response-footer gap"><sources-list class="sources-list"></sources-list></div></div
  ><sensitive-memories-banner></sensitive-memories-banner></div></div><div class="response-container-footer"><message-actions
  ></message-actions></div></div></response-container></div></model-response>`;

// The ids by which page and wire know one another.
function named(turn, [conversation, reply]) {
  if (turn.id) return;
  turn.id = reply.slice(2);
  $("message-content", turn).id = `message-content-id-${reply}`;
  $(".markdown", turn).id = `model-response-message-content${reply}`;
  history.replaceState(null, "", `/app/${conversation.slice(2)}`);
}

function jslog(turn, [conversation, reply], candidate) {
  const key = JSON.stringify([[reply, conversation, null, candidate, null, null, null, null, 1, null, null, null, 0]]);
  $("response-container", turn).setAttribute("jslog", `188576;track:impression,attention;BardVeMetadataKey:${key};mutable:true`);
}

function thought(turn, text) {
  if (!text || $("model-thoughts", turn)) return;
  for (const part of [".response-container-content", ".model-response-text", ".response-footer"]) $(part, turn).classList.add("has-thoughts");
  const thoughts = fragment(`<model-thoughts><div class="thoughts-container"><button type="button" class="thoughts-header-button"
    >Show thinking</button><div class="thoughts-content" hidden></div></div></model-thoughts>`);
  $(".thoughts-content", thoughts).textContent = text;
  $(".response-content", turn).prepend(thoughts);
}

// Draw what changed: blocks that read as before stay as they are.
function draw(turn) {
  const { answer } = $("model-response", turn);
  const panel = $(".markdown", turn);
  blocksOf(answer.marked).forEach((block, index) => {
    const html = dressed(renderBlock(block, answer), index);
    if (panel.children[index]?.source === html) return;
    const element = fragment(html);
    $$("span.source-inline-chip-container", element).forEach(blockwise);
    element.source = html;
    if (panel.children[index]) panel.children[index].replaceWith(element);
    else panel.append(element);
  });
}

const $$ = (selector, root) => root.querySelectorAll(selector);

function dressed(html, index) {
  const numbered = html.replace(/data-start="\d+" data-end="\d+"/, `data-path-to-node="${index}"`);
  const block = numbered.replace(/^<p ([^>]*)>(<div class="math-block"[\s\S]*)<\/p>$/, "<div $1>$2</div>");
  return block.replace(/<(\/?)strong>/g, "<$1b>").replace(/<(\/?)em>/g, "<$1i>");
}

// A chip is a block within its paragraph, which scripts can make and parsers of HTML cannot.
function blockwise(inline) {
  const block = document.createElement("div");
  for (const { name, value } of inline.attributes) block.setAttribute(name, value);
  block.append(...inline.childNodes);
  inline.replaceWith(block);
}

function actions(turn) {
  const row = $("message-actions", turn);
  row.innerHTML = `<div class="actions-container-v2"><div class="buttons-container-v2"><thumb-up-button><gem-icon-button
    data-test-id="thumb-up-button"><button type="button" aria-label="Good response">▲</button></gem-icon-button></thumb-up-button
    ><thumb-down-button><gem-icon-button data-test-id="thumb-down-button"><button type="button" aria-label="Bad response">▼</button
    ></gem-icon-button></thumb-down-button><regenerate-button><gem-icon-button data-test-id="regenerate-button"><button type="button"
    aria-label="Redo">↻</button></gem-icon-button></regenerate-button><copy-button><gem-icon-button data-test-id="copy-button"><button
    type="button" aria-label="Copy">⧉</button></gem-icon-button></copy-button><gem-icon-button data-test-id="more-menu-button"><button
    type="button" aria-label="Show more options" aria-haspopup="menu">⋮</button></gem-icon-button></div></div>`;
  $("[data-test-id=more-menu-button] button", row).onclick = () => openMenu($("model-response", turn).answer);
}
