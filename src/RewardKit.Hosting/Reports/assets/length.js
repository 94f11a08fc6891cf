// Reward against length as a map: the darker a cell, the more responses; the line is the mean reward of eight groups by length.
(function () {
  function cells(u, arm) {
    const { ctx } = u, rows = arm.cells.length / arm.columns, most = Math.max(...arm.cells), ratio = devicePixelRatio;
    const x = v => u.valToPos(v, "x", true), y = v => u.valToPos(v, "y", true);
    const across = (arm.x[1] - arm.x[0]) / arm.columns, up = (arm.y[1] - arm.y[0]) / rows;
    ctx.save();
    ctx.fillStyle = charts.ink(arm.arm);
    arm.cells.forEach((count, i) => {
      if (!count) return;
      const left = arm.x[0] + i % arm.columns * across, low = arm.y[0] + Math.floor(i / arm.columns) * up;
      ctx.globalAlpha = 0.15 + 0.85 * Math.sqrt(count / most);
      ctx.fillRect(x(left), y(low + up), x(left + across) - x(left), y(low) - y(low + up));
    });
    ctx.globalAlpha = 1;
    ctx.strokeStyle = charts.css("--text");
    ctx.lineWidth = 2 * ratio;
    ctx.beginPath();
    arm.trend.forEach(([length, reward]) => ctx.lineTo(x(Math.min(length, arm.x[1])), y(Math.max(arm.y[0], Math.min(arm.y[1], reward)))));
    ctx.stroke();
    ctx.restore();
  }

  document.querySelectorAll("[data-length]").forEach(grid => {
    for (const arm of page.length[grid.dataset.length]) {
      const { place } = charts.figure(grid, page.arms[arm.arm], arm.arm);
      place.setAttribute("aria-label", "reward against length of " + page.arms[arm.arm]);
      charts.add(place, (place, width) => new uPlot({
        width, height: 220, padding: [8, 18, 0, 0],
        legend: { show: false }, cursor: { show: false },
        scales: { x: { time: false, range: arm.x }, y: { range: arm.y } },
        axes: [
          charts.axis({ size: 26, label: "characters" }),
          charts.axis({ size: 46, label: "reward", values: (_, ticks) => ticks.map(charts.number) }),
        ],
        series: [{}, { show: false }],
        hooks: { draw: [u => cells(u, arm)] },
      }, [arm.x, [null, null]], place));
    }
  });
})();
