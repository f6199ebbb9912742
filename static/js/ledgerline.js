// What makes Ledgerline quicker to work with. Nothing here is needed: every page works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const THEME = "ledgerline-theme";

  // Before the first paint, so that a chosen theme does not flash the other one.
  const storedTheme = () => { try { return localStorage.getItem(THEME) ?? ""; } catch { return ""; } };
  const applyTheme = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  };
  applyTheme(storedTheme());
  addEventListener("storage", (event) => { if (event.key === THEME) applyTheme(event.newValue ?? ""); });

  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]"))
      if (menu !== except) menu.open = false;
  };

  const drawIcon = (button, name) => {
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${name}`));
  };

  // Clicks, by what the pressed thing carries.
  const presses = {
    "[data-theme-choice]": (button) => {
      const theme = button.dataset.themeChoice;
      try { theme ? localStorage.setItem(THEME, theme) : localStorage.removeItem(THEME); } catch { /* private window */ }
      applyTheme(theme);
    },
    "[data-reveal]": (button) => {
      const field = document.getElementById(button.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      drawIcon(button, shown ? "eye" : "eye-off");
    },
    "[data-copy]": async (button) => {
      try { await navigator.clipboard.writeText(button.dataset.copy); } catch { return; }
      const words = button.querySelector("span");
      drawIcon(button, "check");
      if (words) words.textContent = "Copied";
      announce("Copied");
      setTimeout(() => {
        drawIcon(button, "copy");
        if (words) words.textContent = "Copy";
      }, 1600);
    },
    "[data-dismiss]": (button) => button.closest(".toast, .notice").remove(),
    "[data-help]": (link, event) => { event.preventDefault(); closeMenus(); document.getElementById("keys")?.showModal(); },
    "[data-jump-open]": () => openJump(),
    // Only for browsers that do not know invokers yet.
    "[command='show-modal']": (button) => {
      if ("command" in HTMLButtonElement.prototype) return;
      document.getElementById(button.getAttribute("commandfor"))?.showModal();
    },
  };
  document.addEventListener("click", (event) => {
    for (const [selector, act] of Object.entries(presses)) {
      const found = event.target.closest(selector);
      if (found) act(found, event);
    }
    closeMenus(event.target.closest("details.menu"));
  });

  // Says a word to screen readers without showing it.
  const announce = (words) => {
    const region = document.getElementById("toasts");
    if (!region) return;
    const said = Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: words });
    region.append(said);
    setTimeout(() => said.remove(), 2000);
  };

  // A sent form shows that it is busy and cannot be sent twice. Coming back from the next page frees it.
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "true";
    button?.setAttribute("aria-busy", "true");
    // A form answered by a download never leaves the page.
    setTimeout(free, 8000);
  });
  const free = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  };
  addEventListener("pageshow", free);

  // Lists: filter as one types, one box for all rows.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches("[data-filter]")) {
      const wanted = field.value.trim().toLowerCase();
      for (const link of field.closest(".menu-list").querySelectorAll("a:has(.mark)"))
        link.hidden = !link.textContent.toLowerCase().includes(wanted);
    }
    if (field.matches("[data-jump]")) narrowJump(field.value);
    if (field.matches("[data-select-all]"))
      for (const box of field.closest("table").querySelectorAll("tbody .select input")) box.checked = field.checked;
    const bulk = field.closest("form")?.querySelector("[data-selected]");
    if (bulk) bulk.textContent = field.form.querySelectorAll("tbody .select :checked").length;
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.menu[open]")) event.target.querySelector("[data-filter]")?.focus();
  }, true);

  // Keys. `g` waits a moment for the second one.
  let going = 0;
  const keys = {
    "/": () => document.querySelector("[data-search]"),
    "n": () => document.querySelector("[data-primary]"),
    "?": () => document.getElementById("keys"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      return;
    }
    if (moveInChart(event)) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); openJump(); return; }
    if (moveInJump(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (performance.now() < going) {
      going = 0;
      const place = event.key === "p" ? ".side-top summary" : `[data-key="${CSS.escape(event.key)}"]`;
      const target = document.querySelector(place);
      if (target) { event.preventDefault(); target.click(); }
      return;
    }
    if (event.key === "g") { going = performance.now() + 1200; return; }
    const target = keys[event.key]?.();
    if (!target) return;
    event.preventDefault();
    if (target.matches("dialog")) target.showModal();
    else if (target.matches("[data-search]")) { target.focus(); target.select(); }
    else target.click();
  });

  // Ctrl K: type to narrow, arrows to walk, Enter takes the first.
  const openJump = () => {
    const dialog = document.getElementById("jump");
    if (!dialog || document.querySelector("dialog[open]")) return;
    closeMenus();
    document.querySelector(".side:popover-open")?.hidePopover();
    dialog.querySelector("[data-jump]").value = "";
    narrowJump("");
    dialog.showModal();
  };
  const narrowJump = (typed) => {
    const wanted = typed.trim().toLowerCase();
    for (const link of document.querySelectorAll("#jump a")) {
      const list = link.dataset.findIn;
      if (list) {
        link.href = `${list}?q=${encodeURIComponent(typed.trim())}`;
        link.querySelector("b").textContent = typed.trim();
      }
      link.parentNode.hidden = list ? !wanted : !link.textContent.toLowerCase().includes(wanted);
    }
  };
  const moveInJump = (event) => {
    if (!event.target.closest?.("#jump")) return false;
    const links = [...document.querySelectorAll("#jump li:not([hidden]) a")], at = links.indexOf(document.activeElement);
    if (event.key === "Enter" && at < 0) links[0]?.click();
    else if (event.key === "ArrowDown") (links[at + 1] ?? links[0])?.focus();
    else if (event.key === "ArrowUp") (links[at - 1] ?? document.querySelector("[data-jump]")).focus();
    else return false;
    event.preventDefault();
    return true;
  };

  // A chart is one stop of the Tab key; arrows walk along its columns.
  const moveInChart = (event) => {
    const column = event.target.closest?.("[data-columns] .column");
    if (!column) return false;
    const columns = [...column.parentNode.querySelectorAll(".column")], at = columns.indexOf(column);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: columns.length - 1 }[event.key];
    if (to === undefined || !columns[to]) return false;
    event.preventDefault();
    column.setAttribute("tabindex", "-1");
    columns[to].setAttribute("tabindex", "0");
    columns[to].focus();
    return true;
  };
  const settle = (scope) => {
    for (const chart of scope.querySelectorAll("[data-columns]"))
      chart.querySelectorAll(".column").forEach((column, i) => column.setAttribute("tabindex", i ? "-1" : "0"));
    scope.querySelector("[aria-invalid='true']")?.focus();
  };

  document.addEventListener("DOMContentLoaded", () => {
    applyTheme(storedTheme());
    settle(document);
    // A drawer shows where one is, even when the list is longer than the window.
    document.querySelector(".side-nav [aria-current]")?.scrollIntoView({ block: "nearest" });
  });
  for (const name of ["htmx:after:swap", "htmx:afterSwap"])
    document.addEventListener(name, (event) => settle(event.target.parentNode ?? document));
})();
