// Runs in Airflow's own page, where pages.js puts it: opens the form that starts a batch, and fills it in as a person
// would, by its fields. Whoever pressed the link still reads it, changes it and presses Trigger.
(async (script) => {
  const asked = fetch(script.dataset.fields, { headers: { Accept: "application/json" } });
  script.remove();

  const found = (selector) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const element = document.querySelector(selector);
        if (!element) return;
        seen.disconnect();
        resolve(element);
      };
      const seen = new MutationObserver(look);
      seen.observe(document.body, { childList: true, subtree: true });
      setTimeout(() => reject(new Error(`${selector} is not in Airflow's page`)), 20000);
      look();
    });

  const tell = async (element, event) => {
    element.dispatchEvent(event);
    await new Promise((resolve) => setTimeout(resolve)); // until React has drawn what follows from it
  };
  // As if typed: React hears of a value that its own setter did not set.
  const type = async (input, text) => {
    await tell(input, new FocusEvent("focusin", { bubbles: true }));
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value").set.call(input, text);
    await tell(input, new Event("input", { bubbles: true }));
  };
  const leave = (input) => tell(input, new FocusEvent("focusout", { bubbles: true })); // numbers are taken then
  const choose = async (box, choice) => {
    await type(box, choice);
    await tell(box, new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  };
  const put = async (name, value) => {
    const field = document.getElementById(`element_${name}`) ?? document.querySelector(`[name="element_${name}"]`);
    const box = field.querySelector?.("[role=combobox]");
    if (box) for (const choice of [value].flat()) await choose(box, choice);
    else if (field.type === "checkbox") field.checked === value || field.click();
    else await type(field, [value].flat().join("\n"));
    await leave(box ?? field);
  };

  history.pushState({}, "", script.dataset.form);
  dispatchEvent(new PopStateEvent("popstate", { state: {} })); // Airflow's router goes there
  (await found("[data-testid=trigger-dag-button]:not([aria-haspopup=menu])")).click();
  await found("[data-testid=config-form] #element_prompts");
  const { fields = {}, said, detail } = await (await asked).json(); // detail: why there is nothing to fill in
  for (const [name, value] of Object.entries(fields)) await put(name, value);
  if (!said && !detail) return;
  const note = document.createElement("p");
  note.setAttribute("role", "status");
  note.textContent = said ?? detail;
  document.querySelector("[data-testid=config-form]").before(note);
})(document.currentScript);
