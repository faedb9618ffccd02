// Front end B: the server renders, this script sends the prompt and puts the streamed fragments where they belong.
"use strict";

const HYDRATED_AFTER = 350; // ms; what was typed before is lost, as on the live page
const $ = (selector, root = document) => root.querySelector(selector);
const form = $("[data-mobile-composer]");
const box = $("[data-mobile-composer-prompt]");
const button = $("[data-composer-submit]");
const transcript = $("[data-conversation-transcript]");
const conversation = $("[data-web-mobile-conversation]");
let generating = null;

setTimeout(hydrate, HYDRATED_AFTER);

function hydrate() {
  box.value = "";
  box.addEventListener("input", updateSubmit);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!generating && box.value.trim()) ask(box.value);
  };
  button.addEventListener("click", () => generating?.abort());
  $("[data-composer-action]").onclick = () => $("#octane-mobile-composer-actions-popover").togglePopover();
  $("[data-bottom-sheet-dismiss-button]").onclick = () => $("#mobile-auth-dialog").close();
  $("[data-conversation-recovery-retry]").onclick = () => location.assign("/");
  document.documentElement.dataset.hydrated = "";
  if ($("#mobile-auth-dialog").dataset.state) $("#mobile-auth-dialog").showModal();
  const prefilled = new URLSearchParams(location.search).get("q");
  if (prefilled) ask(prefilled);
}

function updateSubmit() {
  const idle = !box.value.trim();
  button.toggleAttribute("data-visually-disabled", idle);
  button.setAttribute("aria-disabled", String(idle));
}

function setGenerating(controller) {
  generating = controller;
  button.type = controller ? "button" : "submit";
  button.toggleAttribute("data-stop-generating", Boolean(controller));
  button.setAttribute("aria-label", controller ? button.dataset.stopLabel : button.dataset.sendLabel);
  if (controller) {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("data-visually-disabled");
  } else updateSubmit();
}

async function ask(prompt) {
  const pending = `pending-${crypto.randomUUID()}`;
  const user = crypto.randomUUID();
  transcript.append(userMessage(user, prompt), assistantMessage(pending));
  $("[data-mobile-landing-heading]")?.remove();
  conversation.setAttribute("aria-label", `Conversation chat-${crypto.randomUUID()}`);
  document.body.dataset.chatting = "";
  box.value = "";
  setGenerating(new AbortController());
  const message = document.getElementById(pending);
  try {
    await announce();
    const response = await post(prompt, pending, user);
    if (response.headers.get("cf-mitigated") || response.status === 409) return location.reload();
    if (!response.ok) return failHttp(message, response.status);
    await read(response, message);
  } catch {
    finish(message); // a dropped connection looks like an end
  }
}

const announce = () =>
  fetch("/unauth-mweb/conversation/prepare?lightweight_authenticated=0", { method: "POST" });

function post(prompt, pending, user) {
  const query = `lightweight_authenticated=0&operationId=${crypto.randomUUID()}`;
  return fetch(`/unauth-mweb/conversation/updates?${query}`, {
    method: "POST",
    signal: generating.signal,
    body: new URLSearchParams({
      prompt,
      conversationState: JSON.stringify({ messages: [], parentMessageId: "client-created-root", userMessageCount: 0 }),
      assistantMessageId: pending,
      userMessageId: user,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
  });
}

async function read(response, message) {
  const alerted = response.headers.get("x-page-alert");
  const decoder = new TextDecoder();
  let bytes = new Uint8Array();
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    bytes = concatenated(bytes, value);
    for (let end; (end = frameEnd(bytes)); bytes = bytes.subarray(end)) {
      apply(decoder.decode(bytes.subarray(0, end)), message);
      if (alerted && !message.dataset.alerted && $("[data-assistant-stream-block]", message)) {
        message.dataset.alerted = "";
        alert(alerted);
      }
    }
  }
}

function concatenated(first, second) {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

// Where the first frame ends, 0 while it is incomplete: its head tells how many bytes it holds.
function frameEnd(bytes) {
  const head = bytes.indexOf(62) + 1; // ">"
  if (!head) return 0;
  const length = Number(/\d+/.exec(new TextDecoder().decode(bytes.subarray(0, head)))[0]);
  const end = head + length + "</template>\n".length;
  return bytes.length >= end ? end : 0;
}

function apply(html, message) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const frame = holder.content.firstElementChild.content;
  const control = $("[data-conversation-control]", frame);
  if (control) return controls[control.dataset.conversationControl]?.(control, message);
  const part = $("template[for]", frame);
  const target = part.getAttribute("for").replace(/^assistant-pending-[0-9a-f-]{36}-/, "");
  place(target, part.content, part.dataset.webMobileDpuApply, message);
}

function place(target, content, mode, message) {
  const markdown = $("[data-assistant-markdown]", message);
  const index = /^committed-block-(\d+)$/.exec(target)?.[1];
  if (index) {
    const block = $(`[data-assistant-stream-block-index="${index}"]`, markdown);
    if (block) block.replaceWith(content);
    else markdown.append(content);
  } else if (target === "reasoning") $("[data-assistant-reasoning]", message).replaceChildren(content);
  else if (target === "ads") $("[data-assistant-body]", message).append(content);
  else if (mode === "append") markdown.append(content);
  message.scrollIntoView({ block: "end" });
}

const controls = {
  "conversation-id"(control) {
    conversation.dataset.conversationId = control.dataset.conversationId;
    setTimeout(() => history.pushState(null, "", control.dataset.canonicalPath), 1200);
  },
  "assistant-content-started"(_, message) {
    message.dataset.assistantContentStarted = "";
    $("[data-assistant-placeholder-slot]", message).textContent = "";
  },
  complete(control, message) {
    message.id = control.dataset.messageId;
    finish(message);
  },
  failed(control, message) {
    const { failureReason, failureStatus, gateKind } = control.dataset;
    setGenerating(null);
    message.removeAttribute("data-message-streaming");
    message.dataset.failureStatus = failureStatus;
    if (failureReason === "rate_limit") $("#no-auth-soft-rate-limit-dialog").showModal();
    else if (gateKind === "safety") intervene(message);
    else if (gateKind) gate(gateKind);
    else warn("Our systems have detected unusual activity coming from your system. Please try again later.");
  },
};

function intervene(message) {
  const note = Object.assign(document.createElement("div"), { textContent: "This content may violate our usage policies." });
  note.dataset.messageIntervention = "";
  $("[data-assistant-body]", message).append(note);
  $("[data-safety-dialog]").showModal();
}

function gate(kind) {
  document.documentElement.dataset.conversationGated = "";
  $("[data-conversation-gate-panel]").dataset.gateKind = kind;
  $("[data-conversation-gate]").hidden = false;
}

function warn(text) {
  $("[data-composer-submission-status] span").textContent = text;
  $("[data-composer-submission-status]").hidden = false;
}

function failHttp(message, status) {
  setGenerating(null);
  message.removeAttribute("data-message-streaming");
  message.dataset.failureStatus = status;
  if (status === 429) return warn("Too many requests. Please slow down.");
  message.append($("[data-conversation-recovery]"));
  $("[data-conversation-recovery]", message).hidden = false;
}

function finish(message) {
  setGenerating(null);
  message.removeAttribute("data-message-streaming");
  message.dataset.messageComplete = "";
  $("[data-assistant-placeholder-slot]", message).textContent = "";
  message.append(actions(message));
}

function actions(message) {
  const sources = citedIn(message);
  const group = fragment(`<div data-assistant-message-actions="" data-message-actions="" role="group"
    aria-label="Response actions"><span data-message-content-controls=""></span>
    <button type="button" aria-label="Copy response" data-copy-message="" data-copy-state="idle"></button>
    <button type="button" aria-label="Share" data-share-message=""></button></div>`);
  if (sources.length) group.append(sourcesButton(message, sources));
  return group;
}

function citedIn(message) {
  const found = [...message.querySelectorAll("[data-assistant-sources-payload]")];
  const sources = found.flatMap((trigger) => JSON.parse(trigger.dataset.assistantSourcesPayload));
  return [...new Map(sources.map((source) => [source.url, source])).values()];
}

function sourcesButton(message, sources) {
  const wrapper = fragment(`<span data-content-reference-type="sources_footnote"><button type="button"
    data-assistant-sources-trigger="" aria-controls="sources-${message.id}" aria-expanded="false"><span
    >Sources</span></button></span>`);
  const trigger = $("button", wrapper);
  trigger.onclick = () => {
    const open = document.getElementById(trigger.getAttribute("aria-controls"));
    trigger.setAttribute("aria-expanded", String(!open));
    if (open) open.remove();
    else $("[data-app-shell]").append(panel(trigger.getAttribute("aria-controls"), sources));
  };
  return wrapper;
}

function panel(id, sources) {
  const element = fragment(`<div class="panel"><article><header><h2>Sources</h2></header><ol></ol></article></div>`);
  element.id = id;
  for (const source of sources) {
    const item = fragment(`<li><a target="_blank" rel="noopener"><strong></strong><span></span></a></li>`);
    $("a", item).href = source.url;
    $("strong", item).textContent = source.title;
    $("span", item).textContent = source.attribution;
    $("ol", element).append(item);
  }
  return element;
}

function userMessage(id, prompt) {
  const message = fragment(`<li data-message-role="user"><h4 data-message-attribution="" class="sr-only">You said:</h4>
    <button data-user-message-bubble="" type="button"><p data-user-message-copy=""></p></button></li>`);
  message.id = id;
  $("p", message).textContent = prompt;
  return message;
}

function assistantMessage(id) {
  const message = fragment(`<li data-message-role="assistant" data-message-streaming=""><h4 data-message-attribution=""
    class="sr-only" tabindex="-1">ChatGPT said:</h4><div data-assistant-body=""><span aria-hidden="true"
    data-assistant-placeholder-slot="">Thinking</span><div data-assistant-reasoning=""></div><div><div
    data-assistant-markdown=""></div></div></div></li>`);
  message.id = id;
  return message;
}

function fragment(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content.firstElementChild;
}
