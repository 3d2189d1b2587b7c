"use strict";
// The search: hides what does not match. Accents may be left out: "chi tieu" finds "chỉ tiêu".
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d");
const form = document.getElementById("search");
const words = document.getElementById("words");
const found = document.getElementById("found");
const entries = Array.from(document.querySelectorAll(".entry"), (entry) => {
  const rows = Array.from(entry.querySelectorAll(".row"), (row) => ({ row, text: plain(row.textContent) }));
  const head = Array.from(entry.querySelectorAll("h3, p"), (part) => part.textContent).join(" ");
  return { entry, rows, head: plain(head) };
});

function search() {
  const wanted = plain(words.value).split(/\s+/).filter(Boolean);
  const matches = (text) => wanted.every((word) => text.includes(word));
  let count = 0;
  for (const { entry, rows, head } of entries) {
    const whole = matches(head);
    let shown = 0;
    for (const { row, text } of rows) {
      // A word may stand in the table's name and another in the column's.
      row.hidden = !whole && !(matches(`${head} ${text}`) && wanted.some((word) => text.includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    entry.hidden = !whole && shown === 0;
    count += entry.hidden ? 0 : 1;
  }
  hideEmptyParts();
  found.textContent = wanted.length ? `${count} mục khớp | ${count} entries match` : "";
}

function hideEmptyParts() {
  for (const part of document.querySelectorAll(".part")) {
    part.hidden = !part.querySelector(".entry:not([hidden])");
  }
}

form.addEventListener("submit", (event) => event.preventDefault());
words.addEventListener("input", search);
form.hidden = false;
words.value = new URLSearchParams(location.search).get("q") || "";
search();
