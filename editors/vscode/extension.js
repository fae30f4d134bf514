"use strict";

const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const LANGUAGE = "signal-strategy";
let client;

/** Start `engine lsp` (or what the settings name) and connect it to strategies, libraries and their tests. */
async function start() {
  const [command, ...args] = workspace.getConfiguration("signalEngine").get("command", ["engine", "lsp"]);
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const server = { command, args, options: { cwd: folder } };
  const documents = [
    { scheme: "file", language: LANGUAGE },
    { scheme: "untitled", language: LANGUAGE },
  ];
  client = new LanguageClient("signalEngine", "Signal Engine", server, { documentSelector: documents });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const line = [command, ...args].join(" ");
    window.showErrorMessage(`Signal Engine: \`${line}\` does not start (${error.message}). Is the engine installed?`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("signalEngine.restart", restart),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("signalEngine.command") && restart()),
    workspace.onDidGrantWorkspaceTrust(restart),
  );
  if (workspace.isTrusted) {
    await start();
  }
}

module.exports = { activate, deactivate: stop };
