/* What pages do beyond links and forms. Each part is a convenience: without this file everything still works. */
"use strict";

// Sortable tables: a header with data-sort becomes a button; rows carry data-value in the cells compared.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.hasAttribute("data-sort")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    const icon = document.getElementById("icon-sort");
    if (icon) button.insertBefore(icon.content.cloneNode(true), button.querySelector("small"));
    head.append(button);
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const body = table.tBodies[0];
      const key = (row) => {
        const text = row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        return head.dataset.sort === "number" ? (text === "" ? null : Number(text)) : text;
      };
      const rows = [...body.rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null); // what is no number stays last
        const order = typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang);
        return rising ? order : -order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// A menu closes when the eye moves on: a press outside, or Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
});

for (const button of document.querySelectorAll("button[data-print]")) { button.hidden = false; button.addEventListener("click", () => window.print()); }

// A filter that changes is a filter applied.
for (const select of document.querySelectorAll("select[data-submit]")) select.addEventListener("change", () => select.form.requestSubmit());

// One act is one decision: a second press while the first is on its way must not write it twice.
for (const form of document.querySelectorAll("form[method=post]")) form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; });

// A code read by a phone's camera stands after the #, which never reaches the server: shown, to be typed into the app.
for (const place of document.querySelectorAll("[data-code]")) {
  const code = location.hash.slice(1);
  if (!/^[A-Z0-9-]{4,20}$/.test(code)) continue;
  place.textContent = code;
  place.hidden = false;
}
