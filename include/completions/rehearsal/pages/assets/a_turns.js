// Front end A: what surrounds an answer, and the dialogs.
"use strict";

function userTurn(id, prompt) {
  const turn = fragment(`<section dir="auto" data-turn-id="${id}" data-testid="conversation-turn-1" data-turn="user">
    <h4 class="sr-only select-none">You said:</h4><div data-message-author-role="user" data-message-id="${id}" dir="auto">
    <div class="bubble"><div class="whitespace-pre-wrap"></div></div></div><div role="group" aria-label="Your message actions"
    ><button type="button" aria-label="Copy message" data-testid="copy-turn-action-button"></button></div></section>`);
  $(".whitespace-pre-wrap", turn).textContent = prompt;
  return turn;
}

function assistantTurn(request) {
  return fragment(`<section dir="auto" data-turn-id="${request}" data-testid="conversation-turn-2" data-turn="assistant">
    <h4 class="sr-only select-none">ChatGPT said:</h4><div data-message-author-role="assistant"
    data-message-id="request-placeholder-${request}" data-turn-start-message="true" dir="auto" tabindex="0" aria-busy="true">
    <div class="result-thinking"><span aria-hidden="true">●</span></div><div class="markdown prose markdown-new-styling
    streaming-animation"></div></div><div class="after"></div><div class="actions"></div></section>`);
}

function actions(turn) {
  const group = fragment(`<div aria-label="Response actions" role="group" tabindex="-1">
    <button type="button" aria-label="Copy response" data-testid="copy-turn-action-button"></button>
    <button type="button" aria-label="Good response" data-testid="good-response-turn-action-button"></button>
    <button type="button" aria-label="Bad response" data-testid="bad-response-turn-action-button"></button>
    <button type="button" aria-label="Share"></button>
    <button type="button" aria-label="Switch model" aria-haspopup="menu"></button></div>`);
  const cited = turn.references?.find((reference) => reference.type === "sources_footnote")?.sources ?? [];
  if (!cited.length) return group;
  const trigger = fragment(`<button type="button" aria-label="Sources" class="group/footnote"><span aria-hidden="true"><img
    alt="" src="${FAVICON}"></span>Sources</button>`);
  trigger.onclick = () => openFlyout(cited, additional(cited, turn.found));
  group.append(trigger);
  return group;
}

const untracked = (url) => url.replace(/[?&]utm_source=chatgpt\.com/, "");

function additional(cited, found) {
  const known = new Set(cited.map((source) => untracked(source.url)));
  return found.filter((entry) => !known.has(entry.url));
}

function openFlyout(cited, others) {
  $("[data-stage-thread-flyout]")?.remove();
  const flyout = fragment(`<div data-testid="stage-thread-flyout" data-stage-thread-flyout=""><section
    data-testid="screen-threadFlyOut"><header><h2>Sources</h2><button type="button" aria-label="Close"
    data-testid="close-button">✕</button></header><ul></ul></section></div>`);
  const list = $("ul", flyout);
  list.append(...cited.map(sourceCard));
  if (others.length) list.append(fragment(`<li class="divider">More</li>`), ...others.map(sourceCard));
  $("button", flyout).onclick = () => flyout.remove();
  document.body.append(flyout);
}

function sourceCard(source) {
  const card = fragment(`<li><a target="_blank" rel="noopener"><div><img alt="" src="${FAVICON}"><span></span></div>
    <div class="title"></div><div class="snippet"></div></a></li>`);
  $("a", card).href = /utm_source/.test(source.url) ? source.url : tracked(source.url);
  $("span", card).textContent = source.attribution;
  $(".title", card).textContent = source.title;
  $(".snippet", card).textContent = source.snippet ?? "";
  return card;
}

function tracked(url) {
  const address = new URL(url);
  address.searchParams.append("utm_source", "chatgpt.com");
  return address.href;
}

// The links behind a pill's "+N" show up on hovering, one at a time.
function wirePills(turn) {
  const groups = (turn.references ?? []).filter((reference) => reference.type === "grouped_webpages");
  turn.querySelectorAll("[data-testid=webpage-citation-pill]").forEach((pill, index) => {
    const [item] = groups[index].items;
    pill.onmouseenter = () => popover(pill, [item, ...item.supporting_websites]);
    pill.onmouseleave = () => $("[data-radix-popper-content-wrapper]")?.remove();
  });
}

function popover(pill, items) {
  $("[data-radix-popper-content-wrapper]")?.remove();
  const wrapper = fragment(`<div data-radix-popper-content-wrapper=""><div role="dialog"><span>1/${items.length}</span><ul></ul></div></div>`);
  $("ul", wrapper).append(...items.map(sourceCard));
  [...$("ul", wrapper).children].slice(1).forEach((card) => (card.hidden = true));
  const { left, bottom } = pill.getBoundingClientRect();
  Object.assign(wrapper.style, { left: `${left}px`, top: `${bottom}px` });
  document.body.append(wrapper);
}

function adCard(ad) {
  const card = fragment(`<aside><small>Sponsored</small> <a target="_blank" rel="noopener"></a></aside>`);
  card.setAttribute("aria-label", `Sponsored by ${ad.advertiser}`);
  Object.assign($("a", card), { href: ad.url, textContent: ad.title });
  return card;
}

function consentDialog() {
  const dialog = fragment(`<div role="dialog" aria-label="Cookies" class="consent"><p>We use cookies to help this site
    function, understand service usage, and support marketing. See our <a href="https://openai.com/policies/cookie-policy"
    >Cookie Policy</a>.</p><button type="button">Manage Cookies</button><button type="button">Reject non-essential</button><button
    type="button">Accept all</button></div>`);
  for (const button of [...dialog.querySelectorAll("button")].slice(1)) button.onclick = () => dialog.remove();
  return dialog;
}

function upsellDialog() {
  const dialog = modal("modal-no-auth-login", "Thanks for trying ChatGPT", "Log in or sign up to get smarter responses.");
  const stay = fragment(`<a href="#" class="stay">Stay logged out</a>`);
  stay.onclick = (event) => {
    event.preventDefault();
    dialog.remove();
  };
  $("[role=dialog]", dialog).append(stay);
  return dialog;
}

function limitDialog(message) {
  const dialog = modal("modal-no-auth-soft-rate-limit-inline-auth", message, "Log in to keep chatting, or try again later.");
  dialog.dataset.testid = "modal-no-auth-rate-limit";
  return dialog;
}

const gateDialog = () => modal("modal-no-auth-gate", "Log in to continue", "Log in or sign up to keep this conversation going.");

function modal(id, title, text) {
  return fragment(`<div id="${id}" data-testid="${id}" class="modal"><div role="dialog" aria-modal="true"><h2>${title}</h2><p>${text}</p>
    <button type="button" class="button dark">Log in</button> <button type="button" class="button">Sign up for free</button></div></div>`);
}
