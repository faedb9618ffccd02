// The requests, and what their frames tell. Every frame has the whole text so far.
"use strict";

const SERVICE = "/_/BardChatUi/data";
const LANGUAGE = document.documentElement.lang;
let requests = 100000 + Math.floor(Math.random() * 90000);

function address(method, more = "") {
  requests += 100000;
  const build = encodeURIComponent(WIZ_global_data.cfb2h);
  return `${SERVICE}/${method}?${more}bl=${build}&f.sid=-${requests}42&hl=${LANGUAGE}&_reqid=${requests}&rt=c`;
}

function placed(values) {
  const slots = Array(97).fill(null);
  return Object.assign(slots, values);
}

function asking(prompt) {
  const inner = placed({ 0: [prompt, 0, null, null, null, null, 0], 1: [LANGUAGE], 2: ["", "", ""], 7: 1, 17: [[0]], 96: 1 });
  Object.assign(inner, { 59: crypto.randomUUID().toUpperCase(), 79: 1 });
  return new URLSearchParams({ "f.req": JSON.stringify([null, JSON.stringify(inner)]) });
}

// The live page uses XMLHttpRequest, which hands over what has come so far.
function post(url, body, progress) {
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.setRequestHeader("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
  request.setRequestHeader("x-same-domain", "1");
  request.onprogress = () => progress(request);
  const ended = new Promise((resolve) => (request.onloadend = () => resolve(request)));
  request.send(body);
  return { request, ended };
}

const envelopesOf = (text) =>
  text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter((line) => line.startsWith("[")).flatMap((line) => JSON.parse(line));

// All that the envelopes so far tell of the answer, and the code of the last error among them.
function toldBy(envelopes) {
  const told = { ids: null, candidate: null, code: null };
  for (const [kind, , json, , , error] of envelopes) {
    if (kind !== "wrb.fr") continue;
    if (error) told.code = error[2][0][1][0];
    const inner = json ? JSON.parse(json) : [];
    told.ids = inner[1] ?? told.ids;
    told.candidate = inner[4]?.[0] ?? told.candidate;
  }
  return told;
}

// An answer as it is drawn: chips where the text has marks, or where a list of ours says that they stand.
function answerOf(candidate) {
  const text = candidate[1][0];
  const found = candidate[12] ?? [];
  const ours = found.at(-1) ?? {};
  const chips = ours["62"] ?? [];
  const starts = [0, ...chips.map(([start]) => start)];
  const pieces = starts.map((start, index) => text.slice(start, starts[index + 1]));
  const marked = pieces.map((piece, index) => (index ? `[cite: ${chips[index - 1][1].join(", ")}]` : "") + piece).join("");
  const cited = [...marked.matchAll(/\[cite: ([\d, ]+)\]/g)].map((mark) => mark[1].split(",").map(Number));
  const images = (found[1] ?? []).map(([first]) => [first[0][0], first[4]]);
  return { text, marked, cited, images, cards: ours["61"] ?? [], places: ours["63"] ?? [], arrived: false };
}
