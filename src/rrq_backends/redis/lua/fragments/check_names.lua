-- include: keys end_task key_field finding check_fields
-- Names that stand for a task, known both ways: an idempotency key, a place in a group.
local function has_key(id, name)
  local options = read_options(id)
  return options.key and key_field(options) == name
end

local function check_key(name)
  local entry = redis.call('HGET', key('task:key'), name)
  local id = entry and string.match(entry, '^%S+')
  if id and not has_key(id, name) then
    broken('key-belongs-to-the-queue', id, 'has an idempotency key that it was not submitted with, or is not there',
      function() redis.call('HDEL', key('task:key'), name) end)
  end
end

local function check_group(name, id)
  if redis.call('ZSCORE', group_key(name), id) and read_options(id).group ~= name then
    broken('key-belongs-to-the-queue', id, 'is in the group ' .. name .. ', and was not submitted to it, or is not there',
      function() redis.call('ZREM', group_key(name), id) end)
  end
end

local function check_own_key(id)
  local options = read_options(id)
  local entry = options.key and redis.call('HGET', key('task:key'), key_field(options))
  if options.key and not (entry and string.match(entry, '^%S+') == id) then
    broken('key-belongs-to-the-queue', id, 'was submitted with a key that does not lead to it', function()
      options.key = nil
      redis.call('HSET', key('task:options'), id, cjson.encode(options))
    end)
  end
end

local function check_own_group(id)
  local group = read_options(id).group
  if group and not (redis.call('ZSCORE', group_key(group), id)
    and redis.call('SISMEMBER', key('groups'), group) == 1) then
    broken('key-belongs-to-the-queue', id, 'was submitted to the group ' .. group .. ', which does not know it', function()
      redis.call('SADD', key('groups'), group)
      redis.call('ZADD', group_key(group), 'NX', field('time_submit', id), id)
    end)
  end
end
