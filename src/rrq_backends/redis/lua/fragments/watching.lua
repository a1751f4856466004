-- include: keys
-- The inboxes that are told when a task ends.
local INBOX_TTL = 600

local function add_watcher(id, inboxes, inbox)
  inboxes = inboxes or ''
  if not string.find(inboxes, inbox, 1, true) then
    redis.call('HSET', key('task:watchers'), id, inboxes == '' and inbox or inboxes .. ' ' .. inbox)
  end
end

-- Whoever watches a task that is over is told at once. The inbox may lose it, so a full server may refuse this.
local function tell_inbox(inbox, news)
  redis.pcall('RPUSH', inbox_key(inbox), news)
  redis.call('EXPIRE', inbox_key(inbox), INBOX_TTL)
end
