// The chat: a prompt goes out, events come in and are drawn.
"use strict";

const SETTLED_AFTER = 1000; // ms from the end of an answer to its citations
const begun = begin();
let generating = null;

setTimeout(hydrate, HYDRATED_AFTER);

function hydrate() {
  $("#app").append(shell());
  const { cookies, nudge, bubble: greeted } = document.body.dataset;
  if (cookies) document.body.append(cookieBanner());
  if (nudge) $(".composer .actions").append(signInNudge());
  if (greeted) document.body.append(bubble());
  $("#userInput").oninput = refresh;
  $("#userInput").onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  };
  refresh();
  const asked = new URLSearchParams(location.search);
  const prefilled = asked.get("q") ?? asked.get("prompt");
  if (!prefilled) return;
  $("#userInput").value = prefilled;
  send();
}

function refresh() {
  const button = generating ? stopButton() : sendButton();
  button.onclick = generating ? () => generating.stop() : send;
  if (!generating) button.disabled = !$("#userInput").value.trim();
  $(".slot").replaceChildren(button);
}

async function send() {
  const prompt = $("#userInput").value;
  if (!prompt.trim() || generating) return;
  const message = aiMessage();
  const answer = { message, place: null, text: "", sources: [], settled: false, stop: () => finish(answer) };
  generating = answer;
  $("#userInput").value = "";
  refresh();
  $(".greeting")?.remove();
  $("[data-content=conversation]").append(userMessage(prompt), message);
  await begun;
  const made = await post("/c/api/conversations", { prompt });
  if (made.headers.has("cf-mitigated") || made.status === 409) return location.reload();
  if (!made.ok) return fail(answer, made.status === 429 ? "Too many requests. Please try again later." : WRONG);
  answer.alerted = made.headers.get("x-page-alert");
  const { id } = await made.json();
  history.pushState(null, "", `/chats/${id}`);
  answer.place = await placeOf(message);
  const socket = converse(id, prompt, (event) => events[event.event]?.(event, answer), () => finish(answer));
  answer.stop = () => socket.close();
}

const WRONG = "Something went wrong. Please try again.";

const events = {
  appendText({ text }, answer) {
    $("[data-testid=loading-message]", answer.message)?.remove();
    answer.text += text;
    draw(answer);
    if (!answer.alerted) return;
    alert(answer.alerted);
    answer.alerted = null;
  },
  citation({ title, url }, answer) {
    answer.text += `\ue000${answer.sources.length}\ue001`;
    answer.sources.push({ title, url });
  },
  imageGenerated({ prompt }, answer) {
    answer.place.append(picture(prompt));
  },
  done(_, answer) {
    finish(answer);
    setTimeout(() => settle(answer), SETTLED_AFTER);
  },
  titleUpdate({ title }) {
    document.title = `Microsoft Copilot: ${title}`;
  },
  suggestedFollowups({ suggestions }) {
    $(".suggestions").replaceChildren(...suggestions.map(suggestion));
  },
  challenge() {
    $(".composer").before(turnstile());
  },
  banned(_, answer) {
    fail(answer, WRONG);
    document.body.append(bannedDialog());
  },
  error({ errorCode }, answer) {
    const here = errorCode === "chat-service-unavailable";
    fail(answer, here ? "Copilot is not currently available in your region." : WRONG);
  },
  chatMessageError(_, answer) {
    fail(answer, WRONG);
  },
};

const draw = (answer) => redraw($("[class*=ai-message-item]", answer.place), answer.text, answer);

// However it ended, nothing is being written any more. A dropped connection looks like an end.
function over(answer) {
  if (generating !== answer) return false;
  generating = null;
  refresh();
  $("[data-testid=loading-message]", answer.message)?.remove();
  return true;
}

function finish(answer) {
  if (over(answer)) $("[data-testid=ai-message-body]", answer.message).append(reactions());
}

function fail(answer, text) {
  if (over(answer)) $("[data-testid=ai-message-body]", answer.message).append(alertCard(text));
}

// Citations come a while after the words.
function settle(answer) {
  answer.settled = true;
  draw(answer);
  if (!answer.sources.length) return;
  $("[class*=ai-message-item]", answer.place).after(citationCards(answer.sources));
  if (document.body.dataset.panel) $("[data-testid=chat-page]").after(referencesPanel(answer.sources));
}
