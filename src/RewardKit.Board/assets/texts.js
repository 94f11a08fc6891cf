// Generated texts side by side: a column a file of kept answers.
import { h, number, get, setText, trouble, pageLinks } from "./dom.js";
import { turns } from "./pairs.js";

const page = 10, shownAtFirst = 3;

/** The texts of some folders, folded; null where there are none. */
export function texts(folders) {
  if (!folders.length) return null;
  let from = 0, columns = null, picked = new Set();
  const chooser = h("div", { class: "columns" }), list = h("div"), place = h("small", { role: "status" });
  const before = h("button", { type: "button", click: () => load(from - page) }, "Previous");
  const after = h("button", { type: "button", click: () => load(from + page) }, "Next");
  const details = h("details", { toggle: () => details.open && !columns && load(0) },
    h("summary", {}, "Show what models answered"),
    h("p", { class: "warning" }, "These texts are what models wrote, unread."),
    h("details", {}, h("summary", {}, "Which answers stand side by side"), chooser), h("div", { class: "filters" }, before, after, place), list);

  async function load(start) {
    from = Math.max(0, start);
    try {
      const { content } = await get(`/api/texts?${folders.map(f => "folder=" + encodeURIComponent(f)).join("&")}&from=${from}&count=${page}`);
      if (!columns) choices(content.columns, content.prompts[0]);
      setText(place, content.total ? `prompts ${from + 1} to ${from + content.prompts.length} of ${content.total}` : "No answers are kept.");
      before.disabled = from === 0;
      after.disabled = from + page >= content.total;
      show(content.prompts);
    } catch (error) {
      list.replaceChildren(h("p", { class: "error" }, error.message));
    }
  }

  // A decoder's name, and the settings in which it was tried; hashes and versions tell nobody what an answer was made with.
  function choices(files, first) {
    const says = name => !/\(content\)$|^version of|^format$|^decoder$/.test(name), kind = f => f.settings.decoder ?? "sampling";
    columns = files.map(f => {
      const alike = files.filter(other => kind(other) === kind(f));
      const names = Object.keys(f.settings).filter(n => says(n) && new Set(alike.map(other => other.settings[n])).size > 1);
      return [kind(f), ...names.map(n => `${n.replace(/^(options|decoder)\./, "")} ${f.settings[n]}`)].join(", ");
    });
    // Two that differ in what is not told apart above.
    columns = columns.map((name, i) => columns.indexOf(name) !== i || columns.lastIndexOf(name) !== i ? `${name} (${files[i].file.slice(0, 8)})` : name);
    picked = new Set([...columns.keys()].filter(i => first?.answers[i].length).slice(0, shownAtFirst));
    chooser.replaceChildren(...columns.map((name, i) => h("label", {},
      h("input", { type: "checkbox", checked: picked.has(i), change: e => (e.target.checked ? picked.add(i) : picked.delete(i), load(from)) }), " ",
      h("span", { class: "swatch", ink: i }, name))));
  }

  function show(prompts) {
    const columnsShown = [...picked].sort((a, b) => a - b);
    list.replaceChildren(...prompts.map(prompt => h("article", {}, turns(prompt.prompt),
      h("div", { class: "answers" }, columnsShown.map(i => column(i, prompt.answers[i]))))));
  }

  function column(i, answers) {
    const facts = a => `${a.tokens} tokens, log-probability ${number(a.logProb)}, ${a.finish}${a.divergence == null ? "" : `, divergence ${number(a.divergence)}`}`;
    const [first, ...others] = answers.map(a => [h("p", {}, a.text), h("small", {}, facts(a))]);
    return h("div", {}, h("h4", {}, h("span", { class: "swatch", ink: i }, columns[i])), first ?? h("p", {}, "not answered"),
      others.length ? h("details", {}, h("summary", {}, `${others.length} more`), others) : null);
  }

  return h("section", {}, h("h2", {}, "Texts"), details);
}

/** A folder's texts alone, with its pages. */
export function textsView(main, folder) {
  const section = texts([folder]), links = h("div", { class: "links" });
  main.replaceChildren(h("header", {}, h("p", { class: "kind" }, "Texts"), h("h1", {}, folder), links), section);
  get("/api/runs").then(({ content }) => links.append(...content.folders.filter(f => f.name === folder).flatMap(f => pageLinks(f))), error => trouble(error.message));
  section.querySelector("details").open = true;
  return { title: folder };
}
