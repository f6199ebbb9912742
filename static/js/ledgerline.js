// What makes Ledgerline quicker to work with. Nothing here is needed: every page works without it.
(() => {
  "use strict";
  const root = document.documentElement;

  // Trusted Types: the content policy lets markup in by this gate alone, and all of it is our own server's.
  const plain = { createHTML: (html) => html };
  const gate = window.trustedTypes?.createPolicy("ledgerline", plain) ?? plain;
  window.ledgerline = Object.freeze({ parsed: (html) => new DOMParser().parseFromString(gate.createHTML(html), "text/html") });
  class Never extends Function { constructor() { throw new TypeError("nothing is evaluated here"); } }
  // htmx starts at this event too, after us.
  document.addEventListener("DOMContentLoaded", () => {
    window.htmx?.registerExtension("ledgerline", { init: (api) => api.initSecurity(gate, Never, Never) });
  });
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
    "dialog .form-actions a.quiet": (link, event) => { event.preventDefault(); link.closest("dialog").close(); },
    "[data-print]": () => print(),
    "[data-dismiss]": (button) => button.closest(".toast, .notice").remove(),
    "[data-help]": (link, event) => { event.preventDefault(); closeMenus(); document.getElementById("keys")?.showModal(); },
    // A link to a page with a form, where that form stands ready in a dialog.
    "a[data-dialog]": (link, event) => {
      const dialog = document.getElementById(link.dataset.dialog);
      if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dialog.showModal();
    },
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

  // Addresses hold only the filters that are set.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "get" || event.defaultPrevented) return;
    const empty = [...form.elements].filter((field) => field.name && !field.disabled && field.value === "");
    for (const field of empty) field.disabled = true;
    // The form's entries are taken by then; coming back, its fields work again.
    setTimeout(() => { for (const field of empty) field.disabled = false; });
  });
  document.addEventListener("htmx:config:request", ({ detail }) => {
    const { method, body, form } = detail.ctx.request;
    if (method !== "GET") {
      if (form) { form.dataset.sent = "true"; setTimeout(free, 8000); }
      return;
    }
    for (const [name, value] of [...body]) if (value === "") body.delete(name);
  });

  // What was typed is not lost in silence. A form that came back with errors holds what was never saved.
  const changed = (field) =>
    field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected) && !firstOnly(field)
    : field.matches("[type='checkbox'], [type='radio']") ? field.checked !== field.defaultChecked
    : field.matches("input:not([type='hidden']), textarea") && field.value !== field.defaultValue;
  // A select in which the server chose nothing shows its first option.
  const firstOnly = (select) => select.selectedIndex === 0 && ![...select.options].some((option) => option.defaultSelected);
  const unsaved = (form) => !form.dataset.sent && !form.closest("dialog:not([open])") && ([...form.elements].some(changed) || form.querySelector("[aria-invalid='true']"));
  addEventListener("beforeunload", (event) => {
    if ([...document.querySelectorAll(".app main form[method='post']")].some(unsaved)) event.preventDefault();
  });

  // Lists: filter as one types, one box for all rows.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches("[data-filter]")) {
      const wanted = field.value.trim().toLowerCase();
      for (const link of field.closest(".menu-list").querySelectorAll("a:has(.mark)"))
        link.hidden = !link.textContent.toLowerCase().includes(wanted);
    }
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
    "/": () => document.querySelector("[data-search]") ?? document.querySelector("[data-jump-open]"),
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
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form?.method === "post") {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
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

  // A swapped region takes the focus with it: back to the same control, else to the first one of its row, of the row that
  // followed, or to the heading.
  const HELD = "button, a[href], input:not([type='hidden']), select";
  let held = null;
  const hold = () => {
    const control = document.activeElement;
    const selector = control.closest("[hx-target]")?.getAttribute("hx-target");
    const region = selector?.startsWith("#") ? document.querySelector(selector) : null;
    held = region && { selector, words: control.textContent, next: region.nextElementSibling };
  };
  const controlOf = (region) => region?.querySelector(`.tools :is(${HELD})`) ?? region?.querySelector(HELD);
  const giveBack = () => {
    if (!held || document.activeElement !== document.body) return;
    const region = document.querySelector(held.selector);
    const same = region && [...region.querySelectorAll(HELD)].find((control) => held.words && control.textContent === held.words);
    const control = same ?? controlOf(region) ?? controlOf(held.next);
    if (control) control.focus();
    else {
      const heading = document.querySelector("main h1");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus();
    }
  };
  document.addEventListener("htmx:before:swap", hold);
  document.addEventListener("htmx:after:swap", (event) => {
    settle(event.target.parentNode ?? document);
    giveBack();
  });
})();
