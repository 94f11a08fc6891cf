// Which view an address stands for, going from one to the next, and keys.
import { list } from "./list.js";
import { detail } from "./detail.js";
import { textsView } from "./texts.js";

const main = document.getElementById("main"), help = document.getElementById("help");
let view = null, depth = history.state?.depth ?? 0;

function open(focus) {
  view?.end?.();
  charts.clear();
  const [, kind, name] = location.pathname.split("/").map(decodeURIComponent), query = new URLSearchParams(location.search);
  view = kind === "run" ? detail(main, { run: name }, go, replace)
    : kind === "experiment" ? detail(main, { experiment: name, by: query.get("by") ?? "arm" }, go, replace)
    : kind === "compare" ? detail(main, { runs: query.getAll("run"), by: query.get("by") ?? "run" }, go, replace)
    : kind === "texts" ? textsView(main, name, Number(query.get("from") ?? 0), go)
    : list(main, query, go, replace);
  document.title = view.title + " – RewardKit board";
  if (focus) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

function go(url) {
  history.pushState({ depth: ++depth }, "", url);
  open(true);
}

function replace(query) {
  history.replaceState(history.state, "", location.pathname + (query ? "?" + query : ""));
}

function back() {
  if (depth > 0) history.back();
  else if (location.pathname !== "/") go("/");
}

addEventListener("popstate", () => {
  depth = history.state?.depth ?? 0;
  open(true);
});

// A plain click on a link of the board's own changes the view only.
document.addEventListener("click", event => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.origin !== location.origin || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});

document.addEventListener("keydown", event => {
  if (event.metaKey || event.ctrlKey || event.altKey || help.open) return;
  const at = event.target, writes = at.matches?.("input:not([type=checkbox]), select, textarea");
  if (writes && event.key !== "Escape") return;
  // A button, a toggle or a link outside the list has keys of its own.
  if ((event.key === " " || event.key === "Enter") && !at.closest?.("tr[data-id]")) return;
  if (event.key === "?") {
    help.showModal();
    return;
  }
  const act = view?.keys?.[event.key] ?? (event.key === "Escape" ? back : null);
  if (act && act() !== false) event.preventDefault();
});

document.getElementById("keys").addEventListener("click", () => help.showModal());
open(false);
