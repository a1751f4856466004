-- The names of all keys of a queue. The one place in Lua that spells them; keys.py is its twin.
local Q = ARGV[1]
local S = Q .. ':object_store'

local function key(name)
  return Q .. ':' .. name
end

local function queue_key(name)
  return Q .. ':queue:' .. name
end

local function wake_key(name)
  return Q .. ':wake:' .. name
end

local function task_key(id, name)
  return Q .. ':task:' .. id .. ':' .. name
end

local function complete_key(id)
  return Q .. ':tasks:complete:' .. id
end

local function worker_key(worker, name)
  return Q .. ':worker:' .. worker .. ':' .. name
end

local function inbox_key(inbox)
  return Q .. ':waiter:' .. inbox
end

local function group_key(name)
  return Q .. ':group:' .. name
end
