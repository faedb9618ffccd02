// What the scripts of both front ends use to find and make elements.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);

function fragment(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content.firstElementChild;
}

// What this browser shows of itself, for whoever compares it with what was asked for: kept in a cookie.
function noteVisitor(coordinates) {
  const told = {
    languages: navigator.languages,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    viewport: [window.innerWidth, window.innerHeight],
    scale: window.devicePixelRatio,
    touch: navigator.maxTouchPoints > 0,
    coordinates,
  };
  document.cookie = `rehearsal-visitor=${encodeURIComponent(JSON.stringify(told))}; path=/`;
}

if (window.top === window) {
  noteVisitor(null);
  navigator.permissions?.query({ name: "geolocation" }).then(({ state }) => {
    if (state !== "granted") return;
    navigator.geolocation.getCurrentPosition(({ coords }) => noteVisitor([coords.latitude, coords.longitude]));
  });
}
