// The list of every signal: sorted, filtered, a page at a time; a row opens to why it was made and what became of it.
const ROWS = 25;
const MARKS = ["✗", "?", "✓"];
const ENDS = { TP_HIT: "target", SL_HIT: "stop", EXPIRED: "expired", CANCELLED: "cancelled", EXITED: "exit", OPEN: "open", PENDING: "pending" };

function story(one, data) {
  const why = one.why.map((part) => h("li", { class: part.truth === 2 ? "" : "no", title: `${part.text} (${part.weight})` },
    h("span", { class: "mark" }, MARKS[part.truth]), h("span", {}, `${part.name}: ${part.said} `, h("code", {}, part.weight))));
  const fills = one.fills.map((fill) => h("li", {}, h("span", {}, fill.reason === "entry" || fill.reason === "add" ? "→" : "←"),
    h("span", {}, `${clock(fill.time)}  ${fill.reason} ${price(fill.price)}${fill.part < 0.9995 ? `, ${Math.round(fill.part * 100)}%` : ""}`)));
  const facts = [
    `stop ${price(one.stop)}`, one.targets.length ? `targets ${one.targets.map(price).join(", ")}` : "no target", `confidence ${one.confidence}`,
    known(one.mfe) ? `best ${percent(one.mfe)}, worst ${percent(one.mae)} on the way` : "",
    known(one.profit) ? `profit ${signed(one.profit, 2)} on ${one.value.toLocaleString("en")}` : "",
    one.ambiguous ? `${one.ambiguous} candle${one.ambiguous > 1 ? "s" : ""} left the order open` : "", one.skipped ? `not taken: ${one.skipped}` : "",
  ].filter(Boolean);
  return h("div", { class: "story" },
    h("div", {}, h("h4", {}, `Why, ${clock(one.signal)}`), h("ul", {}, why)),
    h("div", {}, h("h4", {}, "What became of it"), h("ul", {}, fills.length ? fills : h("li", {}, h("span", {}, "·"), h("span", {}, "never filled"))),
      h("p", { class: "hint" }, facts.join(" · "))));
}

function listTrades(data, trades, show) {
  const columns = [
    ["signal", (one) => one.signal, (one) => [h("span", { class: "wide" }, clock(one.signal).slice(0, 5)), clock(one.signal).slice(5)]],
    ["pair", (one) => one.symbol, (one) => one.symbol],
    ["side", (one) => one.side, (one) => (one.side > 0 ? "long" : "short")],
    ["strategy", (one) => one.strategy, (one) => `${one.strategy} ${one.timeframe}`, "wide"],
    ["entry", (one) => one.entry, (one) => price(one.entry), "wide"],
    ["exit", (one) => one.exit, (one) => price(one.exit), "wide"],
    ["end", (one) => one.skipped || ENDS[one.status], (one) => one.skipped || ENDS[one.status] || one.status, "wide"],
    ["held", (one) => (known(one.closed) && known(one.opened) ? one.closed - one.opened : null), (one) => (known(one.closed) && known(one.opened) ? spell(one.closed - one.opened) : "–"), "wide"],
    ["R", (one) => one.r, (one) => inR(one.r), "wide"],
    ["result", (one) => one.result, (one) => percent(one.result)],
  ];
  if (data.account) columns.push(["profit", (one) => one.profit, (one) => (known(one.profit) ? signed(one.profit, 2) : "–"), "wide"]);
  const which = {
    "all signals": () => true, trades: (one) => one.counts, wins: (one) => one.counts && one.result > 0, losses: (one) => one.counts && one.result < 0,
    "left open": (one) => one.counts && one.ambiguous > 0, "never filled": (one) => !one.fills.length, "still live": (one) => one.status === "OPEN" || one.status === "PENDING",
    ...(data.account ? { skipped: (one) => one.skipped } : {}),
  };
  let sorted = { column: 0, down: true }, at = 0, open = null, found = [];

  const bots = [...new Set(trades.map((one) => one.strategy))];
  $("which").replaceChildren(...Object.keys(which).map((name) => h("option", {}, name)));
  $("bot").replaceChildren(h("option", { value: "" }, "all strategies"), ...bots.map((name) => h("option", {}, name)));
  $("bot").hidden = bots.length < 2;
  $("trades").tHead.replaceChildren(h("tr", {}, columns.map(([name, , , only], place) => h("th", { class: only, on: { click: () => sort(place) } }, name))));

  function sort(place) {
    sorted = { column: place, down: sorted.column === place ? !sorted.down : true };
    refresh();
  }
  function refresh() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean), allowed = which[$("which").value], bot = $("bot").value;
    found = trades.filter((one) => allowed(one) && (!bot || one.strategy === bot)
      && words.every((word) => `${one.symbol} ${one.strategy} ${one.timeframe} ${one.side > 0 ? "long" : "short"} ${ENDS[one.status]} ${one.skipped || ""} ${day(one.signal)}`.toLowerCase().includes(word)));
    const key = columns[sorted.column][1], way = sorted.down ? -1 : 1;
    found.sort((a, b) => {
      const one = key(a), two = key(b);
      if (!known(one) || !known(two)) return known(one) ? -1 : known(two) ? 1 : 0;
      return (one < two ? -1 : one > two ? 1 : a.place - b.place) * way;
    });
    at = 0;
    draw();
  }
  function draw() {
    const pages = Math.max(1, Math.ceil(found.length / ROWS));
    at = Math.min(at, pages - 1);
    const rows = found.slice(at * ROWS, (at + 1) * ROWS).flatMap((one) => {
      const cells = columns.map(([name, , text, only], place) => h("td", { class: [only, (name === "result" || name === "R" || name === "profit") ? tone(columns[place][1](one)) : ""].filter(Boolean).join(" ") }, text(one)));
      const row = h("tr", { class: open === one ? "row open" : "row", tabindex: "0", on: { click: () => toggle(one), keydown: (event) => { if (event.key === "Enter") toggle(one); } } }, cells);
      return open === one ? [row, h("tr", { class: "more" }, h("td", { colspan: columns.length }, story(one, data)))] : [row];
    });
    $("trades").tBodies[0].replaceChildren(...rows);
    [...$("trades").tHead.rows[0].cells].forEach((cell, place) => {
      if (place === sorted.column) cell.setAttribute("aria-sort", sorted.down ? "descending" : "ascending"); else cell.removeAttribute("aria-sort");
    });
    $("count").textContent = `${found.length.toLocaleString("en")} of ${trades.length.toLocaleString("en")}`;
    $("where").textContent = `page ${at + 1} of ${pages}`;
    $("back").disabled = at === 0;
    $("next").disabled = at >= pages - 1;
  }
  function tell(one) {
    show(one);
    $("told").hidden = false;
    $("told").replaceChildren(h("p", {}, h("b", {}, `${one.side > 0 ? "Long" : "Short"} ${one.symbol}`), ` · ${one.strategy} ${one.timeframe} · ${clock(one.signal)} · `,
      h("span", { class: tone(one.result) }, `${percent(one.result)} ${known(one.r) ? inR(one.r) : ""}`)), story(one, data));
  }
  function toggle(one) {
    open = open === one ? null : one;
    draw();
    if (open) tell(one);
  }
  function choose(one) {
    tell(one);
    $("candles").scrollIntoView({ block: "center", behavior: "smooth" });
  }
  for (const id of ["search", "which", "bot"]) $(id).addEventListener("input", refresh);
  $("back").addEventListener("click", () => { at -= 1; draw(); });
  $("next").addEventListener("click", () => { at += 1; draw(); });
  refresh();
  return { choose };
}
