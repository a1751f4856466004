-- include: keys clock end_task release drop unqueue key_field reason
-- Deleting tasks with their chains and all that belongs to them.
local FIELDS = {
  'task:expr', 'task:status', 'task:worker', 'task:queue', 'task:local', 'task:timeout', 'task:progress', 'task:result',
  'task:pid', 'task:logfile', 'task:cancel', 'task:moved_to', 'task:moved_root', 'task:time_submit', 'task:time_start',
  'task:time_complete', 'task:time_moved', 'task:attempt', 'task:errors', 'task:losses', 'task:reason', 'task:log',
  'task:checkpoint', 'task:options', 'task:watchers',
}
local KEYS_OF_TASK = {
  'depends:up', 'depends:up:original', 'depends:down', 'depends:impossible', 'depends:unmet', 'attempts', 'arguments',
}

-- The whole chain of a task, root first; nothing for an unknown one.
local function chain_of(id)
  if redis.call('HEXISTS', key('task:status'), id) == 0 then
    return {}
  end
  local chain = {redis.call('HGET', key('task:moved_root'), id) or id}
  local next = redis.call('HGET', key('task:moved_to'), chain[1])
  while next do
    chain[#chain + 1] = next
    next = redis.call('HGET', key('task:moved_to'), next)
  end
  return chain
end

-- A live task leaves the places where live tasks are.
local function withdraw(ids)
  local by_queue = {}
  for _, id in ipairs(ids) do
    local status = redis.call('HGET', key('task:status'), id)
    if status == 'PENDING' then
      local name = redis.call('HGET', key('task:queue'), id)
      by_queue[name] = by_queue[name] or {}
      table.insert(by_queue[name], id)
    elseif status == 'RUNNING' then
      local worker = redis.call('HGET', key('task:worker'), id)
      if worker and redis.call('HGET', key('worker:task'), worker) == id then
        redis.call('HDEL', key('worker:task'), worker)
      end
    end
    redis.call('ZREM', key('task:due'), id)
  end
  for name, list in pairs(by_queue) do
    unqueue(name, list)
  end
end

local function untie(id)
  for _, parent in ipairs(redis.call('SMEMBERS', task_key(id, 'depends:up'))) do
    redis.call('SREM', task_key(parent, 'depends:down'), id)
    redis.call('SREM', task_key(parent, 'depends:impossible'), id)
  end
end

-- Those that are IMPOSSIBLE because of this task can never be revived by a retry of it.
local function disinherit(id)
  for _, child in ipairs(redis.call('SMEMBERS', task_key(id, 'depends:impossible'))) do
    if redis.call('HEXISTS', key('task:status'), child) == 1 then
      give_reason(child, 'deleted', id)
    end
    redis.call('SREM', task_key(child, 'depends:up'), id)
  end
end

local function free_key(id)
  local options = options_of(id)
  if options.key then
    local field = key_field(options)
    local entry = redis.call('HGET', key('task:key'), field)
    if entry and string.match(entry, '^%S+') == id then
      redis.call('HDEL', key('task:key'), field)
    end
  end
  if options.group then
    redis.call('ZREM', group_key(options.group), id)
    if redis.call('EXISTS', group_key(options.group)) == 0 then
      redis.call('SREM', key('groups'), options.group)
    end
  end
end

local function erase_one(id, gone, names)
  untie(id)
  disinherit(id)
  free_key(id)
  tell(id, 'MISSING')
  drop_tag(id, gone, names)
  drop_tag(id .. ':checkpoint', gone, names)
  for _, name in ipairs(KEYS_OF_TASK) do
    redis.call('DEL', task_key(id, name))
  end
  redis.call('DEL', complete_key(id))
end

-- `ids` are whole chains that nobody needs any more.
local function erase(ids, gone, names)
  withdraw(ids)
  for _, id in ipairs(ids) do
    erase_one(id, gone, names)
  end
  for _, field in ipairs(FIELDS) do
    redis.call('HDEL', key(field), unpack(ids))
  end
  for _, set in ipairs({'task:due', 'task:expire'}) do
    redis.call('ZREM', key(set), unpack(ids))
  end
  redis.call('SREM', key('task:releasing'), unpack(ids))
end
