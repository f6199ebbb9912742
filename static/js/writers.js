// The grid of writers in a work's form: names offered while one types, rows added, shares added up. The form works without.
(() => {
  "use strict";
  const grid = document.querySelector("[data-writers]");
  if (!grid || grid.dataset.ready) return;
  grid.dataset.ready = "true";
  const body = grid.querySelector("tbody");
  const options = grid.querySelector("datalist");
  const rows = () => [...body.rows];
  const part = (row, name) => row.querySelector(`[data-${name}]`);

  // A share in hundredths: "50", "33,33 %", "100/3"; a fraction up to one is a part of the whole. Null when it is none.
  const hundredths = (text) => {
    const typed = text.trim().replace(/\s*%$/, "").replace(",", ".");
    if (typed === "") return 0;
    const fraction = typed.match(/^(?:(\d+) )?(\d+)\s*\/\s*(\d+)$/);
    if (fraction) {
      const [, whole = "0", over, under] = fraction;
      if (under === "0") return null;
      const value = Number(whole) + Number(over) / Number(under);
      return Math.round(value <= 1 && !text.includes("%") ? value * 10000 : value * 100);
    }
    return /^(\d+\.?\d*|\.\d+)$/.test(typed) ? Math.round(Number(typed) * 100) : null;
  };
  const perCent = (value) => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, "0")}`;

  const addUp = () => {
    const shares = rows().map((row) => hundredths(part(row, "share").value));
    const total = grid.querySelector("[data-total]");
    const sum = shares.reduce((sum, share) => sum + (share ?? 0), 0);
    const whole = Math.abs(sum - 10000) <= 6;
    total.textContent = shares.includes(null) ? "A share is not a number" : `Total ${perCent(sum)} %${whole || sum === 0 ? "" : sum > 10000 ? ", more than the work" : `, ${perCent(10000 - sum)} % open`}`;
  };

  const addRow = () => {
    const last = rows().at(-1);
    const row = last.cloneNode(true);
    const number = Number(last.dataset.row) + 1;
    row.dataset.row = number;
    for (const element of row.querySelectorAll("*"))
      for (const { name, value } of [...element.attributes])
        if (/^writer-\d+-/.test(value)) element.setAttribute(name, value.replace(/\d+/, number));
        else if (name === "aria-label") element.setAttribute(name, value.replace(/\d+/, number + 1));
        else if (name === "aria-invalid" || name === "aria-describedby") element.removeAttribute(name);
    for (const error of row.querySelectorAll(".error")) error.remove();
    const chooser = row.querySelector("select[data-id]");
    if (chooser) chooser.replaceWith(Object.assign(document.createElement("input"), { type: "hidden", name: chooser.name }));
    (row.querySelector("input[type='hidden']")).dataset.id = "";
    for (const field of row.querySelectorAll("input, select"))
      if (field.type === "checkbox") field.checked = false;
      else field.value = "";
    body.append(row);
    return row;
  };

  // The first ones take what does not divide, so the sum is exact.
  const shareEqually = () => {
    const named = rows().filter((row) => part(row, "name").value.trim());
    named.forEach((row, i) => {
      const share = Math.floor(10000 / named.length) + (i < 10000 % named.length ? 1 : 0);
      part(row, "share").value = share % 100 ? perCent(share) : share / 100;
    });
    addUp();
  };

  // Choosing an offered name says who is meant; typing another one takes that back.
  const choose = (field) => {
    const row = field.closest("tr");
    const offered = [...options.options].filter((option) => option.value === field.value);
    const id = part(row, "id"), ipi = part(row, "ipi");
    if (id.matches("select")) return;
    if (offered.length !== 1) {
      if (id.value && row.dataset.chosen !== field.value) id.value = "";
      return;
    }
    id.value = offered[0].dataset.id;
    ipi.value = offered[0].dataset.ipi;
    row.dataset.chosen = field.value;
  };
  let waiting = 0, asked = "";
  const lookUp = (field) => {
    clearTimeout(waiting);
    const typed = field.value.trim();
    if (typed.length < 2 || typed === asked) return;
    waiting = setTimeout(async () => {
      asked = typed;
      const answer = await fetch(`${grid.dataset.lookup}?q=${encodeURIComponent(typed)}`, { headers: { "hx-request": "true" } }).catch(() => null);
      if (!answer?.ok || answer.redirected) return;
      const found = window.ledgerline.parsed(`<datalist>${await answer.text()}</datalist>`);
      options.replaceChildren(...found.querySelectorAll("option"));
      choose(field);
    }, 200);
  };

  for (const row of rows()) row.dataset.chosen = part(row, "name").value;
  grid.addEventListener("input", (event) => {
    const field = event.target;
    if (field.matches("[data-share]")) addUp();
    if (!field.matches("[data-name]")) return;
    choose(field);
    lookUp(field);
    if (field.value && field.closest("tr") === rows().at(-1)) addRow();
  });
  // Enter goes on to the next writer instead of sending half a grid; Ctrl Enter saves.
  grid.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing || !field.matches("input:not([type='checkbox'])")) return;
    event.preventDefault();
    const row = field.closest("tr");
    part(row.nextElementSibling ?? addRow(), "name").focus();
  });
  grid.querySelector("[data-add-row]").addEventListener("click", (event) => {
    event.preventDefault();
    part(addRow(), "name").focus();
  });
  grid.querySelector("[data-share-equally]").addEventListener("click", shareEqually);
  addUp();
})();
