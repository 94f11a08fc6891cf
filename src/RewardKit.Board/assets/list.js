// All runs: a table that is filtered, sorted, and changes in place while runs are under way.
import { h, setText, when, took, seconds, result, isLive, watch, tell, pageLinks } from "./dom.js";

const columns = [
  { name: "arm", of: run => run.arm },
  { name: "experiment", of: run => run.experiment },
  { name: "seed", of: run => run.seed },
  { name: "state", of: run => run.state },
  { name: "started", of: run => run.started },
  { name: "took", of: run => seconds(run) ?? -1 },
  { name: "result", of: run => Object.values(run.metrics).find(v => typeof v === "number") ?? -Infinity },
];
const states = ["running", "evaluating", "finished", "failed", "stopped", "killed"];

export function list(main, query, go, replace) {
  const chosen = new Set((query.get("chosen") ?? "").split(",").filter(Boolean));
  const rows = new Map();
  let runs = [], shown = [], sort = query.get("sort") ?? "-started";

  const filter = h("input", { type: "search", id: "filter", placeholder: "arm, experiment, result", input: changed });
  const state = h("select", { change: changed }, h("option", { value: "" }, "any"), states.map(s => h("option", {}, s)));
  const experiment = h("select", { change: changed }, h("option", { value: "" }, "all"));
  const count = h("small", { role: "status" });
  const compare = h("button", { type: "button", click: () => compareChosen() }, "Compare");
  const none = h("button", { type: "button", click: () => choose(null) }, "Choose none");
  const heads = columns.map(column => h("th", { scope: "col" }, h("button", { type: "button", click: () => sortBy(column.name) }, column.name)));
  const body = h("tbody");
  const pages = h("section", { hidden: true }, h("h2", {}, "Pages and texts"), h("ul", { class: "pages" }));
  filter.value = query.get("q") ?? "";
  state.value = query.get("state") ?? "";
  main.replaceChildren(
    h("h1", { class: "told" }, "Runs"),
    h("div", { class: "filters", role: "search" },
      h("label", {}, "Filter ", filter), h("label", {}, "State ", state), h("label", {}, "Experiment ", experiment), compare, none, count),
    h("table", { class: "runs" }, h("caption", { class: "told" }, "Runs, the chosen ones marked. Space chooses, c compares."),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "told" }, "chosen")), heads)), body),
    pages);

  function changed() {
    const wanted = new URLSearchParams();
    const parts = { q: filter.value, state: state.value, experiment: experiment.value, sort: sort === "-started" ? "" : sort, chosen: [...chosen].join() };
    for (const [name, value] of Object.entries(parts)) if (value) wanted.set(name, value);
    replace(String(wanted));
    show();
  }

  function sortBy(name) {
    sort = sort === name ? "-" + name : name;
    changed();
  }

  function matches(run) {
    const text = `${run.arm} ${run.experiment} seed ${run.seed} ${run.state} ${result(run)}`.toLowerCase();
    return (!state.value || run.state === state.value) && (!experiment.value || run.experiment === experiment.value)
      && filter.value.toLowerCase().split(/\s+/).every(word => text.includes(word) || (word.length >= 4 && run.id.startsWith(word)));
  }

  function ordered(all) {
    const down = sort.startsWith("-"), column = columns.find(c => c.name === sort.replace("-", "")) ?? columns[4];
    const compared = (a, b) => a < b ? -1 : a > b ? 1 : 0;
    return all.map(run => [column.of(run), run]).sort(([a], [b]) => down ? compared(b, a) : compared(a, b)).map(([, run]) => run);
  }

  function row(run) {
    const name = `choose ${run.arm}, seed ${run.seed}, of ${run.experiment}`;
    const box = h("input", { type: "checkbox", tabindex: -1, "aria-label": name, change: () => choose(run.id) });
    const cells = columns.map(column => h("td", { class: column.name, "data-name": column.name }));
    const link = h("a", { href: "/run/" + run.id, tabindex: -1 }, run.arm);
    cells[0].append(link);
    cells[1].append(h("a", { href: "/experiment/" + encodeURIComponent(run.experiment), tabindex: -1 }, run.experiment));
    setText(cells[2], String(run.seed));
    const element = h("tr", { "data-id": run.id }, h("td", { class: "choose" }, box), cells);
    link.addEventListener("focus", () => stopAt(run.id));
    return { element, box, link, cells };
  }

  function fill({ element, box, link, cells }, run) {
    setText(cells[3], run.state);
    cells[3].className = "state " + run.state;
    setText(cells[4], when(run.started));
    setText(cells[5], took(run));
    setText(cells[6], result(run));
    box.checked = chosen.has(run.id);
    element.classList.toggle("chosen", box.checked);
    // Who hears the list goes from link to link.
    link.setAttribute("aria-description", `seed ${run.seed} of ${run.experiment}, ${run.state}${box.checked ? ", chosen" : ""}`);
  }

  // One row at a time is a stop for the tab key; others are reached from it.
  function stopAt(id) {
    for (const [of, { link }] of rows) link.tabIndex = of === id ? 0 : -1;
  }

  function show() {
    const had = document.activeElement?.closest?.("tr[data-id]")?.dataset.id;
    shown = ordered(runs.filter(matches));
    for (const run of shown) {
      if (!rows.has(run.id)) rows.set(run.id, row(run));
      fill(rows.get(run.id), run);
    }
    const elements = shown.map(run => rows.get(run.id).element);
    if (elements.length !== body.children.length || elements.some((e, i) => e !== body.children[i]))
      body.replaceChildren(...elements);
    if (had && rows.get(had)?.element.isConnected) rows.get(had).link.focus({ preventScroll: true });
    const stop = shown.find(run => rows.get(run.id).link.tabIndex === 0) ?? shown[0];
    if (stop) stopAt(stop.id);
    heads.forEach((head, i) => head.setAttribute("aria-sort", sort === columns[i].name ? "ascending" : sort === "-" + columns[i].name ? "descending" : "none"));
    setText(count, !runs.length ? "No runs yet: `rewardkit run SCRIPT` makes some."
      : shown.length === runs.length ? `${runs.length} runs` : `${shown.length} of ${runs.length} runs`);
    compare.disabled = chosen.size < 2;
    setText(compare, chosen.size ? `Compare ${chosen.size}` : "Compare");
    none.hidden = !chosen.size;
  }

  function choose(id) {
    if (id === null) chosen.clear();
    else if (!chosen.delete(id)) chosen.add(id);
    chosenChanged();
  }

  function chosenChanged() {
    tell(`${chosen.size} chosen`);
    changed();
  }

  function compareChosen() {
    if (chosen.size < 2) tell("Choose two runs or more, with Space.");
    else go("/compare?" + [...chosen].map(id => "run=" + id).join("&"));
  }

  function move(to) {
    if (!shown.length) return;
    const link = rows.get(shown[Math.max(0, Math.min(shown.length - 1, to))].id).link;
    link.focus();
    link.closest("tr").scrollIntoView({ block: "nearest" });
  }

  function showPages(folders) {
    pages.hidden = !folders.length;
    const items = folders.map(f => h("li", {}, f.name + ": ", pageLinks(f).flatMap(link => [link, " "]),
      f.answers ? h("a", { href: "/texts/" + encodeURIComponent(f.name) }, "texts") : null));
    const place = pages.querySelector("ul");
    if (place.textContent !== items.map(i => i.textContent).join("")) place.replaceChildren(...items);
  }

  const end = watch("/api/runs", content => {
    setText(document.getElementById("folder"), content.folder);
    runs = content.runs;
    const names = [...new Set(runs.map(run => run.experiment))].sort(), wanted = experiment.value || query.get("experiment") || "";
    if (experiment.options.length !== names.length + 1) experiment.replaceChildren(experiment.options[0], ...names.map(name => h("option", {}, name)));
    experiment.value = names.includes(wanted) ? wanted : "";
    show();
    showPages(content.folders);
  });
  // The time taken goes on between two answers.
  const clock = setInterval(() => runs.filter(isLive).forEach(run => rows.has(run.id) && fill(rows.get(run.id), run)), 1000);

  const place = () => shown.findIndex(run => run.id === document.activeElement?.closest?.("tr")?.dataset.id);
  const here = act => () => {
    const run = shown[place()];
    if (run) act(run);
    return Boolean(run);
  };
  return {
    title: "Runs",
    end() {
      end();
      clearInterval(clock);
    },
    keys: {
      "/": () => (filter.focus(), filter.select()),
      j: () => move(place() + 1), ArrowDown: () => move(place() + 1),
      k: () => move(Math.max(0, place() - 1)), ArrowUp: () => move(Math.max(0, place() - 1)),
      Home: () => move(0), End: () => move(shown.length - 1),
      " ": here(run => choose(run.id)),
      e: here(run => go("/experiment/" + encodeURIComponent(run.experiment))),
      a: () => {
        shown.forEach(run => chosen.add(run.id));
        chosenChanged();
      },
      c: compareChosen,
      Escape: () => {
        if (document.activeElement === filter) move(0);
        else if (chosen.size) choose(null);
      },
    },
  };
}
