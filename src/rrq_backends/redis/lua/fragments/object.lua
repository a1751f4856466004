-- Values by hash under the prefix S, counted by tags. Writes that a full server refuses come first.
local function tag_value(tag, hash)
  redis.call('SADD', S .. ':tag_hash:' .. tag, hash)
  redis.call('SADD', S .. ':hash_tag:' .. hash, tag)
end

local function store_value(tag, hash, bytes)
  if redis.call('HSETNX', S .. ':location', hash, 'redis') == 1 then
    redis.call('HSET', S .. ':data', hash, bytes)
  end
  tag_value(tag, hash)
end

local function has_value(hash)
  return redis.call('HEXISTS', S .. ':location', hash) == 1
end
