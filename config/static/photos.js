"use strict";
// input[type=file][data-photos="9"]: photographs add up, can be looked at and taken out, and are made smaller before they are sent.
(() => {
  const { text, icon, onShown } = window.zhuoluo;
  const LONGEST = 2048;
  const LIGHT = 700 * 1024;
  const chosen = new WeakMap();
  const working = new WeakMap();

  /** Place and time of the shot live in EXIF, which a canvas drops; the turn is already applied, so it is set to none. */
  const exifOf = async (file) => {
    const bytes = await file.slice(0, 256 * 1024).arrayBuffer();
    const view = new DataView(bytes);
    if (view.getUint16(0) !== 0xffd8) return null;
    for (let at = 2; at + 10 < view.byteLength;) {
      const marker = view.getUint16(at);
      const size = view.getUint16(at + 2);
      if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return upright(bytes.slice(at, at + 2 + size));
      if (marker === 0xffda || marker < 0xff00) return null;
      at += 2 + size;
    }
    return null;
  };
  const upright = (segment) => {
    const view = new DataView(segment);
    const start = 10;
    const little = view.getUint16(start) === 0x4949;
    const directory = start + view.getUint32(start + 4, little);
    for (let left = view.getUint16(directory, little), at = directory + 2; left > 0; left -= 1, at += 12) {
      if (view.getUint16(at, little) === 0x0112) view.setUint16(at + 8, 1, little);
    }
    return segment;
  };

  const drawn = async (file) => {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // what was see-through would turn black
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return new Promise((done) => {
      canvas.toBlob(done, "image/jpeg", 0.85);
    });
  };

  /** A smaller copy, or the file itself where the browser cannot read it or nothing is won. */
  const shrink = async (file) => {
    if (!/^image\/(jpeg|png|webp|heic|heif)$/.test(file.type) || file.size < LIGHT) return file;
    try {
      const small = await drawn(file);
      if (!small || small.size >= file.size) return file;
      const exif = await exifOf(file).catch(() => null);
      const parts = exif ? [small.slice(0, 2), exif, small.slice(2)] : [small];
      const name = `${file.name.replace(/\.\w+$/, "")}.jpg`;
      return new File(parts, name, { type: "image/jpeg", lastModified: file.lastModified });
    } catch {
      return file;
    }
  };

  const put = (input, files) => {
    const carrier = new DataTransfer();
    files.forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    chosen.set(input, files);
  };

  /** A big button for the thumb over the browser's own field, room for words and the chosen photographs. */
  const areaOf = (input) => {
    if (!input.nextElementSibling?.matches("[data-photo-area]")) {
      const area = document.createElement("div");
      area.dataset.photoArea = "";
      area.innerHTML = '<label class="btn photo-pick"></label><p role="status" class="muted"></p><ul class="photos"></ul>';
      const [pick] = area.children;
      pick.htmlFor = input.id;
      pick.append(icon("camera"), text("photo_pick"));
      input.after(area);
      input.classList.add("has-picker");
    }
    return input.nextElementSibling;
  };

  const draw = (input, words = "") => {
    const area = areaOf(input);
    const files = chosen.get(input) ?? [];
    area.children[1].textContent = words || (files.length ? `${text("photo_count")} ${files.length}` : "");
    const list = area.lastElementChild;
    list.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
    list.replaceChildren(...files.map((file, index) => {
      const item = document.createElement("li");
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "✕";
      remove.setAttribute("aria-label", `${text("photo_remove")} ${index + 1}`);
      remove.addEventListener("click", () => {
        change(input, files.filter((other) => other !== file));
        (area.querySelectorAll("button")[index] ?? input).focus();
      });
      item.append(image, remove);
      return item;
    }));
  };

  const change = (input, files, words) => {
    put(input, files);
    draw(input, words);
    input.dispatchEvent(new CustomEvent("photos:changed", { bubbles: true }));
  };

  const add = async (input, incoming) => {
    const most = input.multiple ? Number(input.dataset.photos) || 9 : 1;
    const before = input.multiple ? chosen.get(input) ?? [] : [];
    const all = [...before, ...incoming];
    change(input, all.slice(0, most), text("photo_busy"));
    for (const file of chosen.get(input).slice(before.length)) {
      const small = await shrink(file); // one after another: a phone has little memory
      const now = chosen.get(input);
      if (small !== file && now.includes(file)) put(input, now.map((other) => (other === file ? small : other)));
    }
    change(input, chosen.get(input), all.length > most ? text("photo_most") : "");
  };

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.("input[type=file][data-photos]")) return;
    const incoming = [...input.files];
    if (!incoming.length) { // the chooser was cancelled, which empties the field
      put(input, chosen.get(input) ?? []);
      return;
    }
    const job = (working.get(input.form) ?? Promise.resolve()).then(() => add(input, incoming));
    working.set(input.form, job);
  });
  document.addEventListener("photos:restored", (event) => {
    chosen.set(event.target, [...event.target.files]);
    draw(event.target);
  });
  onShown((root) => root.querySelectorAll("input[type=file][data-photos]").forEach((input) => {
    areaOf(input);
    if (input.files.length && !chosen.has(input)) { // kept by the browser over "back"
      chosen.set(input, [...input.files]);
      draw(input);
    }
  }));

  /** Resolves when the photographs of this form are ready to be sent. */
  window.zhuoluo.photosReady = (form) => working.get(form) ?? Promise.resolve();
})();
