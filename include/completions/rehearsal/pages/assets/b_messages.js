// Front end B: what a message is made of.
"use strict";

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
    class="sr-only" tabindex="-1">ChatGPT said:</h4><div class="xbody"><span aria-hidden="true"
    data-assistant-placeholder-slot="">Thinking</span><div class="xreasoning"></div><div><div
    data-assistant-markdown=""></div></div></div></li>`);
  message.id = id;
  return message;
}
