"use strict";
// The page's data is the last element of the document, one post a line, and is read once all of it is there.
const ICON = {
  telegram: "M21.9 4.3 18.8 19c-.2 1-.9 1.300-1.700.8l-4.700-3.500-2.300 2.200c-.3.3-.5.5-1 .5l.3-4.800 8.800-7.900c.4-.3-.1-.5-.6-.2L6.800 12.900l-4.700-1.500c-1-.3-1-1 .2-1.500l18.300-7c.9-.3 1.600.2 1.300 1.400z",
  x: "M17.7 3h3.100l-6.800 7.800L22 21h-6.300l-4.900-6.400L5.200 21H2.100l7.300-8.300L1.800 3h6.400l4.400 5.900L17.700 3zm-1.100 16.200h1.700L7.300 4.700H5.500l11.100 14.500z",
  linkedin: "M20.400 3H3.600c-.3 0-.6.3-.6.6v16.800c0 .3.3.6.6.6h16.800c.3 0 .6-.3.6-.6V3.600c0-.3-.3-.6-.6-.6zM8.300 18.300H5.700V9.700h2.700v8.600zM7 8.600a1.600 1.600 0 1 1 0-3.100 1.600 1.600 0 0 1 0 3.100zm11.300 9.700h-2.700v-4.200c0-1 0-2.300-1.400-2.300s-1.600 1.100-1.600 2.200v4.300H10V9.700h2.500v1.200c.4-.7 1.200-1.400 2.500-1.400 2.700 0 3.200 1.800 3.200 4.100v4.700z",
};
const ACT = {
  reply: "M12 20c5 0 9-3.400 9-7.600S17 4.800 12 4.800 3 8.200 3 12.400c0 2 .9 3.800 2.400 5.100L5 21l4-1.500c1 .3 2 .5 3 .5z",
  repost: "M4 9l3-3 3 3M7 6.500V16a2 2 0 0 0 2 2h4M20 15l-3 3-3-3M17 17.500V8a2 2 0 0 0-2-2h-4",
  like: "M12 20s-7.500-4.600-9-9.300C1.900 7.200 4.200 4.500 7 4.500c2 0 3.700 1 5 3 1.300-2 3-3 5-3 2.800 0 5.100 2.700 4 6.200-1.500 4.700-9 9.300-9 9.300z",
  send: "M12 15V4M8 7.500 12 3.500l4 4M5 14v4.500A1.500 1.500 0 0 0 6.500 20h11a1.500 1.500 0 0 0 1.500-1.500V14",
};
const NAME = { telegram: "Telegram", x: "X", linkedin: "LinkedIn" };
const STEP = 14;

const $ = (id) => document.getElementById(id);
function h(tag, options, ...kids) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "class") node.className = value;
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...kids.filter((kid) => kid !== null && kid !== undefined && kid !== ""));
  return node;
}
function svg(path, kind) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("aria-hidden", "true");
  if (kind) node.setAttribute("class", kind);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  node.append(line);
  return node;
}

// -- what there is --
let posts = [], threads = [], onlyReports = false, settings = { show: [], title: "" };
const state = { bot: "", side: "", fate: "", text: "", channel: "" };

function read() {
  settings = JSON.parse($("settings").textContent);
  for (const line of $("posts").textContent.split("\n")) {
    if (!line) continue;
    try { posts.push(JSON.parse(line)); } catch { /* a line that was cut off */ }
  }
  const byId = new Map();
  for (const post of posts) {
    const id = post.thread || post.key;
    let thread = byId.get(id);
    if (!thread) byId.set(id, thread = { id, posts: [], last: "", first: post });
    thread.posts.push(post);
    if (post.time > thread.last) thread.last = post.time;
    if (post.kind === "closed") thread.end = post;
  }
  threads = [...byId.values()].sort((a, b) => (a.last < b.last ? 1 : a.last > b.last ? -1 : 0));
  for (const thread of threads) {
    thread.fate = !thread.first.thread ? (thread.first.kind === "report" ? "report" : "note") : thread.end ? thread.end.outcome || "none" : "open";
    thread.words = thread.posts.map((post) => Object.values(post.views).map((view) => view.text).join(" ")).join(" ").toLowerCase();
  }
  onlyReports = threads.every((thread) => thread.fate === "report");
}
const brand = () => posts.findLast((post) => post.brand)?.brand || settings.title || "Signal feed";
// Reports have a chip of their own, so that the first thing seen is a signal; a page of nothing else shows them.
const shownAtAll = (thread) => (state.fate ? thread.fate === state.fate : thread.fate !== "report" || onlyReports);
const wanted = (thread) =>
  (!state.bot || thread.first.bot === state.bot) && (!state.side || thread.first.side === state.side) &&
  shownAtAll(thread) && (!state.text || thread.words.includes(state.text));

// -- numbers --
const signed = (value, places, unit) => (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(places) + unit;
function fateOf(thread) {
  if (thread.fate === "open") return ["open", "live"];
  if (thread.fate === "none") return ["flat", "cancelled"];
  const { result_pct: percent, result_r: r } = thread.end;
  return [thread.fate, signed(percent, 2, "%") + (r === null || r === undefined ? "" : ` · ${signed(r, 1, "R")}`)];
}
function stats(list) {
  const signals = list.filter((thread) => thread.first.thread);
  const ended = signals.filter((thread) => ["win", "loss", "flat"].includes(thread.fate));
  const won = ended.filter((thread) => thread.fate === "win").length;
  const rs = ended.map((thread) => thread.end).filter((end) => typeof end.result_r === "number");
  const sum = rs.reduce((all, end) => all + end.result_r, 0);
  const tile = (name, value, tone) => h("div", {}, h("dt", {}, name), h("dd", { class: tone || "" }, value));
  const tone = (value) => (value > 0 ? "good" : value < 0 ? "bad" : "");
  $("stats").replaceChildren(
    tile("Signals", String(signals.length)),
    tile("Live now", String(signals.filter((thread) => thread.fate === "open").length)),
    tile("Won · lost", `${won} · ${ended.filter((thread) => thread.fate === "loss").length}`),
    tile("Win rate", ended.length ? `${Math.round((100 * won) / ended.length)}%` : "–"),
    tile("Average R", rs.length ? signed(sum / rs.length, 2, "R") : "–", rs.length ? tone(sum) : ""),
    tile("Sum of R", rs.length ? signed(sum, 1, "R") : "–", rs.length ? tone(sum) : ""),
  );
  curve(rs.slice().sort((a, b) => (a.time < b.time ? -1 : 1)).map((end) => end.result_r), sum);
}
function curve(results, sum) {
  const at = [0];
  for (const r of results) at.push(at[at.length - 1] + r);
  const low = Math.min(...at), high = Math.max(...at), span = high - low || 1;
  const y = (value) => (37 - (34 * (value - low)) / span).toFixed(1);
  const path = at.map((value, i) => `${i ? "L" : "M"}${((160 * i) / Math.max(1, at.length - 1)).toFixed(1)} ${y(value)}`).join("");
  const tone = sum >= 0 ? "var(--win)" : "var(--loss)";
  $("sum").hidden = results.length < 2;
  $("curve").innerHTML = results.length < 2 ? "" : `<title>Sum of results in R, in order of their ends</title><line x1="0" x2="160" y1="${y(0)}" y2="${y(0)}"/><path d="${path}" stroke="${tone}"/>`;
}

// -- texts, as each network shows them --
const MARKED = {
  telegram: /(#[\p{L}\p{N}_]+)/gu,
  x: /(\$[A-Za-z]{1,6}\b|#[\p{L}\p{N}_]+)/gu,
  linkedin: /(#[\p{L}\p{N}_]+|https?:\/\/\S+)/gu,
};
function marked(text, channel) {
  return text.split(MARKED[channel]).map((part, i) => (i % 2 ? h("span", { class: "hash" }, part) : part)).filter((part) => part !== "");
}
const TAGS = { B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", DEL: "s", STRIKE: "s", CODE: "code", PRE: "code", BLOCKQUOTE: "blockquote" };
function telegramText(text) {
  const walk = (node) => [...node.childNodes].flatMap((kid) => {
    if (kid.nodeType === Node.TEXT_NODE) return marked(kid.data, "telegram");
    if (kid.nodeType !== Node.ELEMENT_NODE) return [];
    const tag = TAGS[kid.tagName];
    return tag ? [h(tag, tag === "code" ? { title: "Copy", on: { click: copy } } : {}, ...walk(kid))] : walk(kid);
  });
  return walk(new DOMParser().parseFromString(`<body><pre>\n${text}</pre>`, "text/html").querySelector("pre"));
}
function copy(event) {
  const text = event.currentTarget.textContent;
  const done = () => toast(`Copied ${text}`);
  if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done, done);
  else done();
}
function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => $("toast").classList.remove("on"), 1400);
}
const clock = (time) => h("time", { datetime: time, title: `${time.replace("T", " ").replace("Z", "")} UTC` }, time.slice(11, 16));
const DAYS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const day = (time) => `${Number(time.slice(8, 10))} ${DAYS[Number(time.slice(5, 7)) - 1]}`;
const avatar = () => h("span", { class: "avatar", "aria-hidden": "true" }, [...brand()][0] || "S");
const acts = (...names) => h("div", { class: "actions", "aria-hidden": "true" }, ...names);

// LinkedIn's fold: the first lines of a long post, cut between words; empty: the post is short enough to stand whole.
const FOLD = { lines: 5, whole: 16, wide: 48 };
function folded(text) {
  const tall = (line) => Math.max(1, Math.ceil([...line].length / FOLD.wide));
  const lines = text.split("\n"), all = lines.reduce((sum, line) => sum + tall(line), 0);
  if (all <= FOLD.whole) return "";
  const kept = [];
  let room = FOLD.lines;
  for (const line of lines) {
    if (room <= 0) break;
    let head = line;
    if (tall(line) > room) {
      head = "";
      for (const word of line.split(" ")) {
        if (`${head} ${word}`.length > room * FOLD.wide - 6) break;
        head += head ? ` ${word}` : word;
      }
      head ||= [...line].slice(0, room * FOLD.wide - 6).join("");
    }
    kept.push(head);
    room -= tall(line);
  }
  return kept.join("\n").replace(/[\s,;:·]+$/, "");
}

const SHOW = {
  telegram(post, thread) {
    const first = thread.first;
    const quoted = post !== first && first.views.telegram ? first.views.telegram.text.split("\n")[0].replace(/<[^>]*>/g, "") : "";
    const parsed = quoted ? new DOMParser().parseFromString(quoted, "text/html").body.textContent : "";
    return h("div", { class: "bubble" },
      h("div", { class: "name" }, post.brand || brand()),
      quoted ? h("div", { class: "quote" }, h("b", {}, first.brand || brand()), parsed) : null,
      h("div", { class: "text" }, ...telegramText(post.views.telegram.text)),
      h("div", { class: "foot" }, h("span", {}, day(post.time)), clock(post.time)));
  },
  x(post) {
    const view = post.views.x;
    return h("div", { class: "xpost" }, avatar(), h("div", {},
      h("div", { class: "line" }, h("b", {}, post.brand || brand()), h("time", { datetime: post.time }, `· ${day(post.time)} ${post.time.slice(11, 16)}`)),
      h("div", { class: "text" }, ...marked(view.text, "x")),
      acts(svg(ACT.reply), svg(ACT.repost), svg(ACT.like), svg(ACT.send), h("span", { class: "count", title: "Weighted length" }, `${view.length}/${view.limit}`))));
  },
  linkedin(post) {
    const whole = post.views.linkedin.text, head = folded(whole);
    const text = h("div", { class: "text" }, ...marked(head || whole, "linkedin"));
    if (head) text.append(" ", h("button", { class: "more", type: "button", on: { click: () => text.replaceChildren(...marked(whole, "linkedin")) } }, "…more"));
    const act = (path, name) => h("span", {}, svg(path), name);
    return h("div", { class: "lpost" },
      h("div", { class: "line" }, avatar(), h("span", {}, h("b", {}, post.brand || brand()), h("small", {}, `${day(post.time)}, `, clock(post.time), " · 🌐"))),
      text, acts(act(ACT.like, "Like"), act(ACT.reply, "Comment"), act(ACT.repost, "Repost"), act(ACT.send, "Send")));
  },
};
function threadNode(thread, channel) {
  const shown = thread.posts.filter((post) => post.views[channel]);
  const first = thread.first, [tone, fate] = thread.first.thread ? fateOf(thread) : ["flat", first.kind];
  const made = first.kind === "signal" ? `Signal of ${day(first.time)}, ${first.time.slice(11, 16)} UTC` : "";
  const since = made && thread.last > first.time ? ` · last news ${day(thread.last)}, ${thread.last.slice(11, 16)}` : "";
  const side = first.side ? `${first.side.toUpperCase()} ` : "";
  return h("article", { class: `thread ${first.side || ""}`, "data-thread": thread.id },
    h("div", { class: "tag" },
      h("span", { class: "what" }, side + (first.pair || first.bot_name || first.kind)),
      h("span", { class: "by" }, [first.pair ? first.bot_name : "", first.timeframe].filter(Boolean).join(" · ")),
      h("span", { class: `badge ${tone}` }, fate),
      made ? h("span", { class: "when" }, made + since) : null),
    h("div", {}, ...shown.map((post) => SHOW[channel](post, thread))));
}

// -- the columns --
const columns = [];
function column(channel) {
  const scroll = h("div", { class: "scroll", tabindex: "0", "aria-label": `${NAME[channel]} posts` });
  const count = h("small", {});
  const phone = h("section", { class: `phone ${channel}`, "aria-label": NAME[channel] },
    h("div", { class: "bar" }, avatar(), h("span", {}, h("b", {}, brand()), count), svg(ICON[channel], "logo")), scroll);
  const self = { channel, phone, scroll, count, list: [], at: 0 };
  const watch = new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting)) more(self); });
  self.sentinel = h("div", { class: "sentinel" });
  self.fill = () => {
    self.list = threads.filter((thread) => wanted(thread) && thread.posts.some((post) => post.views[channel]));
    const total = self.list.reduce((sum, thread) => sum + thread.posts.filter((post) => post.views[channel]).length, 0);
    self.at = 0;
    count.textContent = `${total.toLocaleString("en")} post${total === 1 ? "" : "s"}`;
    scroll.replaceChildren(self.list.length ? self.sentinel : h("p", { class: "empty" }, posts.length ? "Nothing matches the filters." : "No posts yet."));
    scroll.scrollTop = 0;
    watch.disconnect();
    more(self);
    if (self.list.length) watch.observe(self.sentinel);
  };
  return self;
}
function more(self) {
  const next = self.list.slice(self.at, self.at + STEP);
  self.at += next.length;
  self.sentinel.before(...next.map((thread) => threadNode(thread, self.channel)));
  if (self.at >= self.list.length) self.sentinel.remove();
}
function refill() {
  stats(threads.filter(wanted));
  for (const self of columns) self.fill();
}

// -- controls --
function chips() {
  const bots = [...new Map(threads.filter((t) => t.first.bot).map((t) => [t.first.bot, t.first.bot_name])).entries()].sort((a, b) => a[1].localeCompare(b[1]));
  const group = (name, entries) => entries.map(([value, text]) => {
    const chip = h("button", { class: "chip", type: "button", "aria-pressed": "false", on: { click: () => {
      state[name] = state[name] === value ? "" : value;
      for (const other of $("chips").querySelectorAll(`[data-group=${name}]`)) other.setAttribute("aria-pressed", String(other.dataset.value === state[name] && state[name] !== ""));
      refill();
    } }, "data-group": name, "data-value": value }, text);
    return chip;
  });
  $("chips").replaceChildren(...group("bot", bots), bots.length ? h("i") : "", ...group("side", [["long", "Long"], ["short", "Short"]]), h("i"), ...group("fate", [["open", "Live"], ["win", "Won"], ["loss", "Lost"]]), h("i"), ...group("fate", threads.some((t) => t.fate === "report") && !onlyReports ? [["report", "Reports"]] : []));
  let wait;
  $("search").addEventListener("input", (event) => {
    clearTimeout(wait);
    wait = setTimeout(() => { state.text = event.target.value.trim().toLowerCase(); refill(); }, 120);
  });
}
function choose(channel) {
  state.channel = channel;
  for (const self of columns) self.phone.classList.toggle("on", self.channel === channel);
  for (const button of $("tabs").children) button.setAttribute("aria-pressed", String(button.dataset.channel === channel));
}
function remember(name, value) {
  try { if (value === undefined) return localStorage.getItem(name); localStorage.setItem(name, value); } catch { /* file:// may forbid it */ }
  return null;
}
function theme(name) {
  document.documentElement.dataset.theme = name;
  remember("theme", name);
}

theme(remember("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
$("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
document.addEventListener("DOMContentLoaded", () => {
  read();
  document.title = $("title").textContent = settings.title || brand();
  $("mark").textContent = [...brand()][0] || "S";
  const venues = [...new Set(threads.map((thread) => thread.first.venue).filter(Boolean))];
  $("subtitle").textContent = posts.length
    ? `What followers read · ${venues.join(", ")}${venues.length ? " · " : ""}${day(posts[0].time)} to ${day(posts[posts.length - 1].time)} ${posts[posts.length - 1].time.slice(0, 4)}`
    : "What followers will read";
  const channels = settings.show.filter((channel) => SHOW[channel]);
  document.documentElement.style.setProperty("--columns", channels.length);
  for (const channel of channels) {
    const self = column(channel);
    columns.push(self);
    $("channels").append(self.phone);
    $("tabs").append(h("button", { type: "button", "data-channel": channel, on: { click: () => choose(channel) } }, svg(ICON[channel], "logo"), NAME[channel]));
  }
  chips();
  choose(channels[0]);
  refill();
});
