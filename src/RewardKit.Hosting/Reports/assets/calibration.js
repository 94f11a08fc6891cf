// Reliability diagrams: a dot a bin, its area by the number of pairs, with its interval; bars below count the pairs.
(function () {
  const bins = 10;

  function marks(u, arm) {
    const { ctx } = u, ink = charts.ink(arm.arm), most = Math.max(...arm.bins.map(b => b[2])), ratio = devicePixelRatio;
    const x = v => u.valToPos(v, "x", true), y = v => u.valToPos(v, "y", true);
    ctx.save();
    ctx.fillStyle = ink + "38";
    for (const [confidence, , count] of arm.bins) {
      const low = 0.5 + Math.min(bins - 1, Math.floor((confidence - 0.5) * 2 * bins)) / (2 * bins);
      const height = 0.25 * count / most;
      ctx.fillRect(x(low) + ratio, y(height), x(low + 0.5 / bins) - x(low) - 2 * ratio, y(0) - y(height));
    }
    ctx.strokeStyle = charts.css("--soft");
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x(0.5), y(0.5));
    ctx.lineTo(x(1), y(1));
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.strokeStyle = ctx.fillStyle = ink;
    ctx.lineWidth = 1.5 * ratio;
    for (const [confidence, accuracy, count, low, high] of arm.bins) {
      ctx.beginPath();
      ctx.moveTo(x(confidence), y(low));
      ctx.lineTo(x(confidence), y(high));
      ctx.stroke();
      ctx.beginPath();
      ctx.arc(x(confidence), y(accuracy), (2 + 4 * Math.sqrt(count / most)) * ratio, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.restore();
  }

  document.querySelectorAll("[data-calibration]").forEach(grid => {
    for (const arm of page.calibration[grid.dataset.calibration]) {
      const { place } = charts.figure(grid, page.arms[arm.arm], arm.arm);
      place.setAttribute("aria-label", "confidence against accuracy of " + page.arms[arm.arm]);
      const percent = (_, ticks) => ticks.map(t => Math.round(100 * t));
      charts.add(place, (place, width) => new uPlot({
        width, height: 220, padding: [8, 18, 0, 0],
        legend: { show: false }, cursor: { show: false },
        scales: { x: { time: false, range: [0.49, 1.01] }, y: { range: [0, 1.02] } },
        axes: [
          charts.axis({ size: 26, label: "confidence, %", values: percent, splits: [0.5, 0.6, 0.7, 0.8, 0.9, 1] }),
          charts.axis({ size: 46, label: "accuracy, %", values: percent, splits: [0, 0.25, 0.5, 0.75, 1] }),
        ],
        series: [{}, { show: false }],
        hooks: { draw: [u => marks(u, arm)] },
      }, [[0.5, 1], [null, null]], place));
    }
  });
})();
