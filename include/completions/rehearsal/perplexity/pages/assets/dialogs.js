// What lies over the page: the choice about cookies, the offer to sign in, and what went wrong.
"use strict";

const GUARD = '<span data-radix-focus-guard="" tabindex="0" aria-hidden="true" class="sr-only"></span>';

function open(dialog) {
  const guard = fragment(GUARD);
  dialog.addEventListener("close", () => [dialog, guard].forEach((each) => each.remove()));
  document.body.append(guard, dialog);
  return dialog;
}

const shut = (dialog) => dialog.dispatchEvent(new Event("close"));

function cookieDialog() {
  const dialog = fragment(`<div role="dialog" data-state="open" class="modal"><div id="cookie-consent" class="card"><h2>Cookie Policy</h2>
    <p>We use cookies to offer you our service, including for marketing. See our <a href="https://www.perplexity.ai/hub/legal/privacy-policy">policy</a>.</p>
    <button type="button">Necessary Cookies</button> <button type="button">Accept All Cookies</button></div></div>`);
  for (const button of dialog.querySelectorAll("button")) button.onclick = () => shut(dialog);
  open(dialog);
}

// Escape and the cross close an offer; what must be followed has neither.
function signInDialog(title, closable = true) {
  const cross = closable ? `<button type="button" aria-label="Close" class="cross">✕</button>` : "";
  const dialog = fragment(`<div role="dialog" aria-modal="true" data-state="open" class="modal"><div class="card">${cross}<h2></h2>
    <p>Log in or create an account to keep going.</p><button type="button">Continue with Google</button>
    <button type="button">Continue with Apple</button><input type="email" placeholder="Enter your email" aria-label="Email"
    ><button type="button">Continue with email</button></div></div>`);
  $("h2", dialog).textContent = title;
  if (closable) {
    $(".cross", dialog).onclick = () => shut(dialog);
    document.addEventListener("keydown", (event) => event.key === "Escape" && shut(dialog), { once: true });
  }
  open(dialog);
}

function nudge(title) {
  const line = fragment(`<div class="nudge"><span></span> <button type="button" class="button">Sign in</button></div>`);
  $("span", line).textContent = title;
  $(".upsell").replaceChildren(line);
}

function toast(message) {
  const alert = fragment(`<div role="alert" class="toast"></div>`);
  alert.textContent = message;
  document.body.append(alert);
}
