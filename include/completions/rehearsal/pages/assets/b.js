// Front end B: the server renders, this script sends the prompt and puts the streamed fragments where they belong.
"use strict";

const HYDRATED_AFTER = 350; // ms; what was typed before is lost, as on the live page
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

// What the live page sends ahead of a prompt; nothing comes of it here.
async function announce() {
  const requirements = "/unauth-mweb/sentinel/chat-requirements";
  for (const url of [`${requirements}/prepare`, `${requirements}/finalize`, "/unauth-mweb/conversation/prepare"])
    await fetch(`${url}?lightweight_authenticated=0`, { method: "POST" });
}

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
  let alerted = response.headers.get("x-page-alert");
  const decoder = new TextDecoder();
  let bytes = new Uint8Array();
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    bytes = concatenated(bytes, value);
    for (let end; (end = frameEnd(bytes)); bytes = bytes.subarray(end)) {
      apply(decoder.decode(bytes.subarray(0, end)), message);
      if (alerted && $("[data-assistant-stream-block]", message)) {
        alert(alerted);
        alerted = null;
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
  } else if (target === "reasoning") $(".xreasoning", message).replaceChildren(content);
  else if (target === "ads") $(".xbody", message).append(content);
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
    settle(message);
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
  $(".xbody", message).append(note);
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
  settle(message);
  message.dataset.failureStatus = status;
  if (status === 429) return warn("Too many requests. Please slow down.");
  message.append($("[data-conversation-recovery]"));
  $("[data-conversation-recovery]", message).hidden = false;
}

// However it ended: nothing is being written any more.
function settle(message) {
  setGenerating(null);
  message.removeAttribute("data-message-streaming");
  $("[data-assistant-placeholder-slot]", message).textContent = "";
}

function finish(message) {
  settle(message);
  message.dataset.messageComplete = "";
  message.append(actions(message));
}
