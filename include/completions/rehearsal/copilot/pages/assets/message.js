// What a message is made of, and where its words are drawn.
"use strict";

function userMessage(prompt) {
  const message = fragment(`<div class="group/user-message space-y-1" role="article"><h5 class="sr-only"
    aria-label="${LABELS.asked}">${LABELS.asked}</h5><div class="font-ligatures-none relative"
    data-content="user-message"></div></div>`);
  $("[data-content]", message).textContent = prompt;
  return message;
}

function aiMessage() {
  return fragment(`<div class="group/ai-message" data-content="ai-message" data-testid="ai-message" role="article"><h6
    class="sr-only" aria-label="${LABELS.answered}">${LABELS.answered}</h6><div data-testid="ai-message-body"><div
    data-testid="loading-message"><span aria-hidden="true">●●●</span></div></div></div>`);
}

const item = () => fragment(`<div class="group/ai-message-item space-y-3 break-words"></div>`);

// Where the answer's words and cards go: in the message, or in the frame in its frame.
async function placeOf(message) {
  const place = document.body.dataset.ui === "nested" ? await framed(message) : $("[data-testid=ai-message-body]", message);
  place.append(item());
  return place;
}

async function framed(message) {
  const outer = fragment(`<iframe src="/copilot.fun/frame" title="Copilot"></iframe>`);
  const loaded = new Promise((done) => (outer.onload = done));
  $("[data-testid=ai-message-body]", message).append(outer);
  await loaded;
  const { body } = $("iframe", outer.contentDocument).contentDocument;
  new ResizeObserver(() => (outer.style.height = `${body.scrollHeight + 32}px`)).observe(body);
  return body;
}

// A page that draws in frames offers no copying.
function reactions() {
  const group = fragment(`<div data-testid="message-item-reactions">
    <button type="button" data-testid="copy-ai-message-button" aria-label="${LABELS.copy}">${LABELS.copy}</button>
    <button type="button" data-testid="message-thumbs-up-button" aria-label="${LABELS.like}">${LABELS.like}</button>
    <button type="button" data-testid="message-thumbs-down-button" aria-label="${LABELS.dislike}">${LABELS.dislike}</button>
    <button type="button" data-testid="message-read-aloud-button" aria-label="${LABELS.aloud}">${LABELS.aloud}</button>
    <button type="button" data-testid="share-message-button" aria-label="${LABELS.share}">${LABELS.share}</button>
    <button type="button" data-testid="regenerate-message-button-popover">${LABELS.again}</button></div>`);
  if (document.body.dataset.ui === "nested") $("[data-testid=copy-ai-message-button]", group).remove();
  return group;
}

// A generated picture. It is not fetched: nothing here leaves this machine.
function picture(prompt) {
  const drawn = fragment(`<div class="picture" role="img" data-copy="false"></div>`);
  drawn.setAttribute("aria-label", prompt);
  return drawn;
}

function suggestion(prompt) {
  const button = fragment(`<button type="button" data-testid="chat-suggestion"></button>`);
  button.textContent = prompt;
  return button;
}

const alertCard = (text) => fragment(`<div role="alert">${text}</div>`);

function bannedDialog() {
  return fragment(`<div data-modal-overlay="true"><div role="dialog" aria-modal="true"><h2>You can't use Copilot right now</h2>
    <p>Your access was suspended because of a violation of our terms.</p></div></div>`);
}

// Cloudflare's, in a shadow that no script of the page can look into.
function turnstile() {
  const host = fragment(`<div id="cf-turnstile"><input type="hidden" name="cf-turnstile-response" value=""></div>`);
  const widget = document.createElement("div");
  widget.attachShadow({ mode: "closed" }).textContent = "Verify you are human";
  host.append(widget);
  return host;
}
