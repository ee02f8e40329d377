-- A user at work in Neovim. Conditions are waited for, never a time. The last line of the output is what was seen, as JSON.
-- nvim --headless -u NONE --noplugin -n -i NONE -c 'luafile session.lua'

local ROOT, SOURCE = vim.env.ROOT, vim.env.SOURCE
local seen = { stages = {} }

-- What the server tells

local told = {}
vim.lsp.handlers['lspRepair/status'] = function(_, status)
  table.insert(told, status)
end

local messages = {}
local show_message = vim.lsp.handlers['window/showMessage']
vim.lsp.handlers['window/showMessage'] = function(failure, message, context, configuration)
  table.insert(messages, message.message)
  return show_message(failure, message, context, configuration)
end

-- The configuration under test is the user's; the session alone wants to know when a run is over.
local function load_configuration()
  if vim.lsp.config then
    vim.cmd('luafile ' .. vim.env.CONFIGURATION)
    vim.lsp.config('lsp-repair', { init_options = { status = true } })
    return
  end
  local start_client = vim.lsp.start_client
  vim.lsp.start_client = function(configuration)
    configuration.init_options = vim.tbl_extend('force', configuration.init_options or {}, { status = true })
    return start_client(configuration)
  end
  vim.cmd('luafile ' .. vim.env.CONFIGURATION)
end

local get_clients = vim.lsp.get_clients or vim.lsp.get_active_clients

-- Waiting

local function wait(what, condition, seconds)
  if not vim.wait((seconds or 90) * 1000, condition, 20) then
    error('waited in vain for ' .. what .. '; last told: ' .. vim.inspect(told[#told]), 2)
  end
end

local function idle(failing)
  return function()
    local status = told[#told]
    return status and status.phase == 'idle' and status.failing == failing
  end
end

local function repairing_again(mark)
  return function()
    for number = mark + 1, #told do
      if told[number].phase == 'repairing' then
        return true
      end
    end
  end
end

local function idle_again(mark, phase, failing)
  return function()
    for number = mark + 1, #told do
      if told[number].phase == phase then
        return idle(failing)()
      end
    end
  end
end

-- The editor's own functions, as keys call them

local function lines(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer or 0, 0, -1, false), '\n') .. '\n'
end

local function on_disk()
  return table.concat(vim.fn.readfile(SOURCE), '\n') .. '\n'
end

local function diagnostic_with(text)
  for _, each in ipairs(vim.diagnostic.get(0)) do
    if each.message:find(text, 1, true) then
      return each
    end
  end
end

local function to_diagnostic(text)
  wait('a diagnostic with "' .. text .. '"', function()
    return diagnostic_with(text)
  end)
  local found = diagnostic_with(text)
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  return found
end

-- A script's changes are one step of undo unless it says otherwise; a person's key presses are steps of their own.
local function new_undo_step()
  vim.cmd('let &undolevels = &undolevels')
end

-- Opens the menu of code actions; `choose` gets the titles and returns the one to pick, or nil.
local function code_action(choose)
  local titles
  vim.ui.select = function(items, options, picked)
    titles = vim.tbl_map(options.format_item, items)
    local title = choose and choose(titles)
    new_undo_step()
    for number, each in ipairs(titles) do
      if each == title then
        return picked(items[number], number)
      end
    end
    picked(nil)
  end
  vim.lsp.buf.code_action()
  wait('the menu of code actions', function()
    return titles
  end)
  return titles
end

local function starting_with(text)
  return function(titles)
    for _, each in ipairs(titles) do
      if vim.startswith(each, text) then
        return each
      end
    end
  end
end

local function hover()
  local function float()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        return window
      end
    end
  end
  vim.lsp.buf.hover()
  wait('the hover', float)
  local text = lines(vim.api.nvim_win_get_buf(float()))
  vim.api.nvim_win_close(float(), true)
  return text
end

local function substitute(before, after)
  new_undo_step()
  vim.cmd('silent %substitute/' .. before .. '/' .. after .. '/')
end

-- The session

local stages = {
  {
    'diagnosis',
    function(stage)
      vim.cmd('edit ' .. SOURCE)
      local found = to_diagnostic('Fix available')
      wait('the end of the repair', idle(1))
      stage.message, stage.source, stage.line = found.message, found.source, found.lnum + 1
      stage.hover = hover()
    end,
  },
  {
    'accepting',
    function(stage)
      to_diagnostic('Fix available')
      local before = lines()
      stage.titles = code_action(starting_with('Accept fix:'))
      wait('the edit', function()
        return lines() ~= before
      end)
      stage.text, stage.modified, stage.on_disk = lines(), vim.bo.modified, on_disk()
      wait('green tests before saving', idle(0))
      stage.diagnostics = #vim.diagnostic.get(0)
    end,
  },
  {
    'undoing',
    function(stage)
      vim.cmd('silent undo')
      stage.undone = lines()
      to_diagnostic('the failing test')
      vim.cmd('silent redo')
      stage.redone = lines()
      local mark = #told
      vim.cmd('silent write')
      stage.on_disk = on_disk()
      wait('green tests after saving', idle_again(mark, 'testing', 0))
      wait('no diagnostics', function()
        return #vim.diagnostic.get(0) == 0
      end)
    end,
  },
  {
    'breaking_again',
    function(stage)
      substitute('<= item', '< item')
      vim.cmd('silent write')
      stage.message = to_diagnostic('Fix available').message
      wait('the end of the repair', idle(1))
      stage.titles = code_action()
    end,
  },
  {
    'accepting_too_late',
    function(stage)
      to_diagnostic('Fix available')
      local mark, typed = #told
      stage.titles = code_action(function(titles)
        substitute('on_hand < item', 'on_hand < 1 * item')
        typed = lines()
        return starting_with('Accept fix:')(titles)
      end)
      stage.typed = typed
      wait('the end of the next run', repairing_again(mark))
      stage.text, stage.on_disk, stage.messages = lines(), on_disk(), messages
      vim.cmd('silent undo')
      stage.undone = lines()
      mark = #told
      vim.cmd('silent write')
      wait('the end of the next run', idle_again(mark, 'repairing', 1))
    end,
  },
  {
    'hinting',
    function(stage)
      vim.ui.input = function(options, given)
        stage.prompt = options.prompt
        given('An item exactly at its level is due.')
      end
      to_diagnostic('the failing test')
      code_action(starting_with('Try again with a hint'))
      wait('the answer to the hint', function()
        return (messages[#messages] or ''):find('Your hint leads the built-in engine', 1, true)
      end)
      stage.answer = messages[#messages]
    end,
  },
  {
    'accepting_for_a_file_that_is_not_open',
    function(stage)
      vim.cmd('edit ' .. ROOT .. '/tests/test_reorder.py')
      vim.cmd('bwipeout! ' .. SOURCE)
      stage.was_open = vim.fn.bufexists(SOURCE)
      to_diagnostic('Fix available')
      code_action(starting_with('Accept fix:'))
      wait('green tests', idle(0))
      stage.text, stage.on_disk = lines(vim.fn.bufnr(SOURCE)), on_disk()
      vim.cmd('buffer ' .. vim.fn.bufnr(SOURCE))
      vim.cmd('silent undo')
    end,
  },
  {
    'rejecting',
    function(stage)
      to_diagnostic('Fix available')
      wait('the end of the repair', idle(1))
      stage.before = code_action(starting_with('Reject fix:'))
      wait('a diagnostic without the fix', function()
        return #vim.diagnostic.get(0) > 0 and not diagnostic_with('Fix available')
      end)
      to_diagnostic('the failing test')
      stage.after = code_action()
      local mark = #told
      vim.api.nvim_buf_set_lines(0, -1, -1, false, { '# nothing new' })
      vim.cmd('silent write')
      wait('the end of the next run', idle_again(mark, 'repairing', 1))
      to_diagnostic('the failing test')
      stage.after_next_run = code_action()
    end,
  },
}

local function nanoseconds()
  return vim.loop.hrtime()
end

local ok, failure = xpcall(function()
  vim.cmd('filetype on')
  load_configuration()
  for _, each in ipairs(stages) do
    local name, act = unpack(each)
    local stage, started = {}, nanoseconds()
    seen.stages[name] = stage
    act(stage)
    stage.seconds = (nanoseconds() - started) / 1e9
  end
end, debug.traceback)

if not ok then
  seen.error, seen.told, seen.messages = failure, told, messages
end
for _, client in pairs(get_clients()) do
  if vim.lsp.config then
    client:stop()
  else
    vim.lsp.stop_client(client.id)
  end
end
seen.stopped = vim.wait(10000, function()
  return #get_clients() == 0
end, 20)
local version = vim.version()
seen.version = ('%d.%d.%d'):format(version.major, version.minor, version.patch)
io.stdout:write('\n' .. vim.json.encode(seen) .. '\n')
vim.cmd('qa!')
