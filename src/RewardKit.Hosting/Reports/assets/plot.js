"use strict";
// Points by x and y, a colour a series or a group of them, with an interval where there is one; joined by a line where the plot says so.
charts.plot = function (parent, plot) {
  const { caption, place } = charts.figure(parent, plot.title);
  const readout = document.createElement("small");
  readout.className = "readout";
  caption.append(readout);
  place.setAttribute("aria-label", plot.y + " against " + plot.x);
  const points = plot.series.flatMap(series => series.points.map(p => ({ series, x: p[0], y: p[1], low: p[2], high: p[3], name: p[4] })));
  const xs = points.map(p => p.x), ys = points.flatMap(p => [p.y, p.low, p.high]).filter(v => v != null);
  // Values that go over orders of magnitude, as learning rates, are drawn by their logarithms.
  const log = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) > 20;
  const percent = plot.percent ? v => charts.number(100 * v) + " %" : charts.number;

  function range(values, log) {
    const low = Math.min(...values), high = Math.max(...values);
    if (log) return [low / 1.2, high * 1.2];
    const room = 0.06 * (high - low || Math.abs(high) || 1);
    return [low - room, high + room];
  }

  function marks(u) {
    const { ctx } = u, ratio = devicePixelRatio;
    const x = v => u.valToPos(v, "x", true), y = v => u.valToPos(v, "y", true);
    ctx.save();
    plot.series.forEach((series, at) => {
      const own = points.filter(p => p.series === series).sort((a, b) => a.x - b.x);
      ctx.strokeStyle = ctx.fillStyle = charts.ink(series.ink ?? at);
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash(series.dashed ? [6 * ratio, 4 * ratio] : []);
      ctx.beginPath();
      if (plot.lines) own.forEach(p => ctx.lineTo(x(p.x), y(p.y)));
      ctx.stroke();
      ctx.setLineDash([]);
      for (const p of own) {
        ctx.globalAlpha = 0.45;
        ctx.beginPath();
        if (p.low != null) {
          ctx.moveTo(x(p.x), y(p.low));
          ctx.lineTo(x(p.x), y(p.high));
        }
        ctx.stroke();
        ctx.globalAlpha = 1;
        ctx.beginPath();
        ctx.arc(x(p.x), y(p.y), 3.5 * ratio, 0, 2 * Math.PI);
        if (series.dashed) ctx.stroke();
        else ctx.fill();
      }
    });
    ctx.restore();
  }

  function tell(u) {
    const { left, top } = u.cursor;
    let best = null, least = 30;
    if (left >= 0) for (const p of points) {
      const far = Math.hypot(u.valToPos(p.x, "x") - left, u.valToPos(p.y, "y") - top);
      if (far < least) [best, least] = [p, far];
    }
    readout.textContent = best
      ? `${best.name ?? best.series.name}: ${plot.x} ${charts.number(best.x)}, ${plot.y} ${percent(best.y)}${best.low == null ? "" : ` (${percent(best.low)} to ${percent(best.high)})`}`
      : "";
  }

  charts.add(place, (place, width) => new uPlot({
    width, height: Math.min(plot.tall ? 460 : 260, Math.max(220, width * 0.6)), padding: [8, 18, 0, 0],
    legend: { show: false }, cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: false, distr: log ? 3 : 1, range: () => range(xs, log) }, y: { range: () => range(ys) } },
    axes: [
      charts.axis({ size: 30, label: plot.x, values: (_, ticks) => ticks.map(tick => tick === null ? "" : charts.number(tick)) }),
      charts.axis({ size: 60, label: plot.y, values: (_, ticks) => ticks.map(percent) }),
    ],
    series: [{}, { show: false }],
    hooks: { draw: [marks], setCursor: [tell] },
  }, [range(xs, log), [null, null]], place));
};
