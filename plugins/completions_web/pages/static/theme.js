// Before anything is drawn: as light or dark as the Airflow around us, which keeps its choice under this name.
(() => {
  const dress = () => {
    const chosen = localStorage.getItem("theme");
    const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  dress();
  addEventListener("storage", dress);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
})();
