// The conversation: a prompt goes out, events come in; blocks are put together and drawn.
"use strict";

let generating = null;

async function ask(prompt) {
  generating = new AbortController();
  document.body.dataset.chatting = "";
  $(".landing").hidden = true;
  const turn = beginTurn(prompt);
  refresh();
  const state = { told: {}, blocks: {} };
  try {
    const response = await post(prompt, turn.number);
    if (response.headers.get("cf-mitigated") || response.status === 409) return location.reload();
    if (response.ok) await read(response, turn, state);
    else toast(response.status === 429 ? "Too many requests. Please try again later." : "Something went wrong. Please try again.");
  } catch {
    // A dropped connection looks like an end.
  }
  generating = null;
  refresh();
  end(turn, state);
}

function post(prompt, number) {
  const request = crypto.randomUUID();
  const params = {
    version: "2.18",
    mode: "copilot",
    model_preference: "turbo",
    language: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    search_focus: "internet",
    sources: ["web"],
    frontend_uuid: request,
    frontend_context_uuid: crypto.randomUUID(),
    query_source: number ? "followup" : "home",
    is_incognito: false,
    use_schematized_api: true,
    send_back_text_in_streaming_api: false,
    supported_block_use_cases: ["answer_modes", "media_items", "shopping_widgets", "place_widgets"],
    dsl_query: prompt,
    source: "default",
  };
  return fetch("/rest/sse/perplexity_ask", {
    method: "POST",
    signal: generating.signal,
    headers: { "content-type": "application/json", accept: "text/event-stream", "x-request-id": request },
    body: JSON.stringify({ query_str: prompt, params }),
  });
}

async function read(response, turn, state) {
  let alerted = response.headers.get("x-page-alert");
  let buffer = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += text;
    const events = buffer.split("\r\n\r\n");
    buffer = events.pop();
    for (const event of events) if (event.startsWith("event: message")) take(JSON.parse(/^data: (.*)$/m.exec(event)[1]), state);
    draw(turn, state);
    if (alerted && turn.words.childElementCount) {
      alert(alerted);
      alerted = null;
    }
  }
}

function take(told, { told: before, blocks }) {
  if (!before.thread_url_slug) history.pushState(null, "", `/search/${told.thread_url_slug}`);
  Object.assign(before, told);
  for (const { intended_usage: usage, diff_block: diff, ...whole } of told.blocks) {
    if (!diff) blocks[usage] = Object.values(whole)[0];
    else for (const change of diff.patches) blocks[usage] = patched(blocks[usage], change);
  }
}

// JSON Patch, as far as it is used.
function patched(value, { op, path, value: next }) {
  if (!path) return structuredClone(next);
  const steps = path.slice(1).split("/");
  const last = steps.pop();
  const holder = steps.reduce((node, step) => node[step], value);
  if (op === "add" && Array.isArray(holder)) holder.splice(last === "-" ? holder.length : Number(last), 0, structuredClone(next));
  else holder[last] = structuredClone(next);
  return value;
}

function wordsOf(blocks) {
  if (PROSE) return (blocks.ask_text_0_markdown?.chunks ?? []).join("");
  const items = (blocks.workflow_root?.steps ?? []).flatMap((step) => step.items);
  return items.flatMap((item) => item.payload.text_payload?.chunks ?? []).join("");
}

// The pages by the number that the words call them by, and all of them as the list of sources has them.
function sourcesOf(blocks) {
  const found = (blocks.web_results?.web_results ?? []).filter((result) => !result.is_navigational);
  if (PROSE) return { numbered: Object.fromEntries(found.map((result, index) => [index + 1, result])), listed: found };
  const rows = blocks.sources_answer_mode?.rows ?? [];
  const snippets = Object.fromEntries(found.map((result) => [result.url, result.snippet]));
  const listed = rows.map((row) => ({ ...row.web_result, snippet: snippets[row.web_result.url] }));
  return { numbered: Object.fromEntries(rows.map((row) => [row.citation, row.web_result])), listed };
}

// Draw what changed: blocks that read as before stay as they are.
function draw(turn, { blocks }) {
  const { numbered, listed } = sourcesOf(blocks);
  blocksOf(wordsOf(blocks)).forEach((block, index) => {
    const html = renderBlock(block, numbered);
    if (turn.words.children[index]?.source === html) return;
    const element = fragment(html);
    element.source = html;
    for (const attribute of ["data-start", "data-end"]) element.removeAttribute(attribute);
    if (/^H\d$/.test(element.nodeName)) element.id = element.textContent.toLowerCase().replace(/\W+/g, "-");
    if (turn.words.children[index]) turn.words.children[index].replaceWith(element);
    else turn.words.append(element);
  });
  if (listed.length) step(turn, "Searching");
  turn.words.lastElementChild?.scrollIntoView({ block: "end" });
}

function end(turn, state) {
  const { told, blocks } = state;
  draw(turn, state);
  const { listed } = sourcesOf(blocks);
  if (told.status === "FAILED") toast(told.error_message);
  if (listed.length) step(turn, "Researched", "4s");
  offer(told.upsell_information);
  if (!told.status || told.status === "FAILED") return;
  offerTabs(listed, blocks.media_items?.media_items ?? []);
  endTurn(turn, { model: told.display_model, related: told.related_queries ?? [], sources: listed });
  if (told.async_rq_enabled) fetch(`/rest/sse/related-queries/${told.backend_uuid}`);
}

// An offer to sign in may be JSON in a string in a string.
function offer(upsell) {
  while (typeof upsell === "string") upsell = JSON.parse(upsell);
  if (upsell?.app_location === "MODAL") signInDialog(upsell.title);
  else if (upsell) nudge(upsell.title);
}
