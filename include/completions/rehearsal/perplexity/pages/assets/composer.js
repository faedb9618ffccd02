// The composer: an editor like Lexical, which draws what it holds itself and undoes what others write into it; a submit
// button only while there is text, and, on the home page, the voice mode's in its place.
"use strict";

const HYDRATED_AFTER = 250; // ms
const slot = $(".slot");
let editor = null;
let held = "";

setTimeout(hydrate, HYDRATED_AFTER);

function hydrate() {
  editor = fragment(`<div id="ask-input" contenteditable="true" role="textbox" spellcheck="true" data-lexical-editor="true"
    aria-placeholder="Ask anything…" style="white-space: pre-wrap"></div>`);
  $(".editor").append(editor, fragment(`<div aria-hidden="true" class="placeholder">Ask anything…</div>`));
  editor.addEventListener("beforeinput", edit);
  editor.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    submit();
  });
  write("");
  new MutationObserver(() => editor.drawn !== editor.innerHTML && write(held)).observe(editor, { childList: true, characterData: true, subtree: true });
  const { consent, upsell, wall } = document.body.dataset;
  if (wall) signInDialog("Sign in or create an account", false);
  else if (upsell) signInDialog("Sign in or create an account");
  if (consent) cookieDialog();
  const query = location.pathname.startsWith("/search") && new URLSearchParams(location.search).get("q");
  if (query) ask(query);
}

function edit(event) {
  event.preventDefault();
  const all = !getSelection().isCollapsed;
  const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
  if (event.inputType.startsWith("delete")) write(all ? "" : [...held].slice(0, -1).join(""));
  else if (/Line|Paragraph/.test(event.inputType)) write((all ? "" : held) + "\n");
  else write((all ? "" : held) + text);
}

function write(text) {
  held = text;
  const lines = text.split("\n").map((line) => (line ? `<span data-lexical-text="true">${escaped(line)}</span>` : ""));
  editor.innerHTML = `<p dir="auto">${lines.join("<br>")}${lines.at(-1) ? "" : "<br>"}</p>`;
  editor.drawn = editor.innerHTML;
  if (document.activeElement === editor) getSelection().selectAllChildren(editor.firstChild), getSelection().collapseToEnd();
  $(".placeholder").hidden = Boolean(text);
  refresh();
}

function submit() {
  const prompt = held;
  if (!prompt.trim() || generating) return;
  write("");
  editor.setAttribute("aria-placeholder", "Ask a follow-up");
  $(".placeholder").textContent = "Ask a follow-up";
  ask(prompt);
}

function refresh() {
  const chatting = "chatting" in document.body.dataset;
  const wanted = generating ? "stop" : held.trim() || chatting ? "submit" : "voice";
  if (slot.dataset.holds !== wanted) slot.replaceChildren(buttons[wanted]());
  slot.dataset.holds = wanted;
  if (wanted === "submit") slot.firstElementChild.disabled = !held.trim();
}

const buttons = {
  stop: () => slotButton("Stop response (Esc)", "player-stop-filled", () => generating?.abort()),
  submit: () => slotButton("Submit", "arrow-up", submit),
  voice: () => slotButton("Use voice mode", "voice", () => {}),
};

function slotButton(label, icon, act) {
  const made = fragment(button(label, icon));
  if (label === "Submit") made.dataset.testid = "submit-button";
  made.onclick = act;
  return made;
}
