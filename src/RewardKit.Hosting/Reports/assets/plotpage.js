"use strict";
// The one plot of the page, and its series by name.
(function () {
  charts.plot(document.getElementById("plot"), page.plot);
  const legend = document.getElementById("legend");
  page.plot.series.forEach(series => {
    const name = document.createElement("span");
    name.className = series.dashed ? "swatch ring" : "swatch";
    name.textContent = series.name;
    name.style.setProperty("--ink", `var(--c${series.ink % 10})`);
    legend.append(name);
  });
})();
