// What all views share: elements, numbers and times as text, and asking the server.

/** An element. Texts become text and never markup; a function is a listener; null is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "ink") element.style.setProperty("--ink", `var(--c${value % 10})`);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child != null && child !== false));
  return element;
}

/** Writes only what is new: a reader's place in it is kept. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes a place hold these, and leaves alone what is so already: focus, open toggles, what is selected. */
export function fill(place, ...children) {
  alike(place, h("div", {}, ...children));
}

function alike(old, wanted) {
  const now = [...old.childNodes], then = [...wanted.childNodes];
  then.forEach((node, i) => {
    const there = now[i];
    if (there?.nodeName !== node.nodeName) {
      if (there) there.replaceWith(node);
      else old.append(node);
    } else if (node instanceof Text) {
      if (there.data !== node.data) there.data = node.data;
    } else {
      for (const { name } of [...there.attributes]) if (name !== "open" && !node.hasAttribute(name)) there.removeAttribute(name);
      for (const { name, value } of node.attributes) {
        if (there.getAttribute(name) === value) continue;
        // As an attribute, a style would be inline, which the page's policy forbids.
        if (name === "style") there.style.cssText = value;
        else there.setAttribute(name, value);
      }
      alike(there, node);
    }
  });
  now.slice(then.length).forEach(node => node.remove());
}

export const number = value => typeof value !== "number" ? String(value ?? "–")
  : String(Number.isInteger(value) ? value : +value.toPrecision(4)).replace("-", "−");

export function when(time) {
  const of = new Date(time), two = n => String(n).padStart(2, "0");
  return `${of.getFullYear()}-${two(of.getMonth() + 1)}-${two(of.getDate())} ${two(of.getHours())}:${two(of.getMinutes())}`;
}

// By the server's clock: at the far end of a tunnel it may be another one.
let ahead = 0;
export const isLive = run => run.state === "running" || run.state === "evaluating";

export function seconds(run) {
  const end = run.ended ? Date.parse(run.ended) : isLive(run) ? Date.now() + ahead : null;
  return end === null ? null : Math.max(0, Math.round((end - Date.parse(run.started)) / 1000));
}

export function took(run) {
  const s = seconds(run);
  if (s === null) return "–";
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
}

/** How far a run is, or what came of it. */
export function result(run) {
  if (run.error) return run.error;
  const metrics = Object.entries(run.metrics ?? {}).slice(0, 2);
  if (metrics.length) return metrics.map(([name, value]) => `${name} ${number(value)}`).join(", ");
  if (run.steps == null) return "";
  return [`step ${run.steps}`, run.epoch != null && `epoch ${number(run.epoch)}`, run.loss != null && `loss ${number(run.loss)}`].filter(Boolean).join(", ");
}

/** The pages that an experiment or script left. */
export const pageLinks = (folder, prefix = "") => folder.pages.map(page =>
  h("a", { href: `/pages/${encodeURIComponent(folder.name)}/${encodeURIComponent(page)}`, target: "_blank", rel: "noopener" }, prefix + page.replace(".html", "")));

export function trouble(message) {
  const place = document.getElementById("trouble");
  place.hidden = !message;
  setText(place, message ?? "");
}

export const tell = message => setText(document.getElementById("told"), message);

export async function get(url, tag) {
  const answer = await fetch(url, tag ? { headers: { "If-None-Match": tag } } : {}).catch(() => {
    throw new Error("The board does not answer. Is it still running? It is asked again.");
  });
  ahead = Date.parse(answer.headers.get("Date")) - Date.now();
  if (answer.status === 304) return { tag };
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return { tag: answer.headers.get("ETag"), content };
}

/**
 * Asks again and again, shows what is new, and says what is wrong. Returns what ends it. What takes the server long, as the curves
 * of very many steps, is asked for less often: the machine has a training to do.
 */
export function watch(url, show, every = 1500) {
  let tag, timer, ended = false;
  async function ask() {
    const asked = performance.now();
    let pause = every;
    // Nobody looks at a hidden page.
    if (!document.hidden) {
      try {
        const answer = await get(url, tag);
        if (ended) return;
        pause = Math.max(every, 20 * (performance.now() - asked));
        tag = answer.tag;
        trouble(null);
        if (answer.content) show(answer.content);
      } catch (error) {
        if (ended) return;
        trouble(error.message);
        if (!(error instanceof Error) || error.name !== "Error") console.error(error);
      }
    }
    timer = setTimeout(ask, pause);
  }
  ask();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
