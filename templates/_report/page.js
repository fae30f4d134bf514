"use strict";
// The page's own script, in four files that are one: this one unpacks the data and starts the others.
const $ = (id) => document.getElementById(id);
const MINUS = "\u2212";

function h(tag, props = {}, ...kids) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "style") for (const [key, part] of Object.entries(value)) node.style.setProperty(key, part);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...kids.flat().filter((kid) => kid !== null && kid !== undefined && kid !== ""));
  return node;
}

// -- figures --
const known = (value) => value !== null && value !== undefined;
const signed = (value, places) => {
  const text = Math.abs(value).toFixed(places);
  return `${Number(text) === 0 ? "" : value > 0 ? "+" : MINUS}${text.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}`;
};
const percent = (ratio, places = 2) => (known(ratio) ? `${signed(ratio * 100, places)}%` : "–");
const inR = (value) => (known(value) ? `${signed(value, 2)}R` : "–");
const tone = (value) => (!value ? "" : value > 0 ? "good" : "bad");
const day = (time) => new Date(time * 1000).toISOString().slice(0, 10);
const clock = (time) => new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ");
function price(value) {
  if (!known(value)) return "–";
  const places = Math.min(10, Math.max(0, 5 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return String(Number(value.toFixed(places)));
}
function spell(seconds) {
  const minutes = Math.round(seconds / 60);
  const parts = [[Math.floor(minutes / 1440), "d"], [Math.floor(minutes / 60) % 24, "h"], [minutes % 60, "m"]];
  return parts.filter(([amount]) => amount).slice(0, 2).map(([amount, unit]) => amount + unit).join(" ") || "0m";
}
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// -- the data --
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function tradesOf(data) {
  const { names, texts, ...columns } = data.trades;
  const keys = Object.keys(columns);
  return columns.signal.map((at, place) => {
    const one = { place };
    for (const key of keys) one[key] = columns[key][place];
    for (const key of ["strategy", "symbol", "timeframe", "status"]) one[key] = names[one[key]];
    one.skipped = known(one.skipped) ? names[one.skipped] : null;
    one.opened = known(one.opened) ? at + one.opened : null;
    one.closed = known(one.closed) ? at + one.closed : null;
    one.fills = one.fills.map(([after, at_price, part, reason]) => ({ time: at + after, price: at_price, part, reason: names[reason] }));
    one.why = one.why.map(([text, truth, said]) => {
      const [name, weight, ...rest] = texts[text].split("|");
      return { name, weight, text: rest.join("|"), truth, said };
    });
    // A trade counts where it has a result and, in an account, was taken.
    one.counts = known(one.result) && !one.skipped;
    return one;
  });
}

// -- light and dark --
const themed = [];
function theme(name) {
  document.documentElement.dataset.theme = name;
  for (const redraw of themed) redraw();
}
function startTheme() {
  const wanted = matchMedia("(prefers-color-scheme: dark)");
  theme(wanted.matches ? "dark" : "light");
  wanted.addEventListener("change", () => theme(wanted.matches ? "dark" : "light"));
  $("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
}

// -- the funnel --
function drawFunnel(data) {
  const parts = [];
  for (const [strategy, sides] of Object.entries(data.funnels)) {
    for (const side of sides) {
      const count = (value) => value.toLocaleString("en");
      const blocked = side.blocked.map(([reason, times]) => `${reason} ${count(times)}`).join(", ");
      const rows = [h("h3", {}, `${data.names[strategy] || strategy}, ${side.side}`)];
      rows.push(h("p", { class: "flow" }, `${count(side.candles)} candles → fired ${count(side.fires)} → ${count(side.signals)} signals${blocked ? ` (blocked: ${blocked})` : ""}`));
      for (const one of side.conditions) {
        const all = side.candles ? one.held / side.candles : 0, given = one.others ? one.with_others / one.others : 0;
        const title = `${one.text}\nheld on ${count(one.held)} of ${count(side.candles)} candles; with all others ${count(one.with_others)} of ${count(one.others)}; alone in the way ${count(one.alone)} times`;
        rows.push(h("div", { class: "cond", title }, h("b", {}, one.name),
          h("i", { style: { "--all": `${100 * all}%`, "--given": `${100 * given}%` } }), h("span", {}, `${(100 * all).toFixed(all < 0.1 ? 1 : 0)}%`)));
      }
      parts.push(h("div", {}, rows));
    }
  }
  if (parts.length) parts.push(h("p", { class: "hint" }, "Pale: how often it held. Blue: how often it held where all others did."));
  $("funnel").replaceChildren(...(parts.length ? parts : [h("p", { class: "hint" }, "No side was decided.")]));
}

async function start() {
  startTheme();
  const data = await unpacked($("data").textContent);
  const trades = tradesOf(data);
  drawEquity(data);
  const candles = drawCandles(data, trades);
  const list = listTrades(data, trades, candles.show);
  drawScatter(trades.filter((one) => one.counts), list.choose);
  drawFunnel(data);
  document.documentElement.dataset.ready = "yes";
}
addEventListener("DOMContentLoaded", start);
