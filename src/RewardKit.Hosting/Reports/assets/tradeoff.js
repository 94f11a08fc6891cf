"use strict";
// A dot a setting with its intervals in both directions, a line a system; a ring where no other point is better in both.
(function () {
  const hidden = new Set();
  const wide = document.getElementById("wide");
  const place = document.getElementById("trade-off"), readout = document.getElementById("readout");
  // One expensive setting would press all others to the left.
  const costs = page.points.map(p => p.x[0]).sort((a, b) => a - b);
  wide.checked = costs[0] >= 0 && costs[costs.length - 1] > 4 * costs[costs.length >> 1];
  // uPlot leaves some marks of a stretched axis without a number.
  const labels = (_, ticks) => ticks.map(tick => tick === null ? "" : charts.number(tick));
  const shown = () => page.points.filter(p => !hidden.has(p.arm));

  function range(values) {
    const low = Math.min(...values), high = Math.max(...values), room = 0.04 * (high - low || 1);
    return [low - room, high + room];
  }

  function marks(u) {
    const { ctx } = u, ratio = devicePixelRatio;
    const x = v => u.valToPos(v, "x", true), y = v => u.valToPos(v, "y", true);
    ctx.save();
    page.arms.forEach((_, arm) => {
      const points = shown().filter(p => p.arm === arm).sort((a, b) => a.x[0] - b.x[0]);
      ctx.strokeStyle = ctx.fillStyle = charts.ink(arm);
      ctx.lineWidth = 1.5 * ratio;
      ctx.globalAlpha = 0.8;
      ctx.beginPath();
      points.forEach(p => ctx.lineTo(x(p.x[0]), y(p.y[0])));
      ctx.stroke();
      ctx.lineWidth = ratio;
      ctx.globalAlpha = 0.45;
      for (const p of points) {
        ctx.beginPath();
        ctx.moveTo(x(p.x[1]), y(p.y[0]));
        ctx.lineTo(x(p.x[2]), y(p.y[0]));
        ctx.moveTo(x(p.x[0]), y(p.y[1]));
        ctx.lineTo(x(p.x[0]), y(p.y[2]));
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
      for (const p of points) {
        ctx.beginPath();
        ctx.arc(x(p.x[0]), y(p.y[0]), 3.5 * ratio, 0, 2 * Math.PI);
        ctx.fill();
        if (!p.front) continue;
        ctx.beginPath();
        ctx.arc(x(p.x[0]), y(p.y[0]), 7 * ratio, 0, 2 * Math.PI);
        ctx.stroke();
      }
    });
    ctx.restore();
  }

  function tell(u) {
    const { left, top } = u.cursor;
    let best = null, least = 30;
    if (left >= 0) for (const p of shown()) {
      const far = Math.hypot(u.valToPos(p.x[0], "x") - left, u.valToPos(p.y[0], "y") - top);
      if (far < least) [best, least] = [p, far];
    }
    readout.textContent = best
      ? `${page.arms[best.arm]}, ${best.name}: ${page.x} ${charts.number(best.x[0])} (${charts.number(best.x[1])} to ${charts.number(best.x[2])}), ${page.y} ${charts.number(best.y[0])} (${charts.number(best.y[1])} to ${charts.number(best.y[2])})`
      : "";
  }

  const legend = document.getElementById("legend");
  page.arms.forEach((name, arm) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = name;
    chip.style.setProperty("--ink", `var(--c${arm % 10})`);
    chip.setAttribute("aria-pressed", "true");
    chip.addEventListener("click", () => {
      if (!hidden.delete(arm)) hidden.add(arm);
      chip.setAttribute("aria-pressed", String(!hidden.has(arm)));
      charts.redraw();
    });
    legend.insertBefore(chip, legend.lastElementChild);
  });
  wide.addEventListener("change", charts.redraw);

  place.setAttribute("aria-label", page.y + " against " + page.x);
  charts.add(place, (place, width) => {
    const points = shown().length ? shown() : page.points;
    const x = range(points.flatMap(p => p.x));
    // Where the left is stretched, room in proportion to the right would be half of the chart.
    if (wide.checked) x[0] = Math.max(x[0], -0.1);
    const y = range(points.flatMap(p => p.y));
    return new uPlot({
      width, height: Math.min(460, Math.max(300, width * 0.6)), padding: [8, 18, 0, 0],
      legend: { show: false }, cursor: { drag: { x: false, y: false }, points: { show: false } },
      // The inverse hyperbolic sine is linear about zero and a logarithm far from it.
      scales: { x: wide.checked ? { time: false, distr: 4, asinh: 1, range: () => x } : { time: false, range: x }, y: { range: y } },
      axes: [
        charts.axis({ size: 30, label: page.x, values: labels }),
        charts.axis({ size: 50, label: page.y, values: labels }),
      ],
      series: [{}, { show: false }],
      hooks: { draw: [marks], setCursor: [tell] },
    }, [x, [null, null]], place);
  });
})();
