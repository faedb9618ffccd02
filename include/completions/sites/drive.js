// What the page shows, told by the tables of a site's `Looks` (layout.py). Called as (task) => …; `null` means: not yet, look again.
(task) => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const has = (element, selector) => element.matches(selector) || element.querySelector(selector) !== null;
  const shown = (element) => {
    if (element === document.documentElement) return true;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };
  const seen = (selector) => all(selector).some(shown);

  const layout = task.layouts.find((each) => document.querySelector(each.marks));
  const challenged = "_cf_chl_opt" in window || /^(Just a moment|Attention Required)/i.test(document.title);
  const [load] = performance.getEntriesByType("navigation");
  const alive = Boolean(load?.loadEventEnd) && performance.now() - load.loadEventEnd > task.patience;
  // The index of the wall that stands here, detours after the barriers; -1 for none.
  const barrier = () => {
    if (challenged) return 0;
    const says = (element, words) => !words || new RegExp(words, "i").test(element.innerText);
    const stands = ({ marks, words, late }) => (!late || alive) && all(marks).some((each) => shown(each) && says(each, words));
    const shut = task.barriers.findIndex(stands);
    const led = task.detours.findIndex((each) => new RegExp(each, "i").test(location.href));
    return shut >= 0 || led < 0 ? shut : task.barriers.length + led;
  };
  const messages = () => {
    const found = layout ? all(`${layout.user}, ${layout.assistant}`) : [];
    return found.filter((each) => !found.some((other) => other !== each && each.contains(other)));
  };
  const numbered = (prompt) => {
    const number = layout.numbered && prompt.closest(`[${layout.numbered}]`)?.getAttribute(layout.numbered);
    return /^\d{1,9}$/.test(number) ? Number(number) : -1;
  };
  const answers = () => {
    const found = messages();
    const asked = found.filter((each) => each.matches(layout.user));
    const last = asked.reduce((best, each) => (best && numbered(best) > numbered(each) ? best : each), null);
    const next = asked[asked.indexOf(last) + 1];
    return found.slice(found.indexOf(last) + 1, next && found.indexOf(next));
  };
  const whole = (message, turn) => {
    if (!layout.follows) return has(turn, layout.finished);
    return all(layout.finished).some((each) => message.compareDocumentPosition(each) === Node.DOCUMENT_POSITION_FOLLOWING);
  };
  const failure = (text) => text.length <= task.longest && new RegExp(task.failure, "i").test(text);
  const generating = () => layout !== undefined && seen(layout.stop);

  const written = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    const filler = node.nodeName === "BR" && (node.className === "ProseMirror-trailingBreak" || !node.nextSibling);
    return node.nodeName === "BR" ? (filler ? "" : "\n") : [...node.childNodes].map(written).join("");
  };
  const held = (composer) => {
    if ("value" in composer) return composer.value;
    const lines = [...composer.childNodes];
    return lines.every((each) => /^(P|DIV)$/.test(each.nodeName)) ? lines.map(written).join("\n") : written(composer);
  };
  const plain = (text) => text.replace(/\r\n?/g, "\n").replace(/\u00a0/g, " ");

  // A page that is none of ours: what it says instead, once it has come whole.
  const astray = () => {
    if (layout !== undefined || !load?.loadEventEnd) return null;
    const said = document.body.innerText.trim();
    if (load.responseStatus >= 400 || failure(said)) return { status: load.responseStatus, said };
    return alive ? { unknown: true } : null;
  };

  const tasks = {
    ready: () => {
      const closable = (each) => seen(each.dialog) && (!each.button || seen(each.button));
      const overlays = task.overlays.flatMap((each, index) => (closable(each) ? [index] : []));
      if (overlays.length) return { overlays };
      const wall = barrier();
      if (wall >= 0) return { wall };
      const open = task.layouts.find((each) => seen(each.composer));
      if (open) return { composer: open.name };
      return astray();
    },
    holds: () => {
      const composer = all(task.composer).find(shown);
      const whole = composer !== undefined && plain(held(composer)) === plain(task.prompt);
      if (whole && seen(task.send)) return "held";
      return !whole && task.loses ? "lost" : null;
    },
    paste: () => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", task.prompt);
      const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      all(task.composer).find(shown)?.dispatchEvent(paste);
    },
    sent: () => {
      const elsewhere = layout === undefined && document.readyState === "complete";
      return elsewhere || seen(layout?.user ?? ":not(*)") || generating() || barrier() >= 0 || null;
    },
    look: () => {
      if (layout === undefined) return { state: barrier() >= 0 || astray() ? "walled" : "waiting", length: 0 };
      const turn = answers();
      const around = turn.map((each) => each.closest(layout.turn) ?? each);
      const bodies = turn.flatMap((each) => (each.matches(layout.body) ? [each] : all(layout.body, each)));
      const length = bodies.reduce((sum, each) => sum + each.textContent.length, 0);
      const busy = around.some((each) => has(each, layout.busy));
      const finished = around.length > 0 && !busy && !generating() && whole(turn.at(-1), around.at(-1));
      if (finished) return { state: "finished", length };
      const words = [...(bodies.length ? bodies : turn), ...all(task.spoken).filter(shown)];
      const failed = () => words.some((each) => failure(each.innerText.trim()));
      if (!generating() && (barrier() >= 0 || failed())) return { state: "walled", length };
      return { state: length ? "streaming" : "waiting", length };
    },
  };
  return tasks[task.name]();
}
