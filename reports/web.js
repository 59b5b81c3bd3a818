/* The one script of the web application. Every page works without it. */
"use strict";
(() => {
  const say = (node, text) => { if (node) node.textContent = text; };

  /* Before a session ends: ask the server how long there still is (another tab may have used it),
     then offer to stay. */
  const ending = document.getElementById("ending");
  const idle = Number(document.body.dataset.idle || 0);
  const WARN = 120;
  const left = async (method) => {
    const form = ending.querySelector("form");
    const body = method === "POST" ? new FormData(form) : undefined;
    const answer = await fetch("/session", { method, body, headers: { Accept: "application/json" }, redirect: "manual" });
    return answer.ok ? (await answer.json()).left : 0;
  };
  const watch = (seconds) => setTimeout(async () => {
    const still = await left("GET").catch(() => 0);
    if (still > WARN) return watch(still - WARN);
    if (still <= 0) return location.assign("/sign-in?ended=1&next=" + encodeURIComponent(location.pathname + location.search));
    if (!ending.open) ending.showModal();
    say(ending.querySelector("[data-left]"), Math.ceil(still / 60) + " min");
    watch(Math.min(15, still));
  }, Math.max(1, seconds) * 1000);
  if (ending && idle) {
    watch(idle - WARN);
    ending.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      await left("POST");
      ending.close();
    });
  }

  /* Errors are read first. */
  const errors = document.querySelector(".errors");
  if (errors) errors.focus();
})();
