"use strict";
// form[data-upload]: sent with a progress bar; a lost line keeps the page as it is and offers to try again.
(() => {
  const { text, notice, showPage, photosReady } = window.zhuoluo;
  const SILENCE = 60000; // no byte for so long: the line is gone even if the browser has not noticed

  const barOf = (form) => {
    let box = form.querySelector(".sending");
    if (!box) {
      box = document.createElement("div");
      box.className = "sending";
      box.innerHTML = '<p><span role="status"></span> <span aria-hidden="true"></span></p><progress max="100"></progress>';
      const actions = form.querySelector(":scope > .form-actions");
      if (actions) actions.prepend(box); // sticks to the bottom of a phone: always in sight
      else form.append(box);
    }
    const [words, percent] = box.querySelectorAll("span");
    return { box, words, percent, progress: box.querySelector("progress") };
  };

  const busy = (form, on) => {
    form.toggleAttribute("data-sending", on);
    form.querySelectorAll("button:not([type=button])").forEach((button) => {
      if (on) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    });
    const bar = barOf(form);
    bar.box.hidden = !on;
    bar.progress.setAttribute("aria-label", text("sending"));
    bar.words.textContent = on ? text("sending") : "";
    bar.percent.textContent = "";
    bar.progress.removeAttribute("value");
    return bar;
  };

  const failed = (form, submitter, words) => {
    busy(form, false);
    notice(form, "sending", "error", words, [[text("retry"), () => form.requestSubmit(submitter ?? undefined)]]);
    form.querySelector('[data-notice="sending"]').scrollIntoView({ block: "center" });
    form.dispatchEvent(new CustomEvent("upload:failed", { bubbles: true, detail: { submitter } }));
  };

  const answered = (form, submitter, request) => {
    const { status, responseText: html } = request;
    const isPage = (request.getResponseHeader("Content-Type") ?? "").startsWith("text/html");
    if (status === 413) return failed(form, submitter, text("too_large"));
    if (status === 429 || status >= 500 || !isPage) return failed(form, submitter, text("refused"));
    // A page left open too long: its mark is stale, a fresh one gets the draft back.
    if (status === 403 && form.dataset.draft && html.includes("data-csrf-failed")) return location.reload();
    return showPage(html, request.responseURL || location.href);
  };

  const send = (form, submitter) => {
    const data = new FormData(form);
    if (submitter?.name) data.append(submitter.name, submitter.value);
    const bar = busy(form, true);
    notice(form, "sending", "error", "");
    const request = new XMLHttpRequest();
    let alarm;
    const heard = () => {
      clearTimeout(alarm);
      alarm = setTimeout(() => request.abort(), SILENCE);
    };
    request.upload.addEventListener("progress", (event) => {
      heard();
      if (!event.lengthComputable) return;
      const share = Math.floor((100 * event.loaded) / event.total);
      bar.progress.value = share;
      bar.percent.textContent = `${share}%`;
    });
    request.upload.addEventListener("load", () => {
      bar.words.textContent = text("waiting");
    });
    const lost = () => failed(form, submitter, text(navigator.onLine || !form.dataset.draft ? "failed" : "offline"));
    request.addEventListener("error", lost);
    request.addEventListener("abort", lost);
    request.addEventListener("loadend", () => clearTimeout(alarm));
    request.addEventListener("load", () => answered(form, submitter, request));
    const target = submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href;
    request.open("POST", target);
    heard();
    request.send(data);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-upload]")) return;
    event.preventDefault();
    if (form.hasAttribute("data-sending")) return;
    busy(form, true);
    photosReady(form).then(() => send(form, event.submitter));
  });
})();
