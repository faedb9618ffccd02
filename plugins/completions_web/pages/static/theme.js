// Before anything is drawn: as light or dark as the Airflow around us, which keeps its choice under this name; light on
// paper.
(() => {
  const dress = () => {
    const chosen = localStorage.getItem("theme");
    const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark && !matchMedia("print").matches ? "dark" : "light";
  };
  dress();
  addEventListener("storage", dress);
  for (const what of ["(prefers-color-scheme: dark)", "print"]) matchMedia(what).addEventListener("change", dress);
})();
