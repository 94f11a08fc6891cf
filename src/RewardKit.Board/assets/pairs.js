// Held-out pairs with the rewards of each line. Texts from data may be offensive: they stay folded until somebody asks.
import { h, number, get } from "./dom.js";

const page = 10;

export function pairs(lines) {
  let from = 0;
  const several = lines.length > 1;
  const order = h("select", { change: () => load(0) },
    several ? h("option", { value: "apart" }, "furthest apart first") : null,
    h("option", { value: "wrong" }, "furthest wrong first"), h("option", { value: "stored" }, "as stored"));
  const evaluator = h("select", { change: () => load(0) }), which = h("label", { hidden: true }, "Evaluator ", evaluator);
  const list = h("div"), place = h("small", { role: "status" });
  const before = h("button", { type: "button", click: () => load(from - page) }, "Previous");
  const after = h("button", { type: "button", click: () => load(from + page) }, "Next");
  const details = h("details", { class: "pairs", toggle: () => details.open && !list.children.length && load(0) },
    h("summary", {}, "Show held-out pairs with their rewards"),
    h("p", { class: "warning" }, "These texts come from the data as they are. Preference data on harmlessness contain offensive and harmful language."),
    h("div", { class: "filters" }, which, h("label", {}, "Order ", order), before, after, place), list);
  const query = lines.map(line => "line=" + line.runs.map(run => run.id).join()).join("&");

  async function load(start) {
    from = Math.max(0, start);
    try {
      const { content } = await get(`/api/pairs?${query}&order=${order.value}&from=${from}&count=${page}${evaluator.value ? "&evaluator=" + encodeURIComponent(evaluator.value) : ""}`);
      if (!evaluator.options.length) evaluator.append(...content.evaluators.map(name => h("option", {}, name)));
      which.hidden = content.evaluators.length < 2;
      place.textContent = content.total ? `${from + 1} to ${from + content.pairs.length} of ${content.total}` : "";
      before.disabled = from === 0;
      after.disabled = from + page >= content.total;
      list.replaceChildren(...content.total ? content.pairs.map(article) : [h("p", {}, "No evaluator of these runs left pairs.")]);
    } catch (error) {
      list.replaceChildren(h("p", { class: "error" }, error.message));
    }
  }

  const article = pair => h("article", {}, h("h3", {}, h("small", {}, pair.id + (pair.tie ? ", a tie" : ""))), turns(pair.prompt),
    h("div", { class: "responses" }, response(pair.tie ? "first" : "chosen", pair.chosen), response(pair.tie ? "second" : "rejected", pair.rejected)),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["", "chosen", "rejected", "margin", "seeds right"].map(name => h("th", { scope: "col" }, name)))),
      h("tbody", {}, pair.lines.map((score, place) => h("tr", {}, h("td", {}, h("span", several ? { class: "swatch", ink: place } : {}, lines[place].name)),
        score ? [h("td", {}, number(score.chosen)), h("td", {}, number(score.rejected)),
          h("td", { class: score.margin > 0 ? "right" : "wrong" }, number(score.margin)), h("td", {}, `${score.right} of ${score.seeds}`)] : h("td", { colspan: 4 }, "not scored")))))));

  const response = (name, messages) => h("div", {}, h("h4", {}, name), messages.map(m => h("p", {}, m.content)));
  return h("section", {}, h("h2", {}, "Held-out pairs"), details);
}

export const turns = messages => h("div", { class: "turns" }, messages.map(m => h("p", {}, h("b", {}, m.role), " ", m.content)));
