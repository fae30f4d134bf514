// Best and worst open profit of each trade, on a canvas: five thousand points are nothing to it.
function drawScatter(trades, choose) {
  const box = $("scatter"), canvas = box.querySelector("canvas"), label = $("point");
  const points = trades.filter((one) => known(one.mfe) && known(one.mae));
  const edge = (values) => { const sorted = [...values].sort((a, b) => a - b); return sorted.length ? Math.max(sorted[Math.floor(sorted.length * 0.98)], 1e-4) : 0.01; };
  const right = edge(points.map((one) => -one.mae)) * 1.08, top = edge(points.map((one) => one.mfe)) * 1.08;
  const pad = { left: 54, right: 10, top: 10, bottom: 24 };
  let places = [];

  function draw() {
    const width = box.clientWidth, height = box.clientHeight, scale = devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const x = (value) => pad.left + (1 - Math.min(value, right) / right) * (width - pad.left - pad.right);
    const y = (value) => height - pad.bottom - (Math.min(value, top) / top) * (height - pad.top - pad.bottom);
    pen.strokeStyle = color("--line");
    pen.fillStyle = color("--faint");
    pen.lineWidth = 1;
    for (let step = 0; step <= 4; step += 1) {
      const up = (top * step) / 4, across = (right * step) / 4;
      pen.beginPath(); pen.moveTo(pad.left, y(up)); pen.lineTo(width - pad.right, y(up)); pen.stroke();
      pen.textAlign = "right"; pen.fillText(percent(up, 1), pad.left - 6, y(up) + 4);
      pen.textAlign = step === 0 ? "right" : step === 4 ? "left" : "center"; pen.fillText(percent(-across, 1), x(across), height - 8);
    }
    pen.globalAlpha = points.length > 1500 ? 0.35 : 0.6;
    places = points.map((one) => [x(-one.mae), y(one.mfe)]);
    points.forEach((one, place) => {
      pen.fillStyle = color(one.result > 0 ? "--good" : "--bad");
      pen.beginPath(); pen.arc(places[place][0], places[place][1], 3, 0, 7); pen.fill();
    });
    pen.globalAlpha = 1;
  }
  function near(event) {
    const frame = canvas.getBoundingClientRect();
    const at = [event.clientX - frame.left, event.clientY - frame.top];
    let best = -1, least = 144;
    places.forEach(([px, py], place) => {
      const far = (px - at[0]) ** 2 + (py - at[1]) ** 2;
      if (far < least) { least = far; best = place; }
    });
    return best;
  }
  canvas.addEventListener("mousemove", (event) => {
    const place = near(event);
    label.hidden = place < 0;
    if (place < 0) return;
    const one = points[place];
    label.textContent = `${one.symbol} ${clock(one.opened)}: ${percent(one.result)}`;
    label.style.left = `${Math.min(places[place][0] + 10, box.clientWidth - label.offsetWidth - 4)}px`;
    label.style.top = `${Math.max(places[place][1] - 30, 0)}px`;
  });
  canvas.addEventListener("mouseleave", () => { label.hidden = true; });
  canvas.addEventListener("click", (event) => { const place = near(event); if (place >= 0) choose(points[place]); });
  themed.push(draw);
  new ResizeObserver(draw).observe(box);
  draw();
}
