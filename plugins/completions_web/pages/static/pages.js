// Airflow shows the pages in a frame that may neither open windows nor leave itself. A link with data-out is followed
// by a link of the same kind in the page around it: in a new tab, or with data-out="top" in place of that page.
const follow = (link) => {
  const outer = parent.document.createElement("a");
  outer.href = link.href;
  outer.rel = "noopener noreferrer";
  if (link.dataset.out !== "top") outer.target = "_blank";
  parent.document.body.append(outer);
  outer.click();
  outer.remove();
};
// Around one with data-fill="URL" of fields, `fill.js` opens Airflow's form for a batch and fills it in.
const fill = (link) => {
  const script = parent.document.createElement("script");
  script.src = new URL("fill.js", document.querySelector("script[src$='/pages.js']").src);
  script.dataset.fields = new URL(link.dataset.fill, location);
  script.dataset.form = link.href;
  script.onerror = () => follow(link);
  parent.document.head.append(script);
};
addEventListener("click", (event) => {
  const link = event.target.closest("a[data-out]");
  if (!link || event.defaultPrevented || parent === window) return;
  event.preventDefault();
  if ("fill" in link.dataset) fill(link);
  else follow(link);
});
// A page by itself has no such form around it: on to the same page within Airflow, which then opens the form.
addEventListener("click", (event) => {
  const link = event.target.closest("a[data-fill]");
  if (!link || parent !== window || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const inside = new URL(link.dataset.within, location);
  inside.searchParams.set("fill", new URL(link.dataset.fill, location).search);
  location.assign(inside);
});
const wanted = new URLSearchParams(location.search).get("fill");
if (wanted !== null && parent !== window) {
  const outer = new URL(parent.location);
  outer.searchParams.delete("fill"); // who comes back is not led on again
  parent.history.replaceState(parent.history.state, "", outer);
  const links = [...document.querySelectorAll("a[data-fill]")];
  const link = links.find((one) => new URL(one.dataset.fill, location).search === wanted);
  if (link) fill(link);
}

// <button data-copy="id"> copies the text of that element.
addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById(button.dataset.copy));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
});

// <button data-dialog="id"> opens that <dialog>.
addEventListener("click", (event) => {
  const button = event.target.closest("button[data-dialog]");
  if (button) document.getElementById(button.dataset.dialog).showModal();
});

// <form data-auto> is sent as soon as a choice in it changes.
addEventListener("change", (event) => {
  if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
});

// <form data-sure="question"> is sent once that was answered with yes, in the <dialog id="sure">.
addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.sure) return;
  event.preventDefault();
  const dialog = document.getElementById("sure");
  document.getElementById("sure-words").textContent = form.dataset.sure;
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue && form.submit();
  dialog.showModal();
});

// An element with data-live="URL" is kept up to date: the answer is {"parts": {id: html}, "next": URL or null}, or has
// with "go" the page to show instead. Each part takes the place of the element with that id, so that only what has
// changed is sent and drawn again; who is in it with the keyboard stays there. Nothing is asked while nobody looks.
const EVERY = 3000; // milliseconds, as the grid of Airflow
const live = document.querySelector("[data-live]");
if (live) {
  let next = live.dataset.live;
  let wait = EVERY;
  const scrolls = (element) => [...element.querySelectorAll(".scroll")];
  const put = (id, html) => {
    const old = document.getElementById(id);
    if (!old) return;
    const at = old.contains(document.activeElement) ? document.activeElement : null;
    const before = scrolls(old).map((one) => ({ left: one.scrollLeft, focused: one === at }));
    const made = document.createElement("template");
    made.innerHTML = html;
    old.replaceWith(made.content);
    scrolls(document.getElementById(id)).forEach((one, number) => {
      one.scrollLeft = before[number]?.left ?? 0;
      if (before[number]?.focused) one.focus({ preventScroll: true });
    });
    if (!at || at.matches(".scroll")) return;
    const link = (one) => at.href && one.href === at.href;
    const again = (at.id && document.getElementById(at.id)) || [...document.getElementById(id).querySelectorAll("a")].find(link);
    again?.focus({ preventScroll: true });
  };
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(next, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(answer.status);
        const told = await answer.json();
        if (told.go) return location.replace(told.go);
        Object.entries(told.parts).forEach(([id, html]) => put(id, html));
        next = told.next;
        wait = EVERY;
        if (!next) return;
      } catch {
        wait = Math.min(wait * 2, 30000);
      }
    }
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
}
