/* The one script of the web application. Every page works without it. */
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const page = (text) => new DOMParser().parseFromString(text, "text/html");

  /* What happens without a new page is said aloud. */
  const said = Object.assign(document.createElement("p"), { className: "out" });
  said.setAttribute("role", "status");
  document.body.append(said);

  /* Before a session ends: ask the server how long there still is (another tab may have used it),
     then offer to stay. */
  const ending = $("#ending");
  const idle = Number(document.body.dataset.idle || 0);
  const WARN = 120;
  const left = async (method) => {
    const body = method === "POST" ? new FormData($("form", ending)) : undefined;
    const headers = { Accept: "application/json" };
    const answer = await fetch("/session", { method, body, headers, redirect: "manual" });
    return answer.ok ? (await answer.json()).left : 0;
  };
  const watch = (seconds) => setTimeout(async () => {
    const still = await left("GET").catch(() => 0);
    if (still > WARN) {
      if (ending.open) ending.close();
      return watch(still - WARN);
    }
    if (still <= 0) {
      const here = location.pathname + location.search;
      return location.assign("/sign-in?ended=1&next=" + encodeURIComponent(here));
    }
    if (!ending.open) ending.showModal();
    $("[data-left]", ending).textContent = Math.ceil(still / 60) + " min";
    watch(Math.min(15, still));
  }, Math.max(1, seconds) * 1000);
  if (ending && idle) {
    watch(idle - WARN);
    $("form", ending).addEventListener("submit", async (event) => {
      event.preventDefault();
      await left("POST");
      ending.close();
    });
  }

  /* What-if: the answer comes while somebody types, and the address says what was asked. */
  for (const form of document.querySelectorAll("[data-what-if]")) {
    const answer = $("[data-answer]", form.parentElement);
    const field = $("input[type=date]", form);
    let asked = 0, waiting;
    const ask = async () => {
      const query = new URLSearchParams(new FormData(form));
      const mine = ++asked;
      const found = await fetch(form.dataset.whatIf + "?" + query, { redirect: "manual" });
      if (!found.ok || mine !== asked) return;
      const text = await found.text();
      if (mine !== asked) return;
      answer.replaceChildren(...page(text).body.childNodes);
      history.replaceState(null, "", "?" + query + "#" + form.parentElement.id);
    };
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(ask, 120);
    });
    form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
    answer.addEventListener("click", (event) => {
      const day = event.target.closest("a.day");
      if (!day) return;
      event.preventDefault();
      const to = new URL(day.href).searchParams.get("to");
      field.value = to;
      ask().then(() => $(`a.day[href*="to=${to}"]`, answer)?.focus());
    });
  }

  /* A row of the list is written in place: the answer is the list, of which the row is taken. */
  const list = $("main");
  list?.addEventListener("submit", async (event) => {
    const form = event.target.closest("td.marks form");
    const row = form?.closest("tr");
    if (!row || form.dataset.sent) return;
    event.preventDefault();
    form.dataset.sent = "1";
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    const found = answer?.ok ? page(await answer.text()) : null;
    const fresh = found && [...found.querySelectorAll("tr[data-case]")].find(
      (one) => one.dataset.case === row.dataset.case && one.dataset.protocol === row.dataset.protocol);
    if (!found || !answer.url.startsWith(location.origin + "/") || !$("[data-list]", found)) {
      delete form.dataset.sent;
      return form.submit();
    }
    said.textContent = $("main .notice.good", found)?.textContent || "";
    const next = row.nextElementSibling;
    if (fresh) row.replaceWith(fresh); else row.remove();
    (fresh || next)?.querySelector("a")?.focus();
  });

  /* Single keys, only for who switched them on. */
  const rows = () => [...document.querySelectorAll("table.work tbody tr")];
  const here = () => rows().findIndex((row) => row.contains(document.activeElement));
  const keys = {
    j: () => $(".id a", rows()[Math.min(here() + 1, rows().length - 1)])?.focus(),
    k: () => $(".id a", rows()[Math.max(here() - 1, 0)])?.focus(),
    o: () => $(".id a", rows()[here()])?.click(),
    l: () => $("form[data-look] button", rows()[here()])?.click(),
    "/": () => $("#q")?.focus(),
  };
  if (document.body.dataset.keys && rows().length) document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  /* Errors are read first. */
  $(".errors")?.focus();
})();
