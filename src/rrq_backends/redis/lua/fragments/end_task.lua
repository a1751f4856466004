-- include: keys clock watching
-- What becomes of a task that is over: its status and time, whoever watches it, when it expires.
local COMPLETE_TTL = 86400

local function options_of(id)
  local options = redis.call('HGET', key('task:options'), id)
  return options and cjson.decode(options) or {}
end

-- News is 'T STATUS', and of a small result more: 'T COMPLETE bytes'. Who has not been heard of for long is not told.
local function tell(id, news)
  local inboxes = redis.call('HGET', key('task:watchers'), id)
  if not inboxes then
    return
  end
  for inbox in string.gmatch(inboxes, '%S+') do
    local heard = redis.call('ZSCORE', key('waiters'), inbox)
    if heard and tonumber(now) - tonumber(heard) < INBOX_TTL then
      tell_inbox(inbox, id .. ' ' .. news)
    end
  end
  redis.call('HDEL', key('task:watchers'), id)
end

local function end_task(id, status, news)
  redis.call('HSET', key('task:status'), id, status)
  redis.call('HSET', key('task:time_complete'), id, now)
  redis.call('RPUSH', complete_key(id), id)
  redis.call('EXPIRE', complete_key(id), COMPLETE_TTL)
  local options = options_of(id)
  if options.separate then
    redis.call('HDEL', key('task:cancel'), id)
  end
  if options.result_ttl then
    redis.call('ZADD', key('task:expire'), after(options.result_ttl), id)
  end
  tell(id, news or status)
end
