// Ctrl K: one field that finds pages, publishers, works, songwriters, recordings and members. Arrows walk, Enter follows.
(() => {
  "use strict";
  const dialog = document.getElementById("jump");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role='listbox']");
  const found = dialog.querySelector("[data-found]");
  const said = dialog.querySelector("[role='status']");
  const shown = () => [...list.querySelectorAll("[role='option']:not([hidden])")];

  const choose = (option) => {
    list.querySelector("[aria-selected='true']")?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id); else field.removeAttribute("aria-activedescendant");
  };
  const number = () => shown().forEach((option, i) => { option.id = `jump-${i}`; });

  // Pages and publishers are here already; the lists are offered for whatever is typed.
  const narrow = () => {
    const typed = field.value.trim(), wanted = typed.toLowerCase();
    for (const option of list.querySelectorAll("[role='option']")) {
      const place = option.dataset.findIn;
      if (place) {
        option.href = `${place}?q=${encodeURIComponent(typed)}`;
        option.querySelector("b").textContent = typed;
      }
      if (!found?.contains(option)) option.hidden = place ? !wanted : !option.textContent.toLowerCase().includes(wanted);
    }
    list.querySelectorAll("[id^='jump-']").forEach((option) => option.removeAttribute("id"));
    number();
    choose(shown()[0]);
  };

  let waiting = 0, asked = new AbortController();
  const ask = () => {
    clearTimeout(waiting);
    asked.abort();
    const typed = field.value.trim();
    if (!found) return;
    if (typed.length < 2) { found.replaceChildren(); narrow(); return; }
    waiting = setTimeout(async () => {
      asked = new AbortController();
      const question = { headers: { "hx-request": "true" }, signal: asked.signal };
      const answer = await fetch(`${found.dataset.found}?q=${encodeURIComponent(typed)}`, question).catch(() => null);
      const text = answer?.ok ? await answer.text().catch(() => null) : null;
      if (text === null || field.value.trim() !== typed) return;
      found.replaceChildren(...window.ledgerline.parsed(text).body.children);
      narrow();
      said.textContent = `${shown().length} found`;
    }, 150);
  };

  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    document.querySelector(".side:popover-open")?.hidePopover();
    field.value = "";
    ask();
    narrow();
    dialog.showModal();
  };

  document.addEventListener("click", (event) => { if (event.target.closest("[data-jump-open]")) open(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); open(); }
  });
  field.addEventListener("input", () => { narrow(); ask(); });
  field.addEventListener("keydown", (event) => {
    const options = shown(), at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: options.length - 1, PageUp: 0 }[event.key];
    if (event.key === "Enter" && !event.isComposing) options[at]?.click();
    // A search field would only empty itself.
    else if (event.key === "Escape") dialog.close();
    else if (to !== undefined) choose(options.at(to % options.length));
    else return;
    event.preventDefault();
  });
})();
