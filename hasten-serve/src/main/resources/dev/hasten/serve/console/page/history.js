/* What the server counted, second by second: totals come, rates and percentiles are shown. */

export const KEPT = 120;
const LATENCY_OVER = 5; // looks that a percentile is taken over: one second alone has too few requests

const keyOf = (model) => model.name + "\u0000" + model.version;
const histories = new Map();

const counts = (pairs) => new Map(pairs || []);

function difference(newer, older) {
  const rest = [];
  for (const [key, count] of newer) {
    const more = count - (older.get(key) || 0);
    if (more > 0) rest.push([key, more]);
  }
  return rest.sort((a, b) => a[0] - b[0]);
}

/* Buckets grow by 2^(1/4): within one, times are taken as spread evenly. */
const GROWTH = 2 ** 0.25;
function percentile(buckets, share) {
  const all = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return null;
  let left = share * all;
  for (const [bound, count] of buckets) {
    if (left <= count) {
      const low = bound / GROWTH;
      return low + (bound - low) * (left / count);
    }
    left -= count;
  }
  return buckets[buckets.length - 1][0];
}

/** Takes note of a look at the server; returns the histories of its models. */
export function remember(state) {
  const seen = new Set();
  for (const model of state.models) {
    if (model.state !== "READY") continue;
    const key = keyOf(model);
    seen.add(key);
    let history = histories.get(key);
    const last = history && history.looks[history.looks.length - 1];
    if (!last || model.answered < last.model.answered || state.up_ms < last.up) {
      // New, or loaded anew: its totals begin again.
      history = { looks: [], points: [] };
      histories.set(key, history);
    }
    const look = {
      at: state.clock_ms / 1e3,
      up: state.up_ms,
      model,
      latency: counts(model.latency_ms),
    };
    if (history.looks.length > 0) history.points.push(point(history.looks, look));
    history.looks.push(look);
    if (history.looks.length > LATENCY_OVER + 1) history.looks.shift();
    if (history.points.length > KEPT) history.points.shift();
  }
  for (const key of histories.keys()) if (!seen.has(key)) histories.delete(key);
}

function point(looks, now) {
  const last = looks[looks.length - 1];
  const first = looks[Math.max(0, looks.length - LATENCY_OVER)];
  const seconds = Math.max(now.at - last.at, 1e-3);
  const grown = (name) => now.model[name] - last.model[name];
  const recent = difference(now.latency, first.latency);
  const runs = grown("runs");
  return {
    at: Date.now() / 1e3,
    answered: grown("answered") / seconds,
    examples: grown("examples") / seconds,
    refused: grown("failed") / seconds,
    p50: percentile(recent, 0.5),
    p99: percentile(recent, 0.99),
    batch: runs > 0 ? batchMean(now.model.batches, last.model.batches) : null,
    waiting: now.model.waiting,
    running: now.model.running,
  };
}

function batchMean(newer, older) {
  const runs = difference(counts(newer), counts(older));
  const all = runs.reduce((sum, [, count]) => sum + count, 0);
  return all === 0 ? null : runs.reduce((sum, [size, count]) => sum + size * count, 0) / all;
}

export const pointsOf = (model) => (histories.get(keyOf(model)) || { points: [] }).points;

/** The last point, with what it lacks taken from the few before it. */
export function latest(model) {
  const points = pointsOf(model);
  const last = points[points.length - 1];
  if (!last) return null;
  const recent = points.slice(-3);
  const mean = (name) => recent.reduce((sum, p) => sum + p[name], 0) / recent.length;
  const batch = recent.map((p) => p.batch).filter((b) => b !== null);
  return {
    ...last,
    answered: mean("answered"),
    refused: mean("refused"),
    batch: batch.length === 0 ? null : batch[batch.length - 1],
  };
}
