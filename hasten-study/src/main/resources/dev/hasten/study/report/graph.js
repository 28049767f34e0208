"use strict";
/* Draws a graph of groups on a canvas. Layers and their order come with the data; here items get
   coordinates, anew whenever a group opens or closes, and only what is in view is drawn.
   All text reaches the page through textContent or the canvas: nothing builds markup from data. */
(function () {
  const data = JSON.parse(document.getElementById("graph-data").textContent);
  const N = data.nodes, V = data.values, G = data.groups;
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement, canvas = $("drawing"), ctx = canvas.getContext("2d");
  const overview = $("overview"), small = overview.getContext("2d");
  const SANS = getComputedStyle(document.body).fontFamily;
  const BOLD = "600 12px " + SANS, PLAIN = "11px " + SANS, HEAD = "600 13px " + SANS;
  const NODE_H = 38, GROUP_H = 44, PORT_H = 20, GAP_X = 20, GAP_Y = 30, PAD = 16, HEADER = 26;

  /* ---- what there is ---- */
  const groupOfNode = new Int32Array(N.length).fill(-1), itemOfNode = new Int32Array(N.length);
  const outer = new Int32Array(G.length).fill(-1), itemOfGroup = new Int32Array(G.length);
  const ownerGroup = new Map();
  G.forEach((g, gi) => {
    g.portIn = new Map(); g.portOut = new Map();
    g.items.forEach((it, i) => {
      if (it.kind === "NODE") { groupOfNode[it.ref] = gi; itemOfNode[it.ref] = i; }
      else if (it.kind === "GROUP") { outer[it.ref] = gi; itemOfGroup[it.ref] = i; }
      else (it.kind === "IN" ? g.portIn : g.portOut).set(it.ref, i);
    });
    if (g.node >= 0) ownerGroup.set(g.node, gi);
  });
  for (let gi = G.length - 1; gi >= 0; gi--) {
    const g = G[gi];
    g.micros = g.node >= 0 ? N[g.node].micros || 0 : 0; g.bytes = g.node >= 0 ? N[g.node].bytes : 0;
    const timed = g.micros > 0;
    g.items.forEach((it) => {
      const part = it.kind === "NODE" ? N[it.ref] : it.kind === "GROUP" ? G[it.ref] : null;
      if (part) { if (!timed) g.micros += part.micros || 0; g.bytes += part.bytes; }
    });
    const n = g.items.length;
    g.bends = 0;
    g.edges.forEach((e) => { g.bends += e.bends.length; });
    g.up = Array.from({ length: n + g.bends }, () => []);
    g.down = Array.from({ length: n + g.bends }, () => []);
    g.points = g.layers.map((layer) => layer.map((p) => (p >= 0 ? p : n - 1 - p)));
    g.rank = new Int32Array(n + g.bends);
    g.points.forEach((layer, r) => layer.forEach((p) => { g.rank[p] = r; }));
    g.edges.forEach((e) => {
      const turned = g.rank[e.from] > g.rank[e.to];
      const a = turned ? e.to : e.from, b = turned ? e.from : e.to;
      e.turned = turned;
      e.stub = e.bends.length === 0 && g.rank[b] - g.rank[a] > 1;
      if (e.stub) return;
      const chain = [a, ...e.bends.map((d) => n + d), b];
      for (let i = 1; i < chain.length; i++) { g.down[chain[i - 1]].push(chain[i]); g.up[chain[i]].push(chain[i - 1]); }
    });
  }
  const family = new Map();
  G.forEach((g) => { if (g.family) family.set(g.family, (family.get(g.family) || 0) + 1); });

  const opened = new Set([0]);
  (function firstLook() {
    // Groups that stand alone open first; of alike ones a closed row says more.
    let shown = G[0].items.length;
    const queue = [0];
    while (queue.length) {
      const g = queue.shift();
      const inner = G[g].items.filter((it) => it.kind === "GROUP").map((it) => it.ref)
        .sort((a, b) => (family.get(G[a].family) || 1) - (family.get(G[b].family) || 1));
      for (const i of inner) {
        const alone = (family.get(G[i].family) || 1) < 3;
        if (alone && shown + G[i].items.length <= 70) { opened.add(i); shown += G[i].items.length; queue.push(i); }
      }
    }
  })();

  /* ---- words ---- */
  const bytes = (b) => b >= 1e9 ? (b / 1e9).toFixed(1) + " GB" : b >= 1e6 ? (b / 1e6).toFixed(1) + " MB" : b >= 1e3 ? (b / 1e3).toFixed(1) + " kB" : b + " B";
  const time = (us) => us >= 1000 ? (us / 1000).toFixed(2) + " ms" : us.toFixed(us < 10 ? 1 : 0) + " µs";
  /* Sizes may be expressions, max(a, b): commas within them part nothing, and the whole stands in the panel. */
  function shapeOf(type) {
    const at = type.indexOf("[");
    if (at < 0) return "";
    const dims = [""];
    let depth = 0;
    for (const c of type.slice(at + 1, -1)) {
      if (c === "(") depth++;
      if (c === ")") depth--;
      if (c === "," && depth === 0) dims.push(""); else dims[dims.length - 1] += c;
    }
    return dims.map((d) => (d.length > 9 ? d.slice(0, 7) + "…" : d)).join(" × ");
  }
  const lastPart = (name) => name.slice(name.lastIndexOf("/") + 1);
  const opName = (op) => op.slice(op.lastIndexOf(".") + 1);
  function subtitle(node) {
    const big = node.weights.reduce((a, w) => (w.bytes > (a ? a.bytes : 64) ? w : a), null);
    if (big) { const s = big.type.match(/\[([^\]]*)\]/); if (s) return s[1].replace(/,/g, " × "); }
    const out = node.out.length ? shapeOf(V[node.out[0]].type) : "";
    return out || lastPart(node.name);
  }
  const widths = new Map();
  function textWidth(text, font) {
    const key = font + text;
    let w = widths.get(key);
    if (w === undefined) { ctx.font = font; w = ctx.measureText(text).width; widths.set(key, w); }
    return w;
  }
  function cut(text, font, most) {
    if (textWidth(text, font) <= most) return text;
    let low = 0, high = text.length;
    while (low < high) { const mid = (low + high + 1) >> 1; if (textWidth(text.slice(0, mid) + "…", font) <= most) low = mid; else high = mid - 1; }
    return text.slice(0, low) + "…";
  }
  const groupTitle = (g) => g.name || "graph";
  const groupNote = (g) => g.nodes + (g.nodes === 1 ? " node" : " nodes") + (data.timed && g.micros ? " · " + time(g.micros) : "") + (g.bytes > 1e5 ? " · " + bytes(g.bytes) : "");
  const portName = (value) => { const name = V[value].name; return lastPart(name) || name; };

  /* ---- coordinates ---- */
  function sizeOf(item) {
    if (item.kind === "NODE") {
      const node = N[item.ref];
      if (!node.label) { node.label = opName(node.op); node.sub = cut(subtitle(node), PLAIN, 190); node.w = Math.max(64, Math.min(210, Math.max(textWidth(node.label, BOLD), textWidth(node.sub, PLAIN)) + 22)); }
      return [node.w, NODE_H];
    }
    if (item.kind === "GROUP") {
      if (opened.has(item.ref)) { const l = layout(item.ref); return [l.w, l.h]; }
      const g = G[item.ref];
      return [Math.max(110, Math.min(260, Math.max(textWidth(groupTitle(g), HEAD) + 44, textWidth(groupNote(g), PLAIN) + 26))), GROUP_H];
    }
    return [Math.max(36, Math.min(150, textWidth(portName(item.ref), PLAIN) + 18)), PORT_H];
  }
  /* Least squares under a fixed order and least distances: isotonic regression, by pooling. */
  function settle(layer, x, w, wanted, weight) {
    const blocks = [];
    let offset = 0;
    for (let k = 0; k < layer.length; k++) {
      if (k > 0) offset += (w[layer[k - 1]] + w[layer[k]]) / 2 + GAP_X;
      let block = { sum: (wanted[k] - offset) * weight[k], weight: weight[k], count: 1 };
      while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].weight > block.sum / block.weight) {
        const before = blocks.pop();
        block = { sum: before.sum + block.sum, weight: before.weight + block.weight, count: before.count + block.count };
      }
      blocks.push(block);
    }
    let k = 0;
    offset = 0;
    for (const block of blocks) for (let i = 0; i < block.count; i++, k++) {
      if (k > 0) offset += (w[layer[k - 1]] + w[layer[k]]) / 2 + GAP_X;
      x[layer[k]] = block.sum / block.weight + offset;
    }
  }
  function layout(gi) {
    const g = G[gi], n = g.items.length, total = n + g.bends;
    const w = new Float64Array(total).fill(2), h = new Float64Array(total), x = new Float64Array(total), y = new Float64Array(total);
    g.items.forEach((item, i) => { const s = sizeOf(item); w[i] = s[0]; h[i] = s[1]; });
    for (const layer of g.points) settle(layer, x, w, layer.map(() => 0), layer.map(() => 1));
    for (let sweep = 0; sweep < 7; sweep++) {
      const down = sweep % 2 === 0;
      for (let i = 0; i < g.points.length; i++) {
        const layer = g.points[down ? i : g.points.length - 1 - i];
        const side = sweep === 6 ? null : down ? g.up : g.down;
        const wanted = [], weight = [];
        for (const p of layer) {
          const near = side ? side[p] : g.up[p].concat(g.down[p]);
          let sum = 0;
          for (const q of near) sum += x[q];
          wanted.push(near.length ? sum / near.length : x[p]);
          weight.push(p >= n ? 3 : near.length ? 1 : 0.2);
        }
        settle(layer, x, w, wanted, weight);
      }
    }
    let left = Infinity, right = -Infinity, at = gi === 0 ? 0 : HEADER + PAD;
    for (const layer of g.points) {
      let tallest = 0;
      for (const p of layer) { left = Math.min(left, x[p] - w[p] / 2); right = Math.max(right, x[p] + w[p] / 2); tallest = Math.max(tallest, h[p]); }
      for (const p of layer) y[p] = at + tallest / 2;
      at += tallest + GAP_Y;
    }
    if (!(left < right)) { left = 0; right = 80; }
    for (let p = 0; p < total; p++) x[p] += PAD - left;
    const title = textWidth(groupTitle(g), HEAD) + textWidth(groupNote(g), PLAIN) + 70;
    const inner = right - left + 2 * PAD, wide = gi === 0 ? inner : Math.max(inner, Math.min(title, 420));
    if (wide > inner) for (let p = 0; p < total; p++) x[p] += (wide - inner) / 2;
    g.laid = { x, y, w, h };
    return { w: wide, h: at - GAP_Y + PAD };
  }

  let boxes = [], lines = [], bounds = { w: 1, h: 1 }, layoutMillis = 0;
  function lay() {
    const start = performance.now();
    bounds = layout(0);
    boxes = []; lines = [];
    place(0, 0, 0, 0);
    layoutMillis = performance.now() - start;
    document.body.dataset.boxes = boxes.length;
    document.body.dataset.layoutMillis = Math.round(layoutMillis);
  }
  function place(gi, dx, dy, depth) {
    const g = G[gi], l = g.laid, own = new Array(g.items.length);
    g.items.forEach((item, i) => {
      const open = item.kind === "GROUP" && opened.has(item.ref);
      const box = { kind: open ? "FRAME" : item.kind, ref: item.ref, group: gi, item: i, depth, x: dx + l.x[i] - l.w[i] / 2, y: dy + l.y[i] - l.h[i] / 2, w: l.w[i], h: l.h[i] };
      own[i] = box;
      boxes.push(box);
      if (open) place(item.ref, box.x, box.y, depth + 1);
    });
    g.own = own;
    g.edges.forEach((e) => {
      const a = own[e.from], b = own[e.to];
      const points = [portX(a, e.values[0], false), a.y + a.h];
      if (!e.turned) e.bends.forEach((d) => { const p = g.items.length + d; points.push(dx + l.x[p], dy + l.y[p]); });
      points.push(portX(b, e.values[0], true), b.y);
      let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
      for (let i = 0; i < points.length; i += 2) { left = Math.min(left, points[i]); right = Math.max(right, points[i]); top = Math.min(top, points[i + 1]); bottom = Math.max(bottom, points[i + 1]); }
      lines.push({ e, gi, points, left, right, top, bottom });
    });
  }
  function portX(box, value, entering) {
    if (box.kind === "FRAME") {
      const g = G[box.ref], item = (entering ? g.portIn : g.portOut).get(value);
      if (item !== undefined && g.laid) return box.x + g.laid.x[item];
    }
    return box.x + box.w / 2;
  }

  /* ---- colours ---- */
  const probe = document.body.appendChild(document.createElement("span"));
  probe.hidden = true;
  let palette = {};
  function colour(name) {
    if (!palette[name]) { probe.style.color = "var(--" + name + ")"; palette[name] = getComputedStyle(probe).color; }
    return palette[name];
  }
  const parts = (c) => c.match(/[\d.]+/g).slice(0, 3).map(Number);
  function ramp(share) {
    const key = "ramp" + Math.round(share * 40);
    if (!palette[key]) {
      const a = parts(colour("cold")), b = parts(colour("hot")), t = Math.round(share * 40) / 40;
      palette[key] = "rgb(" + a.map((v, i) => Math.round(v + (b[i] - v) * t)).join(",") + ")";
    }
    return palette[key];
  }
  let by = "operator", dearest = 1, largest = 1;
  N.forEach((n) => { dearest = Math.max(dearest, n.micros || 0); largest = Math.max(largest, n.bytes); });
  function fill(box) {
    const part = box.kind === "GROUP" ? G[box.ref] : N[box.ref];
    if (by === "time") return ramp(Math.sqrt(Math.min(1, (part.micros || 0) / dearest)));
    if (by === "size") return ramp(Math.sqrt(Math.min(1, part.bytes / largest)));
    return box.kind === "GROUP" ? colour("raised") : colour(part.kind);
  }
  const inkOn = (background) => { const [r, g, b] = parts(background); return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#1b1f24" : "#f2f4f6"; };

  /* ---- drawing ---- */
  let scale = 1, tx = 0, ty = 0, width = 1, height = 1, selected = null, pending = false;
  function draw() { if (!pending) { pending = true; requestAnimationFrame(paint); } }
  function rounded(c, x, y, w, h, r) { c.beginPath(); c.roundRect(x, y, w, h, r); }
  function isNear(line) {
    if (!selected) return false;
    const a = G[line.gi].own[line.e.from], b = G[line.gi].own[line.e.to];
    return same(a, selected) || same(b, selected);
  }
  function same(box, chosen) {
    return box.ref === chosen.ref && (box.kind === chosen.kind || (chosen.kind === "GROUP" && box.kind === "FRAME") || (chosen.kind === "FRAME" && box.kind === "GROUP"));
  }
  function paint() {
    pending = false;
    const ratio = devicePixelRatio || 1;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = colour("paper");
    ctx.fillRect(0, 0, width, height);
    ctx.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * tx, ratio * ty);
    const left = -tx / scale, top = -ty / scale, right = left + width / scale, bottom = top + height / scale;
    const seen = boxes.filter((b) => b.x < right && b.x + b.w > left && b.y < bottom && b.y + b.h > top);
    const words = scale > 0.38;
    for (const b of seen) if (b.kind === "FRAME") frame(b, words);
    ctx.lineWidth = Math.max(1, 0.6 / scale);
    const near = [];
    ctx.strokeStyle = colour("edge");
    ctx.fillStyle = colour("edge");
    for (const line of lines) {
      if (line.left - 40 > right || line.right + 40 < left || line.top - 40 > bottom || line.bottom + 40 < top) continue;
      if (isNear(line)) near.push(line);
      else edge(line);
    }
    ctx.strokeStyle = ctx.fillStyle = colour("accent");
    ctx.lineWidth = Math.max(2, 1.2 / scale);
    near.forEach((line) => edge(line, true));
    for (const b of seen) if (b.kind !== "FRAME") box(b, words);
    if (scale > 0.75) { ctx.font = PLAIN; ctx.textAlign = "left"; for (const line of near) label(line); }
    if (selected) {
      const b = boxes.find((c) => same(c, selected));
      if (b) { ctx.strokeStyle = colour("accent"); ctx.lineWidth = Math.max(2.5, 2 / scale); rounded(ctx, b.x - 3, b.y - 3, b.w + 6, b.h + 6, 8); ctx.stroke(); }
    }
    map(left, top, right, bottom);
  }
  function frame(b, words) {
    const g = G[b.ref];
    ctx.fillStyle = colour(b.depth % 2 ? "frame2" : "frame");
    ctx.strokeStyle = colour("rule");
    ctx.lineWidth = 1;
    rounded(ctx, b.x, b.y, b.w, b.h, 10);
    ctx.fill(); ctx.stroke();
    if (!words) return;
    ctx.textBaseline = "middle"; ctx.textAlign = "left";
    ctx.fillStyle = colour("ink"); ctx.font = HEAD;
    const title = cut("▾ " + groupTitle(g), HEAD, b.w - 24);
    ctx.fillText(title, b.x + 10, b.y + 15);
    const used = textWidth(title, HEAD) + 20;
    ctx.font = PLAIN; ctx.fillStyle = colour("soft");
    if (b.w - used > 60) ctx.fillText(cut(groupNote(g), PLAIN, b.w - used - 10), b.x + used, b.y + 15);
  }
  function edge(line, whole) {
    const p = line.points, n = p.length;
    if (line.e.stub && !whole) {
      // Too long to follow: an end at each side, joined when one of them is selected.
      stub(p[0], p[1], p[1] + 12);
      stub(p[n - 2], p[n - 1], p[n - 1] - 12);
      return;
    }
    ctx.beginPath();
    ctx.moveTo(p[0], p[1]);
    if (line.e.turned) {
      const side = Math.max(p[0], p[n - 2]) + 60;
      ctx.bezierCurveTo(side, p[1] + 40, side, p[n - 1] - 40, p[n - 2], p[n - 1]);
    } else for (let i = 2; i < n; i += 2) {
      const mid = (p[i - 1] + p[i + 1]) / 2;
      ctx.bezierCurveTo(p[i - 2], mid, p[i], mid, p[i], p[i + 1]);
    }
    ctx.stroke();
    if (scale > 0.3) {
      const x = p[n - 2], y = p[n - 1];
      ctx.beginPath(); ctx.moveTo(x, y); ctx.lineTo(x - 3.5, y - 7); ctx.lineTo(x + 3.5, y - 7); ctx.fill();
    }
  }
  function stub(x, from, to) {
    ctx.beginPath(); ctx.moveTo(x, from); ctx.lineTo(x, to); ctx.stroke();
    ctx.beginPath(); ctx.arc(x, to, 2.5, 0, 7); ctx.fill();
  }
  function label(line) {
    const v = V[line.e.values[0]], p = line.points;
    const text = cut(shapeOf(v.type) || v.type, PLAIN, 200) + (line.e.values.length > 1 ? " +" + (line.e.values.length - 1) : "");
    if (p[3] - p[1] < 18) return;
    const x = (p[0] + p[2]) / 2 + 6, y = (p[1] + Math.min(p[3], p[1] + 60)) / 2, w = textWidth(text, PLAIN);
    ctx.fillStyle = colour("paper");
    ctx.globalAlpha = 0.85; ctx.fillRect(x - 2, y - 7, w + 4, 14); ctx.globalAlpha = 1;
    ctx.fillStyle = colour("accent");
    ctx.fillText(text, x, y);
  }
  function box(b, words) {
    ctx.lineWidth = 1;
    ctx.textBaseline = "middle"; ctx.textAlign = "center";
    const x = b.x + b.w / 2;
    if (b.kind === "IN" || b.kind === "OUT") {
      ctx.fillStyle = colour("paper"); ctx.strokeStyle = colour("edge");
      rounded(ctx, b.x, b.y, b.w, b.h, 10);
      ctx.fill(); ctx.stroke();
      if (words) { ctx.font = PLAIN; ctx.fillStyle = colour("soft"); ctx.fillText(cut(portName(b.ref), PLAIN, b.w - 14), x, b.y + b.h / 2 + 0.5); }
      return;
    }
    const background = fill(b);
    if (b.kind === "GROUP") {
      ctx.strokeStyle = colour("edge"); ctx.fillStyle = colour("frame2");
      rounded(ctx, b.x + 4, b.y + 4, b.w, b.h, 8); ctx.fill(); ctx.stroke();
    }
    ctx.fillStyle = background; ctx.strokeStyle = colour(b.kind === "GROUP" ? "soft" : "edge");
    rounded(ctx, b.x, b.y, b.w, b.h, b.kind === "GROUP" ? 8 : 6);
    ctx.fill(); ctx.stroke();
    if (!words) return;
    const ink = inkOn(background);
    ctx.fillStyle = ink;
    if (b.kind === "GROUP") {
      const g = G[b.ref];
      ctx.font = HEAD; ctx.fillText(cut("▸ " + groupTitle(g), HEAD, b.w - 16), x, b.y + 15);
      ctx.font = PLAIN; ctx.globalAlpha = 0.8; ctx.fillText(cut(groupNote(g), PLAIN, b.w - 14), x, b.y + 31); ctx.globalAlpha = 1;
      return;
    }
    const node = N[b.ref];
    ctx.font = BOLD; ctx.fillText(node.label, x, b.y + 13);
    let sub = node.sub;
    if (by === "time") sub = node.micros == null ? "–" : time(node.micros);
    if (by === "size") sub = node.bytes ? bytes(node.bytes) : "";
    ctx.font = PLAIN; ctx.globalAlpha = 0.75; ctx.fillText(cut(sub, PLAIN, b.w - 10), x, b.y + 27); ctx.globalAlpha = 1;
  }
  function map(left, top, right, bottom) {
    const ratio = devicePixelRatio || 1, w = 120, h = 220;
    overview.hidden = bounds.w * scale < width && bounds.h * scale < height;
    if (overview.hidden) return;
    if (overview.width !== w * ratio) { overview.width = w * ratio; overview.height = h * ratio; overview.style.width = w + "px"; overview.style.height = h + "px"; }
    const sx = w / bounds.w, sy = h / bounds.h;
    small.setTransform(ratio, 0, 0, ratio, 0, 0);
    small.clearRect(0, 0, w, h);
    for (const b of boxes) {
      if (b.kind === "IN" || b.kind === "OUT") continue;
      small.fillStyle = b.kind === "FRAME" ? colour("frame2") : by === "operator" && b.kind === "GROUP" ? colour("edge") : fill(b);
      small.fillRect(b.x * sx, b.y * sy, Math.max(1, b.w * sx), Math.max(1, b.h * sy));
    }
    small.strokeStyle = colour("accent"); small.lineWidth = 1.5;
    small.strokeRect(left * sx, top * sy, (right - left) * sx, Math.max(3, (bottom - top) * sy));
  }

  /* ---- moving about ---- */
  function resize() {
    const ratio = devicePixelRatio || 1, stage = $("stage");
    width = stage.clientWidth; height = stage.clientHeight;
    const w = Math.round(width * ratio), h = Math.round(height * ratio);
    if (canvas.width === w && canvas.height === h) return;
    canvas.width = w; canvas.height = h;
    // A new size empties the canvas: painting at once leaves no blank frame.
    if (boxes.length) paint();
  }
  function zoom(factor, x, y) {
    const next = Math.max(0.02, Math.min(3, scale * factor));
    tx = x - (x - tx) * next / scale; ty = y - (y - ty) * next / scale;
    scale = next;
    draw();
  }
  function fit(least) {
    const whole = Math.min(width / (bounds.w + 60), height / (bounds.h + 60), 1.2);
    scale = Math.max(whole, least || 0);
    // What is wider than the window begins at its first item.
    const first = G[0].own[G[0].points[0][0]] || boxes[0];
    tx = bounds.w * scale <= width || !first ? (width - bounds.w * scale) / 2 : width / 2 - (first.x + first.w / 2) * scale;
    ty = bounds.h * scale + 60 * scale > height ? 20 : (height - bounds.h * scale) / 2;
    draw();
  }
  function centre(b) {
    scale = Math.max(scale, 0.9);
    tx = width / 2 - (b.x + b.w / 2) * scale; ty = height / 2 - (b.y + Math.min(b.h, 200) / 2) * scale;
    draw();
  }
  function toggle(b) {
    const before = { x: b.x * scale + tx, y: b.y * scale + ty };
    if (opened.has(b.ref)) opened.delete(b.ref); else opened.add(b.ref);
    lay();
    const now = boxes.find((c) => (c.kind === "GROUP" || c.kind === "FRAME") && c.ref === b.ref);
    tx = before.x - now.x * scale; ty = before.y - now.y * scale;
    select(now);
    draw();
  }
  function revealNode(node) {
    let g = groupOfNode[node];
    const own = ownerGroup.get(node);
    if (g < 0 && own !== undefined) return revealGroup(own);
    for (; g > 0; g = outer[g]) opened.add(g);
    lay();
    const b = boxes.find((c) => c.kind === "NODE" && c.ref === node);
    if (b) { select(b); centre(b); }
  }
  function revealGroup(gi) {
    for (let g = outer[gi]; g > 0; g = outer[g]) opened.add(g);
    lay();
    const b = boxes.find((c) => (c.kind === "GROUP" || c.kind === "FRAME") && c.ref === gi);
    if (b) { select(b); centre(b); }
  }
  function openAll() { G.forEach((g, i) => opened.add(i)); lay(); fit(0.1); }
  function closeAll() { opened.clear(); opened.add(0); lay(); fit(0.3); }

  /* ---- the selected ---- */
  const el = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
  function section(title, items) {
    if (!items.length) return;
    $("details").appendChild(el("h3", title));
    const list = $("details").appendChild(el("ul"));
    items.forEach((i) => list.appendChild(i));
  }
  function link(node, text) {
    const li = el("li"), button = li.appendChild(el("button", text));
    button.type = "button";
    button.addEventListener("click", () => revealNode(node));
    return li;
  }
  function valueLine(v, ends) {
    const value = V[v], li = el("li");
    li.appendChild(el("code", value.name)); li.appendChild(el("span", " " + value.type, "soft"));
    ends.slice(0, 8).forEach((n) => { li.appendChild(document.createElement("br")); const b = li.appendChild(el("button", (ends === value.to ? "→ " : "← ") + opName(N[n].op) + " " + N[n].name)); b.type = "button"; b.addEventListener("click", () => revealNode(n)); });
    if (ends.length > 8) li.appendChild(el("div", "and " + (ends.length - 8) + " more", "soft"));
    return li;
  }
  function select(b) {
    selected = b;
    const panel = $("details");
    panel.textContent = "";
    const was = panel.hidden;
    panel.hidden = !b;
    if (b) {
      const close = panel.appendChild(el("button", "×", "close"));
      close.type = "button"; close.setAttribute("aria-label", "Close"); close.addEventListener("click", () => select(null));
      if (b.kind === "NODE") describe(b.ref);
      else if (b.kind === "IN" || b.kind === "OUT") {
        panel.appendChild(el("h2", V[b.ref].name));
        panel.appendChild(el("p", V[b.ref].type, "soft"));
        section("Made by", V[b.ref].from >= 0 ? [link(V[b.ref].from, opName(N[V[b.ref].from].op) + " " + N[V[b.ref].from].name)] : []);
        section("Read by", V[b.ref].to.map((n) => link(n, opName(N[n].op) + " " + N[n].name)));
      } else {
        const g = G[b.ref];
        panel.appendChild(el("h2", groupTitle(g)));
        panel.appendChild(el("p", groupNote(g), "soft"));
        if (g.family && family.get(g.family) > 1) panel.appendChild(el("p", "one of " + family.get(g.family) + " like it", "soft"));
        const flip = panel.appendChild(el("button", opened.has(b.ref) ? "Close it" : "Open it"));
        flip.type = "button"; flip.addEventListener("click", () => toggle(b));
        if (g.node >= 0) describe(g.node);
      }
      $("said").textContent = panel.querySelector("h2").textContent + (b.kind === "NODE" ? ", " + N[b.ref].name : "");
    }
    if (was !== panel.hidden) resize();
    draw();
  }
  function describe(i) {
    const n = N[i], panel = $("details");
    panel.appendChild(el("h2", n.op));
    panel.appendChild(el("p", n.name, "soft"));
    if (n.micros != null) panel.appendChild(el("p", time(n.micros) + " a run"));
    if (n.bytes) panel.appendChild(el("p", bytes(n.bytes) + " of weights"));
    section("Inputs", n.in.map((v) => valueLine(v, V[v].from >= 0 ? [V[v].from] : [])));
    section("Weights", n.weights.map((w) => { const li = el("li"); li.appendChild(el("code", w.name)); li.appendChild(el("span", " " + w.type + (w.bytes > 1000 ? ", " + bytes(w.bytes) : ""), "soft")); return li; }));
    section("Attributes", n.attributes.map((a) => el("li", a)));
    section("Outputs", n.out.map((v) => valueLine(v, V[v].to)));
  }

  /* ---- pointer ---- */
  const pointers = new Map();
  let moved = 0, pinch = 0;
  const at = (event) => { const r = canvas.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; };
  function hit(px, py) {
    const x = (px - tx) / scale, y = (py - ty) / scale;
    let best = null;
    for (const b of boxes) if (x >= b.x && x <= b.x + b.w && y >= b.y && y <= b.y + b.h && (!best || b.depth >= best.depth)) best = b;
    return best;
  }
  canvas.addEventListener("pointerdown", (e) => { canvas.setPointerCapture(e.pointerId); pointers.set(e.pointerId, at(e)); moved = 0; });
  canvas.addEventListener("pointermove", (e) => {
    const before = pointers.get(e.pointerId);
    if (!before) return;
    const now = at(e);
    if (pointers.size === 1) { tx += now[0] - before[0]; ty += now[1] - before[1]; moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]); draw(); }
    pointers.set(e.pointerId, now);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()], apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (pinch) zoom(apart / pinch, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      pinch = apart; moved = 99;
    }
  });
  function release(e) {
    if (pointers.delete(e.pointerId) && moved < 5 && e.type === "pointerup") {
      const b = hit(...at(e)), y = (at(e)[1] - ty) / scale;
      if (b && (b.kind === "GROUP" || (b.kind === "FRAME" && y < b.y + HEADER))) toggle(b); else select(b && b.kind !== "FRAME" ? b : null);
    }
    pinch = 0;
  }
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    if (e.ctrlKey || e.metaKey) zoom(Math.exp(-e.deltaY * 0.01), ...at(e));
    else { tx -= e.shiftKey ? e.deltaY : e.deltaX; ty -= e.shiftKey ? 0 : e.deltaY; draw(); }
  }, { passive: false });
  overview.addEventListener("pointerdown", (e) => {
    const r = overview.getBoundingClientRect();
    tx = width / 2 - (e.clientX - r.left) / r.width * bounds.w * scale;
    ty = height / 2 - (e.clientY - r.top) / r.height * bounds.h * scale;
    draw();
  });

  /* ---- keys ---- */
  function step(down) {
    if (!selected) { const first = boxes.find((b) => b.kind !== "FRAME"); if (first) { select(first); centre(first); } return; }
    const b = boxes.find((c) => same(c, selected));
    if (!b) return;
    const e = G[b.group].edges.find((c) => (down ? c.from : c.to) === b.item);
    if (e) { const next = G[b.group].own[down ? e.to : e.from]; select(next); centre(next); }
  }
  function aside(by) {
    const b = selected && boxes.find((c) => same(c, selected));
    if (!b) return;
    const g = G[b.group], layer = g.points[g.rank[b.item]].filter((p) => p < g.items.length);
    const next = layer[layer.indexOf(b.item) + by];
    if (next !== undefined) { select(g.own[next]); centre(g.own[next]); }
  }
  canvas.addEventListener("keydown", (e) => {
    const keys = {
      ArrowDown: () => step(true), ArrowUp: () => step(false), ArrowRight: () => aside(1), ArrowLeft: () => aside(-1),
      Enter: () => { const b = selected && boxes.find((c) => same(c, selected)); if (b && (b.kind === "GROUP" || b.kind === "FRAME")) toggle(b); },
      Escape: () => select(null),
    };
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });
  addEventListener("keydown", (e) => {
    if (e.target.tagName === "INPUT" || e.target.tagName === "SELECT" || e.ctrlKey || e.metaKey || e.altKey) return;
    const keys = { "/": () => $("search").focus(), "+": () => zoom(1.25, width / 2, height / 2), "=": () => zoom(1.25, width / 2, height / 2), "-": () => zoom(0.8, width / 2, height / 2), 0: () => fit(0.03), e: openAll, c: closeAll };
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });

  /* ---- search ---- */
  const index = [];
  G.forEach((g, i) => { if (i > 0) index.push({ text: groupTitle(g), note: groupNote(g), low: groupTitle(g).toLowerCase(), go: () => revealGroup(i) }); });
  N.forEach((n, i) => index.push({ text: n.name, note: n.op, low: (n.name + " " + n.op + " " + n.weights.map((w) => w.name).join(" ")).toLowerCase(), go: () => revealNode(i) }));
  let found = [], chosen = 0;
  function seek() {
    const wanted = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    let more = 0;
    if (wanted.length) for (const entry of index) if (wanted.every((w) => entry.low.includes(w))) { if (found.length < 60) found.push(entry); else more++; }
    chosen = 0;
    const list = $("found");
    list.textContent = "";
    found.forEach((entry, i) => {
      const li = list.appendChild(el("li", entry.text + " "));
      li.setAttribute("role", "option"); li.id = "found-" + i;
      li.appendChild(el("small", entry.note));
      li.addEventListener("pointerdown", (e) => { e.preventDefault(); go(i); });
    });
    if (more) list.appendChild(el("li", "and " + more + " more"));
    if (wanted.length && !found.length) list.appendChild(el("li", "nothing found"));
    list.hidden = !wanted.length;
    $("search").setAttribute("aria-expanded", String(!list.hidden));
    mark();
  }
  function mark() {
    [...$("found").children].forEach((li, i) => { li.setAttribute("aria-selected", String(i === chosen && i < found.length)); if (i === chosen) li.scrollIntoView({ block: "nearest" }); });
    if (found.length) $("search").setAttribute("aria-activedescendant", "found-" + chosen); else $("search").removeAttribute("aria-activedescendant");
  }
  function go(i) { if (found[i]) { found[i].go(); $("found").hidden = true; $("search").setAttribute("aria-expanded", "false"); canvas.focus(); } }
  $("search").addEventListener("input", seek);
  $("search").addEventListener("focus", seek);
  $("search").addEventListener("blur", () => { $("found").hidden = true; });
  $("search").addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); chosen = Math.max(0, Math.min(found.length - 1, chosen + (e.key === "ArrowDown" ? 1 : -1))); mark(); }
    else if (e.key === "Enter") go(chosen);
    else if (e.key === "Escape") { $("search").value = ""; seek(); canvas.focus(); }
  });

  /* ---- tools ---- */
  const KINDS = { contraction: "products", normalization: "normalization", elementwise: "element by element", reduction: "reduction", reshape: "shape", gather: "picks and moves", quantize: "quantization", control: "control", other: "other" };
  function legend() {
    const box = $("legend");
    box.textContent = "";
    if (by === "operator") {
      const used = new Set(N.map((n) => n.kind));
      Object.keys(KINDS).filter((k) => used.has(k)).forEach((k) => { const s = box.appendChild(el("span")); const i = s.appendChild(el("i")); i.style.background = "var(--" + k + ")"; s.appendChild(document.createTextNode(KINDS[k])); });
    } else {
      const s = box.appendChild(el("span"));
      s.appendChild(document.createTextNode("0 "));
      s.appendChild(el("i", undefined, "ramp"));
      s.appendChild(document.createTextNode(by === "time" ? time(dearest) + " a node, root scale" : bytes(largest) + " a node, root scale"));
    }
  }
  function setColour(to) { by = to; $("colour").value = to; legend(); draw(); }
  $("colour").addEventListener("change", () => setColour($("colour").value));
  if (!data.timed) $("colour").querySelector("[value=time]").disabled = true;
  $("open-all").addEventListener("click", openAll);
  $("close-all").addEventListener("click", closeAll);
  $("in").addEventListener("click", () => zoom(1.25, width / 2, height / 2));
  $("out").addEventListener("click", () => zoom(0.8, width / 2, height / 2));
  $("fit").addEventListener("click", () => fit(0.03));
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (systemDark.matches ? "dark" : "light")) === "dark";
  function setTheme(theme) {
    if (theme) root.dataset.theme = theme;
    palette = {};
    $("theme").textContent = isDark() ? "Light" : "Dark";
    draw();
  }
  $("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  systemDark.addEventListener("change", () => setTheme());

  /* #dark, #light, #open, #colour=time, #node=NAME, joined by & */
  function follow() {
    for (const part of decodeURIComponent(location.hash.slice(1)).split("&")) {
      const [key, value] = [part.split("=")[0], part.slice(part.indexOf("=") + 1)];
      if (key === "dark" || key === "light") setTheme(key);
      else if (key === "open") openAll();
      else if (key === "colour" && (value === "size" || value === "operator" || (value === "time" && data.timed))) setColour(value);
      else if (key === "node") { const i = N.findIndex((n) => n.name === value); if (i >= 0) revealNode(i); }
    }
  }
  new ResizeObserver(resize).observe($("stage"));
  setTheme();
  legend();
  resize();
  lay();
  fit(0.5);
  follow();
  addEventListener("hashchange", follow);
})();
