// A chart a metric, a line an arm: the mean over the seeds, with the lowest and highest seed as a band. What is returned draws
// the curves that a run under way has later; a chart that somebody zooms into or points at stays so.
function drawCurves(arms, curves) {
  const hidden = new Set(), charted = new Map();
  const smooth = document.getElementById("smooth");

  // The mean over a window of a tenth of the run about each point.
  function smoothed(values) {
    const reach = Math.floor(values.length / 20);
    return values.map((_, i) => {
      const near = values.slice(Math.max(0, i - reach), i + reach + 1).filter(v => v != null);
      return near.length ? near.reduce((a, b) => a + b) / near.length : null;
    });
  }

  // Mean, lowest and highest seed at each of the steps; null where the arm has no value.
  function band(arm, steps, rough) {
    const seeds = arm.seeds.map(s => smooth.checked && !rough ? smoothed(s) : s);
    const at = new Map(arm.x.map((x, i) => [x, seeds.map(s => s[i]).filter(v => v != null)]));
    const row = reduce => steps.map(x => at.has(x) && at.get(x).length ? reduce(at.get(x)) : null);
    return [row(v => v.reduce((a, b) => a + b) / v.length), row(v => Math.min(...v)), row(v => Math.max(...v))];
  }

  // What uPlot is given, and whether two charts of a metric are alike but for their data.
  function content(metric) {
    const arms = metric.arms.filter(a => !hidden.has(a.arm));
    const steps = [...new Set(arms.flatMap(a => a.x))].sort((a, b) => a - b);
    const sparse = metric.name.startsWith("eval/");
    const data = [steps], series = [{}], bands = [];
    for (const arm of arms) {
      const ink = charts.ink(arm.arm);
      const [mean, low, high] = band(arm, steps, sparse || metric.name === "learning_rate");
      if (arm.seeds.length > 1) {
        const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
        bands.push({ series: [series.length, series.length + 1], fill: ink + "30" });
        series.push(edge, edge);
        data.push(high, low);
      }
      series.push({ stroke: ink, width: 2, spanGaps: true, points: { show: sparse || steps.length === 1, size: 5, fill: ink }, arm: arm.arm });
      data.push(mean);
    }
    return { data, series, bands, shape: series.map(s => s.arm ?? "").join() + (steps.length === 1) };
  }

  function plot(chart, place, width, readout) {
    const { data, series, bands, shape } = content(chart.metric);
    chart.shape = shape;
    return new uPlot({
      width, height: 190, series, bands, padding: [6, 20, 0, 0],
      legend: { show: false },
      scales: { x: { time: false } },
      axes: [charts.axis({ size: 26 }), charts.axis({ size: 52, values: (_, ticks) => ticks.map(charts.number) })],
      cursor: { y: false, sync: { key: "step" } },
      hooks: {
        setCursor: [u => {
          const i = u.cursor.idx;
          readout.replaceChildren(...(i == null ? [] : [`step ${u.data[0][i]}`, ...series.flatMap((s, place) => {
            if (s.arm === undefined || u.data[place][i] == null) return [];
            const value = document.createElement("span");
            value.style.color = charts.ink(s.arm);
            value.textContent = " " + charts.number(u.data[place][i]);
            return [value];
          })]));
        }],
      },
    }, data, place);
  }

  const legend = document.getElementById("legend");
  arms.forEach((name, arm) => {
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
  smooth.addEventListener("change", charts.redraw);

  function add(metric) {
    const { caption, place } = charts.figure(document.getElementById(metric.more ? "more-curves" : "curves"), metric.name);
    const readout = document.createElement("small");
    readout.className = "readout";
    caption.append(readout);
    place.setAttribute("aria-label", metric.name + " by step");
    const chart = { metric };
    charted.set(metric.name, chart);
    chart.item = charts.add(place, (place, width) => plot(chart, place, width, readout));
  }

  function update(curves) {
    let added = false;
    for (const metric of curves) {
      const chart = charted.get(metric.name), drawn = chart?.item.chart;
      if (chart) chart.metric = metric;
      else {
        add(metric);
        added = true;
      }
      if (!drawn) continue;
      const { data, shape } = content(metric);
      if (shape !== chart.shape) {
        charts.draw(chart.item);
        continue;
      }
      const steps = drawn.data[0], { min, max } = drawn.scales.x, zoomed = min > steps[0] || max < steps[steps.length - 1];
      drawn.setData(data, !zoomed);
      if (zoomed) drawn.redraw();
    }
    document.getElementById("training").hidden = !charted.size;
    document.getElementById("more").hidden = ![...charted.values()].some(c => c.metric.more);
    return added;
  }

  update(curves);
  return curves => {
    if (update(curves)) charts.redraw();
  };
}
if (page) drawCurves(page.arms, page.curves);
