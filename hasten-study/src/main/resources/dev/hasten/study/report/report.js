"use strict";
/* Draws the two charts and lets a point, or a link in the table, choose the trial that is shown.
   All text reaches the page through textContent: nothing here builds markup from data. */
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const charts = [];

  /* ---- theme: the system's, until the reader chooses ---- */
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (systemDark.matches ? "dark" : "light")) === "dark";
  const toggle = document.getElementById("theme");
  function setTheme(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    toggle.textContent = isDark() ? "Light" : "Dark";
    toggle.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    charts.forEach((chart) => chart.draw());
  }
  toggle.addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  systemDark.addEventListener("change", () => setTheme(root.dataset.theme));

  /* light-dark() resolved by the browser itself */
  const probe = document.body.appendChild(document.createElement("span"));
  probe.hidden = true;
  function colour(name) {
    probe.style.color = "var(--" + name + ")";
    return getComputedStyle(probe).color;
  }

  function lines(texts) {
    const box = document.createElement("div");
    texts.forEach((text, i) => {
      const line = box.appendChild(document.createElement("div"));
      line.textContent = text;
      line.style.fontWeight = i === 0 ? "600" : "400";
      line.style.whiteSpace = "normal";
      line.style.overflowWrap = "anywhere";
    });
    box.style.maxWidth = "min(20rem, 70vw)";
    return box;
  }

  function chart(id, option, onClick) {
    const place = document.getElementById(id);
    if (!place) return;
    const drawn = echarts.init(place, null, { renderer: "svg" });
    const draw = () => {
      const narrow = place.clientWidth < 560;
      drawn.resize();
      drawn.setOption(option(narrow), true);
    };
    if (onClick) drawn.on("click", onClick);
    draw();
    charts.push({ draw });
    let width = place.clientWidth;
    new ResizeObserver(() => {
      if (place.clientWidth !== width) {
        width = place.clientWidth;
        draw();
      }
    }).observe(place);
  }

  function base(narrow) {
    const soft = colour("soft");
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("ink") },
      grid: { left: narrow ? 46 : 62, right: narrow ? 18 : 40, top: 34, bottom: 52 },
      tooltip: {
        trigger: "item",
        confine: true,
        backgroundColor: colour("paper"),
        borderColor: colour("rule"),
        textStyle: { color: colour("ink"), fontSize: 13 },
        formatter: (item) => (item.data && item.data.lines ? lines(item.data.lines) : ""),
      },
      axis: {
        nameLocation: "middle",
        nameTextStyle: { color: soft, fontSize: 12.5 },
        axisLabel: { color: soft, fontSize: 12, hideOverlap: true },
        axisLine: { show: true, lineStyle: { color: colour("rule") } },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: colour("rule"), opacity: 0.55 } },
      },
    };
  }

  const superscript = (n) => String(n).replace(/[-0-9]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

  /* ---- speed against quality ---- */
  const frontier = data.frontier;
  function look(point) {
    if (point.kind === "BASELINE") return { symbol: "rect", colour: colour("ink"), hollow: false };
    if (point.kind === "PEER") return { symbol: "diamond", colour: colour("peer"), hollow: false };
    if (point.delivered) return { symbol: "circle", colour: colour("accent"), hollow: false };
    return { symbol: "circle", colour: colour("point"), hollow: point.promise === "BROKEN" };
  }
  function frontierOption(narrow) {
    const b = base(narrow);
    const points = frontier.points;
    const largest = Math.max(...points.map((p) => p.bytes), 1);
    const size = (p) => Math.max(8, Math.sqrt(p.bytes / largest) * (narrow ? 20 : 26));
    const whiskers = (p) => [
      [[p.speedLow, p.quality], [p.speedHigh, p.quality]],
      [[p.speed, p.qualityLow], [p.speed, p.qualityHigh]],
    ];
    const xs = points.flatMap((p) => [p.speedLow, p.speedHigh, 1]);
    const ys = points.flatMap((p) => [p.qualityLow, p.qualityHigh]).concat(frontier.floor);
    const pad = (values, share) => {
      const low = Math.min(...values), high = Math.max(...values);
      const more = (high - low || Math.abs(high) || 1) * share;
      return [low - more, high + more];
    };
    const [xMin, xMax] = pad(xs, 0.08);
    const [yMin, yMax] = pad(ys, 0.1);
    const digits = yMax - yMin < 0.05 ? 3 : yMax - yMin < 20 ? 2 : 0;
    const named = (p) => p.delivered || p.kind !== "CANDIDATE";
    const series = [
      {
        type: "line", data: frontier.line, silent: true, symbol: "none", z: 1,
        lineStyle: { color: colour("accent"), width: 1.5, opacity: 0.5 },
        markLine: {
          silent: true, symbol: "none",
          label: { position: "insideEndBottom", color: colour("bad"), fontSize: 12, formatter: frontier.floorLabel },
          lineStyle: { color: colour("bad"), type: "dashed", width: 1 },
          data: [{ yAxis: frontier.floor }],
        },
      },
    ];
    points.forEach((p) => whiskers(p).forEach((ends) => series.push({
      type: "line", data: ends, silent: true, symbol: "none", z: 2,
      lineStyle: { color: look(p).colour, width: 1.5, opacity: 0.8 },
    })));
    series.push({
      type: "scatter", z: 3,
      data: points.map((p) => {
        const its = look(p);
        return {
          id: p.id, lines: p.lines, value: [p.speed, p.quality],
          symbol: its.symbol, symbolSize: size(p),
          itemStyle: {
            color: its.hollow ? colour("paper") : its.colour, opacity: its.hollow ? 1 : 0.85,
            borderColor: p.id === selected ? colour("ink") : its.colour, borderWidth: p.id === selected ? 2.5 : 1.5,
          },
          label: {
            show: named(p), formatter: p.name, distance: 8,
            position: p.delivered ? (p.speed > (xMin + xMax) / 2 ? [size(p), -18] : "top") : p.speed > (xMin + xMax) / 2 ? "left" : "right",
            align: p.delivered && p.speed > (xMin + xMax) / 2 ? "right" : null, color: p.delivered ? colour("accent") : colour("ink"),
            fontSize: 12, fontWeight: p.delivered ? 600 : 400, width: narrow ? 120 : 260, overflow: "truncate",
            textBorderColor: colour("paper"), textBorderWidth: 3,
          },
        };
      }),
      labelLayout: { hideOverlap: true },
      cursor: "pointer",
    });
    return {
      ...b,
      xAxis: {
        ...b.axis, type: "value", name: narrow ? frontier.speedNameShort : frontier.speedName, nameGap: 32, min: xMin, max: xMax,
        axisLabel: { ...b.axis.axisLabel, showMinLabel: false, showMaxLabel: false, formatter: (v) => +v.toFixed(2) + "×" },
      },
      yAxis: {
        ...b.axis, type: "value", name: frontier.qualityName, nameLocation: "end", nameGap: 14, inverse: frontier.lowerIsBetter,
        nameTextStyle: { ...b.axis.nameTextStyle, align: "left", padding: [0, 0, 0, narrow ? -36 : -50] },
        min: yMin, max: yMax,
        axisLabel: { ...b.axis.axisLabel, showMinLabel: false, showMaxLabel: false, formatter: (v) => v.toFixed(digits) },
      },
      series,
    };
  }

  let selected = frontier ? frontier.selected : null;
  function select(id) {
    const article = document.getElementById(id);
    if (!article || !article.classList.contains("trial")) return false;
    document.querySelectorAll(".trial.selected").forEach((other) => other.classList.remove("selected"));
    article.classList.add("selected");
    selected = id;
    charts.forEach((c) => c.draw());
    return true;
  }
  function followHash() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id === "dark" || id === "light") setTheme(id);
    else if (select(id)) document.getElementById(id).scrollIntoView({ block: "nearest" });
  }
  addEventListener("hashchange", followHash);

  /* ---- roofline ---- */
  const roofline = data.roofline;
  function rooflineOption(narrow) {
    const b = base(narrow);
    const intensities = roofline.points.map((p) => p.intensity);
    const rates = roofline.points.map((p) => p.rate);
    const ridge = roofline.peaks.map((peak) => peak.rate / roofline.bandwidth);
    const down = (v) => Math.pow(10, Math.floor(Math.log10(v)));
    const up = (v) => Math.pow(10, Math.ceil(Math.log10(v)));
    const xMin = down(Math.min(...intensities, ...ridge)), xMax = up(Math.max(...intensities, ...ridge) * 2);
    const yMin = down(Math.min(...rates, xMin * roofline.bandwidth)), yMax = up(Math.max(...roofline.peaks.map((p) => p.rate), ...rates) * 1.2);
    const series = roofline.peaks.map((peak, i) => ({
      type: "line", silent: true, symbol: "none", z: 1,
      data: [[xMin, xMin * roofline.bandwidth], [peak.rate / roofline.bandwidth, peak.rate], [xMax, peak.rate]],
      lineStyle: { color: colour(i === 0 ? "before" : "accent"), width: 1.5 },
      endLabel: {
        show: true, formatter: peak.name, color: colour("soft"), fontSize: 12, align: "right",
        verticalAlign: "bottom", offset: [-4, -8], textBorderColor: colour("paper"), textBorderWidth: 3,
      },
    }));
    ["before", "after"].forEach((phase) => series.push({
      type: "scatter", z: phase === "after" ? 3 : 2,
      data: roofline.points.filter((p) => p.phase === phase).map((p) => ({
        value: [p.intensity, p.rate], lines: p.lines,
        symbolSize: Math.max(5, Math.sqrt(p.share) * (narrow ? 42 : 56)),
      })),
      itemStyle: {
        color: colour(phase === "after" ? "accent" : "before"), opacity: 0.6,
        borderColor: colour(phase === "after" ? "accent" : "soft"), borderWidth: 1,
      },
    }));
    const power = (v) => "10" + superscript(Math.round(Math.log10(v)));
    return {
      ...b,
      grid: { ...b.grid, left: narrow ? 40 : 52 },
      xAxis: { ...b.axis, type: "log", name: "operations per byte moved", nameGap: 32, min: xMin, max: xMax, axisLabel: { ...b.axis.axisLabel, formatter: power } },
      yAxis: {
        ...b.axis, type: "log", name: "operations per second", nameLocation: "end", nameGap: 14, min: yMin, max: yMax,
        nameTextStyle: { ...b.axis.nameTextStyle, align: "left", padding: [0, 0, 0, narrow ? -30 : -40] },
        axisLabel: { ...b.axis.axisLabel, formatter: power },
      },
      series,
    };
  }

  /* ---- copy ---- */
  document.querySelectorAll(".copyable").forEach((box) => {
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(box.querySelector("pre").textContent).then(() => {
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
    });
    box.appendChild(button);
  });

  /* ---- paper is white ---- */
  let screenTheme;
  addEventListener("beforeprint", () => { screenTheme = root.dataset.theme; setTheme("light"); });
  addEventListener("afterprint", () => setTheme(screenTheme));

  if (frontier) chart("frontier-chart", frontierOption, (item) => {
    if (item.data && item.data.id) select(item.data.id);
  });
  if (roofline) chart("roofline-chart", rooflineOption);
  setTheme(root.dataset.theme);
  if (frontier) select(selected);
  followHash();
})();
