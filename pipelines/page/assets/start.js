/* Before anything is drawn: scripts run, and in which language people read. */
"use strict";
var khotinh = { data: {} };
(function () {
  var root = document.documentElement;
  var language = "vi";
  try { language = localStorage.getItem("khotinh-language") === "en" ? "en" : "vi"; } catch (refused) { /* a folder may keep nothing */ }
  root.classList.add("js");
  root.dataset.language = language;
  root.lang = language;
})();
