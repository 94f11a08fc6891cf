"use strict";
// What all charts share: the page's data, colours that follow the scheme, and drawing anew when width or scheme change.
// The board has no data in the page: it fetches them.
const page = JSON.parse(document.getElementById("page-data")?.textContent ?? "null");

const charts = (function () {
  let all = [];
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function draw(item) {
    if (item.chart) item.chart.destroy();
    item.width = item.place.clientWidth;
    // A closed toggle has no width: its charts are drawn when it opens.
    item.chart = item.width ? item.make(item.place, item.width) : null;
  }

  function figure(parent, title, arm) {
    const figure = document.createElement("figure"), caption = document.createElement("figcaption"), name = document.createElement("b");
    name.textContent = title;
    if (arm !== undefined) {
      name.className = "swatch";
      name.style.setProperty("--ink", `var(--c${arm % 10})`);
    }
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    caption.append(name);
    figure.append(caption, place);
    parent.append(figure);
    return { figure, caption, place };
  }

  const redraw = () => all.forEach(draw);
  // Not one by one as they are added: each narrows those beside it.
  addEventListener("DOMContentLoaded", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", () => all.forEach(item => { if (item.width !== item.place.clientWidth) draw(item); }));
  document.addEventListener("toggle", e => all.forEach(item => { if (!item.chart && e.target.contains(item.place)) draw(item); }), true);

  return {
    css, figure, draw, redraw,
    ink: arm => css("--c" + arm % 10),
    add(place, make) {
      const item = { place, make };
      all.push(item);
      return item;
    },
    clear() {
      all.forEach(item => item.chart?.destroy());
      all = [];
    },
    number(v) {
      if (v == null) return "–";
      const short = +v.toPrecision(3), size = Math.abs(short);
      return size && (size < 1e-4 || size >= 1e5) ? short.toExponential() : String(short);
    },
    axis: more => Object.assign({
      stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif", labelSize: 16, labelGap: 0,
    }, more),
  };
})();
