// The conversation: a prompt goes out, frames come in and are drawn; chips come a while after the words.
"use strict";

const CHIPS_AFTER = 1000; // ms
const WRONG = { 1037: "Usage limit reached. Try again later.", 1060: "Gemini is not currently supported in your country." };
const REFUSED = { 429: "Too many requests. Try again later.", 500: "Something went wrong." };
let generating = null;

async function send(prompt) {
  if (!prompt.trim() || generating) return;
  const turn = newTurn(prompt);
  $("zero-state-v2")?.remove();
  $("chat-window").classList.remove("center-input-layout");
  $("infinite-scroller").append(turn);
  const url = address("assistant.lamda.BardFrontendService/StreamGenerate");
  const { request, ended } = post(url, asking(prompt), (request) => take(request, turn));
  generating = request;
  write([""]);
  await ended;
  if (request.status === 409 || /\/(sorry|accounts\.google\.com)\//.test(request.responseURL)) return location.reload();
  generating = null;
  refresh();
  if (request.status >= 400) return fail(turn, REFUSED[request.status] ?? REFUSED[500]);
  const { code, candidate } = take(request, turn);
  if (code && !candidate) return fail(turn, WRONG[code] ?? `Something went wrong (${code})`);
  finish(turn); // a dropped connection looks like an end
}

function take(request, turn) {
  if (request.status !== 200) return {};
  const told = toldBy(envelopesOf(request.responseText));
  if (told.ids) named(turn, told.ids);
  if (!told.candidate) return told;
  jslog(turn, told.ids, told.candidate[0]);
  thought(turn, told.candidate[37]?.[0][0]);
  $("model-response", turn).answer = answerOf(told.candidate);
  draw(turn);
  pop(request, turn);
  turn.scrollIntoView({ block: "end" });
  return told;
}

// A rehearsal may be told to pop up a dialog on the first words.
function pop(request, turn) {
  const alerted = request.getResponseHeader("x-page-alert");
  if (!alerted || turn.alerted || !$(".markdown", turn).textContent) return;
  turn.alerted = true;
  alert(alerted);
}

function finish(turn) {
  const { answer } = $("model-response", turn);
  $(".markdown", turn).setAttribute("aria-busy", "false");
  $(".response-footer", turn).classList.add("complete");
  actions(turn);
  if (answer?.cited.length)
    setTimeout(() => {
      answer.arrived = true;
      draw(turn);
    }, CHIPS_AFTER);
}

function fail(turn, said) {
  $(".markdown", turn).setAttribute("aria-busy", "false");
  const bar = fragment(`<mat-snack-bar-container class="mat-mdc-snack-bar-container"><div class="mdc-snackbar__surface"><simple-snack-bar
    ><div matsnackbarlabel="" role="alert" class="mat-mdc-snack-bar-label"></div></simple-snack-bar></div></mat-snack-bar-container>`);
  $("[role=alert]", bar).textContent = said;
  document.body.append(bar);
}
