// The composer: Quill in Angular's hands. What the keyboard wrote stays, what a script wrote is taken back.
"use strict";

const BOOTS_AFTER = 200; // ms
const TAKEN_BACK_AFTER = 30; // ms
let editor = null;
let lines = [""]; // what was really written

setTimeout(boot, BOOTS_AFTER);

function boot() {
  $(".text-input-field").innerHTML = `<div class="text-input-field_textarea-wrapper"><rich-textarea enterkeyhint="send"><div class="ql-editor
    textarea new-input-ui ql-blank" contenteditable="true" role="textbox" aria-multiline="true" aria-label="Enter a prompt for Gemini"
    data-placeholder="Ask Gemini"><p><br></p></div><div class="ql-clipboard" contenteditable="true" tabindex="-1"></div></rich-textarea
    ></div><div class="leading-actions-wrapper"><uploader><button type="button" aria-label="Upload and tools">+</button></uploader></div
    ><div class="trailing-actions-wrapper"><bard-mode-switcher><button type="button" data-test-id="bard-mode-menu-button"
    aria-label="Open mode picker, currently Flash" aria-haspopup="menu"><span class="picker-primary-text"
    data-test-id="logo-pill-label-container">Flash</span></button></bard-mode-switcher><speech-dictation-mic-button><button type="button"
    aria-label="Microphone"></button></speech-dictation-mic-button><div class="send-button-container"></div></div>`;
  editor = $(".ql-editor");
  editor.addEventListener("input", (event) => event.isTrusted && adopt());
  editor.addEventListener("keydown", pressed);
  editor.addEventListener("paste", paste);
  const watch = { childList: true, characterData: true, subtree: true };
  new MutationObserver(() => strange() && setTimeout(takeBack, TAKEN_BACK_AFTER)).observe(editor, watch);
  post(address("batchexecute", "rpcids=K4WWud&"), new URLSearchParams({ "f.req": `[[["K4WWud","[0]",null,"generic"]]]` }), () => {});
}

// The last line break of a line is a filler that the browser needs.
function written(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeName === "BR") return node.nextSibling ? "\n" : "";
  return [...node.childNodes].map(written).join("");
}

const current = () => [...editor.childNodes].map(written).join("\n").replaceAll("\u00a0", " ").split("\n");
const strange = () => current().join("\n") !== lines.join("\n");
const takeBack = () => strange() && write(lines);

function adopt() {
  lines = current();
  const tidy = editor.childNodes.length && [...editor.childNodes].every((node) => node.nodeName === "P" && !$("br + *", node));
  if (!tidy) write(lines);
  refresh();
}

function write(wanted) {
  lines = wanted;
  const paragraphs = lines.map((line) => Object.assign(document.createElement("p"), line ? { textContent: line } : { innerHTML: "<br>" }));
  editor.replaceChildren(...paragraphs);
  getSelection().selectAllChildren(paragraphs.at(-1));
  getSelection().collapseToEnd();
  refresh();
}

function pressed(event) {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  if (event.shiftKey) document.execCommand("insertParagraph");
  else send(lines.join("\n"));
}

function paste(event) {
  event.preventDefault();
  const pasted = (event.clipboardData?.getData("text/plain") ?? "").split("\n");
  write([...lines.slice(0, -1), lines.at(-1) + pasted[0], ...pasted.slice(1)]);
}

// There is a button only when there is something to send or to stop.
function refresh() {
  const empty = !lines.join("").trim();
  editor.classList.toggle("ql-blank", lines.join("") === "" && lines.length === 1);
  const wanted = generating ? "stop" : empty ? "" : "submit";
  const holder = $(".send-button-container");
  if ((holder.dataset.shows ?? "") === wanted) return;
  holder.dataset.shows = wanted;
  holder.replaceChildren(...(wanted ? [sendButton(wanted)] : []));
}

function sendButton(kind) {
  const button = fragment(`<gem-icon-button class="send-button ${kind}" aria-disabled="false"><button type="button"><mat-icon
    aria-hidden="true" fonticon="${kind === "stop" ? "stop" : "send"}"></mat-icon></button></gem-icon-button>`);
  $("button", button).setAttribute("aria-label", kind === "stop" ? SAID.stop : SAID.send);
  $("button", button).onclick = () => (kind === "stop" ? generating.abort() : send(lines.join("\n")));
  return button;
}
