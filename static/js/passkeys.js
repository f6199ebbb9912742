// Passkeys. A button with data-passkey asks that address what to ask of the authenticator, and sends its form with the
// answer as its own value. Where no script runs, such a button is not shown.
(() => {
  "use strict";
  const OLD = "This browser is too old for passkeys. Use a newer one, or go on without.";
  const WORDS = {
    NotAllowedError: "No passkey was used: it was cancelled, or it took too long.",
    InvalidStateError: "This device has a passkey of yours already.",
    ConstraintError: "This device cannot check that it is you, or cannot keep a passkey. Use another one.",
    SecurityError: "Passkeys work only at the address they are made for.",
  };

  class Refused extends Error {}

  const ask = async (button) => {
    const body = new URLSearchParams(new FormData(button.form));
    const response = await fetch(button.dataset.passkey, { method: "POST", body });
    // The session is over: sign in, and come back to this page.
    if (response.redirected) location.assign(response.url);
    const said = await response.json().catch(() => ({}));
    if (!response.ok || !said.publicKey) throw new Refused(said.message ?? "That did not work. Please try again.");
    return said;
  };

  const answer = async (button, how) => {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) throw new Refused(OLD);
    const { ceremony, publicKey } = await ask(button);
    const credential = publicKey.rp
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey), ...how })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), ...how });
    return JSON.stringify({ ceremony, credential });
  };

  const send = (button, value) => {
    button.value = value;
    button.form.requestSubmit(button);
  };

  const say = (button, words) => {
    const place = button.parentNode.querySelector("[data-passkey-error]");
    place.textContent = words;
    place.hidden = !words;
  };

  document.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!button?.matches("[data-passkey]") || button.value) return;
    event.preventDefault();
    if (button.ariaBusy) return;
    button.ariaBusy = "true";
    say(button, "");
    offered?.abort();
    try {
      send(button, await answer(button, {}));
    } catch (error) {
      since = 0;
      button.ariaBusy = null;
      say(button, error instanceof Refused ? error.message : WORDS[error.name] ?? "That did not work. Please try again.");
    }
  }, true);

  // The browser offers passkeys in the field of the address, too, once somebody is at the page. What was asked lives five
  // minutes, so whoever comes back later is asked anew.
  const FRESH = 4 * 60 * 1000;
  let offered, since = 0;
  const offer = async () => {
    const button = document.querySelector("[data-passkey-autofill]");
    if (!button || Date.now() - since < FRESH) return;
    since = Date.now();
    offered?.abort();
    const { signal } = offered = new AbortController();
    if (!await window.PublicKeyCredential?.isConditionalMediationAvailable?.()) return;
    try {
      send(button, await answer(button, { mediation: "conditional", signal }));
    } catch { /* It was an offer: nobody has asked for it. */ }
  };
  for (const sign of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(sign, offer, { passive: true });

  // Coming back from the next page, an answer is spent.
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("[data-passkey]")) button.value = "";
    since = 0;
  });
})();
