// Front end A, the composer: an editor that exists only once the script runs, a send button only while there is text.
"use strict";

const HYDRATED_AFTER = 250; // ms
const slot = $(".slot");
let editor = null;

setTimeout(hydrate, HYDRATED_AFTER);

function hydrate() {
  $(".wcDTda_fallbackTextarea").style.display = "none";
  $(".wcDTda_fallbackTextarea").value = "";
  editor = fragment(`<div contenteditable="true" translate="no" class="ProseMirror" id="prompt-textarea"
    data-virtualkeyboard="true" role="textbox" aria-multiline="true" aria-label="Chat with ChatGPT"></div>`);
  $(".editor").append(editor);
  clearEditor();
  editor.addEventListener("beforeinput", joinLines);
  editor.addEventListener("input", refresh);
  editor.addEventListener("paste", paste);
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
  refresh();
  $("#composer-plus-btn").onclick = toggleMenu;
  document.body.append(fragment(`<span data-testid="blocking-initial-modals-done" class="hidden"></span>`));
  if (document.body.dataset.consent) document.body.append(consentDialog());
  if (document.body.dataset.upsell) document.body.append(upsellDialog());
  const prefilled = new URLSearchParams(location.search).get("q");
  if (prefilled) {
    writeLines([prefilled]);
    refresh();
  }
}

const EMPTY = `<p data-placeholder="Ask anything" class="placeholder"><br class="ProseMirror-trailingBreak"></p>`;

function clearEditor() {
  editor.innerHTML = EMPTY;
}

// Text put in at one stroke loses its line breaks, as on the live page; a paste and Shift+Enter keep them.
function joinLines(event) {
  if (event.inputType !== "insertText" || !event.data?.includes("\n")) return;
  event.preventDefault();
  document.execCommand("insertText", false, event.data.replace(/\s*\n\s*/g, " "));
}

function paste(event) {
  event.preventDefault();
  writeLines((event.clipboardData?.getData("text/plain") ?? "").split("\n"));
  refresh();
}

function writeLines(lines) {
  const paragraphs = lines.map((line) => Object.assign(document.createElement("p"), { textContent: line }));
  editor.replaceChildren(...paragraphs);
}

function written() {
  const text = [...editor.childNodes].map((node) => node.innerText ?? node.textContent).map((line) => line.replace(/\n$/, ""));
  return text.join("\n").replaceAll("\u00a0", " ");
}

function refresh() {
  if (!editor.firstChild) clearEditor();
  const paragraph = $("p[data-placeholder]", editor);
  if (paragraph?.textContent) paragraph.removeAttribute("data-placeholder");
  const wanted = generating ? "stop-button" : written().trim() ? "send-button" : "composer-speech-button";
  if (slot.firstElementChild?.dataset.testid !== wanted) slot.replaceChildren(buttons[wanted]());
}

const buttons = {
  "send-button": () => slotButton("send-button", "Send prompt", send),
  "stop-button": () => slotButton("stop-button", "Stop answering", () => generating.abort()),
  "composer-speech-button": () => slotButton("composer-speech-button", "Start Voice", () => {}),
};

function slotButton(testid, label, act) {
  const button = fragment(`<button type="button" class="composer-submit-btn" aria-label="${label}"
    data-testid="${testid}"><span aria-hidden="true"></span></button>`);
  if (testid !== "composer-speech-button") button.id = "composer-submit-button";
  button.onclick = act;
  return button;
}

function toggleMenu() {
  if ($("[role=menu]")) return $("[role=menu]").remove();
  const menu = fragment(`<div role="menu"><div role="menuitemradio" aria-checked="false" tabindex="0">Web search</div></div>`);
  menu.onclick = () => {
    menu.remove();
    const active = fragment(`<button type="button" class="__composer-pill" aria-label="Search, click to remove">Search</button>`);
    active.onclick = () => active.remove();
    $("[data-testid=composer-footer-actions]").replaceChildren(active);
  };
  $("form").append(menu);
}
