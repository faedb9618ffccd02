// What surrounds the conversation: header, sidebar, composer, and what greets some visitors.
"use strict";

const HYDRATED_AFTER = 250; // ms

function shell() {
  return fragment(`<main>
    <div data-testid="sidebar-container"><button type="button" data-testid="sidebar-new-conversation-button"
      title="${LABELS.new}" aria-label="${LABELS.new}">+ ${LABELS.new}</button></div>
    <div data-testid="sticky-header"><span class="wordmark">Copilot</span><button type="button"
      class="button" data-testid="sign-in-button">${LABELS.sign_in}</button></div>
    <div data-testid="chat-page">
      <div data-testid="backstage-chats" hidden></div>
      <div data-content="conversation" data-testid="highlighted-chats"><h1 class="greeting">${LABELS.greeting}</h1></div>
      <div class="suggestions"></div>
      <div class="composer"><div class="actions"></div>
        <textarea id="userInput" data-testid="composer-input" rows="1" maxlength="10240" placeholder="${LABELS.placeholder}"
          aria-label="${LABELS.placeholder}"></textarea>
        <div class="tools"><button type="button" data-testid="composer-create-button" aria-label="+">+</button>
          <button type="button" data-testid="composer-chat-mode-smart-button" title="Smart">Smart</button>
          <span class="slot"></span></div>
      </div>
    </div></main>`);
}

function sendButton() {
  return fragment(`<button type="button" data-testid="submit-button" aria-label="${LABELS.send}"
    title="${LABELS.send}" disabled>↑</button>`);
}

function stopButton() {
  return fragment(`<button type="button" data-testid="stop-button" aria-label="${LABELS.stop}">■</button>`);
}

// It lies over the composer until the visitor has chosen.
function cookieBanner() {
  const banner = fragment(`<div id="cookie-banner" class="max-w-cookie-banner" role="region"><p>${LABELS.cookies}</p>
    <button type="button">${LABELS.accept}</button><button type="button">${LABELS.reject}</button></div>`);
  for (const button of banner.querySelectorAll("button"))
    button.onclick = () => {
      document.cookie = "MSCC=NR; path=/";
      banner.remove();
    };
  return banner;
}

function signInNudge() {
  const nudge = fragment(`<div data-testid="prompt-sign-in-composer-action"><p>${LABELS.nudge}</p>
    <button type="button" class="button">${LABELS.sign_in}</button>
    <button type="button" data-testid="maybe-later-button">${LABELS.later}</button></div>`);
  $("[data-testid=maybe-later-button]", nudge).onclick = () => nudge.remove();
  return nudge;
}

function bubble() {
  const shown = fragment(`<div class="bubble"><p>${LABELS.greeting}</p><button type="button" aria-label="Dismiss">✕</button></div>`);
  $("button", shown).onclick = () => shown.remove();
  return shown;
}
