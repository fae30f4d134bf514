// Equity with its drawdown, and trades on candles.
const LW = window.LightweightCharts;

function chartOptions(wheel = true) {
  return {
    layout: {
      background: { type: "solid", color: "transparent" }, textColor: color("--soft"), attributionLogo: false,
      fontFamily: getComputedStyle(document.body).fontFamily, panes: { separatorColor: color("--line"), enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: color("--line") } },
    rightPriceScale: { borderVisible: false }, timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 2, minBarSpacing: 0.02 },
    crosshair: { mode: 0 }, autoSize: true, localization: { locale: "en-GB" },
    handleScroll: { vertTouchDrag: false, mouseWheel: false }, handleScale: { mouseWheel: wheel },
  };
}

function drawEquity(data) {
  const equity = data.equity, additive = equity.base === 0;
  const chart = LW.createChart($("equity"), chartOptions(false));
  const shown = additive ? (value) => percent(value, 1) : (value) => Math.round(value).toLocaleString("en");
  const format = { type: "custom", formatter: shown, minMove: additive ? 0.0001 : 0.01 };
  const hold = chart.addSeries(LW.LineSeries, { lineWidth: 1, priceFormat: format, priceLineVisible: false });
  const own = chart.addSeries(LW.LineSeries, { lineWidth: 2, priceFormat: format, priceLineVisible: false });
  const fall = chart.addSeries(LW.BaselineSeries, {
    lineWidth: 1, priceLineVisible: false, lastValueVisible: false, baseValue: { type: "price", price: 0 },
    priceFormat: { type: "custom", formatter: (value) => percent(value, 1), minMove: 0.0001 },
  }, 1);
  const points = (values, sign = 1) => equity.time.map((time, place) => ({ time, value: sign * values[place] }));
  hold.setData(points(equity.hold));
  own.setData(points(equity.own));
  fall.setData(points(equity.fall, -1));
  chart.panes()[0].setStretchFactor(3);
  chart.panes()[1].setStretchFactor(1);
  themed.push(() => {
    chart.applyOptions(chartOptions(false));
    own.applyOptions({ color: color("--own") });
    hold.applyOptions({ color: color("--hold") });
    const red = color("--bad-rgb").split(" ").join(","), shade = `rgba(${red},.28)`, none = "transparent";
    fall.applyOptions({
      bottomLineColor: `rgba(${red},.7)`, bottomFillColor1: shade, bottomFillColor2: shade, topLineColor: none, topFillColor1: none, topFillColor2: none,
    });
  });
  themed.at(-1)();
  fall.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.12 } });
  const count = equity.time.length;
  chart.timeScale().setVisibleLogicalRange({ from: -0.02 * count, to: 1.01 * count });
}

function barsOf(part) {
  const bars = [], gaps = new Map(part.gaps);
  let time = part.first, last = part.start;
  for (let row = 0; row < part.open.length; row += 1) {
    if (row) time += part.step * (gaps.get(row) || 1);
    const open = last + part.open[row], close = last + part.close[row];
    bars.push({
      time, open: open * part.tick, close: close * part.tick,
      high: (Math.max(open, close) + part.high[row]) * part.tick, low: (Math.min(open, close) - part.low[row]) * part.tick,
    });
    last = close;
  }
  return bars;
}

// The bar in which something happened: the last one that had opened by then.
function barAt(bars, time) {
  let low = 0, high = bars.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bars[middle].time <= time) low = middle; else high = middle - 1;
  }
  return low;
}

function drawCandles(data, trades) {
  const chart = LW.createChart($("candles"), chartOptions());
  const series = chart.addSeries(LW.CandlestickSeries, { borderVisible: false, priceLineVisible: false });
  const markers = LW.createSeriesMarkers(series, []);
  const cache = new Map();
  let levels = [], current = null, chosen = null;

  const bars = (symbol) => {
    if (!cache.has(symbol)) {
      const part = data.symbols.find((one) => one.symbol === symbol);
      cache.set(symbol, part ? { part, list: barsOf(part) } : { part: null, list: [] });
    }
    return cache.get(symbol);
  };
  const marks = (symbol) => {
    const { list } = bars(symbol);
    if (!list.length) return [];
    const found = [];
    for (const one of trades) {
      if (one.symbol !== symbol || !one.fills.length || one.skipped) continue;
      const long = one.side > 0, own = chosen === one, size = own ? 2 : 1;
      found.push({ time: list[barAt(list, one.opened)].time, position: long ? "belowBar" : "aboveBar", shape: long ? "arrowUp" : "arrowDown", color: color(own ? "--ink" : "--own"), size });
      if (known(one.closed)) found.push({ time: list[barAt(list, one.closed - 1)].time, position: long ? "aboveBar" : "belowBar", shape: "circle", color: color(one.result > 0 ? "--good" : "--bad"), size: size * 0.6 });
    }
    return found.sort((a, b) => a.time - b.time);
  };
  const paint = () => {
    chart.applyOptions(chartOptions());
    series.applyOptions({ upColor: color("--good"), downColor: color("--bad"), wickUpColor: color("--good"), wickDownColor: color("--bad") });
    if (current) markers.setMarkers(marks(current));
  };
  const line = (from, until, value, name, style, width = 1) => {
    if (!known(value)) return;
    const one = chart.addSeries(LW.LineSeries, { color: color(name), lineWidth: width, lineStyle: style, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false });
    one.setData(until > from ? [{ time: from, value }, { time: until, value }] : [{ time: from, value }]);
    levels.push(one);
  };
  const clear = () => { for (const one of levels) chart.removeSeries(one); levels = []; };

  const choose = (symbol) => {
    if (current === symbol) return;
    current = symbol;
    chosen = null;
    clear();
    const { part, list } = bars(symbol);
    if (part) series.applyOptions({ priceFormat: { type: "custom", formatter: price, minMove: part.tick } });
    series.setData(list);
    markers.setMarkers(marks(symbol));
    chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, list.length - 240), to: list.length + 2 });
    for (const chip of $("symbols").children) chip.setAttribute("aria-selected", String(chip.dataset.symbol === symbol));
  };
  const show = (one) => {
    choose(one.symbol);
    chosen = one;
    clear();
    const { list } = bars(one.symbol);
    if (!list.length) return;
    const end = one.closed ?? list.at(-1).time;
    const from = barAt(list, one.opened ?? one.signal), until = barAt(list, Math.max(end - 1, one.signal));
    const first = list[from].time, last = list[until].time;
    line(first, last, one.entry ?? one.quote, "--own", 0, 2);
    line(first, last, one.stop, "--bad", 2);
    for (const target of one.targets) line(first, last, target, "--good", 2);
    markers.setMarkers(marks(one.symbol));
    const room = Math.max(25, Math.round((until - from) * 0.8));
    chart.timeScale().setVisibleLogicalRange({ from: from - room, to: until + room });
  };

  const count = new Map();
  for (const one of trades) if (one.counts) count.set(one.symbol, (count.get(one.symbol) || 0) + 1);
  const symbols = data.symbols.map((part) => part.symbol).sort((a, b) => (count.get(b) || 0) - (count.get(a) || 0));
  $("symbols").replaceChildren(...symbols.map((symbol) => h("button", { type: "button", role: "tab", "data-symbol": symbol, on: { click: () => choose(symbol) } },
    symbol, h("small", {}, `${count.get(symbol) || 0} · ${bars(symbol).part.timeframe}`))));
  themed.push(paint);
  paint();
  if (symbols.length) choose(symbols[0]);
  return { show };
}
