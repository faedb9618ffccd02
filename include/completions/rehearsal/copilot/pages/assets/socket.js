// The calls before a prompt, and the socket that carries it and its answer.
"use strict";

let temporarySession = null;

async function post(path, told) {
  const headers = { "content-type": "application/json", "X-Search-UILang": document.documentElement.lang };
  if (temporarySession) headers["X-Copilot-TemporarySessionKey"] = temporarySession;
  return fetch(path, { method: "POST", headers, body: JSON.stringify(told) });
}

async function begin() {
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  temporarySession = (await (await post("/c/api/user/sessions/temporary", {})).json()).sessionKey;
  await post("/c/api/start", { timeZone, startNewConversation: true, teenSupportEnabled: true, performUserMerge: true });
  await fetch("/c/api/user?api-version=4");
}

// `take` gets every event, `closed` is called once nothing more will come.
function converse(conversationId, prompt, take, closed) {
  const address = new URL("/c/api/chat", location.href);
  address.protocol = location.protocol.replace("http", "ws");
  const told = { "api-version": 2, clientSessionId: crypto.randomUUID(), temporarySessionKey: temporarySession };
  for (const [name, value] of Object.entries(told)) address.searchParams.set(name, value);
  const socket = new WebSocket(address);
  const say = (event) => socket.send(JSON.stringify(event));
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.event !== "connected") return take(event);
    say({
      event: "setOptions",
      supportedFeatures: ["partial-generated-images", "side-by-side-comparison"],
      supportedCards: ["weather", "local", "image", "sports", "video", "chart", "ads", "finance", "recipe", "navigation"],
      supportedUIComponents: { Map: "1.3", Card: "1.2", Table: "1.3" },
      ads: { supportedTypes: ["text", "product", "multimedia", "tourActivity", "propertyPromotion"] },
      supportedActions: [],
    });
    say({ event: "reportLocalConsents", grantedConsents: [] });
    say({ event: "send", conversationId, content: [{ type: "text", text: prompt }], mode: "smart", context: {} });
  };
  socket.onclose = closed;
  return socket;
}
