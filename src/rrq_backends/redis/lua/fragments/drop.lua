-- include: clock
-- Dropping tags: a value that no tag points at any more goes; its name in the offload is doomed, never used again.
local function forget_value(hash, gone, names)
  local name = redis.call('HGET', S .. ':name', hash)
  if name then
    name = string.match(name, '^%S+')
    redis.call('ZADD', S .. ':doomed', now, name)
    names[#names + 1] = name
  end
  redis.call('HDEL', S .. ':name', hash)
  redis.call('HDEL', S .. ':data', hash)
  redis.call('HDEL', S .. ':location', hash)
  gone[#gone + 1] = hash
end

local function untie(hash, tag, gone, names)
  redis.call('SREM', S .. ':hash_tag:' .. hash, tag)
  if redis.call('EXISTS', S .. ':hash_tag:' .. hash) == 0 then
    forget_value(hash, gone, names)
  end
end

local function drop_tag(tag, gone, names)
  for _, hash in ipairs(redis.call('SMEMBERS', S .. ':tag_hash:' .. tag)) do
    untie(hash, tag, gone, names)
  end
  redis.call('DEL', S .. ':tag_hash:' .. tag)
end

-- Let a tag point at one value alone.
local function keep_only(kept, tag, names)
  for _, hash in ipairs(redis.call('SMEMBERS', S .. ':tag_hash:' .. tag)) do
    if hash ~= kept then
      redis.call('SREM', S .. ':tag_hash:' .. tag, hash)
      untie(hash, tag, {}, names)
    end
  end
end
