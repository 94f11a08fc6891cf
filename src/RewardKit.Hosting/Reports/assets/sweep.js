"use strict";
// The metric against each number that the sweep varied, a dot an arm in its colour.
(function () {
  const place = document.getElementById("sweep-plots");
  if (place) page.sweep.forEach(plot => charts.plot(place, plot));
})();
