"use strict";
// One-key moves for a desk: j and k walk the rows of [data-keys], "/" searches, "?" explains, Ctrl+Enter sends. The one-key ones can be switched off.
(() => {
  const OFF = "keys-off";
  const read = () => {
    try {
      return localStorage.getItem(OFF) !== null;
    } catch {
      return false;
    }
  };
  const typing = (element) => element.isContentEditable || element.matches("input:not([type=checkbox], [type=radio]), textarea, select");

  const walk = (step) => {
    const links = [...document.querySelectorAll("[data-keys] > * ")].map((row) => row.querySelector("a[href]")).filter(Boolean);
    if (!links.length) return false;
    const row = document.activeElement.closest("[data-keys] > *");
    const at = row ? links.findIndex((link) => row.contains(link)) : -1;
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
    return true;
  };
  const search = () => {
    const field = document.querySelector("[data-search]") || document.querySelector(".find__box");
    field?.focus();
    field?.select();
    return Boolean(field);
  };
  const help = () => {
    const dialog = document.getElementById("keys-help");
    if (!dialog || dialog.open) return false;
    dialog.querySelector("[data-keys-switch]").checked = !read();
    dialog.showModal();
    return true;
  };
  const moves = { j: () => walk(1), k: () => walk(-1), "/": search, "?": help };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const form = event.target.closest("form[method=post]");
      if (event.key !== "Enter" || !form) return;
      event.preventDefault();
      form.requestSubmit(form.querySelector(".btn--primary:not([type=button])") ?? undefined);
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (!read() && moves[event.key]?.()) event.preventDefault();
  });
  document.addEventListener("click", (event) => event.target.closest("[data-keys-help]") && help());
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-keys-switch]")) return;
    try {
      if (event.target.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch { /* private window: the choice lasts as long as the page */ }
  });
})();
