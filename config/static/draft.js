"use strict";
// form[data-draft="key"]: what was typed and photographed outlives a reload, a crash and a lost line, until the server confirms it.
(() => {
  const { text, onShown, notice } = window.zhuoluo;
  const KEPT_DAYS = 7;
  const timers = new WeakMap();
  const fresh = new WeakMap(); // the draft_id that the server gave with the page
  const armed = new WeakSet();

  const keyOf = (name) => `draft:${document.body.dataset.user ?? ""}:${name}`;
  const formKey = (form) => keyOf(form.dataset.draft);
  const files = (form) => [...form.querySelectorAll("input[type=file][name]")];

  /** Typed fields, and of the hidden ones only the draft's own mark and the place: an old version number must not come back. */
  const fields = (form) => {
    const places = [...form.querySelectorAll("[data-locate]")].flatMap((button) => [button.dataset.lat, button.dataset.lon]);
    const skipped = ["file", "password", "submit", "button", "reset", "image"];
    return [...form.elements].filter((field) => field.name && !skipped.includes(field.type) && field.localName !== "button"
      && (field.type !== "hidden" || field.name === "draft_id" || places.includes(field.id)));
  };
  const tickable = (field) => field.type === "radio" || field.type === "checkbox";

  // Photographs are too big for localStorage.
  let opened;
  const store = (mode) => {
    opened ??= new Promise((done, fail) => {
      const request = indexedDB.open("drafts", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("photos");
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    return opened.then((base) => base.transaction("photos", mode).objectStore("photos"));
  };
  const answer = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const range = (key) => IDBKeyRange.bound([key], [key, []]);
  const forgetPhotos = (key) => store("readwrite").then((photos) => answer(photos.delete(range(key)))).catch(() => {});
  const keepPhotos = (form, input) => store("readwrite")
    .then((photos) => answer(photos.put([...input.files], [formKey(form), input.name]))).catch(() => {});
  const keptPhotos = (form, input) => store("readonly")
    .then((photos) => answer(photos.get([formKey(form), input.name]))).catch(() => undefined);

  const forget = (key) => {
    try {
      localStorage.removeItem(key);
    } catch { /* no storage, nothing to forget */ }
    return forgetPhotos(key);
  };

  const save = (form) => {
    clearTimeout(timers.get(form));
    timers.delete(form);
    if (!form.isConnected) return;
    const values = {};
    for (const field of fields(form)) {
      values[field.name] ??= [];
      if (field.localName === "select") values[field.name].push(...[...field.selectedOptions].map((option) => option.value));
      else if (!tickable(field) || field.checked) values[field.name].push(field.value);
    }
    try {
      localStorage.setItem(formKey(form), JSON.stringify({ at: Date.now(), values }));
    } catch { /* storage is full or forbidden: the page itself still holds everything */ }
  };
  const saveSoon = (form) => {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), 300));
  };

  const kept = (key) => {
    try {
      const draft = JSON.parse(localStorage.getItem(key) ?? "null");
      if (draft && Date.now() - draft.at > KEPT_DAYS * 86400000) {
        forget(key);
        return null;
      }
      return draft;
    } catch {
      return null;
    }
  };

  /** Put one kept value back; true when it was not there already. */
  const refill = (field, values) => {
    if (field.localName === "select") {
      const before = [...field.selectedOptions].map((option) => option.value);
      const possible = values.filter((value) => [...field.options].some((option) => option.value === value));
      if (!possible.length || before.join("\n") === possible.join("\n")) return false;
      [...field.options].forEach((option) => {
        option.selected = possible.includes(option.value);
      });
      return true;
    }
    if (tickable(field)) {
      const wanted = values.includes(field.value);
      const changed = field.checked !== wanted;
      field.checked = wanted;
      return changed;
    }
    const value = values.shift();
    if (value === undefined || field.value === value) return false;
    field.value = value;
    return true;
  };

  const setFiles = (input, list) => {
    const carrier = new DataTransfer();
    list.forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new CustomEvent("photos:restored", { bubbles: true }));
  };

  const clear = async (form) => {
    clearTimeout(timers.get(form));
    form.reset();
    fields(form).filter((field) => field.type === "hidden").forEach((field) => {
      field.value = field.name === "draft_id" ? fresh.get(form) ?? field.value : "";
    });
    files(form).forEach((input) => setFiles(input, []));
    notice(form, "draft", "info", "");
    await forget(formKey(form));
  };

  const restore = async (form) => {
    if (fresh.has(form)) return;
    fresh.set(form, form.elements.draft_id?.value);
    const draft = kept(formKey(form));
    if (!draft) {
      forgetPhotos(formKey(form));
      return;
    }
    let changed = false;
    for (const field of fields(form)) {
      const again = draft.values[field.name] && refill(field, draft.values[field.name]);
      if (again && field.type !== "hidden") {
        changed = true;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
    for (const input of files(form)) {
      const list = await keptPhotos(form, input);
      if (!list?.length || input.files.length) continue;
      setFiles(input, list);
      changed = true;
    }
    // A page that came back with errors shows what was typed anyway: no need to say so.
    if (changed && !form.querySelector("[data-form-errors]")) {
      notice(form, "draft", "info", text("restored"), [[text("clear"), () => clear(form)]]);
    }
  };

  const drafted = (event) => event.target.closest?.("form[data-draft]");
  document.addEventListener("input", (event) => drafted(event) && saveSoon(drafted(event)));
  document.addEventListener("change", (event) => {
    const form = drafted(event);
    if (!form) return;
    saveSoon(form);
    if (event.target.type !== "file" || event.target.hasAttribute("data-photos")) return;
    save(form);
    keepPhotos(form, event.target);
  });
  document.addEventListener("photos:changed", (event) => {
    const form = drafted(event);
    if (!form) return;
    save(form); // at once: photographs without a draft would be swept away
    keepPhotos(form, event.target);
  });
  const saveNow = () => document.querySelectorAll("form[data-draft]").forEach((form) => timers.has(form) && save(form));
  window.addEventListener("pagehide", saveNow);
  document.addEventListener("visibilitychange", saveNow);

  /** Send by itself, once, when the line is back. */
  const sendWhenOnline = (form, submitter) => {
    if (armed.has(form)) return;
    armed.add(form);
    window.addEventListener("online", () => {
      armed.delete(form);
      if (form.isConnected) form.requestSubmit(submitter ?? undefined);
    }, { once: true });
  };
  document.addEventListener("submit", (event) => {
    const form = drafted(event);
    if (!form) return;
    save(form);
    if (navigator.onLine) {
      notice(form, "offline", "warn", "");
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    notice(form, "offline", "warn", text("offline"));
    form.querySelector('[data-notice="offline"]').scrollIntoView({ block: "center" });
    sendWhenOnline(form, event.submitter);
  }, { capture: true });
  document.addEventListener("upload:failed", (event) => {
    const form = drafted(event);
    if (form && !navigator.onLine) sendWhenOnline(form, event.detail.submitter);
  });

  onShown((root) => {
    root.querySelectorAll("[data-draft-done]").forEach((mark) => forget(keyOf(mark.dataset.draftDone)));
    const inside = [...root.querySelectorAll("form[data-draft]")];
    if (root.matches?.("form[data-draft]")) inside.push(root);
    inside.forEach(restore);
  });
})();
