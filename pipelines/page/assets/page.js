/* Kho Tỉnh: the switch of languages, charts drawn from the tables that stand under them, rankings, the endpoint grid. */
"use strict";
(function () {
  const root = document.documentElement;
  const nbsp = "\u00a0";
  const all = (selector, inside) => Array.from((inside || document).querySelectorAll(selector));
  const english = () => root.dataset.language === "en";
  const say = (vi, en) => (english() ? en : vi);
  const redraw = [];

  /* ---- what is not in sight keeps nobody waiting: one after the other when the page stands, all of it before it is printed */
  const later = [];
  const idle = window.requestIdleCallback || ((one) => setTimeout(one, 0));
  function soon(place, act) {
    const edge = 100;  // of what begins at the bottom of the window nothing can be read yet
    if (place.getBoundingClientRect().top + edge < innerHeight) act(); else later.push(act);
  }
  const rest = () => { const act = later.shift(); if (act) { idle(rest); act(); } };  // one that fails does not keep the next
  addEventListener("load", () => idle(rest));
  addEventListener("beforeprint", () => { while (later.length) later.shift()(); });

  /* ---- figures: the same notation as the pages' own (1.234,5 and 12,3 %), in both languages */
  const whole = new Intl.NumberFormat("vi-VN", { maximumFractionDigits: 1 });
  const percents = new Intl.NumberFormat("vi-VN", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  function share(value) {
    const millionths = Math.round(value * 1e6);  // as the marts keep it, and half is rounded up as on the other pages
    if (millionths > 0 && millionths < 500) return "<" + nbsp + "0,1" + nbsp + "%";
    if (millionths >= 999500 && millionths < 1e6) return ">" + nbsp + "99,9" + nbsp + "%";
    return percents.format(Math.floor((millionths + 500) / 1000) / 10) + nbsp + "%";
  }
  const visible = (element) => {
    const spans = all("span[lang]", element);
    const one = spans.find((span) => span.lang === (english() ? "en" : "vi"));
    return ((one || element).textContent || "").trim();
  };

  /* ---- language */
  function speak(language) {
    root.dataset.language = language;
    root.lang = language;
    try { localStorage.setItem("khotinh-language", language); } catch (refused) { /* a folder may keep nothing */ }
    showLanguage();
    redraw.forEach((draw) => draw());
  }
  function showLanguage() {
    all("[data-language]", document.body).forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.language === root.dataset.language)));
    all("option[data-vi]").forEach((option) => { option.textContent = say(option.dataset.vi, option.dataset.en); });
  }
  all(".switch").forEach((group) => { group.hidden = false; });
  all(".switch button").forEach((button) => button.addEventListener("click", () => speak(button.dataset.language)));
  showLanguage();

  /* ---- charts: what the table says and nothing else; a cell without a figure is a gap */
  const style = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  function options(table) {
    const heads = all("thead th[data-draw]", table);
    const lines = all("tbody tr", table);
    const labels = lines.map((line) => {
      const head = line.querySelector("th"), part = head.querySelector(".part");
      return part ? head.firstChild.textContent.trim() + " (" + visible(part) + ")" : visible(head);
    });
    const short = (text) => text.replace(/^(\d\d\/\d\d)\/\d{4}$/, "$1").replace(/^(\d\d\/\d{4}) .*/, "$1*");
    const ink = style("--soft-ink"), grid = style("--grid");
    const colours = [style("--series-1"), style("--series-2"), style("--series-3")];
    const drawn = heads.map((head, place) => ({ head, place })).filter((one) => one.head.dataset.draw);
    const isShare = drawn.length > 0 && drawn[0].head.dataset.axis === "share";
    const shapes = ["circle", "rect", "triangle"];
    const series = drawn.map(({ head, place }, position) => ({
      name: visible(head), type: head.dataset.draw, symbol: shapes[position], symbolSize: lines.length > 31 ? 4 : 6, connectNulls: false, barMaxWidth: 18,
      lineStyle: { width: 2, type: ["solid", "dashed", "dotted"][position] }, itemStyle: { borderRadius: [2, 2, 0, 0] }, emphasis: { disabled: true },
      data: lines.map((line) => { const cell = line.children[place + 1]; return cell.dataset.v === undefined ? null : Number(cell.dataset.v); }),
    }));
    const told = (place, index) => visible(lines[index].children[place + 1]);
    return {
      animation: false, color: colours, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: drawn.length > 1 ? { top: 0, left: 0, itemWidth: 18, itemHeight: 9, textStyle: { color: ink, fontSize: 12 } } : undefined,
      grid: { left: 8, right: 12, top: drawn.length > 1 ? 38 : 16, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis", renderMode: "richText", confine: true, transitionDuration: 0, backgroundColor: style("--sheet"), borderColor: style("--line"), textStyle: { color: style("--ink"), fontSize: 12 },
        formatter: (points) => [labels[points[0].dataIndex]].concat(points.map((point) => point.seriesName + ": " + told(drawn[point.seriesIndex].place, point.dataIndex))).join("\n"),
      },
      xAxis: { type: "category", data: labels.map(short), axisLabel: { color: ink, hideOverlap: true }, axisLine: { lineStyle: { color: grid } }, axisTick: { show: false } },
      yAxis: { type: "value", min: 0, max: isShare ? (value) => (value.max > 0.5 ? 1 : undefined) : undefined, axisLabel: { color: ink, formatter: (value) => (isShare ? whole.format(Math.round(value * 1000) / 10) + nbsp + "%" : whole.format(value)) }, splitLine: { lineStyle: { color: grid } } },
      series,
    };
  }
  function chart(figure) {
    const place = figure.querySelector(".canvas"), table = figure.querySelector("table");
    let drawing = null;
    const draw = () => {
      drawing = drawing || echarts.init(place, null, { renderer: "svg" });
      drawing.resize();
      drawing.setOption(options(table), true);
    };
    soon(place, draw);
    redraw.push(draw);
    addEventListener("resize", draw);
  }
  if (window.echarts) all("figure.chart").forEach(chart);
  const again = () => redraw.forEach((draw) => draw());
  ["(prefers-color-scheme: dark)", "print"].forEach((query) => matchMedia(query).addEventListener("change", again));

  /* ---- the newest days stand at the right end of a table that is too wide */
  all(".matrix").forEach((table) => { table.parentElement.scrollLeft = table.parentElement.scrollWidth; });

  /* ---- data: a page from a folder may load scripts and nothing else */
  const asked = {};
  function load(name) {
    if (!asked[name]) {
      asked[name] = new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = document.body.dataset.root + "data/" + name + ".js";
        script.onload = () => done(khotinh.data[name]);
        script.onerror = () => failed(new Error(name));
        document.head.append(script);
      });
    }
    return asked[name];
  }
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d");
  const matches = (text, sought) => plain(sought).split(/\s+/).every((word) => text.includes(word));
  function make(name, text, kind) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  }
  const notThere = (where) => { where.textContent = say("Không đọc được tệp số liệu của trang này.", "The data file of this page cannot be read."); };

  /* ---- rankings */
  function ranking(section) {
    const form = section.querySelector("form"), table = section.querySelector("table"), more = section.querySelector(".more");
    const status = section.querySelector(".count"), body = table.tBodies[0];
    const heads = all("th[data-code]", table);
    const standing = { by: String(heads.findIndex((head) => head.dataset.share === "1")), down: true, rows: 50 };
    const shares = heads.map((head) => head.dataset.share === "1");
    const starts = heads.map((head, place) => 1 + place + shares.slice(0, place).filter(Boolean).length);
    let units = [], lines = [];
    const numerator = (line, place) => line[starts[place]], denominator = (line, place) => line[starts[place] + 1];
    const value = (line, place) => {
      if (numerator(line, place) === null || !shares[place]) return numerator(line, place);
      return denominator(line, place) ? numerator(line, place) / denominator(line, place) : null;
    };
    const weight = (line, place) => (shares[place] ? denominator(line, place) : numerator(line, place)) || 0;
    const code = (line) => units[line[0]][0], name = (line) => units[line[0]][1], kindOf = (line) => units[line[0]][2];
    function chosen() {
      const sought = form.elements.text.value.trim(), kind = form.elements.kind.value, least = Number(form.elements.least.value);
      const place = standing.by === "name" ? 0 : Number(standing.by);
      const found = lines.filter((line) => (!kind || kindOf(line) === kind) && weight(line, place) >= least);
      const direction = standing.down ? -1 : 1;
      found.sort((one, other) => {
        if (standing.by === "name") return direction * name(one).localeCompare(name(other), "vi");
        const a = value(one, place), b = value(other, place);
        if (a === null || b === null) return (a === null) - (b === null);
        return direction * (a - b) || weight(other, place) - weight(one, place) || name(one).localeCompare(name(other), "vi");
      });
      let rank = 0, before;
      const ranked = found.map((line, position) => {
        const now = standing.by === "name" ? null : value(line, place);
        if (now === null) return { line, rank: "–" };
        if (now !== before) { rank = position + 1; before = now; }
        return { line, rank };
      });
      return sought ? ranked.filter(({ line }) => matches(plain(name(line) + " " + code(line)), sought)) : ranked;
    }
    function row({ line, rank }) {
      const element = make("tr");
      element.dataset.unit = code(line);
      element.append(make("td", String(rank)));
      const head = make("th", name(line));
      head.scope = "row";
      head.append(make("span", code(line), "sub code"));
      element.append(head);
      heads.forEach((column, place) => {
        const figure = value(line, place), cell = make("td");
        if (figure === null) cell.append(make("span", say("không phát sinh", "none to count"), "absent"));
        else if (!shares[place]) cell.textContent = whole.format(figure);
        else cell.append(share(figure), make("span", "(" + whole.format(numerator(line, place)) + "/" + whole.format(denominator(line, place)) + ")", "detail"));
        element.append(cell);
      });
      return element;
    }
    function draw() {
      const found = chosen(), shown = found.slice(0, standing.rows);
      body.replaceChildren(...shown.map(row));
      more.hidden = shown.length === found.length;
      status.textContent = say(found.length + " đơn vị, hiện " + shown.length + ".", found.length + " units, " + shown.length + " shown.");
      all("th[aria-sort]", table).forEach((head) => {
        const mine = head.querySelector("button").dataset.sort === standing.by;
        head.setAttribute("aria-sort", mine ? (standing.down ? "descending" : "ascending") : "none");
      });
    }
    function show() {
      const month = section.dataset.ranking + "-" + form.elements.month.value;
      Promise.all([load("units"), load(month)]).then(([named, data]) => { units = named; lines = data; draw(); }).catch(() => notThere(status));
    }
    all("th button", table).forEach((button) => button.addEventListener("click", () => {
      standing.down = standing.by === button.dataset.sort ? !standing.down : button.dataset.sort !== "name";
      standing.by = button.dataset.sort;
      draw();
    }));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.elements.text.addEventListener("input", () => { standing.rows = 50; draw(); });
    ["kind", "least"].forEach((field) => form.elements[field].addEventListener("change", () => { standing.rows = 50; draw(); }));
    form.elements.month.addEventListener("change", show);
    more.addEventListener("click", () => { const from = standing.rows; standing.rows += 50; draw(); const next = body.rows[from]; if (next) { next.tabIndex = -1; next.focus(); } });
    form.hidden = false;
    table.hidden = false;
    redraw.push(draw);
    soon(section, show);
  }
  all("[data-ranking]").forEach(ranking);

  /* ---- the grid of endpoints */
  const states = { 0: ["×", "s0"], 1: ["✓", "s1"], 2: ["●", "s2"], 3: ["◐", "s3"], 4: ["●", "s2"], "?": ["?", "sq"], ".": ["·", "sn"] };
  function grid(section) {
    const form = section.querySelector("form"), table = section.querySelector("table"), status = section.querySelector(".count");
    if (!form) return;
    let data = null;
    function draw() {
      const month = form.elements.month.value, sought = form.elements.text.value.trim(), troubled = form.elements.troubled.checked;
      const places = data.days.map((day, place) => place).filter((place) => data.days[place].startsWith(month));
      const head = make("tr");
      head.append(Object.assign(make("th", say("Điểm cầu", "Endpoint")), { scope: "col" }));
      places.forEach((place) => head.append(Object.assign(make("th", data.days[place].slice(8)), { scope: "col" })));
      head.append(Object.assign(make("th", say("Trực tuyến", "Online")), { scope: "col" }));
      table.tHead.replaceChildren(head);
      const rows = [];
      data.endpoints.forEach(([code, name, unit], index) => {
        const days = places.map((place) => data.cells[index][place]);
        if (troubled && !days.some((day) => day === "0" || day === "3")) return;
        if (sought && !matches(plain(code + " " + name + " " + unit), sought)) return;
        const line = make("tr"), label = Object.assign(make("th", name), { scope: "row", title: code + " · " + name + " · " + unit });
        label.append(make("span", code, "sub code"));
        line.dataset.endpoint = code;
        line.append(label);
        days.forEach((day) => line.append(make("td", ...states[day])));
        const polled = days.filter((day) => "0123".includes(day)).length, online = days.filter((day) => day === "1" || day === "2").length;
        line.append(make("td", polled ? online + "/" + polled : say("chưa có", "not there yet"), "sum"));
        rows.push(line);
      });
      table.tBodies[0].replaceChildren(...rows);
      status.textContent = say(rows.length + " điểm cầu.", rows.length + " endpoints.");
    }
    const show = () => load(section.dataset.grid).then((read) => {
      data = read;
      const months = Array.from(new Set(data.days.map((day) => day.slice(0, 7)))).reverse();
      form.elements.month.replaceChildren(...months.map((month) => Object.assign(make("option", month.slice(5) + "/" + month.slice(0, 4)), { value: month })));
      form.hidden = false;
      table.hidden = false;
      redraw.push(draw);
      draw();
    }).catch(() => notThere(status));
    soon(section, show);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => { if (data) draw(); });
  }
  all("[data-grid]").forEach(grid);
})();
