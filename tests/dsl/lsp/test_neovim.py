"""A real Neovim with the lines of docs/editors.md: what the server says arrives in the editor."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
NVIM = shutil.which("nvim")
STRATEGY = """\
language: 1
id: first
name: First Bot
version: 1.0.0
about: Buys.
timeframes: [1h]
universe: {symbols: [BTC/USDT]}
let:
  strong: rsi(close, 14)
  middle: ema(close, 20)
long:
  when:
    dip: must clos<middle and strong<40
  stop: 1%
  targets: [2R]
"""
DRIVE = """
local said = {}
vim.cmd("edit " .. vim.env.STRATEGY)
local function client() return vim.lsp.get_clients({ bufnr = 0 })[1] end
vim.wait(20000, function() return client() ~= nil and client().initialized end, 20)
local errors = function() return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR }) end
vim.wait(20000, function() return #errors() > 0 end, 20)
said.errors = vim.tbl_map(function(d) return { d.code, d.lnum, d.col } end, errors())
local here = { uri = vim.uri_from_bufnr(0) }
local function ask(method, line, column, more)
  local params = { textDocument = here, position = { line = line, character = column } }
  return client():request_sync(method, vim.tbl_extend("force", params, more or {}), 20000, 0).result
end
said.completion = vim.tbl_map(function(i) return i.label end, ask("textDocument/completion", 12, 18).items)
said.hover = ask("textDocument/hover", 8, 11).contents.value
said.definition = ask("textDocument/definition", 12, 21).range.start.line
local whole = { start = { line = 0, character = 0 }, ["end"] = { line = 20, character = 0 } }
said.hints = vim.tbl_map(function(h) return h.label end, ask("textDocument/inlayHint", 0, 0, { range = whole }))
local at = { start = { line = 12, character = 14 }, ["end"] = { line = 12, character = 18 } }
local actions = ask("textDocument/codeAction", 0, 0, { range = at, context = { diagnostics = {} } })
said.action = actions[1].title
vim.lsp.util.apply_workspace_edit(actions[1].edit, client().offset_encoding)
vim.wait(20000, function() return #errors() == 0 end, 20)
said.left = #errors()
vim.api.nvim_win_set_cursor(0, { 9, 3 })
vim.lsp.buf.rename("power")
vim.wait(20000, function() return vim.api.nvim_buf_get_lines(0, 8, 9, false)[1]:find("power") ~= nil end, 20)
vim.lsp.buf.format({ timeout_ms = 20000 })
said.line = vim.api.nvim_buf_get_lines(0, 12, 13, false)[1]
io.open(vim.env.SAID, "w"):write(vim.json.encode(said))
vim.cmd("qa!")
"""


def _version() -> tuple[int, ...]:
    if NVIM is None:
        return (0,)
    told = subprocess.run([NVIM, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"v(\d+)\.(\d+)", told)
    return tuple(map(int, match.groups())) if match else (0,)


@pytest.mark.skipif(_version() < (0, 11), reason="needs Neovim 0.11 or newer as `nvim`")
def test_neovim_shows_it_all(tmp_path: Path) -> None:
    (lua,) = re.findall(r"```lua\n(.*?)```", (ROOT / "docs" / "editors.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "init.lua").write_text(lua)
    (tmp_path / "drive.lua").write_text(DRIVE)
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "first.yaml").write_text(STRATEGY)
    command = tmp_path / "bin" / "engine"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m app "$@"\n')
    command.chmod(0o755)
    place = {"STRATEGY": "strategies/first.yaml", "SAID": str(tmp_path / "said.json"), "PYTHONPATH": str(ROOT)}
    path = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "XDG_STATE_HOME": str(tmp_path)}
    subprocess.run(
        [str(NVIM), "--clean", "--headless", "-u", "init.lua", "-c", "luafile drive.lua"],
        cwd=tmp_path, env={**os.environ, **place, **path}, timeout=120, check=True, capture_output=True,
    )  # fmt: skip
    said: dict[str, Any] = json.loads((tmp_path / "said.json").read_text())
    assert said["errors"] == [["unknown-name", 12, 14]]
    assert {"close"} <= set(said["completion"])
    assert "Relative strength" in said["hover"]
    assert said["definition"] == 9
    assert said["hints"] == ["index, 0 to 100", "price, at least 0"]
    assert (said["action"], said["left"]) == ("Write `close`", 0)
    assert said["line"] == "    dip: must close < middle and power < 40"
