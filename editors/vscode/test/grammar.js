"use strict";

// Colours a strategy with VS Code's own engine and YAML grammar, and compares the words that matter.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const textmate = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");

const manifest = require("../package.json");
const yaml = require.resolve("tm-grammars/grammars/yaml.json");
const files = { "source.yaml": yaml };
const injections = [];
for (const grammar of manifest.contributes.grammars) {
  files[grammar.scopeName] = path.join(__dirname, "..", grammar.path);
  if (grammar.injectTo) injections.push(grammar.scopeName);
}

const TEXT = `id: scalper
about: buys and sells to the close
long:
  about: >-
    one and two
  when:
    close: must rsi(close, 14) <= 30.5% and not close@1h crosses above x.k weight 2 # and not
    b:  >-
      highest(high, n=10)[1] > 3
  targets: [1.2% take 30%, "2.5R then stop to entry"]
  let: close@"BTC/USDT" > 1_000
  fire: close > ema(close, 9) and close < 3
  - market`;

const WANTED = [
  ["scalper", "string.unquoted.signal-strategy"],
  ["buys and sells to the close", "string.unquoted.signal-strategy"],
  ["one and two", "string.unquoted.block.signal-strategy"],
  ["must", "storage.modifier.signal-strategy"],
  ["rsi", "entity.name.function.signal-strategy"],
  ["<=", "keyword.operator.signal-strategy"],
  ["30.5%", "constant.numeric.signal-strategy"],
  ["not", "keyword.operator.logical.signal-strategy"],
  ["1h", "constant.numeric.timeframe.signal-strategy"],
  ["above", "keyword.operator.word.signal-strategy"],
  ["k", "variable.other.property.signal-strategy"],
  [" and not", "comment.line.number-sign.yaml"],
  ["highest", "entity.name.function.signal-strategy"],
  ["n", "variable.parameter.signal-strategy"],
  ["1.2%", "constant.numeric.signal-strategy"],
  ["2.5R", "constant.numeric.signal-strategy"],
  ["then", "keyword.control.signal-strategy"],
  ["entry", "variable.language.field.signal-strategy"],
  ['"BTC/USDT"', "string.quoted.double.signal-strategy"],
  ["1_000", "constant.numeric.signal-strategy"],
  ["ema", "entity.name.function.signal-strategy"],
  ["<", "keyword.operator.signal-strategy"],
  ["market", "keyword.other.signal-strategy"],
];

async function tokens() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (scope) => textmate.parseRawGrammar(fs.readFileSync(files[scope], "utf8"), files[scope]),
    getInjections: (scope) => (scope === "source.signal-strategy" ? injections : undefined),
  });
  const grammar = await registry.loadGrammar("source.signal-strategy");
  const found = [];
  let state = textmate.INITIAL;
  for (const line of TEXT.split("\n")) {
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    for (const token of result.tokens) {
      found.push([line.slice(token.startIndex, token.endIndex), token.scopes.at(-1)]);
    }
  }
  return found;
}

tokens().then((found) => {
  for (const [text, scope] of WANTED) {
    const scopes = found.filter(([word]) => word.trim() === text.trim()).map(([, given]) => given);
    assert(scopes.includes(scope), `${JSON.stringify(text)} is ${scopes.join(", ") || "not a word of its own"}, not ${scope}`);
  }
  const keys = found.filter(([word, scope]) => scope === "entity.name.tag.yaml").map(([word]) => word).join("");
  assert(keys.includes("close"), "a key named like a field stays a key");
  console.log(`${WANTED.length} words have their colours`);
});
