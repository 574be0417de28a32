"use strict";
// Shared by every page script: words from the page, "a page is shown" hook, notices. Nothing here is needed to work, only to work quicker.
(() => {
  document.documentElement.classList.add("js");
  const watchers = [];

  /** A word that the server rendered in the right language, with {name} filled in. */
  const text = (key, values = {}) => {
    const found = document.getElementById("texts")?.content.querySelector(`[data-text="${key}"]`);
    return (found?.textContent ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };

  /** A copy of an icon that the server rendered with its address. */
  const icon = (name) => document.getElementById("texts").content.querySelector(`[data-icon="${name}"]`).cloneNode(true);

  /** Call `watcher(root)` now (scripts are deferred, the page is read), and for each part or page that replaces it later. */
  const onShown = (watcher) => {
    watchers.push(watcher);
    watcher(document);
  };
  const shown = (root) => watchers.forEach((watcher) => watcher(root));

  /** One notice for each kind in a form: the next one of that kind takes its place. */
  const notice = (form, kind, level, words, buttons = []) => {
    form.querySelector(`:scope > [data-notice="${kind}"]`)?.remove();
    if (!words) return;
    const box = document.createElement("div");
    box.className = `notice notice--${level}`;
    box.dataset.notice = kind;
    box.setAttribute("role", level === "error" ? "alert" : "status");
    const line = document.createElement("span");
    line.textContent = words;
    box.append(line);
    for (const [label, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = label;
      button.addEventListener("click", act);
      box.append(button);
    }
    const actions = form.querySelector(":scope > .form-actions");
    if (kind === "sending" && actions) actions.before(box);
    else form.prepend(box);
  };

  let swapped = "";
  /** Put an answer that was fetched in the place of this page; a page with other scripts is opened afresh. */
  const showPage = (html, url) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const here = new Set([...document.scripts].map((script) => script.src));
    const needed = [...page.scripts].filter((script) => script.getAttribute("src"));
    if (needed.some((script) => !here.has(new URL(script.getAttribute("src"), url).href))) {
      location.assign(url);
      return;
    }
    if (url !== location.href) history.pushState(null, "", url);
    swapped = location.pathname + location.search;
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    document.body.replaceWith(document.adoptNode(page.body));
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus();
    window.htmx?.process(document.body);
    shown(document);
  };
  window.addEventListener("popstate", () => {
    if (swapped && swapped !== location.pathname + location.search) location.reload();
  });

  window.zhuoluo = { text, icon, onShown, notice, showPage };
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) shown(event.detail.elt);
  });

  onShown((root) => root.querySelector("[data-form-errors]")?.focus());

  // A second tap on a slow line must not send twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-upload")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  // The menu of the person closes like a menu.
  const closeMenus = (except) => document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details[data-menu][open]");
    if (event.key !== "Escape" || !menu) return;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    closeMenus(null);
  });

  const fill = (id, value) => {
    const input = document.getElementById(id);
    if (!input) return;
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const locate = (button) => {
    let said = button.nextElementSibling;
    if (!said?.classList.contains("located")) {
      said = document.createElement("span");
      said.className = "located";
      said.setAttribute("role", "status");
      button.after(said);
    }
    const fail = () => {
      said.textContent = text("not_located");
    };
    if (!navigator.geolocation) return fail();
    said.textContent = text("locating");
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      fill(button.dataset.lat, coords.latitude.toFixed(6));
      fill(button.dataset.lon, coords.longitude.toFixed(6));
      said.textContent = text("located", { metres: Math.round(coords.accuracy) });
    }, fail, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
    return undefined;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-locate]");
    if (button) locate(button);
  });
})();
