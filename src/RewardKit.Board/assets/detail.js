// A run, an experiment, or several runs side by side: lines, each a run or an arm with its seeds.
import { h, setText, fill, number, when, took, result, watch, get, trouble, pageLinks } from "./dom.js";
import { pairs } from "./pairs.js";
import { texts } from "./texts.js";

export function detail(main, wanted, go, replace) {
  let by = wanted.by ?? "run", lines = [], shape = "", told = "", draw = null, endCurves = null, last = null;
  const errors = new Map();
  const title = h("h1", {}, wanted.experiment ?? ""), lead = h("p", { class: "lead" }), links = h("div", { class: "links" });
  const table = h("section", {}, h("h2", {}, "Runs")), measured = h("section", {}), settings = h("section", {}), shown = h("div");
  const training = h("section", { id: "training", hidden: true }), failures = h("section", { "aria-label": "Failures" });
  main.replaceChildren(
    h("header", {}, h("p", { class: "kind" }, wanted.run ? "Run" : wanted.experiment ? "Experiment" : "Comparison"), title, lead, links),
    failures, table, training, measured, settings, shown);

  function linesOf(runs) {
    const groups = new Map();
    for (const run of runs) {
      // A seed that has only begun would hide how far the others came: curves are meaned where all seeds have a value.
      const key = by === "arm" && run.state === "finished" ? run.experiment + "\n" + run.arm : run.id;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(run);
    }
    const one = new Set(runs.map(r => r.experiment)).size === 1, seeds = new Set(runs.map(r => r.seed)).size === 1;
    return [...groups.values()].map(of => ({
      runs: of,
      name: nameOf(of[0], !one, by === "arm" ? of[0].state !== "finished" : !seeds || runs.length === 1),
    }));
  }

  function nameOf(run, experiment, seed) {
    const name = (experiment ? run.experiment + " / " : "") + run.arm + (seed ? `, seed ${run.seed}` : "");
    return by === "arm" && seed ? `${name} (${run.state})` : name;
  }

  const swatch = (line, place) => h("span", lines.length > 1 ? { class: "swatch", ink: place } : {}, line.name);

  function showRuns(experiments) {
    const rows = lines.flatMap((line, place) => line.runs.map(run => h("tr", {},
      h("td", {}, h("span", lines.length > 1 ? { class: "swatch", ink: place } : {}, h("a", { href: "/run/" + run.id }, run.arm))),
      experiments.length > 1 ? h("td", { class: "name" }, run.experiment) : null, h("td", {}, run.seed), h("td", { class: "state " + run.state }, run.state),
      h("td", {}, when(run.started)), h("td", {}, took(run)), h("td", { class: "name" }, result(run)))));
    const names = ["arm", ...(experiments.length > 1 ? ["experiment"] : []), "seed", "state", "started", "took", "result"];
    fill(table, h("h2", {}, "Runs"), scroll("Runs", h("table", {}, head(names), h("tbody", {}, rows))));
  }

  function showSummary(runs) {
    const names = lines.length <= 3 ? lines.map(l => l.name).join(" – ") : `${lines.length} ${by === "arm" ? "arms" : "runs"}`;
    setText(title, wanted.run ? `${runs[0].arm}, seed ${runs[0].seed}` : wanted.experiment ?? names);
    const states = ["running", "evaluating", "failed", "killed", "stopped", "finished"].map(s => [s, runs.filter(r => r.state === s).length]).filter(([, n]) => n);
    setText(lead, runs.length === 1 ? `${runs[0].state}${result(runs[0]) && runs[0].state !== "failed" ? ": " + result(runs[0]) : ""}`
      : `${runs.length} runs: ${states.map(([s, n]) => `${n} ${s}`).join(", ")}.`);
    fill(failures, runs.filter(r => r.error).map(r =>
      h("p", { class: "error" }, `${runs.length > 1 ? `${r.arm}, seed ${r.seed}: ` : ""}${errors.get(r.id) ?? r.error}`)));
  }

  function showLinks(runs, experiments, folders) {
    const known = folders.filter(f => experiments.includes(f.name)), seeds = new Set(runs.map(r => r.experiment + "\n" + r.arm)).size < runs.length;
    fill(links,
      wanted.experiment ? [] : experiments.map(name => h("a", { href: "/experiment/" + encodeURIComponent(name) }, "experiment " + name)),
      known.flatMap(f => pageLinks(f, known.length > 1 ? f.name + ": " : "")),
      seeds ? h("button", { type: "button", click: turn }, by === "arm" ? "seeds apart" : "seeds together") : null);
  }

  function turn() {
    by = by === "arm" ? "run" : "arm";
    const query = new URLSearchParams((wanted.runs ?? []).map(id => ["run", id]));
    query.set("by", by);
    replace(String(query));
    shape = told = "";
    if (last) show(last);
  }

  async function showDetails(runs, asked) {
    let of;
    try {
      of = (await get("/api/details?" + runs.map(run => "run=" + run.id).join("&"))).content;
    } catch (error) {
      trouble(error.message);
      told = "";
      return;
    }
    // By now other lines may be shown.
    if (shape !== asked) return;
    const known = new Map(of.map(run => [run.id, run]));
    for (const run of of) errors.set(run.id, run.error);
    showSummary(runs);
    const details = lines.map(line => line.runs.map(run => known.get(run.id)).filter(Boolean));
    showMeasured(details);
    showSettings(details);
  }

  function showMeasured(details) {
    const names = [...new Set(details.flat().flatMap(run => Object.keys(run.metrics)))];
    measured.hidden = !names.length;
    const cell = (runs, name) => {
      const values = runs.map(run => run.metrics[name]).filter(v => v !== undefined);
      if (!values.length) return "–";
      if (values.length === 1 || values.some(v => typeof v !== "number")) return values.map(number).join(", ");
      const mean = values.reduce((a, b) => a + b) / values.length;
      return `${number(mean)} ± ${number(+Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / (values.length - 1)).toPrecision(2))}`;
    };
    fill(measured, h("h2", {}, "Measurements"),
      scroll("Measurements", h("table", { class: "compared" }, lineHead(),
        h("tbody", {}, names.map(name => h("tr", {}, h("th", { scope: "row" }, name), details.map(runs => h("td", {}, cell(runs, name)))))))),
      by === "arm" && lines.some(l => l.runs.length > 1) ? h("p", { class: "footnote" }, "Mean over seeds ± standard deviation.") : "");
  }

  function showSettings(details) {
    const facts = run => ({ ...run.about, ...run.settings });
    const names = [...new Set(details.flat().flatMap(run => Object.keys(facts(run))))];
    const cell = (runs, name) => [...new Set(runs.map(run => facts(run)[name] ?? "–"))].join(", ");
    const rows = names.map(name => [name, details.map(runs => cell(runs, name))]);
    const differ = rows.filter(([, cells]) => new Set(cells).size > 1);
    const body = of => h("tbody", {}, of.map(([name, cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells.map(c => h("td", {}, c)))));
    const several = lines.length > 1;
    const where = details.flat().map(run => h("p", { class: "footnote" },
      `${several ? `${run.arm}, seed ${run.seed}: ` : ""}${run.id}, ${run.folder ?? "its folder is gone"}${run.process ? `, process ${run.process}` : ""}`));
    fill(settings, h("h2", {}, several ? "Settings that differ" : "Settings"), several
      ? differ.length ? scroll("Settings that differ", h("table", { class: "compared" }, lineHead(), body(differ))) : h("p", {}, "None: the settings are the same.") : "",
      h("details", {}, h("summary", {}, `All ${names.length} settings`),
        scroll("All settings", h("table", { class: "compared" }, several ? lineHead() : "", body(rows))), where));
  }

  const head = names => h("thead", {}, h("tr", {}, names.map(name => h("th", { scope: "col" }, name))));
  const lineHead = () => h("thead", {}, h("tr", {}, h("th"), lines.map((line, place) => h("th", { scope: "col" }, swatch(line, place)))));
  const scroll = (label, inner) => h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, inner);

  // The reports' own charts, in a place that has what they look for.
  function begin() {
    endCurves?.();
    charts.clear();
    draw = null;
    training.replaceChildren(h("h2", {}, "Training"),
      h("div", { class: "legend", id: "legend" }, h("label", {}, h("input", { type: "checkbox", id: "smooth", checked: true }), " smooth")),
      h("div", { class: "grid", id: "curves" }), h("details", { id: "more" }, h("summary", {}, "More curves"), h("div", { class: "grid", id: "more-curves" })),
      h("p", { class: "footnote" }, "By optimiser step; with several seeds the line is their mean, the band goes from the lowest to the highest. "
        + "Smoothed: a running mean over a tenth of the run."));
    endCurves = watch("/api/curves?" + lines.map(line => "line=" + line.runs.map(run => run.id).join()).join("&"), curves => {
      if (draw) draw(curves);
      else {
        draw = drawCurves(lines.map(line => line.name), curves);
        charts.redraw();
      }
    }, 2000);
  }

  function show(content) {
    last = content;
    setText(document.getElementById("folder"), content.folder);
    const runs = wanted.experiment ? content.runs.filter(run => run.experiment === wanted.experiment).reverse()
      : (wanted.runs ?? [wanted.run]).map(id => content.runs.find(run => run.id === id)).filter(Boolean);
    if (!runs.length) {
      setText(lead, "There is no such run. It may have been removed.");
      return;
    }
    lines = linesOf(runs);
    const experiments = [...new Set(runs.map(run => run.experiment))];
    const now = JSON.stringify(lines.map(line => [line.name, line.runs.map(run => run.id)]));
    const states = now + runs.map(run => run.state).join();
    if (shape !== now) begin();
    // A run that has finished since has pairs; those that somebody reads stay.
    if (shape !== now || (told !== states && !shown.querySelector("details[open]")))
      shown.replaceChildren(...[pairs(lines), texts(content.folders.filter(f => f.answers && experiments.includes(f.name)).map(f => f.name))].filter(Boolean));
    showSummary(runs);
    showRuns(experiments);
    showLinks(runs, experiments, content.folders);
    if (told !== states) showDetails(runs, now);
    [shape, told] = [now, states];
    document.title = title.textContent + " – RewardKit board";
  }

  const end = watch("/api/runs", show);
  return {
    title: wanted.experiment ?? "Run",
    end() {
      end();
      endCurves?.();
    },
    keys: { e: () => wanted.experiment || !lines.length ? false : go("/experiment/" + encodeURIComponent(lines[0].runs[0].experiment)) },
  };
}
