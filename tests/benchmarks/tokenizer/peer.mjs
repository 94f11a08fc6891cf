// The other side of `bench tokenizer`: @huggingface/tokenizers under Node.
//
//     node peer.mjs PACKAGES TOKENIZER.json TEXTS.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , packages, file, textsFile] = process.argv;
const { Tokenizer } = await import(pathToFileURL(`${packages}/node_modules/@huggingface/tokenizers/dist/tokenizers.mjs`));
const tokenizer = new Tokenizer(JSON.parse(readFileSync(file, "utf8")), {});
const { known, unseen } = JSON.parse(readFileSync(textsFile, "utf8"));

let tokens = 0;
const seconds = (texts) => {
  const start = process.hrtime.bigint();
  for (const text of texts) tokens += tokenizer.encode(text, { add_special_tokens: false }).ids.length;
  return Number(process.hrtime.bigint() - start) / 1e9;
};

for (let warm = 0; warm < 3; ) warm += seconds(known);
tokens = 0;
console.log(JSON.stringify({ seconds: seconds(unseen), again: seconds(unseen), tokens: tokens / 2 }));
