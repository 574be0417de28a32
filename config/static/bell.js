"use strict";
// The number beside 消息 while a page stays open. Asks rarely, asks less when nothing changes or the line is bad, and not at all
// while nobody looks; without it the number is that of when the page was opened.
(() => {
  const FIRST = 30, MOST = 300, AFTER_FAULT = 600; // seconds
  let wait = FIRST;
  let timer = 0;
  let seen = null;

  const nav = () => document.querySelector("[data-unread-url]");

  /** Put the number where the server puts it. */
  const show = (unread) => {
    const link = document.querySelector(".nav__item--messages .nav__link");
    if (!link) return;
    let count = link.querySelector(".count");
    if (!unread) {
      count?.remove();
      return;
    }
    if (!count) {
      count = document.createElement("span");
      count.className = "count";
      link.append(" ", count);
    }
    count.textContent = String(unread);
  };

  const plan = () => {
    clearTimeout(timer);
    if (!document.hidden && nav()) timer = setTimeout(ask, wait * 1000);
  };

  const ask = async () => {
    try {
      // "no-cache" sends the ETag that the browser keeps; a 304 comes back as the answer it has.
      const answer = await fetch(nav().dataset.unreadUrl, { cache: "no-cache", credentials: "same-origin" });
      if (answer.status === 401) return; // signed out: the next click says so
      if (!answer.ok) throw new Error(String(answer.status));
      const { unread } = await answer.json();
      wait = unread === seen ? Math.min(wait * 1.5, MOST) : FIRST;
      seen = unread;
      show(unread);
    } catch {
      wait = Math.min(wait * 2, AFTER_FAULT);
    }
    plan();
  };

  document.addEventListener("visibilitychange", () => {
    wait = FIRST;
    if (document.hidden) clearTimeout(timer);
    else if (nav()) ask();
  });
  window.zhuoluo.onShown((root) => {
    if (root === document) plan();
  });
})();
