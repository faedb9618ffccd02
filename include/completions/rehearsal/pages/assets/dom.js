// What the scripts of both front ends use to find and make elements.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);

function fragment(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content.firstElementChild;
}
