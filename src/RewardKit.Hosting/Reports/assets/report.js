(function () {
  "use strict";
  const arms = JSON.parse(document.getElementById("curve-data").textContent);
  const place = document.getElementById("curves");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const hues = [["#1f6feb", "#6aa5ff"], ["#b3541e", "#e0a06a"], ["#2f7f6f", "#58b29f"], ["#8250a8", "#c297e6"]];
  let charts = [];

  function draw() {
    charts.forEach(c => c.destroy());
    place.replaceChildren();
    const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    charts = arms.map(arm => {
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      const name = document.createElement("b");
      name.textContent = arm.arm;
      caption.append(name);
      figure.append(caption);
      place.append(figure);
      const ink = i => hues[i % hues.length][dark.matches ? 1 : 0];
      const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
      return new uPlot({
        width: figure.clientWidth,
        height: 210,
        scales: { x: { time: false } },
        axes: [Object.assign({ size: 28 }, axis), Object.assign({ size: 46 }, axis)],
        cursor: { y: false },
        series: [{ label: "step" }]
          .concat(arm.seeds.map((_, i) => ({ class: "raw", stroke: ink(i) + "50", width: 1, points: { show: false } })))
          .concat(arm.seeds.map((seed, i) => ({ label: "seed " + seed, stroke: ink(i), width: 2, points: { show: false }, value: (_, v) => v == null ? "" : v.toFixed(3) }))),
      }, [arm.steps].concat(arm.loss, arm.smooth), figure);
    });
  }

  draw();
  dark.addEventListener("change", draw);
  addEventListener("resize", () => charts.forEach(c => c.setSize({ width: c.root.parentNode.clientWidth, height: 210 })));
})();
