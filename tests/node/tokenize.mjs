// Encodes and decodes texts with @huggingface/tokenizers.
//
//     node tokenize.mjs PACKAGES TOKENIZER.json <texts >results
//
// Each line of input is a JSON string; each line of output {"ids", "text", "unassigned"}: the ids without special tokens
// around them, their decoded text, and the code points of the text that this Node's Unicode does not know.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , packages, file] = process.argv;
const { Tokenizer } = await import(pathToFileURL(`${packages}/node_modules/@huggingface/tokenizers/dist/tokenizers.mjs`));
const tokenizer = new Tokenizer(JSON.parse(readFileSync(file, "utf8")), { clean_up_tokenization_spaces: false });
const out = [];
for (const line of readFileSync(0, "utf8").split("\n")) {
  if (line === "") continue;
  const text = JSON.parse(line);
  const ids = tokenizer.encode(text, { add_special_tokens: false }).ids;
  const unassigned = (text.match(/\p{Cn}/gu) ?? []).map((c) => c.codePointAt(0));
  out.push(JSON.stringify({ ids, text: ids.length > 0 ? tokenizer.decode(ids) : "", unassigned }));
}
process.stdout.write(out.join("\n") + "\n");
