-- Look at tasks: a consistent picture of the fields that were asked for. Nothing changes.
-- ARGV: Q, follow 0/1, with values 0/1, f, f × hash field name, s, s × part of a task (or due), T … (500 at most)
-- Returns: {ids read, f columns, s columns, {bytes, or '' …} of results}
-- Law: one picture; the bytes of results are 8 MiB at most, beyond that the hash alone.
-- include: keys chain
local MOST_BYTES = 8388608
local at = 4

local function take_list()
  local list, count = {}, tonumber(ARGV[at])
  for item = 1, count do
    list[item] = ARGV[at + item]
  end
  at = at + count + 1
  return list
end

local fields, parts = take_list(), take_list()
local ids = {unpack(ARGV, at)}
if ARGV[2] == '1' then
  for number, id in ipairs(ids) do
    ids[number] = leaf_of(id)
  end
end

local READERS = {set = 'SMEMBERS', list = 'LRANGE', hash = 'HGETALL'}
local function read_part(id, part)
  local name = task_key(id, part)
  local command = READERS[redis.call('TYPE', name).ok]
  if command == 'LRANGE' then
    return redis.call(command, name, 0, -1)
  end
  return command and redis.call(command, name) or {}
end

local columns, part_columns, due, bytes = {}, {}, {}, {}
-- A retried task's call is that of the first of its chain.
local function read_calls()
  local calls = redis.call('HMGET', key('task:expr'), unpack(ids))
  for place, id in ipairs(ids) do
    local root = redis.call('HGET', key('task:moved_root'), id)
    calls[place] = root and redis.call('HGET', key('task:expr'), root) or calls[place]
  end
  return calls
end

for number, field in ipairs(fields) do
  columns[number] = field == 'task:expr' and read_calls() or redis.call('HMGET', key(field), unpack(ids))
end
for number, part in ipairs(parts) do
  part_columns[number] = {}
  for place, id in ipairs(ids) do
    part_columns[number][place] = part == 'due' and (redis.call('ZSCORE', key('task:due'), id) or '') or read_part(id, part)
  end
end
if ARGV[3] == '1' then
  local room = MOST_BYTES
  for place, hash in ipairs(redis.call('HMGET', key('task:result'), unpack(ids))) do
    local size = hash and redis.call('HSTRLEN', S .. ':data', hash) or 0
    if size > 0 and size <= room then
      room = room - size
      bytes[place] = redis.call('HGET', S .. ':data', hash)
    else
      bytes[place] = ''
    end
  end
end
return {ids, columns, part_columns, bytes}
