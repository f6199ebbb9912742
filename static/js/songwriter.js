// The field for one songwriter: names offered while one types, and whom one chose kept. The form works without.
(() => {
  "use strict";
  // Choosing an offered name says who is meant; typing another one takes that back.
  const choose = (box, field) => {
    const offered = [...box.querySelectorAll("option")].filter((option) => option.value === field.value);
    box.querySelector("[data-id]").value = offered.length === 1 ? offered[0].dataset.id : "";
  };
  let waiting = 0, asked = "";
  // On the document, because the form comes anew when it was refused.
  document.addEventListener("input", (event) => {
    const field = event.target, box = field.closest?.("[data-songwriter]");
    if (!box || !field.matches("[data-name]")) return;
    choose(box, field);
    clearTimeout(waiting);
    const typed = field.value.trim();
    if (typed.length < 2 || typed === asked) return;
    waiting = setTimeout(async () => {
      asked = typed;
      const answer = await fetch(`${box.dataset.lookup}?q=${encodeURIComponent(typed)}`, { headers: { "hx-request": "true" } }).catch(() => null);
      if (!answer?.ok || answer.redirected) return;
      const found = ledgerline.parsed(`<datalist>${await answer.text()}</datalist>`);
      box.querySelector("datalist").replaceChildren(...found.querySelectorAll("option"));
      choose(box, field);
    }, 200);
  });
})();
