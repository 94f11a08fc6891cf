// Writes src/RewardKit.Models/Tokenization/Unicode/unicode.txt from the Unicode tables of this Node:
//
//     node build/unicode.mjs
//
// .NET without ICU knows no normalisation, and the categories of its version only. Run it when Node has a newer Unicode.
import { writeFileSync } from "node:fs";

const points = [];
for (let c = 0; c < 0x110000; c++) if (c < 0xd800 || c > 0xdfff) points.push(c);
const text = (c) => String.fromCodePoint(c);
const hex = (s) => [...s].map((c) => c.codePointAt(0).toString(16)).join(" ");
const out = ["unicode " + process.versions.unicode];

// Runs of one general category: first, last, category. Unassigned is left out.
const categories = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split(" ");
const patterns = categories.map((name) => [name, new RegExp(`\\p{${name}}`, "u")]);
let run = null;
for (const c of points) {
  const name = patterns.find(([, pattern]) => pattern.test(text(c)))?.[0];
  if (run && run.name === name && run.last === c - 1) run.last = c;
  else {
    if (run?.name) out.push(`g ${run.first.toString(16)} ${run.last.toString(16)} ${run.name}`);
    run = { first: c, last: c, name };
  }
}
if (run.name) out.push(`g ${run.first.toString(16)} ${run.last.toString(16)} ${run.name}`);

// The combining class is seen from how a mark is sorted among marks of known classes.
const classes = [
  [1, 0x334], [6, 0x16ff0], [7, 0x93c], [8, 0x3099], [9, 0x94d], [10, 0x5b0], [11, 0x5b1], [12, 0x5b2], [13, 0x5b3],
  [14, 0x5b4], [15, 0x5b5], [16, 0x5b6], [17, 0x5b7], [18, 0x5b8], [19, 0x5b9], [20, 0x5bb], [21, 0x5bc], [22, 0x5bd],
  [23, 0x5bf], [24, 0x5c1], [25, 0x5c2], [26, 0xfb1e], [27, 0x64b], [28, 0x64c], [29, 0x64d], [30, 0x618], [31, 0x619],
  [32, 0x61a], [33, 0x651], [34, 0x652], [35, 0x670], [36, 0x711], [84, 0xc55], [91, 0xc56], [103, 0xe38], [107,
  0xe48], [118, 0xeb8], [122, 0xec8], [129, 0xf71], [130, 0xf72], [132, 0xf74], [202, 0x321], [214, 0x1dce], [216,
  0x31b], [218, 0x1dfa], [220, 0x316], [222, 0x59a], [224, 0x302e], [226, 0x1d16d], [228, 0x5ae], [230, 0x300], [232,
  0x315], [233, 0x35c], [234, 0x35d], [240, 0x345],
];
const sortsBefore = (a, b) => a !== b && (text(b) + text(a)).normalize("NFD") === text(a) + text(b);
for (const c of points) {
  if (text(c).normalize("NFD") !== text(c)) continue;
  const below = classes.filter(([, mark]) => sortsBefore(mark, c)).map(([value]) => value);
  const above = classes.filter(([, mark]) => sortsBefore(c, mark)).map(([value]) => value);
  if (below.length + above.length === 0) continue;
  const own = classes.map(([value]) => value).filter((value) => !below.includes(value) && !above.includes(value));
  if (own.length !== 1) throw new Error(`U+${c.toString(16)} has a combining class that is not listed here.`);
  out.push(`m ${c.toString(16)} ${own[0]}`);
}

// Full decompositions, canonical and, where it differs, compatible; pairs that compose. Hangul is computed.
for (const c of points) {
  if (c >= 0xac00 && c <= 0xd7a3) continue;
  const [canonical, compatible] = [text(c).normalize("NFD"), text(c).normalize("NFKD")];
  if (canonical !== text(c)) out.push(`c ${c.toString(16)} ${hex(canonical)}`);
  if (compatible !== canonical) out.push(`k ${c.toString(16)} ${hex(compatible)}`);
  if (canonical === text(c) || text(c).normalize("NFC") !== text(c)) continue;
  const marks = [...canonical];
  const last = marks.pop();
  const first = marks.join("").normalize("NFC");
  if ([...first].length !== 1 || (first + last).normalize("NFC") !== text(c))
    throw new Error(`U+${c.toString(16)} does not compose from two characters.`);
  out.push(`p ${hex(first)} ${hex(last)} ${c.toString(16)}`);
}
writeFileSync(new URL("../src/RewardKit.Models/Tokenization/Unicode/unicode.txt", import.meta.url), out.join("\n") + "\n");
