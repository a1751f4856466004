-- include: keys object drop finding
-- Values and tags: each tag of a value knows it, each value of a tag is there.
local function belongs(tag)
  local id = string.match(tag, '^(%x+)$') or string.match(tag, '^(%x+):checkpoint$')
  if not id or #id ~= 32 then
    return true  -- a tag of a user's own
  end
  return redis.call('HEXISTS', key('task:status'), id) == 1 or redis.call('ZSCORE', S .. ':provisional', tag)
end

local function check_tag(tag)
  for _, hash in ipairs(redis.call('SMEMBERS', S .. ':tag_hash:' .. tag)) do
    if not has_value(hash) then
      broken('value-has-bytes-while-tagged', hash, 'is wanted by the tag ' .. tag .. ' and is not there',
        function() redis.call('SREM', S .. ':tag_hash:' .. tag, hash) end)
    elseif redis.call('SISMEMBER', S .. ':hash_tag:' .. hash, tag) == 0 then
      broken('value-has-bytes-while-tagged', hash, 'does not know its tag ' .. tag,
        function() redis.call('SADD', S .. ':hash_tag:' .. hash, tag) end)
    end
  end
end

local function check_place(hash)
  local place = redis.call('HGET', S .. ':location', hash)
  local has_data = redis.call('HEXISTS', S .. ':data', hash) == 1
  local has_name = redis.call('HEXISTS', S .. ':name', hash) == 1
  if not place and (has_data or has_name) then
    broken('value-has-bytes-while-tagged', hash, 'has bytes and no location',
      function() redis.call('HSET', S .. ':location', hash, has_data and 'redis' or 'offload') end)
  elseif (place == 'redis') ~= has_data or (place == 'offload') ~= has_name or not (has_data or has_name) then
    broken('value-has-bytes-while-tagged', hash, 'has a location and no bytes there', function()
      for _, tag in ipairs(redis.call('SMEMBERS', S .. ':hash_tag:' .. hash)) do
        redis.call('SREM', S .. ':tag_hash:' .. tag, hash)
      end
      redis.call('DEL', S .. ':hash_tag:' .. hash)
      forget_value(hash, {}, {})
    end)
  end
end

local function check_value(hash)
  check_place(hash)
  for _, tag in ipairs(redis.call('SMEMBERS', S .. ':hash_tag:' .. hash)) do
    if redis.call('SISMEMBER', S .. ':tag_hash:' .. tag, hash) == 0 then
      broken('tag-belongs-to-something', hash, 'has the tag ' .. tag .. ', which does not want it', function()
        redis.call('SADD', S .. ':tag_hash:' .. tag, hash)
      end)
    end
    if not belongs(tag) then
      broken('tag-belongs-to-something', hash, 'is kept for the task ' .. tag .. ', which is not there',
        function() drop_tag(tag, {}, {}) end)
    end
  end
  if has_value(hash) and redis.call('EXISTS', S .. ':hash_tag:' .. hash) == 0 then
    broken('tag-belongs-to-something', hash, 'is kept for nobody', function() forget_value(hash, {}, {}) end)
  end
end
