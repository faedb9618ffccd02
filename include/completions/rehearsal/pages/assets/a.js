// Front end A, the conversation: the prompt goes out, deltas come in and are rendered in the browser.
"use strict";

const turns = $(".turns");
const socket = new WebSocket(`ws://${location.host}/p24/ws/user/user-${crypto.randomUUID()}?verify=rehearsal`);
let generating = null;

async function send() {
  const prompt = written();
  if (!prompt || generating) return;
  generating = new AbortController();
  const user = crypto.randomUUID();
  $(".landing")?.remove();
  document.body.dataset.chatting = "";
  clearEditor();
  refresh();
  const request = `request-WEB:${crypto.randomUUID()}-0`;
  const turn = assistantTurn(request);
  turns.append(userTurn(user, prompt), turn);
  history.pushState(null, "", `/c/WEB:${crypto.randomUUID()}`);
  try {
    const response = await post(prompt, user);
    if (response.headers.get("cf-mitigated") || response.status === 409) return location.reload();
    if (!response.ok) return fail(turn, response);
    await read(response, turn);
  } catch {
    // A dropped connection looks like an end.
  }
  finish(turn);
}

async function post(prompt, user) {
  const json = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  await fetch("/backend-anon/sentinel/chat-requirements", json);
  const { conduit_token } = await (await fetch("/backend-anon/f/conversation/prepare", json)).json();
  const searching = $(".__composer-pill") ? ["search"] : [];
  const message = { id: user, author: { role: "user" }, content: { content_type: "text", parts: [prompt] } };
  return fetch("/backend-anon/f/conversation", {
    ...json,
    signal: generating.signal,
    headers: { ...json.headers, accept: "text/event-stream", "x-conduit-token": conduit_token },
    body: JSON.stringify({
      action: "next",
      messages: [message],
      parent_message_id: "client-created-root",
      model: "auto",
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      system_hints: searching,
      supported_encodings: ["v1"],
      history_and_training_disabled: true,
    }),
  });
}

async function read(response, turn) {
  let alerted = response.headers.get("x-page-alert");
  const state = { root: {}, p: "", o: "add", found: [], answered: false };
  let buffer = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += text;
    const events = buffer.split("\n\n");
    buffer = events.pop();
    for (const event of events) take(event, state, turn);
    draw(turn, state);
    if (alerted && $(".markdown > *", turn)) {
      alert(alerted);
      alerted = null;
    }
  }
  if (state.topic) await follow(state, turn);
}

// The rest of an answer that was handed over comes by the socket; what comes again is known by its id.
function follow(state, turn) {
  const known = new Set();
  return new Promise((resolve, reject) => {
    socket.onclose = reject;
    socket.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data).payload;
      if (type === "conversation-turn-complete") return resolve();
      if (payload.type !== "stream-item" || known.has(payload.stream_item_id)) return;
      known.add(payload.stream_item_id);
      take(payload.encoded_item, state, turn);
      draw(turn, state);
    };
    socket.send(JSON.stringify([{ id: 5, command: { type: "subscribe", topic_id: state.topic, offset: "0" } }]));
  });
}

function take(event, state, turn) {
  const data = /^data: (.*)$/m.exec(event)[1];
  if (data === "[DONE]") return;
  const value = JSON.parse(data);
  if (value === "v1") return;
  if (/^event: delta$/m.test(event)) return delta(value, state, turn);
  if (value.type === "stream_handoff") state.topic = value.options[0].topic_id;
  if (value.type === "message_stream_complete") history.replaceState(null, "", `/c/${value.conversation_id}`);
  if (value.type === "moderation" && value.moderation_response.blocked) turn.dataset.moderated = "";
  for (const ad of value.ads ?? []) $(".after", turn).append(adCard(ad));
}

// Path, operation and channel carry forward from the delta before, the value never does.
function delta(value, state, turn) {
  state.p = value.p ?? state.p;
  state.o = value.o ?? state.o;
  operate(state, { p: state.p, o: state.o, v: value.v });
  const { message } = state.root;
  if (message?.author.role === "tool") state.found = message.metadata.search_result_groups.flatMap((group) => group.entries);
  if (message?.author.role !== "assistant" || state.answered) return;
  state.answered = true;
  const element = $("[data-message-author-role]", turn);
  element.dataset.messageId = message.id;
  element.dataset.messageModelSlug = message.metadata.model_slug;
}

function operate(state, { p, o, v }) {
  if (o === "patch") return v.forEach((operation) => operate(state, operation));
  if (!p) return void (state.root = v);
  const steps = p.slice(1).split("/");
  const last = steps.pop();
  const parent = steps.reduce((node, step) => node[step], state.root);
  if (o === "replace" || o === "add") parent[last] = v;
  else if (typeof v === "string") parent[last] += v;
  else if (Array.isArray(v)) parent[last].push(...v);
  else Object.assign(parent[last], v);
}

function draw(turn, state) {
  if (!state.answered) return;
  $(".result-thinking", turn)?.remove();
  const { content, metadata } = state.root.message;
  turn.references = metadata.content_references;
  turn.found = state.found;
  redraw($(".markdown", turn), content.parts[0], metadata.content_references);
  turn.scrollIntoView({ block: "end" });
}

function finish(turn) {
  generating = null;
  refresh();
  $(".result-thinking", turn)?.remove();
  $(".markdown", turn).classList.remove("streaming-animation");
  $("[data-message-author-role]", turn).removeAttribute("aria-busy");
  $(".markdown", turn).lastElementChild?.setAttribute("data-is-last-node", "");
  wirePills(turn);
  if ("moderated" in turn.dataset)
    $(".after", turn).append(fragment(`<div class="moderated">This content may violate our <a
      href="https://openai.com/policies/usage-policies">usage policies</a>.</div>`));
  $(".actions", turn).append(actions(turn));
}

async function fail(turn, response) {
  const json = response.headers.get("content-type").includes("json");
  const { detail } = json ? await response.json() : { detail: await response.text() };
  generating = null;
  refresh();
  if (detail.code) {
    turn.remove();
    return document.body.append(detail.code === "login_required" ? gateDialog() : limitDialog(detail.message));
  }
  const said = {
    403: "Our systems have detected unusual activity coming from your system. Please try again later.",
    429: "Too many requests. Please slow down and try again later.",
    500: "Something went wrong. If this issue persists please contact us through our help center at help.openai.com.",
  };
  const card = fragment(`<div class="failed"><p></p><button type="button" data-testid="regenerate-thread-error-button">Retry</button></div>`);
  $("p", card).textContent = said[response.status];
  $("button", card).onclick = () => location.assign("/");
  $(".result-thinking", turn)?.remove();
  $(".markdown", turn).classList.remove("streaming-animation");
  $(".markdown", turn).append(card);
}
