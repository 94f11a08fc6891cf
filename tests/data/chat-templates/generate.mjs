// Expected texts of the chat templates, rendered by @huggingface/jinja.
//
//     node generate.mjs PACKAGES             writes expected.json
//     node generate.mjs PACKAGES --render    reads {template, values} by the line, writes {text} or {error} for each
//
// PACKAGES is a folder with node_modules, made by `npm ci` from tests/node/package.json.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const [, , packages, mode] = process.argv;
const require = createRequire(`${packages}/package.json`);
const main = require.resolve("@huggingface/jinja");
const { Template } = require(main);

function render(template, values) {
  try {
    return { text: new Template(template).render(values) };
  } catch (e) {
    return { error: e.message };
  }
}

if (mode === "--render") {
  for (const line of readFileSync(0, "utf8").split("\n").filter((l) => l)) {
    const { template, values } = JSON.parse(line);
    const escaped = (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0");
    console.log(JSON.stringify(render(template, values)).replace(/[^ -~]/g, escaped));
  }
} else {
  const at = (name) => new URL(name, import.meta.url);
  const { templates, conversations } = JSON.parse(readFileSync(at("cases.json"), "utf8"));
  const expected = [];
  for (const { name, file, ...tokens } of templates) {
    let source = readFileSync(at(file), "utf8");
    if (file.endsWith(".json")) {
      const config = JSON.parse(source);
      source = config.chat_template;
      for (const key of ["bos_token", "eos_token", "pad_token", "unk_token"]) if (config[key] != null) tokens[key] = config[key];
    }
    for (const conversation of conversations.filter((c) => !c.templates || c.templates.includes(name)))
      for (const add_generation_prompt of [false, true]) {
        const { messages, tools = null } = conversation;
        const values = { ...tokens, messages, tools, documents: null, add_generation_prompt };
        expected.push({ template: name, conversation: conversation.name, add_generation_prompt, ...render(source, values) });
      }
  }
  const { version } = JSON.parse(readFileSync(main.replace(/dist[\\/].*$/, "package.json"), "utf8"));
  const lines = expected.map((e) => "    " + JSON.stringify(e)).join(",\n");
  writeFileSync(at("expected.json"), `{\n  "engine": "@huggingface/jinja ${version}, Node ${process.version}",\n  "cases": [\n${lines}\n  ]\n}\n`);
}
